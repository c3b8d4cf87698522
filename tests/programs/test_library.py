import re
from dataclasses import replace

from kernel_model.syscall import SYSCALLS
from sim.toolchain import program_names, programs_directory
from tests.programs.expected import PROGRAMS


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

    assert re.findall(r"SYSCALL (\w+), SYS_\1", stubs) == re.findall(r"SYS_(\w+)", header)


def test_every_bundled_program_has_an_expected_result():
    assert set(program_names()) <= {expected.program for expected in PROGRAMS}


def test_expected_results_are_told_apart_by_their_names():
    names = [str(expected) for expected in PROGRAMS]

    assert len(set(names)) == len(names)
    assert str(replace(PROGRAMS[0], args=("a b",))) == "hello-a_b"
