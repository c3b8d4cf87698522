import io
import os
import signal
import sys

import pytest

from sim.checkpoint import Checkpoint
from sim.host.streams import OutputError
from sim.platform.devices.console import Console, Piped, standard_input
from sim.platform.devices.journal import Entry, Journal, Replay
from sim.platform.devices.terminal import Terminal


def make_console(input=b"", **options):
    return Console(io.BytesIO(), Piped(io.BytesIO(input)), **options)


def test_output_appears_at_once():
    output = io.BufferedWriter(io.BytesIO())
    Console(output, Piped(io.BytesIO())).write(b"hello")
    assert output.raw.getvalue() == b"hello"


def test_something_else_can_be_cleared_away_before():
    output, cleared = io.BytesIO(), []
    console = Console(
        output, Piped(io.BytesIO()), before_write=lambda: cleared.append(output.getvalue())
    )

    console.write(b"a")
    console.write(b"b")

    assert cleared == [b"", b"a"]


class Screen(io.BytesIO):
    """A terminal, or not."""

    def __init__(self, terminal=True):
        super().__init__()
        self.isatty = lambda: terminal


def test_only_a_terminal_is_kept_from_moving_its_cursor():
    screen, pipe = Screen(), Screen(terminal=False)
    for output in (screen, pipe):
        Console(output, Piped(io.BytesIO())).write_echo(b"a\x1b[A")

    assert screen.getvalue() == b"a^[[A"
    assert pipe.getvalue() == b"a\x1b[A"


@pytest.mark.parametrize(
    "data, shown",
    [
        ([b"a"], b"a\n"),
        ([b"a\n"], b"a\n"),
        ([b"a", b""], b"a\n"),
        ([b"a", b"\n"], b"a\n"),
        ([], b""),
    ],
)
def test_the_terminals_line_can_be_ended(data, shown):
    screen, pipe = Screen(), Screen(terminal=False)
    for output in (screen, pipe):
        console = Console(output, Piped(io.BytesIO()))
        for part in data:
            console.write(part)
        console.end_line()
        console.end_line()
    assert screen.getvalue() == shown
    assert pipe.getvalue() == b"".join(data)


@pytest.mark.parametrize(
    "error, unread", [(BrokenPipeError(32, "gone"), 1), (OSError(28, "full"), 0)]
)
def test_output_that_fails_is_tried_once(error, unread):
    class Broken(Screen):
        def write(self, data):
            if self.tried:
                raise OutputError(error)
            return super().write(data)

    output = Broken()
    output.tried = 0
    console = Console(output, Piped(io.BytesIO()))
    console.write(b"line")
    assert (console.failure, console.unread) == (None, False)
    output.tried = 1
    console.write(b" goes on")
    assert console.unread == unread
    assert console.failure.unread == unread
    output.tried = 0
    console.write(b"more")
    console.end_line()
    assert output.getvalue() == b"line"


class TestPiped:
    def test_comes_by_lines_and_ends(self):
        console = make_console(b"first\nsecond")
        assert [console.poll(0, 128), console.poll(0, 3), console.poll(7, 128)] == [
            b"first\n",
            b"sec",
            b"ond",
        ]
        assert not console.ended(7)
        assert console.poll(7, 128) == b""
        assert console.ended(7)
        assert not console.wait(7)

    def test_is_fetched_when_wanted_only(self):
        console = make_console(b"text")
        assert (console.echo, console.interrupts, console.next_arrival(0)) == (False, False, None)

    def test_does_not_wait_for_more_than_a_line(self):
        """The other end may wait for an answer to its first line."""
        inner, outer = os.pipe()
        with open(inner, "rb") as file, open(outer, "wb", buffering=0) as driver:
            console = Console(io.BytesIO(), Piped(file))
            driver.write(b"question\n")
            assert console.poll(0, 128) == b"question\n"

    def test_the_end_is_the_end(self):
        """A terminal without line editing of ours could go on after its end-of-file key."""
        file = io.BytesIO(b"a\n")
        console = Console(io.BytesIO(), Piped(file))
        console.poll(0, 128)
        console.poll(0, 128)
        file.write(b"more\n")
        file.seek(2)
        assert console.poll(0, 128) == b""


class TestStandardInput:
    def test_a_pipe(self, monkeypatch):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"text")))
        assert standard_input().poll(0, 128) == b"text"

    def test_none_at_all(self, monkeypatch):
        monkeypatch.setattr(sys, "stdin", None)
        assert standard_input().poll(0, 128) == b""

    def test_a_terminal(self, monkeypatch):
        pty = pytest.importorskip("pty")
        outer, inner = pty.openpty()
        with open(outer, "rb"), open(inner) as terminal:
            monkeypatch.setattr(sys, "stdin", terminal)
            assert isinstance(standard_input(), Terminal)


class TestJournal:
    def journalled(self, source):
        file = io.StringIO()
        console = Console(io.BytesIO(), source)
        console.keep(Journal(file))
        return console, file

    def test_has_what_came_and_when(self):
        console, file = self.journalled(Piped(io.BytesIO(b"first\nsecond\n")))
        console.poll(10, 128)
        console.poll(25, 128)
        console.poll(30, 128)
        assert file.getvalue().splitlines() == [
            '{"echo": false, "interrupts": false}',
            '{"cycle": 10, "input": "first\\n"}',
            '{"cycle": 25, "input": "second\\n"}',
        ]

    def test_tells_what_came_when_all_waited(self):
        console, file = self.journalled(Replay([Entry(5, b"a", waited=True), Entry(9, b"b")], True))
        assert console.poll(5, 128) == b""
        assert console.wait(5)
        console.poll(5, 128)
        console.poll(9, 128)
        assert file.getvalue().splitlines() == [
            '{"echo": true, "interrupts": true}',
            '{"cycle": 5, "input": "a", "waited": true}',
            '{"cycle": 9, "input": "b"}',
        ]


class TestInterrupt:
    """As by Ctrl-C: the handler of a signal calls `Console.interrupt`."""

    @pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that signals")
    def test_ends_a_wait(self):
        inner, outer = os.pipe()  # on which nobody says anything
        with open(inner, "rb") as file, open(outer, "wb"):
            console = Console(io.BytesIO(), Piped(file))
            before = signal.signal(signal.SIGALRM, lambda number, frame: console.interrupt())
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            assert console.poll(0, 128) == b""
            signal.signal(signal.SIGALRM, before)
        assert console.ended(0)

    def test_ends_input_if_nothing_waits(self):
        console = make_console(b"text\n")
        console.interrupt()
        assert console.ended(0)
        assert (console.poll(0, 128), console.wait(0)) == (b"", False)


class TestCheckpoint:
    def test_what_was_read_since_then_is_given_again(self):
        console = make_console(b"a\nb\nc\n")
        assert console.poll(0, 128) == b"a\n"
        checkpoint = Checkpoint([console])
        for _ in range(2):
            assert [console.poll(0, 128), console.poll(0, 1)] == [b"b\n", b"c"]
            assert [console.poll(0, 128), console.poll(0, 128)] == [b"\n", b""]
            assert console.ended(0)
            checkpoint.put_back()
            assert not console.ended(0)

    def test_what_was_printed_stays(self):
        console = make_console(b"")
        checkpoint = Checkpoint([console])
        console.write(b"x")
        checkpoint.put_back()
        console.write(b"y")
        assert console._output.getvalue() == b"xy"

    def test_a_replay_goes_on_from_where_it_was(self):
        console = Console(io.BytesIO(), Replay([Entry(0, b"a\n"), Entry(0, b"b\n")]))
        console.poll(0, 128)
        checkpoint = Checkpoint([console])
        for _ in range(2):
            assert console.poll(0, 128) == b"b\n"
            assert console.ended(0)
            checkpoint.put_back()
