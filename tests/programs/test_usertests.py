"""The programs that test the kernel, on the hart; and that they do see what is wrong."""

import re
from pathlib import Path

import pytest

from hdl.arch import Pte
from kernel_model.calls import sysfile
from kernel_model.calls.syscall import SYSCALLS
from kernel_model.calls.sysproc import sys_sbrk
from kernel_model.facts.abi import Syscall
from kernel_model.fs import file
from kernel_model.mm import areas, regions, usercopy
from sim.host.programs import build_program, build_user, programs_directory
from tests.programs.running import run

#: The sparse gigabyte has 4,096 pages, and 512 page tables.
LAZYTESTS_MIB = 20
#: Enough for 64 processes, and soon used up.
USERTESTS_MIB = 16
MAX_CYCLES = 20_000_000


def groups():
    """The names of the tests in `usertests`, by the file that they are in."""
    table = (programs_directory() / "usertests" / "usertests.c").read_text()
    for file_name, entries in re.findall(r"// (\w+)\.c\n((?: +\{\".*\n)+)", table):
        names = re.findall(r"\{\"(\w+)\"", entries)
        yield pytest.param(names, id=file_name)


def results(output):
    return dict(re.findall(r"^test (\w+): (\w+)$", output, re.M))


@pytest.fixture
def check(request):
    """Whether page tables and TLBs are looked through meanwhile: a panic is a failure."""
    return request.config.getoption("--check")


@pytest.mark.parametrize("names", list(groups()))
def test_usertests(names, check):
    options = {"memory_mib": USERTESTS_MIB, "max_cycles": MAX_CYCLES}
    done = run(build_program("usertests"), "-f", *names, check=check, **options)

    assert results(done.output) == dict.fromkeys(names, "OK"), done.output
    assert done.status == 0
    assert done.frames_lost == 0


@pytest.mark.parametrize(("abi", "options"), [("lab", ["-f"]), ("2025", [])])
def test_lazytests(abi, options, check):
    program = build_program("lazytests")
    names = run(program, "-l").output.split()
    limits = {"memory_mib": LAZYTESTS_MIB, "max_cycles": MAX_CYCLES}
    done = run(program, *options, abi=abi, check=check, **limits)

    assert len(names) == 23
    assert results(done.output) == dict.fromkeys(names, "OK"), done.output
    assert done.output.endswith("ALL TESTS PASSED\n")
    assert done.status == 0


@pytest.mark.parametrize(("svadu", "stack_pages"), [(False, 1), (True, 12)])
def test_labtests(svadu, stack_pages):
    done = run(
        build_program("labtests"),
        "-n",
        memory_mib=USERTESTS_MIB,
        max_cycles=MAX_CYCLES,
        svadu=svadu,
        stack_pages=stack_pages,
    )

    assert set(results(done.output).values()) == {"OK"}, done.output
    assert done.output.endswith("ALL TESTS PASSED\n")
    assert (done.status, done.frames_lost) == (0, 0)


def test_sbrk_of_2025_passes_usertests_as_well():
    names = ["sbrkmisuse", "sbrkfail", "sbrkagain", "mem", "copyin", "copyout"]
    done = run(
        build_program("usertests"),
        *names,
        memory_mib=USERTESTS_MIB,
        max_cycles=MAX_CYCLES,
        abi="2025",
    )

    assert results(done.output) == dict.fromkeys(names, "OK"), done.output


def truncated(kernel, proc):
    """sbrk as in a published solution of the lab, with the old size in an `int`."""
    result = sys_sbrk(kernel, proc)
    return (result & 0xFFFF_FFFF ^ 1 << 31) - (1 << 31)


#: Mistakes of a kernel: module, name, what is there instead, and the test that fails then.
MISTAKES = [
    (regions, "HEAP_RIGHTS", int(Pte.R | Pte.W | Pte.X), "lazytests", "noexec"),
    (areas, "zalloc", lambda kernel: kernel.kmem.kalloc(), "usertests", "sbrkagain"),
    (usercopy, "_USER_WRITE", int(Pte.V | Pte.U), "usertests", "copyout"),
    (usercopy, "_USER_READ", int(Pte.V), "usertests", "copyinstr"),
    (file, "NFILE", 120, "usertests", "openfiles"),
    (sysfile, "isdirempty", lambda kernel, dp: True, "usertests", "rmdir"),
]


@pytest.mark.parametrize(
    ("module", "name", "instead", "program", "test"), MISTAKES, ids=[row[-1] for row in MISTAKES]
)
def test_a_kernels_mistake_is_seen(monkeypatch, module, name, instead, program, test):
    monkeypatch.setattr(module, name, instead)
    done = run(build_program(program), "-n", test, memory_mib=USERTESTS_MIB)

    assert results(done.output) == {test: "FAILED"}, done.output
    assert done.status == 1


def test_a_truncated_address_is_seen(monkeypatch):
    monkeypatch.setitem(SYSCALLS, Syscall.SBRK, truncated)
    done = run(build_program("lazytests"), "-n", "addresses", "overshrink")

    assert results(done.output) == {"addresses": "FAILED", "overshrink": "OK"}


def test_what_fails_is_told():
    done = run(build_user(Path(__file__).parent / "failing.c"), "-f", max_cycles=MAX_CYCLES)

    assert results(done.output) == {
        "good": "OK",
        "wrong": "FAILED",
        "killed": "FAILED",
        "status": "FAILED",
        "loses": "FAILED",
        "last": "OK",
    }
    assert "failing.c:9: wrong: 1 + 1 == 3\n" in done.output
    assert re.search(r"^\d+ pages lost, \d+ are free\ntest loses: FAILED\n", done.output, re.M)
    assert done.output.endswith("SOME TESTS FAILED\n")
    assert done.status == 1


def test_pages_are_counted_at_the_ends_if_not_each_time():
    program = build_user(Path(__file__).parent / "failing.c")
    by_default = run(program, "loses", max_cycles=MAX_CYCLES)
    never = run(program, "-n", "loses", max_cycles=MAX_CYCLES)

    assert results(by_default.output) == {"loses": "OK"}
    assert "pages lost" in by_default.output
    assert by_default.status == 1
    assert never.output == "test loses: OK\nALL TESTS PASSED\n"
    assert never.status == 0


@pytest.mark.parametrize(
    ("arguments", "message", "status"),
    [(["-x"], "usage: failing [-l | -f | -n] [TEST...]\n", 2), (["no"], "no such test: no\n", 2)],
)
def test_wrong_arguments_of_a_test_program(arguments, message, status):
    done = run(build_user(Path(__file__).parent / "failing.c"), *arguments)

    assert (done.output, done.status) == (message, status)
