from hdl.arch import Cause
from sim.engines.story import Lookup, Passage
from sim.engines.traps import TrapRecord
from sim.guests.lives import Answer, Life
from sim.output.moments import Mark, of_life, of_trap
from tests.sim.served import mapped, refused

ANSWER = Answer(Passage(raised=10, entered=15, left=80), 100, 1200, 1100)


def record(retired=None, refetch=0, rewalk=0):
    """A load page fault raised in cycle 10, looked up in 6, and looked up again then."""
    refused_ = bytes(len(Lookup(0, 0, 0, 0, ()).pack())) + Lookup(6, 8, 0x5000, 1, ()).pack()
    again = [Lookup(at, at + 2 * bool(at), 0x5000, 0, ()) for at in (refetch, rewalk)]
    looked_up = b"".join(each.pack() for each in again)
    return TrapRecord(10, 0x40, Cause.LOAD_PAGE, 0x5000, 0, retired, refused_, looked_up)


def life(trap, turn=None):
    made = Life(trap, mapped(0x40, Cause.LOAD_PAGE, 0x5000), ANSWER)
    if turn is not None:
        made.went_on(*turn)
    return made


def names(shown):
    return {mark.name: mark.cycle for mark in shown.moments}


def test_a_fault_has_seven_moments():
    trap = record(retired=1330, refetch=1305, rewalk=1320)
    shown = of_life(life(trap, (1200, Passage(back=1250, returned=1300))), "fault 1: load")

    assert shown.raised == Mark(10, "fault 1: load")
    assert names(shown) == {
        "miss": 6,
        "raised": 10,
        "doorbell": 100,
        "answer": 1200,
        "sret": 1300,
        "retry": 1320,
        "retired": 1330,
    }
    assert (shown.begin, shown.end) == (6, 1330)


def test_one_that_has_not_been_retried_has_those_that_came():
    shown = of_life(life(record()), "fault 1: load")
    assert [*names(shown)] == ["miss", "raised", "doorbell", "answer"]
    assert (shown.begin, shown.end) == (6, 1200)


def test_a_process_that_is_killed_has_no_return():
    made = Life(record(), refused(0x40, Cause.LOAD_PAGE, 0x5000), ANSWER)
    assert [*names(of_life(made, "x"))] == ["miss", "raised", "doorbell", "answer"]


def test_while_another_process_runs_it_is_not_on_the_screen():
    trap = record(retired=90_000, rewalk=89_990)
    shown = of_life(life(trap, (89_000, Passage(back=89_100, returned=89_500))), "x")
    assert names(shown)["retired"] == 90_000
    assert (shown.begin, shown.end) == (6, 1200)


def test_a_page_touched_for_a_system_call_is_where_the_call_is():
    served = mapped(None, Cause.STORE_PAGE, 0x5000, via="copyout")
    shown = of_life(Life(record(), served, ANSWER), "fault 2: store")
    assert shown.moments == (Mark(10, "fault 2: store"),)


def test_without_a_kernel_there_are_three():
    assert names(of_trap(record(retired=60), "x")) == {"miss": 6, "raised": 10, "retired": 60}
    bare = TrapRecord(10, 0x40, Cause.LOAD_PAGE, 0x5000, 0)
    shown = of_trap(bare, "x")
    assert (names(shown), shown.begin, shown.end) == ({"raised": 10}, 10, 10)
