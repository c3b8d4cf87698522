"""Input has its cycle, and comes in that cycle again."""

import pytest

from sim.config import RunConfig
from sim.debug.conditions import Kind
from sim.debug.opening import open_debugger
from sim.debug.typed import InputWanted, Typed


def test_input_comes_from_its_cycle_on_and_no_more_than_there_is_room():
    console = Typed()
    console.give(10, b"abcd")
    assert console.poll(9, 8) == b""
    assert console.poll(10, 3) == b"abc"
    assert console.poll(11, 3) == b"d"
    assert console.poll(12, 3) == b""


def test_it_comes_again_when_the_run_is_put_back():
    console = Typed()
    before = console.save_state()
    console.give(10, b"abcd")
    console.poll(10, 8)
    console.printed.extend(b"seen")
    console.load_state(before)
    assert console.printed == b""
    assert console.poll(9, 8) == b""
    assert console.poll(10, 8) == b"abcd"


@pytest.mark.parametrize("cycle, left", [(19, b"ax"), (20, b"abx")])
def test_what_was_given_for_later_is_forgotten(cycle, left):
    console = Typed()
    console.give(10, b"a")
    console.give(20, b"b")
    console.give(cycle, b"x")
    assert console.poll(100, 8) == left


def test_the_next_arrival_is_that_of_the_first_piece_not_read():
    console = Typed()
    assert console.next_arrival(0) is None
    console.give(10, b"ab")
    console.give(20, b"c")
    assert console.next_arrival(0) == 10
    console.poll(10, 1)
    assert console.next_arrival(10) == 10
    console.poll(10, 1)
    assert console.next_arrival(10) == 20


def test_the_end_comes_behind_all_that_was_given():
    console = Typed()
    console.give(10, b"a")
    console.give(20, b"")
    assert not console.ended(20)
    console.poll(20, 8)
    assert not console.ended(19)
    assert console.ended(20)
    assert console.next_arrival(25) == 25


def test_input_before_the_end_takes_the_end_away():
    console = Typed()
    console.give(20, b"")
    console.give(10, b"a")
    console.poll(30, 8)
    assert not console.ended(30)


@pytest.mark.parametrize("cycle", [20, 25])
def test_input_at_the_end_or_behind_it_leaves_the_end(cycle):
    console = Typed()
    console.give(20, b"")
    console.give(cycle, b"a")
    assert console.poll(30, 8) == b"a"
    assert console.ended(30)


def test_the_end_is_known_from_its_cycle_on():
    console = Typed()
    assert console.end_by(100) is None
    console.give(20, b"")
    assert [console.end_by(cycle) for cycle in (19, 20, 21)] == [None, 20, 20]


def test_a_wait_for_nothing_wants_input():
    console = Typed()
    with pytest.raises(InputWanted):
        console.wait(0)
    console.give(10, b"a")
    with pytest.raises(InputWanted):
        console.wait(9)
    assert console.wait(10)
    console.poll(10, 1)
    console.give(10, b"")
    assert not console.wait(10)


def test_a_key_is_noticed_by_a_kernel_that_waits_for_none():
    """As in xv6, Ctrl-P has it print the processes, whatever they do."""
    debugger = open_debugger("sh", config=RunConfig(memory_mib=4))
    with debugger.session as session:
        debugger.forward(None)
        debugger.give_input(b"lazy\n")
        debugger.forward(Kind.FAULT, 20)
        debugger.give_input(b"\x10")
        debugger.forward(Kind.FAULT)
        assert b"\n3 run lazy\n" in session.kernel.console.printed
