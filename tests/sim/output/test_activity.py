"""What the processes are said to be doing."""

import pytest

from kernel_model.proc.sleep import TICKS
from kernel_model.proc.state import ProcState
from sim.output.activity import Activity
from tests.kernel_model.support import make_hart, switch_to


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def hart():
    return make_hart()


@pytest.fixture
def said(hart):
    """What is said some seconds later."""
    clock = Clock()
    activity = Activity(hart.kernel, clock)

    def later(seconds=2):
        clock.now += seconds
        return activity()

    return later


def test_a_name_moves_no_cursor(hart, said):
    hart.proc.name = "\x1b[A"
    assert said().startswith("pid 2 ^[[A computes")


def test_a_loop_of_system_calls_is_named(hart, said):
    for _ in range(3000):
        hart.call("getpid")
    hart.sbrk(0)
    assert said() == "pid 2 prog: 1,500 system calls/s, the last one sbrk"
    assert said() == "pid 2 prog computes at pc 0x44"


def test_a_number_that_is_no_call_is_unknown(hart, said):
    for _ in range(10):
        hart.syscall(77)
    assert said() == "pid 2 prog: 5 system calls/s, the last one unknown"


def test_page_faults_are_counted(hart, said):
    heap = hart.sbrk(40 << 12)
    said()
    for page in range(40):
        hart.store(heap + (page << 12), 1)
    assert said(10) == "pid 2 prog: 4 page faults/s"


def test_who_only_computes_is_told_by_its_pc(hart, said):
    hart.trap(1 << 63 | 5, sepc=0x1234)
    assert said() == "pid 2 prog computes at pc 0x1234"


def test_the_busiest_process_is_told(hart, said):
    child = hart.call("fork")
    switch_to(hart, child)
    for _ in range(10):
        hart.call("getpid")
    assert said() == f"pid {child} prog: 5 system calls/s, the last one getpid"


def test_of_two_that_compute_as_long_the_one_with_more_page_faults_is_told(hart, said):
    first = hart.proc
    child = hart.call("fork")
    said()
    first.account.minor_faults += 2
    second = next(proc for proc in hart.kernel.procs if proc.pid == child)
    second.account.syscalls += 100
    assert said() == f"pid {first.pid} prog: 1 page faults/s"


def test_one_that_can_run_goes_before_those_that_wait(hart, said):
    child = hart.call("fork")
    hart.call("wait", 0)
    said()
    assert said() == f"pid {child} prog computes at pc 0x44"


def test_if_all_wait_the_last_one_is_told(hart, said):
    child = hart.call("fork")
    hart.call("wait", 0)
    said()
    child = hart.proc
    child.state, child.chan = ProcState.SLEEPING, TICKS
    assert said() == f"pid {child.pid} prog waits for ticks"


def test_of_nobody_nothing_is_said(hart, said):
    hart.exit()
    assert said() == ""
