import pytest

from kernel_model.calls.elf import ExecError
from sim.config import BootConfig
from sim.guests.disk import Disk
from sim.guests.loader import LoadError
from sim.guests.program import find_bare_program, find_boot_program, find_user_program
from sim.host.own_programs import elf_of
from sim.host.programs import build_program
from sim.host.toolchain import ToolchainError

SOURCE = "int main(void) { return 0; }\n"


def test_a_bundled_program_goes_by_its_name():
    found = find_user_program("hello", Disk({}))
    assert (found.name, found.source) == ("hello", None)
    assert found.elf == build_program("hello").read_bytes()


def test_what_is_on_the_disk_comes_first():
    found = find_user_program("/hello", Disk({"hello": b"mine"}))
    assert (found.name, found.elf, found.where) == ("/hello", b"mine", "/hello on the disk")


def test_a_file_of_the_host_is_taken_as_it_is(tmp_path):
    path = tmp_path / "program"
    path.write_bytes(b"ELF")
    found = find_user_program(str(path), Disk({}))
    assert (found.name, found.elf, found.where) == (str(path), b"ELF", str(path))


def test_a_source_is_compiled_and_the_program_is_not_called_like_it(tmp_path):
    source = tmp_path / "mine.c"
    source.write_text(SOURCE)
    found = find_user_program(str(source), Disk({}))
    assert (found.name, found.source) == (str(tmp_path / "mine"), source)
    assert found.elf[:4] == b"\x7fELF"
    assert found.where.endswith(".elf")


def test_a_bare_program_is_a_file(tmp_path):
    path = tmp_path / "program"
    path.write_bytes(b"ELF")
    assert find_bare_program(path).elf == b"ELF"


def test_what_is_booted_is_compiled_unless_it_is_raw(tmp_path):
    source = tmp_path / "mine.S"
    source.write_text(".globl _start\n_start: j .\n")

    assert find_boot_program(source, BootConfig()).elf[:4] == b"\x7fELF"
    raw = find_boot_program(source, BootConfig(raw=0x8000_0000))
    assert (raw.elf, raw.where) == (source.read_bytes(), str(source))


def test_our_own_kernel_brings_a_disk_unless_there_is_one(tmp_path):
    own = find_boot_program(None, BootConfig())
    assert own.elf[:4] == b"\x7fELF"
    assert own.disk is not None
    assert len(own.disk) == 2000 * 1024

    assert find_boot_program(None, BootConfig(disk=tmp_path / "fs.img")).disk is None


def test_of_one_source_there_is_a_bare_program_and_one_for_the_kernel(tmp_path):
    source = tmp_path / "mine.S"
    source.write_text(".globl _start\n_start: j .\n")

    assert find_bare_program(source).where == str(elf_of(source, bare=True))
    assert find_bare_program(source).where != str(elf_of(source))


def test_what_is_nowhere_is_told():
    with pytest.raises(ToolchainError, match="nothing"):
        find_user_program("nothing", Disk({}))


@pytest.mark.parametrize("kind", [ExecError, LoadError])
def test_what_is_wrong_with_a_program_is_told_with_its_place(kind):
    with pytest.raises(kind, match="^/a on the disk: no ELF$"):
        with find_user_program("/a", Disk({"a": b""})).blamed():
            raise kind("no ELF")
