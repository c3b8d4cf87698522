import pytest

from sim.platform.devices.escape import Escape
from sim.platform.devices.journal import Entry, Replay


def typed(*pieces, room=64):
    """What the kernel gets of the pieces, and how often the run was to be left."""
    source = Replay([Entry(number, piece) for number, piece in enumerate(pieces)])
    left = []
    escape = Escape(source, lambda: left.append(True))
    got = b""
    while not escape.ended(99):
        given = escape.poll(99, room)
        assert len(given) <= room
        got += given
    return got, len(left)


@pytest.mark.parametrize(
    "pieces, got, left",
    [
        ([b"echo x\n"], b"echo x\n", 0),
        ([b"\x01x"], b"", 1),
        ([b"a\x01", b"Xb"], b"ab", 1),
        ([b"\x01\x01"], b"\x01", 0),
        ([b"\x01\x01x"], b"\x01x", 0),
        ([b"\x01", b"c"], b"\x01c", 0),
        ([b"\x01"], b"", 0),
    ],
)
def test_ctrl_a_is_kept_back_for_the_key_behind_it(pieces, got, left):
    assert typed(*pieces) == (got, left)


def test_what_was_kept_back_fits_too():
    assert typed(b"\x01", b"a\x01b\x01c", room=2) == (b"\x01a\x01b\x01c", 0)


def test_all_else_is_the_sources():
    source = Replay([Entry(7, b"x")], echo=True, interrupts=True)
    escape = Escape(source, lambda: None)
    assert (escape.echo, escape.interrupts, escape.interactive) == (True, True, True)
    assert escape.next_arrival(0) == 7
    assert escape.wait(0)
    assert escape.poll(0, 9) == b"x"
    assert (escape.wait(0), escape.ended(0), escape.interactive) == (False, True, False)
