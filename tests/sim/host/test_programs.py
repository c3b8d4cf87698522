import io
import shutil
import sys
import time
from pathlib import Path
from threading import Event

import pytest
from elftools.elf.elffile import ELFFile

from hdl.arch import PAGE_SIZE
from kernel_model.calls.elf import read_elf
from sim.host import programs
from sim.host.progress import announced
from sim.host.toolchain import ToolchainError
from tests.sim.elf import PF_R, PF_W, PF_X, segments, symbols

EF_RISCV_RVC = 1


def test_user_program_has_text_at_zero_and_data_on_its_own_page(cache):
    text, data = segments(programs.build_program("lazy"))

    assert (text["p_vaddr"], text["p_flags"]) == (0, PF_R | PF_X)
    assert data["p_flags"] == PF_R | PF_W
    assert data["p_vaddr"] % PAGE_SIZE == 0
    assert data["p_vaddr"] >= text["p_memsz"]
    assert symbols(programs.build_program("lazy"))["_start"] == 0


@pytest.mark.parametrize("name", programs.program_names())
def test_every_bundled_program_compiles(name):
    assert segments(programs.find_program(name))


def test_files_of_the_bundled_programs_are_small(monkeypatch):
    files = programs.bundled_files()
    monkeypatch.setattr(programs, "compile_strictly", None)
    assert programs.bundled_files() == files

    assert list(files) == programs.program_names()
    assert {"init", "sh", "cat", "usertests"} <= set(files)
    # They all fit on a disk of 2,000 blocks, and leave most of it free.
    assert sum(len(data) for data in files.values()) < 200 * 1024
    assert len(files["echo"]) < 2048


def test_compiling_them_all_is_one_line_that_says_how_far_it_is(monkeypatch):
    class Terminal(io.StringIO):
        told = Event()

        def isatty(self):
            return True

        def write(self, text):
            self.told.set()
            return super().write(text)

    def build(name):
        """The program is there when the user has been told of it."""
        assert Terminal.told.wait(30)
        with announced(f"compiling {name}"):
            return elf

    elf = programs.build_program("hello")
    monkeypatch.setattr(programs, "build_program", build)
    monkeypatch.setattr(programs, "program_names", lambda: ["a", "b", "c"])
    monkeypatch.setattr("sys.stderr", Terminal())

    assert list(programs.bundled_files()) == ["a", "b", "c"]
    assert sys.stderr.getvalue().split("\r\x1b[Ktrapline: compiling the bundled programs") == [
        "",
        "",
        ", 1 of 3",
        ", 2 of 3",
        ", 3 of 3\n",
    ]


def test_if_one_does_not_compile_the_rest_is_not_begun(monkeypatch):
    begun = []

    def build(name):
        begun.append(name)
        if len(begun) == 1:
            raise ToolchainError(name)
        time.sleep(0.2)

    monkeypatch.setattr(programs, "build_program", build)
    monkeypatch.setattr(programs, "JOBS", 1)
    with pytest.raises(ToolchainError):
        programs.bundled_files()

    assert len(begun) < len(programs.program_names())


def test_stripped_program_is_the_same_to_the_kernel():
    elf = programs.build_program("sh").read_bytes()
    stripped = programs.strip(elf)

    assert len(stripped) < len(elf) / 2
    # Of which release it is only its symbols say.
    assert read_elf(stripped) == read_elf(elf)._replace(abi=None)
    assert ELFFile(io.BytesIO(stripped)).num_sections() == 0
    assert programs.strip(stripped) == stripped


def test_a_folder_with_a_file_of_its_name_is_a_program(tmp_path, monkeypatch, cache):
    folder = tmp_path / "programs"
    shutil.copytree(programs.programs_directory() / "lib", folder / "lib")
    shutil.copy(programs.programs_directory() / "user.ld", folder)
    (folder / "two").mkdir()
    (folder / "two" / "two.c").write_text('#include "two.h"\nint main(void) { return two(); }\n')
    (folder / "two" / "other.c").write_text('#include "two.h"\nint two(void) { return TWO; }\n')
    header = folder / "two" / "two.h"
    header.write_text("#define TWO 2\nint two(void);\n")
    (folder / "one.c").write_text("int main(void) { return 1; }\n")
    monkeypatch.setattr(programs, "programs_directory", lambda: folder)

    assert programs.program_names() == ["one", "two"]
    first = programs.build_program("two")
    header.write_text("#define TWO 3\nint two(void);\n")
    second = programs.build_program("two")
    assert first != second
    assert programs.strip(first.read_bytes()) != programs.strip(second.read_bytes())


def test_bare_program_starts_where_ram_does(tmp_path, cache):
    source = tmp_path / "nothing.S"
    source.write_text(".globl _start\n_start: j _start\n.section .data\n.dword 1\n")
    path = programs.compile_bare(source, tmp_path / "nothing.elf")

    assert symbols(path)["_start"] == 0x8000_0000
    assert segments(path)[0]["p_paddr"] == 0x8000_0000


def test_mmubench_has_its_signature_and_no_compressed_instructions(cache):
    folder = programs.programs_directory() / "bench"
    path = programs.build_bare(
        folder / "mmubench.S", {"HTIF": 1}, script=folder / "link.ld", extensions="ma"
    )

    names = symbols(path)
    assert names["end_signature"] - names["begin_signature"] == 232 * 8
    assert names["tohost"] == 0x8004_0000
    with path.open("rb") as file:
        assert not ELFFile(file)["e_flags"] & EF_RISCV_RVC


def test_a_path_that_exists_goes_before_a_bundled_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("hello").write_bytes(b"mine")

    assert programs.find_program("hello") == Path("hello")
    assert programs.find_program("lazy").name.startswith("lazy-")


@pytest.mark.parametrize("name", ["nowhere", "../lazy", "lib", ""])
def test_unknown_program_is_an_error_that_lists_the_bundled_ones(name):
    with pytest.raises(ToolchainError, match="no such file .*bundled: .*hello.*lazy"):
        programs.find_program(name)


def test_trampoline_is_one_page_of_code():
    page = programs.assemble_trampoline()

    assert len(page) == PAGE_SIZE
    assert any(page[:16])
