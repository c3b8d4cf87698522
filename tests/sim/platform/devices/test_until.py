import pytest

from sim.platform.devices.captured import Captured
from sim.platform.devices.until import Until
from sim.platform.events import Halt
from tests.sim.platform.devices.board import attach


def told(*pieces, text=b"ab"):
    """After which of the pieces the text was there."""
    until = Until(Captured(), text)
    attach(until)
    found = []
    for number, piece in enumerate(pieces):
        until.write(piece)
        if until.found:
            found.append(number)
            until.found = False
    return found


def test_a_text_may_come_in_pieces():
    assert told(b"xa", b"b") == [1]
    assert told(b"a", b"a", b"b") == [2]
    assert told(b"a", b"xb", b"ba") == []
    assert told(b"abab", b"b", b"x") == [0]


def test_what_was_found_once_counts_for_nothing_more():
    assert told(b"aa", b"a", b"a", text=b"aa") == [0, 2]


def test_the_run_ends_with_the_cycle_of_the_last_byte():
    until = Until(Captured(), b"$ ")
    bus = attach(until)
    until.write(b"$")
    assert bus.deadline is None
    until.write(b" ")
    bus.tick(17)
    assert bus.events.popleft() == Halt()
    assert (bus.deadline, len(bus.events)) == (None, 0)


def test_all_else_is_the_consoles():
    console = Captured(b"one\ntwo")
    until = Until(console, b"x")
    until.write(b"out")
    until.write_echo(b"put")
    assert console.printed == b"output"
    assert (until.echo, until.interrupts) == (console.echo, console.interrupts)
    assert until.poll(0, 9) == b"one\n"
    assert (until.next_arrival(0), until.wait(0), until.ended(0)) == (None, True, False)
    assert until.poll(0, 9) == b"two"
    assert (until.wait(0), until.ended(0)) == (False, True)


def test_there_is_something_to_wait_for():
    with pytest.raises(ValueError, match="at least one byte"):
        Until(Captured(), b"")
