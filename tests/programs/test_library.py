import re
from dataclasses import replace

from kernel_model.calls import sysfile
from kernel_model.fs.state import FileType
from sim.host.programs import program_names, programs_directory
from tests.programs.expected import PROGRAMS
from tests.programs.headers import constants
from tests.programs.lines import LINES


def test_every_system_call_has_a_stub():
    header = (programs_directory() / "lib" / "syscall.h").read_text()
    stubs = (programs_directory() / "lib" / "usys.S").read_text()

    assert re.findall(r"SYSCALL \w+, SYS_(\w+)", stubs) == re.findall(r"SYS_(\w+)", header)
    # Of these there are two, which differ in an argument.
    assert re.findall(r"SYSCALL (\w+), SYS_(?!\1$)", stubs, re.M) == ["sbrk2"]
    assert re.findall(r"SBRK (\w+), SBRK_(\w+)", stubs) == [("sbrk", "EAGER"), ("sbrklazy", "LAZY")]


def test_flags_and_types_of_files_are_the_kernels():
    header = constants("abi.h")

    for name in ("O_RDONLY", "O_WRONLY", "O_RDWR", "O_CREATE", "O_TRUNC"):
        assert header[name] == getattr(sysfile, name), name
    assert {name: number for name, number in header.items() if name.startswith("T_")} == {
        f"T_{kind.name}": kind.value for kind in FileType
    }


def test_every_bundled_program_has_an_expected_result():
    tested = {expected.program for expected in PROGRAMS} | {"labtests", "lazytests", "usertests"}
    in_lines = {word for line in LINES for word in re.findall(r"\w+", line.line)}

    assert set(program_names()) <= tested | in_lines


def test_expected_results_are_told_apart_by_their_names():
    names = [str(expected) for expected in PROGRAMS]

    assert len(set(names)) == len(names)
    assert str(replace(PROGRAMS[0], args=("a b",))) == "hello-a_b"
