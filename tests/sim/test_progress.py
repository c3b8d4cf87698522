import io

import pytest

from sim.progress import Progress, announce


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 100.0

    monkeypatch.setattr("sim.progress.time.monotonic", lambda: Clock.now)
    return Clock


def test_a_pipe_sees_nothing(clock):
    file = io.StringIO()
    progress = Progress(file)

    clock.now += 10
    progress.update(1000, 3)
    progress.clear()

    assert file.getvalue() == ""


def test_a_terminal_sees_cycles_faults_and_speed_now_and_then(clock):
    file = Terminal()
    progress = Progress(file)

    for _ in range(10):
        clock.now += 0.125
        progress.update(2000, 3)

    assert file.getvalue().count("2,000 cycles, 3 page faults") == 2
    assert "4,000 cycles/s" in file.getvalue()


def test_the_line_is_taken_away_once(clock):
    file = Terminal()
    progress = Progress(file)
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
