"""The command `debug`: commands from options and from standard input, and what goes wrong."""

import fcntl
import io
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from contextlib import contextmanager

import pytest

from sim.cli import main as cli
from sim.cli.debug import debug_program
from sim.config import RunConfig
from sim.debug.debugger import DebugError
from sim.debug.gdb.packets import framed
from sim.host.own_programs import compile_program

OPTIONS = ["--memory", "8"]


def lines_of(capsys, *arguments):
    """What `trapline debug` prints; it must end well."""
    assert cli.main(["debug", *OPTIONS, *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def commands(*lines):
    return [word for line in lines for word in ("--command", line)]


def test_commands_are_carried_out_in_turn(capsys):
    lines = lines_of(
        capsys, *commands("break main", "continue", "step fault", "back fault"), "lazy"
    )
    assert lines[0] == "(trapline) break main"
    assert lines[2] == "(trapline) continue"
    assert "fault" in lines
    assert lines[-4] == "pc 0x10 (main) (breakpoint 1)"


def test_without_any_they_are_read(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("# two\nstep 2\n\nquit\nnonsense\n"))
    lines = lines_of(capsys, "hello")
    assert lines[:2] == ["(trapline) # two", "(trapline) step 2"]
    assert lines[-1] == "(trapline) quit"


def test_arguments_and_input_are_the_programs(capsys, tmp_path):
    (tmp_path / "text").write_text("from a file\n")
    lines = lines_of(
        capsys,
        "sh",
        "--stdin",
        str(tmp_path / "text"),
        *commands("continue"),
        "--",
        "-c",
        "cat|cat",
    )
    assert "| from a file" in lines


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([*commands("nonsense"), "lazy"], "'nonsense' is no command: step, back"),
        ([*commands("goto 9G"), "--max-cycles", "5k", "lazy"], "no motion goes further than 5,000"),
        (["--stdin", "/nowhere", "lazy"], "/nowhere: No such file"),
        (["nothing"], "no such file or bundled program: nothing"),
        (["--latency", "2000", "lazy"], "--latency"),
        ([], "Missing argument 'PROGRAM'"),
        (["--gdb", "70000", "lazy"], "70000 is not in the range 0<=x<=65535"),
        (["--tui", "lazy"], "--tui needs a terminal"),
        (["--tui", "--gdb", "0", "lazy"], "--tui and --gdb cannot both be given"),
        (["--gdb-host", "localhost", "lazy"], "--gdb-host needs --gdb PORT"),
        (["--gdb", "1", "--gdb-host", "no such host", "lazy"], "cannot listen at no such host:1"),
    ],
)
def test_mistakes_are_told_in_one_line(capsys, arguments, message):
    assert cli.main(["debug", *OPTIONS, *arguments]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("trapline: error:") == 1
    assert err.splitlines()[-1].startswith("trapline: error: ")


def test_the_screen_asks_for_its_library_by_name(monkeypatch):
    monkeypatch.delitem(sys.modules, "sim.debug.screen", raising=False)
    monkeypatch.setitem(sys.modules, "textual.app", None)
    with pytest.raises(DebugError, match=r"--tui needs textual: pip install 'trapline\[debug\]'"):
        debug_program(RunConfig(), "hello", (), (), stdin=None, max_cycles=None, tui=True)


@contextmanager
def waiting_for_gdb(*options):
    """A debugger that waits for gdb, and what it has said; it is ended with the test."""
    command = [sys.executable, "-m", "sim", "debug", "hello", *OPTIONS, "--gdb", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        lines = []
        try:
            for line in process.stderr:
                lines.append(line)
                if "waiting" in line:
                    break
            yield process, lines
        finally:
            process.kill()


def test_gdb_is_waited_for_on_this_machine_only():
    with waiting_for_gdb() as (process, lines):
        assert not any("warning" in line for line in lines)
        found = re.fullmatch(r"trapline: waiting for gdb at (127\.0\.0\.1):(\d+): .*\n", lines[-1])
        with socket.create_connection((found[1], int(found[2])), timeout=30) as client:
            client.sendall(framed(b"D"))
            said = b""
            while len(said) < len(b"+$OK#9a"):
                said += (more := client.recv(100))
                assert more, said
            assert said == b"+$OK#9a"
        assert process.wait(timeout=30) == 0


def test_a_place_that_others_reach_is_warned_of():
    with waiting_for_gdb("--gdb-host", "0.0.0.0") as (process, lines):
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
    assert any("warning: anybody who reaches 0.0.0.0:" in line for line in lines)


class Terminal:
    """`trapline debug` on a terminal."""

    def __init__(self, *arguments, **variables):
        ours, theirs = pty.openpty()
        self._file = ours
        fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        environment = {**os.environ, "TERM": "dumb", **variables}
        command = [sys.executable, "-m", "sim", "debug", *OPTIONS, *arguments]
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment
        )
        os.close(theirs)

    def expect(self, text):
        seen, end = "", time.monotonic() + 60
        while text not in seen:
            readable, _, _ = select.select([self._file], [], [], max(0, end - time.monotonic()))
            assert readable, seen
            seen += os.read(self._file, 4096).decode(errors="replace")
        return seen

    def type(self, text):
        os.write(self._file, text.encode())


def test_somebody_types_makes_a_mistake_and_goes_on():
    terminal = Terminal("hello")
    terminal.expect("(trapline) ")
    terminal.type("nonsense\n")
    terminal.expect("'nonsense' is no command")
    terminal.type("goto 1000\n")
    terminal.expect("cycle 1,000")
    terminal.type("quit\n")
    assert terminal.process.wait(timeout=30) == 0


def test_the_whole_terminal_is_driven_by_keys():
    terminal = Terminal("hello", "--tui", TERM="xterm")
    terminal.expect("cycle 0")
    terminal.type("n")
    terminal.expect("cycle 1")
    terminal.type("q")
    assert terminal.process.wait(timeout=30) == 0


def test_ctrl_c_ends_a_motion_and_not_the_debugger():
    terminal = Terminal("--memory", "128", "usertests")
    terminal.expect("(trapline) ")
    terminal.type("continue\n")
    terminal.expect("continue")
    time.sleep(1.5)
    terminal.process.send_signal(signal.SIGINT)
    terminal.expect("interrupted")
    terminal.expect("(trapline) ")
    terminal.type("back 3\n")
    terminal.expect("instruction")
    terminal.type("quit\n")
    assert terminal.process.wait(timeout=30) == 0


def test_without_standard_input_there_are_no_commands(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", None)
    assert cli.main(["debug", "--memory", "8", "hello"]) == 0
    assert capsys.readouterr().out == ""


def test_a_source_that_is_newer_than_the_program_is_told(tmp_path, capsys):
    source, elf = tmp_path / "mine.c", tmp_path / "mine.elf"
    source.write_text('#include "user.h"\nint main(void) { return 0; }\n')
    compile_program([source], elf)
    quit_at_once = [*OPTIONS, *commands("quit")]

    assert cli.main(["debug", *quit_at_once, str(elf)]) == 0
    assert "newer" not in capsys.readouterr().err

    os.utime(source, (time.time() + 5,) * 2)
    assert cli.main(["debug", *quit_at_once, str(elf)]) == 0
    warnings = [line for line in capsys.readouterr().err.splitlines() if "warning" in line]
    assert warnings == [
        f"trapline: warning: mine.c is newer than {elf}: "
        "lines that are shown may not be those that were compiled"
    ]
    # It is compiled anew.
    assert cli.main(["debug", *quit_at_once, str(source)]) == 0
    assert "newer" not in capsys.readouterr().err
