import io
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

pty = pytest.importorskip("pty")
termios = pytest.importorskip("termios")

from sim.checkpoint import Checkpoint  # noqa: E402
from sim.platform.devices import terminal  # noqa: E402
from sim.platform.devices.console import Console, Piped  # noqa: E402
from sim.platform.devices.terminal import Terminal  # noqa: E402

LOCAL_MODES = 3  # of `tcgetattr`


class Desk:
    """A pseudo-terminal, somebody who types on it, and the `Terminal` at its other end."""

    def __init__(self):
        self.keys, self.fd = pty.openpty()
        self.terminal = Terminal(self.fd)

    def type(self, data):
        os.write(self.keys, data)

    def shown(self):
        """What the host has shown of what was typed."""
        os.set_blocking(self.keys, False)
        try:
            return os.read(self.keys, 1000)
        except BlockingIOError:
            return b""

    def hang_up(self):
        if self.keys is not None:
            os.close(self.keys)
            self.keys = None

    @property
    def modes(self):
        return termios.tcgetattr(self.fd)


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.terminal.restore()
    desk.hang_up()
    os.close(desk.fd)


def poll(desk, room=128):
    """Polls until something has come; a key takes a moment through the host's kernel."""
    deadline = time.monotonic() + 5
    while not (data := desk.terminal.poll(0, room)):
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.001)
    return data


def test_polling_never_waits(desk):
    began = time.monotonic()
    for _ in range(20):
        assert desk.terminal.poll(0, 128) == b""
    assert time.monotonic() - began < 10
    assert not desk.terminal.ended(0)


def test_polling_waits_as_long_as_somebody_has_patience(desk):
    desk.terminal.patience = lambda: 60.0
    threading.Timer(0.05, desk.type, [b"x"]).start()
    assert desk.terminal.poll(0, 128) == b"x"
    desk.terminal.patience = lambda: 0.05
    start = time.monotonic()
    assert desk.terminal.poll(0, 128) == b""
    assert time.monotonic() - start >= 0.05


def test_keys_come_one_by_one_and_unedited(desk):
    desk.terminal.poll(0, 128)
    for keys in (b"a", b"\x7f", b"\x04", b"\x15", b"\n"):
        desk.type(keys)
        assert poll(desk) == keys


def test_the_host_shows_none_of_them(desk):
    desk.terminal.poll(0, 128)
    desk.type(b"secret\n")
    poll(desk)
    assert desk.shown() == b""
    assert desk.terminal.echo


def test_what_does_not_fit_comes_later(desk):
    desk.terminal.poll(0, 128)
    desk.type(b"abcdef")
    assert poll(desk, 4) == b"abcd"
    assert poll(desk) == b"ef"


def test_what_was_typed_ahead_is_kept(desk):
    desk.type(b"ahead\n")
    assert poll(desk) == b"ahead\n"


def test_waiting_ends_with_a_key(desk):
    timer = threading.Timer(0.05, desk.type, [b"x"])
    timer.start()
    assert desk.terminal.wait(0)
    assert desk.terminal.poll(0, 128) == b"x"
    timer.join()


def test_nobody_waits_while_there_is_something_left(desk):
    desk.terminal.poll(0, 128)
    desk.type(b"xy")
    assert poll(desk, 1) == b"x"
    assert desk.terminal.wait(0)
    desk.type(b"z")
    assert poll(desk) == b"y"


def test_waiting_ends_with_the_terminal(desk):
    desk.terminal.poll(0, 128)
    desk.hang_up()
    assert not desk.terminal.wait(0)
    assert desk.terminal.ended(0)
    assert desk.terminal.poll(0, 128) == b""


def test_waiting_ends_with_an_interrupt(desk):
    console = Console(io.BytesIO(), desk.terminal)
    before = signal.signal(signal.SIGALRM, lambda number, frame: console.interrupt())
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    assert not console.wait(0)
    assert console.ended(0)
    signal.signal(signal.SIGALRM, before)


def test_a_run_is_interactive_once_it_reads_from_a_terminal(desk):
    console = Console(io.BytesIO(), desk.terminal)
    assert not console.interactive
    console.poll(0, 128)
    assert console.interactive
    assert not Console(io.BytesIO(), Piped(io.BytesIO())).interactive


def test_nobody_knows_what_comes(desk):
    assert desk.terminal.next_arrival(0) is None
    assert desk.terminal.interrupts


def test_the_terminal_is_changed_at_the_first_poll_and_put_back(desk):
    before = desk.modes
    assert before[LOCAL_MODES] & termios.ICANON
    desk.terminal.poll(0, 128)
    during = desk.modes[LOCAL_MODES]
    assert not during & (termios.ICANON | termios.ECHO)
    assert during & termios.ISIG  # Ctrl-C works
    desk.terminal.restore()
    desk.terminal.restore()
    assert desk.modes == before


class TestForeground:
    """A job that is moved while it runs gets no signal: `fg` sends SIGCONT to stopped ones only."""

    @pytest.fixture
    def shell(self, desk, monkeypatch):
        """Whether the shell has the job in the foreground."""
        shell = {"foreground": True}
        monkeypatch.setattr(terminal, "in_foreground", lambda fd: shell["foreground"])
        desk.terminal.poll(0, 128)
        shell["foreground"] = False
        termios.tcsetattr(desk.fd, termios.TCSADRAIN, desk.terminal._saved)  # the shell's editor
        desk.terminal._go_on(signal.SIGCONT, None)  # `bg`
        return shell

    def is_by_line(self, desk):
        return bool(desk.modes[LOCAL_MODES] & termios.ICANON)

    def test_in_the_background_the_terminal_is_left_alone(self, desk, shell):
        assert desk.terminal.poll(0, 128) == b""
        assert self.is_by_line(desk)

    def test_in_the_foreground_it_is_taken_when_input_is_wanted(self, desk, shell):
        desk.terminal.poll(0, 128)
        shell["foreground"] = True
        desk.terminal.poll(0, 128)
        assert not self.is_by_line(desk)

    def test_so_it_is_in_the_midst_of_a_wait(self, desk, shell):
        def come_to_the_foreground():
            shell["foreground"] = True
            while self.is_by_line(desk):
                time.sleep(0.01)
            desk.type(b"x")

        typist = threading.Timer(0.2, come_to_the_foreground)
        typist.start()
        assert desk.terminal.wait(0)
        typist.join()
        assert desk.terminal.poll(0, 128) == b"x"

    @pytest.mark.parametrize("foreground", [True, False])
    def test_a_stop_gives_the_terminal_back_if_it_is_ours(
        self, desk, shell, monkeypatch, foreground
    ):
        shell["foreground"] = True
        desk.terminal.poll(0, 128)
        shell["foreground"] = foreground
        stopped = []
        monkeypatch.setattr(
            desk.terminal, "_by_default", lambda number: stopped.append(self.is_by_line(desk))
        )
        monkeypatch.setattr(signal, "signal", lambda number, handler: None)
        desk.terminal._stop(signal.SIGTSTP, None)
        assert stopped == [foreground]


def test_a_checkpoint_leaves_the_terminal_alone(desk):
    checkpoint = Checkpoint([desk.terminal])
    desk.terminal.poll(0, 128)
    checkpoint.put_back()
    assert desk.terminal.interactive


@pytest.mark.parametrize("file, possible", [(None, False), (io.StringIO(), False)])
def test_what_is_no_terminal(file, possible):
    assert Terminal.possible(file) == possible


#: Who starts the tests in the background may have had Ctrl-C ignored, which is inherited.
PROGRAM = """
import signal
from sim.platform.devices.console import Console
signal.signal(signal.SIGINT, signal.default_int_handler)
console = Console()
console.poll(0, 128)
console.write(b"ready")
{then}
"""


@pytest.mark.parametrize(
    "then, end",
    [
        ("", None),
        ("raise SystemExit('one line')", None),
        ("console.wait(0)", signal.SIGINT),
        ("1 / 0", None),
    ],
    ids=["end", "error", "ctrl-c", "exception"],
)
def test_the_terminal_is_put_back_however_the_process_ends(desk, then, end):
    before = desk.modes
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(then=then)],
        stdin=desk.fd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout.read(5) == b"ready"
    if end is not None:
        time.sleep(0.05)
        process.send_signal(end)
    process.communicate(timeout=20)
    assert desk.modes == before
