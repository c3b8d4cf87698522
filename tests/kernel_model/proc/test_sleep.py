import pytest

from kernel_model.mm.space import AddressSpace
from kernel_model.proc.sleep import Blocked, next_turn, sleep, wakeup, yield_
from kernel_model.proc.state import Proc, ProcState
from tests.kernel_model.support import make_kernel

RUNNABLE, SLEEPING = ProcState.RUNNABLE, ProcState.SLEEPING


@pytest.fixture
def kernel():
    """A kernel with the processes 2, 3 and 4, all of them ready."""
    kernel = make_kernel()
    kernel.procs += [Proc(kernel.procs.init.trapframe, AddressSpace(0), pid) for pid in (2, 3, 4)]
    return kernel


def test_sleeping_leaves_the_call(kernel):
    with pytest.raises(Blocked) as blocked:
        sleep(kernel, kernel.procs[1], "x")
    assert blocked.value.chan == "x"


def test_wakeup_wakes_who_waits_for_that_and_nobody_else(kernel):
    _, two, three, four = kernel.procs
    for proc, chan in [(two, ("pipe", 1)), (three, ("pipe", 1)), (four, ("pipe", 2))]:
        proc.state, proc.chan = SLEEPING, chan

    wakeup(kernel, ("pipe", 1))

    assert [proc.state for proc in (two, three, four)] == [RUNNABLE, RUNNABLE, SLEEPING]
    assert (two.chan, four.chan) == (None, ("pipe", 2))


def test_a_process_is_a_channel_by_its_identity(kernel):
    _, two, three, four = kernel.procs
    two.state, two.chan = SLEEPING, three
    wakeup(kernel, four)
    assert two.state is SLEEPING
    wakeup(kernel, three)
    assert two.state is RUNNABLE


def test_turns_go_round(kernel):
    last, turns = 0, []
    for _ in range(7):
        last = next_turn(kernel, last).pid
        turns.append(last)
    assert turns == [2, 3, 4, 2, 3, 4, 2]


@pytest.mark.parametrize("state", [s for s in ProcState if s is not RUNNABLE], ids=lambda s: s.name)
def test_only_who_is_ready_has_a_turn(kernel, state):
    kernel.procs[2].state = state
    assert [next_turn(kernel, last).pid for last in (2, 3, 4)] == [4, 4, 2]


def test_nobody_is_ready(kernel):
    for proc in kernel.procs:
        proc.state = SLEEPING
    assert next_turn(kernel, 2) is None


def test_init_first(kernel):
    kernel.procs.init.state = RUNNABLE
    assert next_turn(kernel, 3) is kernel.procs.init


def test_the_turn_that_is_over_was_the_last_one(kernel):
    two = kernel.procs[1]
    two.state = ProcState.RUNNING
    yield_(two)
    assert next_turn(kernel, last=2).pid == 3


def test_who_yields_waits_for_the_next_turn(kernel):
    two = kernel.procs[1]
    two.state = ProcState.RUNNING
    yield_(two)
    assert two.state is RUNNABLE
    assert [next_turn(kernel, last).pid for last in (1, 2)] == [2, 3]
