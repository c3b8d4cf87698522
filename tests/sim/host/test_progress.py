import io
import time
from threading import Thread

import pytest

from sim.host.progress import Progress, announced, tell_files


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


def test_what_a_pipe_is_told_is_there_at_once(clock):
    pipe = io.BytesIO()
    progress = Progress(io.TextIOWrapper(io.BufferedWriter(pipe)))
    progress.update(0, 0)
    clock.now += 10
    progress.update(0, 0)

    assert pipe.getvalue().startswith(b"trapline: still running after 10 s")


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


@pytest.mark.parametrize("room", [1, 8, 14])
def test_there_is_none_on_a_terminal_that_is_too_narrow(clock, monkeypatch, room):
    """Part of a number would be another number."""
    monkeypatch.setattr("sim.host.progress.columns_of", lambda file: room)
    file = Terminal()
    progress = Progress(file)

    progress.update(0, 0)
    clock.now += 1
    progress.update(123_456, 7)
    progress.clear()

    assert file.getvalue() == ""


@pytest.mark.parametrize("room", [1, 5, 30])
def test_what_takes_a_while_is_no_longer_than_the_terminal(monkeypatch, room):
    file = Terminal()
    monkeypatch.setattr("sys.stderr", file)
    monkeypatch.setattr("sim.host.progress.columns_of", lambda file: room)
    with announced("compiling the bundled programs") as show:
        show(", 6 of 18")

    _, *lines = file.getvalue().rstrip("\n").split("\r\x1b[K")
    assert lines == ["trapline: compiling the bundled programs, 6 of 18"[: room - 1]] * 2


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


def test_cycles_that_are_passed_over_are_no_speed(clock):
    """And so that the figures do not contradict each other, the line says which it means."""
    file = io.StringIO()
    progress = Progress(file)
    progress.update(0, 0)
    clock.now += 10
    progress.update(62_000_000, 3, 61_000_000)

    assert "62,000,000 cycles, 3 page faults, 100,000 computed cycles/s" in file.getvalue()


def test_a_run_in_the_background_leaves_the_terminals_line_alone(clock, monkeypatch):
    """The shell's prompt may stand there. After `fg` the line is shown again."""
    foreground = True
    monkeypatch.setattr("sim.host.progress.in_foreground", lambda file: foreground)
    file = Terminal()
    progress = Progress(file)
    progress.update(0, 0)
    clock.now += 1
    progress.update(2000, 3)

    foreground, before = False, file.getvalue()
    clock.now += 1
    progress.update(3000, 3)
    progress.clear()
    assert file.getvalue() == before

    foreground = True
    clock.now += 1
    progress.update(4000, 3)
    assert "4,000 cycles" in file.getvalue()


class TestAnnounced:
    """Work that takes a while, and is told of."""

    @pytest.fixture(autouse=True)
    def soon(self, monkeypatch):
        monkeypatch.setattr("sim.host.progress._SOME", 0.05)
        # Another test's command may have been a quiet one.
        monkeypatch.setattr("sim.host.progress._files_are_told", True)

    def test_on_a_terminal_at_once_on_one_line(self, monkeypatch):
        file = Terminal()
        monkeypatch.setattr("sys.stderr", file)
        with announced("compiling") as show:
            assert file.getvalue().endswith("trapline: compiling")
            show(", 1 of 2")
            show(", 2 of 2")

        assert file.getvalue().split("\r\x1b[K")[1:] == [
            f"trapline: compiling{far}" for far in ("", ", 1 of 2", ", 2 of 2\n")
        ]

    def test_in_a_file_once_it_has_taken_a_while(self, monkeypatch):
        file = io.StringIO()
        monkeypatch.setattr("sys.stderr", file)
        with announced("compiling") as show:
            show(", 1 of 9")
            assert file.getvalue() == ""
            wait_for(file.getvalue)
            show(", 2 of 9")

        assert file.getvalue() == "trapline: compiling, 1 of 9\n"

    def test_in_a_file_not_of_what_is_soon_done_nor_of_what_shall_be_quiet(self, monkeypatch):
        file = io.StringIO()
        monkeypatch.setattr("sys.stderr", file)
        with announced("compiling"):
            pass
        tell_files(False)
        try:
            with announced("compiling"):
                time.sleep(0.2)
        finally:
            tell_files(True)
        time.sleep(0.1)

        assert file.getvalue() == ""

    @pytest.mark.parametrize("kind", [Terminal, io.StringIO])
    def test_what_other_threads_do_is_told_by_the_main_one(self, kind, monkeypatch):
        file = kind()
        monkeypatch.setattr("sys.stderr", file)

        def work():
            with announced("compiling a part") as show:
                show(", nearly done")
                time.sleep(0.2)

        thread = Thread(target=work)
        thread.start()
        thread.join()

        assert file.getvalue() == ""


def wait_for(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
