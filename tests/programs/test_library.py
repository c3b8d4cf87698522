import re
from dataclasses import replace

from hdl.arch import PAGE_SIZE
from kernel_model import abi, layout, param, sysfile
from kernel_model.inode import FileType
from kernel_model.syscall import SYSCALLS
from sim.toolchain import program_names, programs_directory
from tests.programs.expected import PROGRAMS
from tests.programs.lines import LINES


def test_system_call_numbers_are_the_kernels():
    header = (programs_directory() / "lib" / "syscall.h").read_text()
    numbers = {int(n): name for name, n in re.findall(r"#define SYS_(\w+) (\d+)", header)}

    assert len(numbers) == 21
    assert {n: function.__name__ for n, function in SYSCALLS.items()} == {
        n: f"sys_{numbers[n]}" for n in SYSCALLS
    }


def test_every_system_call_has_a_stub():
    header = (programs_directory() / "lib" / "syscall.h").read_text()
    stubs = (programs_directory() / "lib" / "usys.S").read_text()

    assert re.findall(r"SYSCALL \w+, SYS_(\w+)", stubs) == re.findall(r"SYS_(\w+)", header)
    # Of these there are two, which differ in an argument.
    assert re.findall(r"SYSCALL (\w+), SYS_(?!\1$)", stubs, re.M) == ["sbrk2"]
    assert re.findall(r"SBRK (\w+), SBRK_(\w+)", stubs) == [("sbrk", "EAGER"), ("sbrklazy", "LAZY")]


def test_constants_are_the_kernels():
    header = (programs_directory() / "lib" / "abi.h").read_text()
    defined = dict(re.findall(r"#define (\w+) (\w+)", header))

    for module, names in (
        (abi, ["SBRK_EAGER", "SBRK_LAZY"]),
        (layout, ["MAXARG", "MAXPATH", "MAXVA", "NOFILE", "NPROC"]),
        (param, ["CONSOLE", "DIRSIZ", "NFILE", "PIPESIZE"]),
        (sysfile, ["O_RDONLY", "O_WRONLY", "O_RDWR", "O_CREATE", "O_TRUNC"]),
    ):
        for name in names:
            assert int(defined[name], 0) == getattr(module, name), name
    assert int(defined["BLOCK_SIZE"]) == param.BSIZE
    assert int(defined["PAGE_SIZE"]) == PAGE_SIZE
    assert {f"T_{kind.name}": kind.value for kind in FileType} == {
        name: int(value) for name, value in defined.items() if name.startswith("T_")
    }


def test_every_bundled_program_has_an_expected_result():
    tested = {expected.program for expected in PROGRAMS} | {"lazytests", "usertests"}
    in_lines = {word for line in LINES for word in re.findall(r"\w+", line.line)}

    assert set(program_names()) <= tested | in_lines


def test_expected_results_are_told_apart_by_their_names():
    names = [str(expected) for expected in PROGRAMS]

    assert len(set(names)) == len(names)
    assert str(replace(PROGRAMS[0], args=("a b",))) == "hello-a_b"
