import io
import random
from errno import ENOSPC

import pytest

from sim.platform.devices.console import Console, Piped
from sim.platform.devices.journal import Entry, Journal, JournalError, Replay, load_journal


def load(tmp_path, text):
    path = tmp_path / "journal"
    path.write_text(text, encoding="utf-8")
    return load_journal(path)


class Live:
    """Keys that are struck at any time, here by a random generator."""

    echo = True
    interrupts = True

    def __init__(self, rng):
        self._rng = rng
        self._typed = b""

    def poll(self, now, room):
        if self._rng.random() < 0.3:
            self._typed += self._rng.randbytes(self._rng.randrange(1, 20))
        data, self._typed = self._typed[:room], self._typed[room:]
        return data

    def next_arrival(self, now):
        return None

    def wait(self, now):
        self._typed += b"\xff\0\n"
        return True

    def ended(self, now):
        return False


@pytest.mark.parametrize("seed", range(5))
def test_a_replay_answers_as_the_terminal_did(tmp_path, seed):
    """Whatever bytes come, and whether the kernel waits or not.

    It asks once a cycle, and again only after it has waited.
    """
    rng = random.Random(seed)
    calls, now = [], 0
    for _ in range(300):
        what = rng.choice(["poll", "poll", "poll", "wait"])
        now += rng.choice([1, 1000]) if what == "poll" else rng.choice([0, 0, 1000])
        calls.append((what, now, rng.choice([1, 7, 128])))
    path = tmp_path / "journal"
    with path.open("w") as file:
        console = Console(io.BytesIO(), Live(rng))
        console.keep(Journal(file))
        answers = [answer(console, *call) for call in calls]
    assert any(answers)

    replay = Console(io.BytesIO(), load_journal(path))

    assert replay.echo
    assert [answer(replay, *call) for call in calls] == answers


def test_a_replay_of_a_pipe_gives_what_is_wanted_when_it_is_wanted(tmp_path):
    text = b"a\nlong line\nb"
    path = tmp_path / "journal"
    with path.open("w") as file:
        console = Console(io.BytesIO(), Piped(io.BytesIO(text)))
        console.keep(Journal(file))
        answers = [console.poll(now, 5) for now in (10, 20, 20, 30, 40)]
    assert answers == [b"a\n", b"long ", b"line\n", b"b", b""]

    replay = Console(io.BytesIO(), load_journal(path))

    assert (replay.echo, replay.interrupts, replay.next_arrival(0)) == (False, False, None)
    assert [replay.poll(now, 5) for now in (0, 1, 2, 3, 4)] == answers
    assert replay.ended(4)


def answer(console, what, now, room):
    """What the kernel gets; after it has waited it always asks."""
    if what == "wait":
        console.wait(now)
    return console.poll(now, room)


def test_written_by_hand(tmp_path):
    replay = load(
        tmp_path, '{"cycle": 0, "input": "echo hi | cat\\n"}\n\n{"cycle": 9, "input": "é"}'
    )
    assert not replay.echo
    assert replay.next_arrival(0) == 0
    assert replay.poll(0, 128) == b"echo hi | cat\n"
    assert replay.next_arrival(0) == 9
    assert (replay.poll(8, 128), replay.ended(8)) == (b"", False)
    assert replay.poll(9, 128) == "é".encode()
    assert (replay.ended(9), replay.next_arrival(9), replay.wait(9)) == (True, None, False)


def test_a_piece_that_does_not_fit_comes_in_parts():
    replay = Replay([Entry(5, b"abcdef")])
    assert [replay.poll(now, 4) for now in (4, 5, 6, 7)] == [b"", b"abcd", b"ef", b""]


def test_waiting_lets_the_next_piece_come_whatever_its_cycle():
    replay = Replay([Entry(50, b"a"), Entry(60, b"b", waited=True), Entry(60, b"c")])
    assert replay.wait(7)
    assert [replay.poll(7, 9), replay.poll(70, 9)] == [b"a", b""]
    assert replay.next_arrival(70) is None
    assert replay.wait(70)
    assert [replay.poll(70, 9), replay.poll(70, 9)] == [b"b", b"c"]


def test_lines_are_in_the_file_at_once():
    file = io.TextIOWrapper(io.BufferedWriter(io.BytesIO()))
    Journal(file).record(7, b"x", waited=False)
    assert file.buffer.raw.getvalue() == b'{"cycle": 7, "input": "x"}\n'


@pytest.mark.parametrize(
    "line, message",
    [
        ("{", "no JSON: "),
        ("[]", 'not of the form {"cycle": N, "input": "text"}'),
        ('{"cycle": 5}', "not of the form"),
        ('{"cycle": "5", "input": "x"}', "not of the form"),
        ('{"cycle": true, "input": "x"}', "not of the form"),
        ('{"cycle": 5, "input": 7}', "not of the form"),
        ('{"cycle": 5, "input": "x", "cylce": 5}', "unknown cylce"),
        ('{"cycle": 5, "input": "x", "waited": 1}', "unknown value of waited"),
        ('{"cycle": 3, "input": "x"}', "cycle 3 is before 4"),
        ('{"cycle": 5, "input": ""}', "input is empty"),
        ('{"cycle": 5, "input": "\\ud800"}', "input has a surrogate that stands for no byte"),
        ('{"echo": true}', "not of the form"),
        ('{"echo": 1, "interrupts": true}', "not of the form"),
        ('{"echo": true, "interrupts": true, "cycle": 5}', "not of the form"),
        ("\0", "no JSON: "),
    ],
)
def test_mistakes_are_named_with_their_line(tmp_path, line, message):
    with pytest.raises(JournalError) as error:
        load(tmp_path, '{"cycle": 4, "input": "x"}\n' + line + "\n")
    assert str(error.value).startswith(f"{tmp_path / 'journal'}, line 2: {message}")
    assert "\n" not in str(error.value)


def test_a_negative_cycle(tmp_path):
    with pytest.raises(JournalError, match="line 1: cycle -1 is before 0"):
        load(tmp_path, '{"cycle": -1, "input": "x"}')


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "journal"
    path.write_bytes(b"\xff\xfe\n")
    with pytest.raises(JournalError, match="line 1: no JSON"):
        load_journal(path)


def test_nothing_is_no_input(tmp_path):
    assert load(tmp_path, "").ended(0)


def test_a_replay_is_interactive_as_long_as_somebody_typed():
    """It may last as long as the run did; see `sim.limit`."""
    replay = Replay([Entry(10, b"ab")])
    assert replay.interactive
    replay.poll(20, 1)
    assert replay.interactive
    replay.poll(20, 1)
    assert not replay.interactive
    assert not Replay([Entry(10, b"ab")], interrupts=False).interactive


class Full:
    """A file on a disk that is full for a while."""

    def __init__(self, refused):
        self.lines, self._refused = [], refused

    def write(self, text):
        if self._refused:
            self._refused -= 1
            raise OSError(ENOSPC, "No space left on device")
        self.lines.append(text)

    def flush(self):
        pass


def test_nothing_is_written_behind_what_is_missing():
    """With a hole in it, it would be the journal of another run."""
    journal = Journal(file := Full(refused=0))
    written = len(file.lines)
    file._refused = 1
    journal.record(1, b"a", waited=False)
    journal.record(2, b"b", waited=False)
    assert len(file.lines) == written
    assert journal.failure.errno == ENOSPC
