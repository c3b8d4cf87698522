import io

import pytest

from sim.host.progress import Progress, announce


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 100.0

    monkeypatch.setattr("sim.host.progress.time.monotonic", lambda: Clock.now)
    return Clock


def lines(file):
    return file.getvalue().splitlines()


def test_a_pipe_sees_nothing_of_a_short_run(clock):
    file = io.StringIO()
    progress = Progress(file)

    progress.update(0, 0)
    clock.now += 9.5
    progress.update(1000, 3)
    progress.clear()

    assert file.getvalue() == ""


def test_a_pipe_is_told_what_a_long_run_is_doing_and_ever_less_often(clock):
    file = io.StringIO()
    progress = Progress(file)
    progress.activity = lambda: "pid 2 loops"

    for _ in range(100):
        progress.update(int(clock.now - 100) * 1000, 1)
        clock.now += 1

    assert lines(file) == [
        f"trapline: still running after {seconds} s: {seconds},000 cycles, pid 2 loops, "
        "1 page fault, 1,000 cycles/s"
        for seconds in (10, 20, 40, 80)
    ]


def test_who_wants_it_quiet_is_told_nothing(clock):
    file = io.StringIO()
    progress = Progress(file, told=False)

    for _ in range(100):
        progress.update(0, 0)
        clock.now += 1

    assert file.getvalue() == ""


def test_the_time_before_the_run_does_not_count(clock):
    """The engine may have been built."""
    file = io.StringIO()
    progress = Progress(file)

    clock.now += 100
    progress.update(0, 0)
    clock.now += 9
    progress.update(0, 0)

    assert file.getvalue() == ""


@pytest.mark.parametrize(
    "room, parts",
    [
        (None, ["123,456 cycles", "pid 3 usertests computes", "7 page faults", "11,223 cycles/s"]),
        (73, ["123,456 cycles", "pid 3 usertests computes", "7 page faults", "11,223 cycles/s"]),
        (72, ["123,456 cycles", "pid 3 usertests computes", "7 page faults"]),
        (54, ["123,456 cycles", "pid 3 usertests computes"]),
        (40, ["123,456 cycles", "7 page faults"]),
        (20, ["123,456 cycles"]),
        (8, ["123,456"]),
    ],
)
def test_the_line_is_no_longer_than_the_terminal(clock, monkeypatch, room, parts):
    """A cursor in the last column would be enough to make some terminals scroll."""
    monkeypatch.setattr("sim.host.progress.columns_of", lambda file: room)
    file = Terminal()
    progress = Progress(file)
    progress.activity = lambda: "pid 3 usertests computes"

    progress.update(0, 0)
    clock.now += 11
    progress.update(123_456, 7)

    assert file.getvalue() == "\r\x1b[K" + ", ".join(parts)


def test_a_terminal_is_told_what_is_done_after_a_while(clock):
    file = Terminal()
    progress = Progress(file)
    progress.activity = lambda: "pid 2 loops"

    for _ in range(3):
        progress.update(0, 0)
        clock.now += 9
    first, second = file.getvalue().split("\r\x1b[K")[1:]

    assert "loops" not in first
    assert "loops" in second


def test_silence_is_since_something_was_printed(clock):
    progress = Progress(io.StringIO())
    clock.now += 9
    assert not progress.silent()
    progress.clear()
    clock.now += 9
    assert not progress.silent()
    clock.now += 1
    assert progress.silent()


def test_a_terminal_sees_cycles_faults_and_speed_now_and_then(clock):
    file = Terminal()
    progress = Progress(file)

    for _ in range(10):
        progress.update(2000, 3)
        clock.now += 0.125

    assert file.getvalue().count("2,000 cycles, 3 page faults") == 2
    assert "4,000 cycles/s" in file.getvalue()


def test_the_line_is_taken_away_once(clock):
    file = Terminal()
    progress = Progress(file)
    progress.update(0, 0)
    clock.now += 1
    progress.update(2000, 3)

    before = file.getvalue()
    progress.clear()
    progress.clear()

    assert file.getvalue() == before + "\r\x1b[K"


def test_long_work_is_announced_on_a_terminal_only(monkeypatch):
    for file, said in ((Terminal(), "trapline: compiling hello\n"), (io.StringIO(), "")):
        monkeypatch.setattr("sys.stderr", file)
        announce("compiling hello")
        assert file.getvalue().endswith(said)
        assert bool(file.getvalue()) == bool(said)
