"""No program can tell one paging policy from another but by time and memory."""

from pathlib import Path

import pytest

from sim import run
from sim.host.programs import build_user
from tests.kernel_model.under import LARGE, UNDER

_ACCESSES = """past end null text guard guard-sp0 given-back gone heap-exec illegal trapframe
    trampoline noncanonical""".split()
#: Bundled programs, in the order in which the shell starts them. What promises more than there is,
#: or looks at a part of a page, is not here: an eager kernel refuses the one, and has the other.
_LINES = [
    *("hello", "lazy", "args one two", "echo echoed > file", "cat file", "wc file"),
    *("grep ech file", "ln file other", "rm file", "mkdir dir", "ls", "kill 99", "sleep 1"),
    *(f"badaccess {access}" for access in _ACCESSES),
    "ls / | grep s | wc; (echo a; (echo b; echo c) | cat) > f; cat f",
    "lazytests -n readwrite pipestraddle strings guard readonly noexec",
    "labtests -n pgaccess pgcopies pgfork pgbad dontneed dontneedfree mincore madvisebad stackfork",
    "labtests -n mmapdirty mmapfork mmapadvice mmapsixteen",
    "usertests -n copyin copyout forkfork",
]


def of_the_shell(policy, check):
    """What the shell prints, and its status, with no frame lost."""
    script = "\n".join(_LINES)
    result = run("sh", stdin=script, policy=policy, check=check, memory_mib=8)
    return result.output, result.exit_status


@pytest.fixture(scope="module")
def lazily():
    return of_the_shell("lazy", False)


def test_under_the_usual_one_all_goes_well(lazily):
    output, status = lazily
    assert status == 0
    assert output.count(b"ALL TESTS PASSED") == 4
    assert output.count(b"unexpected scause") > len(_ACCESSES)


@pytest.mark.parametrize("policy", UNDER)
def test_output_and_status_are_the_same(policy, lazily):
    """While memory and TLBs are looked through: a panic would be in the output."""
    assert of_the_shell(policy, check=True) == lazily


@pytest.mark.parametrize("policy", ["lazy", "eager", "superpage", "cow+superpage", LARGE])
def test_a_large_heap_is_the_same_in_superpages(policy):
    """Forked, given back in part, and copied through a pipe, by a hart that has TLBs."""
    program = build_user(Path(__file__).parent / "superpages.c")
    result = run(program, policy=policy, check=True, memory_mib=16)
    assert (result.exit_status, result.output) == (
        0,
        b"parent 6d97a2ea902197a0\nchild c1c1da61282d7fa0\nparent d0f01d9944ad5c9d, 100\n1 0\n",
    )
