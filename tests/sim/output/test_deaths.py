"""What is said beside the two lines of a kernel that kills."""

import pytest

from hdl.arch import Cause
from kernel_model.mm.served import Why
from sim.output.deaths import Deaths
from tests.kernel_model.support import Killed, failing_kalloc, make_hart


@pytest.fixture
def hart():
    return make_hart()


@pytest.fixture
def said(hart):
    """The lines, each with what the kernel had printed before it."""
    lines = []
    hart.kernel.watchers.append(
        Deaths(hart.kernel, lambda line: lines.append((hart.printed.count("\n"), line)))
    )
    return lines


def killed(hart, cause, stval):
    with pytest.raises(Killed):
        hart.trap(cause, stval, sepc=0x1234)


@pytest.mark.parametrize("nth", [1, 2], ids=["page", "page table"])
def test_out_of_memory_is_said_beside_the_kernels_lines(hart, said, nth):
    heap = hart.sbrk(1 << 30)
    free = hart.kernel.kmem.free
    with failing_kalloc(hart.kernel, nth):
        killed(hart, Cause.STORE_PAGE, heap + (1 << 29))
    assert hart.kernel.faults[-1].outcome.why in (Why.NO_FRAME, Why.NO_TABLE)
    assert said == [
        (
            2,
            f"trapline: pid 2 (prog) is killed at pc 0x1234: out of memory for the page of "
            f"{heap + (1 << 29):#x}: kalloc found no frame, though {free:,} are free (--fail)",
        )
    ]


def test_memory_that_is_full_is_said_to_be(hart, said):
    kmem, heap = hart.kernel.kmem, hart.sbrk(1 << 30)
    while kmem.free:
        kmem.kalloc()
    used = kmem.used
    killed(hart, Cause.STORE_PAGE, heap)
    ((_, line),) = said
    assert line.endswith(f"all {used:,} pages of RAM are in use (--memory MIB gives more)")


def test_the_kernels_own_lines_are_xv6s(hart, said):
    heap = hart.sbrk(4096)
    with failing_kalloc(hart.kernel, 1):
        killed(hart, Cause.STORE_PAGE, heap)
    assert hart.printed == (
        f"usertrap(): unexpected scause 0xf pid=2\n            sepc=0x1234 stval={heap:#x}\n"
    )


def test_a_name_moves_no_cursor(hart, said):
    hart.proc.name = "\x1b[A"
    killed(hart, Cause.LOAD_MISALIGNED, 1)
    assert "pid 2 (^[[A) is killed" in said[0][1]


def test_a_bad_pointer_is_not_out_of_memory(hart, said):
    killed(hart, Cause.LOAD_PAGE, 1 << 37)
    assert said == []


@pytest.mark.parametrize(
    "cause, words",
    [
        (
            Cause.LOAD_MISALIGNED,
            "misaligned load from 0x2001 (--misaligned allows all but atomics)",
        ),
        (
            Cause.STORE_MISALIGNED,
            "misaligned store to 0x2001 (--misaligned allows all but atomics)",
        ),
        (Cause.ILLEGAL, "illegal instruction 0x2001 (the hart has no floating point)"),
        (Cause.BREAKPOINT, "ebreak"),
        (
            Cause.LOAD_ACCESS,
            "load access fault at 0x2001: it, or a page-table entry on the way to it, is where no "
            "memory is, or was refused",
        ),
    ],
)
def test_an_exception_that_is_no_page_fault_is_named(hart, said, cause, words):
    killed(hart, cause, 0x2001)
    [(_, line)] = said
    assert line.startswith(f"trapline: pid 2 (prog) is killed at pc 0x1234: {words}")


def test_a_bad_pointer_after_memory_was_short_is_one(hart, said):
    hart.sbrk(4096)
    child = hart.call("fork")
    with failing_kalloc(hart.kernel, 1):
        killed_child = hart.kernel.procs[-1]
        hart.timer()
        assert hart.proc is killed_child
        assert killed_child.pid == child
        hart.trap(Cause.STORE_PAGE, hart.heap)
    killed(hart, Cause.STORE_PAGE, 1 << 37)
    assert len(said) == 1
