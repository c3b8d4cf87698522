"""The shell from the command line: a line, a pipe, a terminal, a journal."""

import io
import json
import os
import signal
import sys
import time

import pytest

from sim import start_boot
from sim.cli import main as cli
from sim.guests import kernel_setup
from sim.host.programs import build_program, bundled_files, strip

pytest.importorskip("termios")

from tests.sim.session import TRAPLINE, Session

#: A pipeline that is typed while the shell starts, with a slip of the finger.
TYPED = """\
{"echo": true, "interrupts": true}
{"cycle": 1500, "input": "echo"}
{"cycle": 3000, "input": " hi | catt\\u007f\\n"}
{"cycle": 4000, "input": "\\u0004", "waited": true}
"""


@pytest.fixture
def few_programs(monkeypatch):
    """A disk with no more than is needed: nothing else has to compile."""

    def files():
        return {name: strip(build_program(name).read_bytes()) for name in ("args", "cat", "echo")}

    monkeypatch.setattr(kernel_setup, "bundled_files", files)


def type_in(monkeypatch, text):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


def test_a_pipeline_on_the_command_line(capfdbinary, few_programs):
    assert cli.main(["run", "--quiet", "sh", "-c", "echo hi | cat"]) == 0
    output = capfdbinary.readouterr()
    assert output.out == b"hi\n"
    assert output.err == b""


def test_a_pipeline_from_a_pipe(capfdbinary, monkeypatch, few_programs):
    type_in(monkeypatch, "echo hi | cat\n")

    assert cli.main(["run", "sh"]) == 0
    output = capfdbinary.readouterr()
    assert output.out == b"$ hi\n$ "
    assert b"Summary" in output.err


def test_files_of_the_host_are_there(capfdbinary, few_programs, tmp_path):
    (tmp_path / "notes").write_bytes(b"from the host\n")
    (tmp_path / "cat").write_bytes(build_program("echo").read_bytes())
    files = [f"--file={tmp_path / 'notes'}", f"--file={tmp_path / 'notes'}:deep/down"]

    line = "cat notes deep/down; echo /deep/down"
    assert cli.main(["run", "--quiet", *files, "sh", "-c", line]) == 0
    assert capfdbinary.readouterr().out == b"from the host\n" * 2 + b"/deep/down\n"

    replaced = [*files, f"--file={tmp_path / 'cat'}"]
    assert cli.main(["run", "--quiet", *replaced, "sh", "-c", "cat notes"]) == 0
    assert capfdbinary.readouterr().out == b"notes\n"


def test_a_shells_status_is_the_last_commands(monkeypatch, few_programs):
    type_in(monkeypatch, "echo hi\nargs 1 2 3\n")

    assert cli.main(["run", "--quiet", "sh"]) == 4


def run_typed(engine, folder):
    """The report of a run of the shell with `TYPED`, the kernel's work free."""
    journal, report = folder / "journal", folder / f"{engine}.json"
    journal.write_text(TYPED)
    arguments = ["--engine", engine, "--memory", "1", "--kernel-cost", "zero", "--quiet"]
    files = ["--replay", str(journal), "--json", str(report)]
    assert cli.main(["run", *arguments, *files, "sh"]) == 0
    return json.loads(report.read_text())


def test_a_pipeline_takes_the_same_cycles_on_both_engines(capfdbinary, few_programs, tmp_path):
    native, pysim = (run_typed(engine, tmp_path) for engine in ("native", "pysim"))

    assert capfdbinary.readouterr().out == b"$ echo hi | catt\b \b\nhi\n$ \x04" * 2
    assert [process["name"] for process in native["processes"]] == ["sh", "echo", "cat"]
    assert native["cycles"] > 10_000
    assert native.pop("config") == pysim.pop("config") | {"engine": "native"}
    assert native == pysim


def test_a_journal_replays_the_run(monkeypatch, capfdbinary, few_programs, tmp_path):
    type_in(monkeypatch, "echo one\ncat\ntwo\n")
    journal, first, second = (str(tmp_path / name) for name in ("journal", "first", "second"))
    assert cli.main(["run", "--quiet", "--journal", journal, "--json", first, "sh"]) == 0
    type_in(monkeypatch, "echo this is not looked at\n")
    assert cli.main(["run", "--quiet", "--replay", journal, "--json", second, "sh"]) == 0

    assert capfdbinary.readouterr().out == b"$ one\n$ two\n$ " * 2
    assert json.loads((tmp_path / "first").read_text()) == json.loads(
        (tmp_path / "second").read_text()
    )


@pytest.fixture
def session():
    # What has to be compiled is compiled before, for that is said on the terminal.
    bundled_files()
    sessions = []

    def start(*arguments):
        sessions.append(Session([*TRAPLINE, *arguments]))
        return sessions[-1]

    yield start
    for each in sessions:
        each.close()


def test_a_line_is_edited_on_the_terminal(session):
    shell = session("run", "--quiet", "sh")
    shell.prompt()
    shell.type(b"ecc\x7fho one\n")
    shell.expect(b"ecc\b \bho one\r\none\r\n$ ")
    shell.type(b"junk\x15echo two\n")
    shell.expect(b"junk" + b"\b \b" * 4 + b"echo two\r\ntwo\r\n$ ")
    shell.type(b"cat\n")
    shell.expect(b"cat\r\n")
    shell.type(b"three\n")
    shell.expect(b"three\r\nthree\r\n")
    shell.type(b"\x04")
    shell.expect(b"$ ")
    shell.type(b"\x04")
    assert shell.end() == (0, b"\x04\r\n")


def test_an_arrow_key_moves_no_cursor(session):
    """The kernel stores its three characters, and takes away the columns they took."""
    shell = session("run", "--quiet", "sh")
    shell.prompt()
    shell.type(b"\x1b[A\x7f\x7f\x7fecho one\n")
    shell.expect(b"^[[A" + b"\b \b" * 4 + b"echo one\r\none\r\n$ ")
    shell.type(b"\x04")
    assert shell.end() == (0, b"\x04\r\n")


def test_nothing_disturbs_a_line_that_is_typed_slowly(session):
    """The line that tells of progress would wipe it away."""
    shell = session("run", "--quiet", "sh")
    shell.prompt()
    for key in b"echo":
        time.sleep(0.3)
        shell.type(bytes([key]))
        shell.expect(bytes([key]))
    shell.type(b"\n")
    shell.expect(b"$ ")
    shell.type(b"\x04")
    assert shell.end() == (0, b"\x04\r\n")


def test_on_the_terminal_of_a_booted_kernel_is_what_it_prints_and_nothing_else(session):
    """Not even while a program is busy for seconds, of which others are told now and then."""
    start_boot().close()
    shell = session("boot", "--quiet")
    shell.prompt()
    for line in (b"grep neither usertests", b"exit"):
        shell.type(line + b"\n")
        shell.expect(line + b"\r\n")
        if line != b"exit":
            assert shell.expect(b"$ ") == b""
    assert shell.end() == (0, b"0 page faults served\r\n")


def test_ctrl_c_ends_a_shell_that_waits_with_its_summary(session):
    shell = session("run", "sh")
    shell.prompt()
    os.killpg(shell.pid, signal.SIGINT)
    status, shown = shell.end()
    assert status == 130
    assert b"interrupted at cycle" in shown
    assert b"Summary" in shown
