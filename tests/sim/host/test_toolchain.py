import io
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from threading import Event

import pytest
from elftools.elf.elffile import ELFFile

from hdl.arch import PAGE_SIZE
from kernel_model.calls.elf import read_elf
from sim.host import own_programs, toolchain
from sim.host.progress import announced
from sim.host.toolchain import ToolchainError

EF_RISCV_RVC = 1
PF_X, PF_W, PF_R = 1, 2, 4


@pytest.fixture
def cache(tmp_path, monkeypatch):
    directory = tmp_path / "cache"
    directory.mkdir()
    for module in (toolchain, own_programs):
        monkeypatch.setattr(module, "cache_directory", lambda: directory)
    return directory


def segments(path):
    with path.open("rb") as file:
        return [dict(s.header) for s in ELFFile(file).iter_segments() if s["p_type"] == "PT_LOAD"]


def symbols(path):
    with path.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        return {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}


def test_user_program_has_text_at_zero_and_data_on_its_own_page(cache):
    text, data = segments(toolchain.build_program("lazy"))

    assert (text["p_vaddr"], text["p_flags"]) == (0, PF_R | PF_X)
    assert data["p_flags"] == PF_R | PF_W
    assert data["p_vaddr"] % PAGE_SIZE == 0
    assert data["p_vaddr"] >= text["p_memsz"]
    assert symbols(toolchain.build_program("lazy"))["_start"] == 0


@pytest.mark.parametrize("name", toolchain.program_names())
def test_every_bundled_program_compiles(name):
    assert segments(toolchain.find_program(name))


def test_files_of_the_bundled_programs_are_small(monkeypatch):
    files = toolchain.bundled_files()
    monkeypatch.setattr(toolchain, "_compile", None)
    assert toolchain.bundled_files() == files

    assert list(files) == toolchain.program_names()
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

    elf = toolchain.build_program("hello")
    monkeypatch.setattr(toolchain, "build_program", build)
    monkeypatch.setattr(toolchain, "program_names", lambda: ["a", "b", "c"])
    monkeypatch.setattr("sys.stderr", Terminal())

    assert list(toolchain.bundled_files()) == ["a", "b", "c"]
    assert sys.stderr.getvalue().split("\r\x1b[Ktrapline: compiling the bundled programs") == [
        "", "", ", 1 of 3", ", 2 of 3", ", 3 of 3\n",
    ]  # fmt: skip


def test_if_one_does_not_compile_the_rest_is_not_begun(monkeypatch):
    begun = []

    def build(name):
        begun.append(name)
        if len(begun) == 1:
            raise ToolchainError(name)
        time.sleep(0.2)

    monkeypatch.setattr(toolchain, "build_program", build)
    monkeypatch.setattr(toolchain, "JOBS", 1)
    with pytest.raises(ToolchainError):
        toolchain.bundled_files()

    assert len(begun) < len(toolchain.program_names())


def test_ctrl_c_that_ends_the_compiler_is_no_mistake_in_the_program(cache, monkeypatch):
    """The terminal sends it to the compiler, too, even while a run keeps it from the simulator."""
    command = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGINT)"]
    monkeypatch.setattr(toolchain, "_compiler", lambda extensions: command)

    with pytest.raises(KeyboardInterrupt):
        toolchain.run_compiler([Path("x.c")], cache / "x.elf", [])


def test_stripped_program_is_the_same_to_the_kernel():
    elf = toolchain.build_program("sh").read_bytes()
    stripped = toolchain.strip(elf)

    assert len(stripped) < len(elf) / 2
    # Of which release it is only its symbols say.
    assert read_elf(stripped) == read_elf(elf)._replace(abi=None)
    assert ELFFile(io.BytesIO(stripped)).num_sections() == 0
    assert toolchain.strip(stripped) == stripped


def test_a_folder_with_a_file_of_its_name_is_a_program(tmp_path, monkeypatch, cache):
    programs = tmp_path / "programs"
    shutil.copytree(toolchain.programs_directory() / "lib", programs / "lib")
    shutil.copy(toolchain.programs_directory() / "user.ld", programs)
    (programs / "two").mkdir()
    (programs / "two" / "two.c").write_text('#include "two.h"\nint main(void) { return two(); }\n')
    (programs / "two" / "other.c").write_text('#include "two.h"\nint two(void) { return TWO; }\n')
    header = programs / "two" / "two.h"
    header.write_text("#define TWO 2\nint two(void);\n")
    (programs / "one.c").write_text("int main(void) { return 1; }\n")
    monkeypatch.setattr(toolchain, "programs_directory", lambda: programs)

    assert toolchain.program_names() == ["one", "two"]
    first = toolchain.build_program("two")
    header.write_text("#define TWO 3\nint two(void);\n")
    second = toolchain.build_program("two")
    assert first != second
    assert toolchain.strip(first.read_bytes()) != toolchain.strip(second.read_bytes())


def test_second_build_comes_from_the_cache(cache, monkeypatch):
    first = toolchain.build_program("hello")
    monkeypatch.setattr(toolchain, "_compile", None)

    assert toolchain.build_program("hello") == first
    assert list(cache.iterdir()) == [first]


def test_changed_source_or_define_is_another_program(cache, tmp_path):
    source = tmp_path / "count.S"
    source.write_text(".globl _start\n_start: li a0, COUNT\n")
    one = toolchain.build_bare(source, {"COUNT": 1})
    two = toolchain.build_bare(source, {"COUNT": 2})
    source.write_text(".globl _start\n_start: li a1, COUNT\n")
    changed = toolchain.build_bare(source, {"COUNT": 1})

    assert len({one, two, changed}) == 3
    assert len({path.read_bytes() for path in (one, two, changed)}) == 3


def test_two_processes_may_build_at_once(tmp_path):
    environment = dict(os.environ, XDG_CACHE_HOME=str(tmp_path))
    # Away from the checkout's own cache, as in an installed package.
    for package in ("hdl", "kernel_model", "sim", "programs"):
        shutil.copytree(package, tmp_path / package)
    code = "from sim.host.toolchain import *; print(build_program('hello').stat().st_size)"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=tmp_path, env=environment, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    sizes = [process.communicate(timeout=60)[0] for process in processes]

    assert [process.returncode for process in processes] == [0, 0]
    assert sizes[0] == sizes[1]
    assert len(list((tmp_path / "trapline").glob("hello-*.elf"))) == 1


def test_home_need_not_be_writable(cache, monkeypatch):
    monkeypatch.setenv("HOME", "/proc/nowhere")

    assert toolchain.build_program("hello").is_file()


def test_bare_program_starts_where_ram_does(tmp_path, cache):
    source = tmp_path / "nothing.S"
    source.write_text(".globl _start\n_start: j _start\n.section .data\n.dword 1\n")
    path = toolchain.compile_bare(source, tmp_path / "nothing.elf")

    assert symbols(path)["_start"] == 0x8000_0000
    assert segments(path)[0]["p_paddr"] == 0x8000_0000


def test_mmubench_has_its_signature_and_no_compressed_instructions(cache):
    folder = toolchain.programs_directory() / "bench"
    path = toolchain.build_bare(
        folder / "mmubench.S", {"HTIF": 1}, script=folder / "link.ld", extensions="ma"
    )

    names = symbols(path)
    assert names["end_signature"] - names["begin_signature"] == 232 * 8
    assert names["tohost"] == 0x8004_0000
    with path.open("rb") as file:
        assert not ELFFile(file)["e_flags"] & EF_RISCV_RVC


def test_compile_error_carries_the_compilers_message(tmp_path, cache):
    source = tmp_path / "broken.c"
    source.write_text("int main(void) { return nonsense; }\n")

    with pytest.raises(toolchain.ToolchainError) as caught:
        toolchain.compile_user([source], tmp_path / "broken.elf")

    assert str(caught.value).splitlines()[0] == f"cannot compile {source}:"
    assert "nonsense" in str(caught.value)


def test_missing_source_is_named(tmp_path, cache):
    with pytest.raises(toolchain.ToolchainError, match=r"cannot read .*gone\.c: No such file"):
        toolchain.build_user(tmp_path / "gone.c")


def test_without_a_compiler_the_message_says_what_to_install(tmp_path, cache, monkeypatch):
    monkeypatch.setattr(toolchain, "_zig_version", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    toolchain._compiler_version.cache_clear()

    with pytest.raises(toolchain.ToolchainError, match="no RISC-V compiler: pip install .*ziglang"):
        toolchain.build_program("hello")


def test_gcc_serves_where_ziglang_is_missing(cache, monkeypatch, tmp_path):
    if shutil.which("riscv64-unknown-elf-gcc") is None:
        # `.ci/run` sets it, and there nothing is skipped.
        assert os.environ.get("TRAPLINE_REQUIRE_GCC") != "1"
        pytest.skip("no riscv64-unknown-elf-gcc on PATH")
    monkeypatch.setattr(toolchain, "_zig_version", lambda: None)
    toolchain._compiler_version.cache_clear()
    text, data = segments(toolchain.build_program("lazy"))
    toolchain.bundled_files()
    source = tmp_path / "own.c"
    source.write_text('#include <stdio.h>\nmain() { printf("%5d", 1); }\n')
    own = segments(own_programs.compile_program([source], tmp_path / "own"))
    toolchain._compiler_version.cache_clear()

    assert (text["p_vaddr"], text["p_flags"]) == (0, PF_R | PF_X)
    assert data["p_flags"] == PF_R | PF_W
    assert [segment["p_flags"] for segment in own] == [PF_R | PF_X, PF_R | PF_W]


def test_a_path_that_exists_goes_before_a_bundled_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("hello").write_bytes(b"mine")

    assert toolchain.find_program("hello") == Path("hello")
    assert toolchain.find_program("lazy").name.startswith("lazy-")


@pytest.mark.parametrize("name", ["nowhere", "../lazy", "lib", ""])
def test_unknown_program_is_an_error_that_lists_the_bundled_ones(name):
    with pytest.raises(toolchain.ToolchainError, match="no such file .*bundled: .*hello.*lazy"):
        toolchain.find_program(name)


def test_trampoline_is_one_page_of_code():
    page = toolchain.assemble_trampoline()

    assert len(page) == PAGE_SIZE
    assert any(page[:16])
