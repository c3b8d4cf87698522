"""A run that is stopped, goes on, and is ended by others than itself, on a terminal."""

import os
import shutil
import signal
import subprocess

import pytest

pytest.importorskip("termios")

from tests.sim.session import TRAPLINE, Session

CTRL_Z, CTRL_D = b"\x1a", b"\x04"


@pytest.fixture
def bash():
    """A shell with job control, and a simulated `cat` in its foreground that reads."""
    if shutil.which("bash") is None:
        pytest.skip("no bash here, which stops and continues jobs")
    # What has to be compiled is compiled before, for that is said on the terminal.
    subprocess.run([*TRAPLINE, "run", "--quiet", "cat"], stdin=subprocess.DEVNULL, check=True)
    session = Session(
        ["bash", "--norc", "--noprofile", "+o", "history", "-i"],
        environment={"PS1": "bash> ", "TERM": "dumb"},
    )
    session.expect(b"bash> ")
    session.type(" ".join([*TRAPLINE, "run --quiet cat\n"]).encode())
    session.expect(b"\n")
    session.wait_for(lambda: reads(session), "nobody reads")
    yield session
    session.close()


def reads(session):
    """The run has the terminal, not the shell, whose line editor takes keys as they are, too."""
    ours = os.tcgetpgrp(session.keys) != session.pid
    return ours and not session.edits and not session.echoes


def typed(session, line):
    """Types a line; what is shown of it and of `cat`'s answer."""
    session.type(line + b"\n")
    session.expect(line + b"\r\n")
    before = session.expect(line + b"\r\n")
    assert before == b"", "shown twice"


def stopped(session):
    session.expect(b"Stopped")
    session.expect(b"bash> ")


def continued(session):
    session.type(b"fg\n")
    session.expect(b"run --quiet cat")
    session.expect(b"\n")
    session.wait_for(lambda: reads(session), "line mode after fg")


def test_ctrl_z_gives_the_terminal_back_and_fg_takes_it_again(bash):
    """Line mode and the host's echo beside the kernel's is what it was left in."""
    typed(bash, b"one")
    for line in (b"two", b"three"):
        bash.type(CTRL_Z)
        stopped(bash)
        bash.type(b"stty -a | grep -o '[-]*icanon\\|[-]*echo\\b' | tr '\\n' ' '; echo .\n")
        bash.expect(b"\n")
        assert bash.expect(b" .\r\n") == b"icanon echo"
        bash.expect(b"bash> ")
        continued(bash)
        typed(bash, line)
    bash.type(CTRL_D)
    bash.expect(b"bash> ")
    bash.type(b"echo status $?\n")
    bash.expect(b"status 0\r\n")


def test_a_stop_that_cannot_be_handled_is_mended_by_fg(bash):
    """SIGSTOP, or a shell that has changed the modes while the run was stopped."""
    bash.type(b"mark\n")
    bash.expect(b"mark\r\nmark\r\n")
    os.killpg(os.tcgetpgrp(bash.keys), signal.SIGSTOP)
    stopped(bash)
    bash.type(b"stty sane\n")
    bash.expect(b"bash> ")
    continued(bash)
    typed(bash, b"after")


def test_a_run_in_the_background_leaves_the_terminal_alone(bash):
    bash.type(CTRL_Z)
    stopped(bash)
    bash.type(b"bg\n")
    bash.expect(b"bash> ")
    bash.type(b"echo a\\\nb\n")
    bash.expect(b"ab\r\n")
    continued(bash)
    typed(bash, b"again")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_that_ends_the_run_leaves_the_terminal_as_it_was(number):
    """In a shell of no job control: nobody mends the terminal behind it."""
    command = " ".join([*TRAPLINE, "run --quiet cat"])
    session = Session(["sh", "-c", f"ulimit -c 0; {command}; echo status $?; read line"])
    try:
        session.wait_for(lambda: not session.edits and not session.echoes, "nobody reads")
        child = int(os.popen(f"ps -o pid= --ppid {session.pid}").read().split()[0])
        os.kill(child, number)
        session.expect(f"status {128 + number}".encode())
        assert session.edits
        assert session.echoes
    finally:
        session.close()
