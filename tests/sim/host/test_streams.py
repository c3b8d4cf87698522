"""The command with standard streams that are closed, full, or read by nobody."""

import fcntl
import json
import os
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HELLO = "hello from user mode, pid 2\n"
FULL = "trapline: error: standard output: No space left on device"

needs_full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")


def run(command, **environment):
    """`trapline COMMAND` in a shell, which prints the status last; `command` may redirect."""
    return subprocess.run(
        ["sh", "-c", f"'{sys.executable}' -m sim {command}; echo status $?"],
        cwd=ROOT,
        env=dict(os.environ, **environment),
        text=True,
        capture_output=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("closed", "printed"),
    [
        ("<&-", "0: args\n1: one\n"),
        (">&-", ""),
        ("2>&-", "0: args\n1: one\n"),
        ("<&- >&- 2>&-", ""),
    ],
)
def test_a_closed_stream_is_as_good_as_the_null_device(closed, printed):
    done = run(f"run --quiet args one {closed}")

    assert done.stdout == printed + "status 2\n"
    assert done.stderr == ""


@needs_full
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_messages_that_cannot_be_written_change_no_status(unbuffered):
    done = run("run hello 2>/dev/full", PYTHONUNBUFFERED=unbuffered)
    assert done.stdout == HELLO + "status 0\n"

    done = run("run nonesuch 2>/dev/full", PYTHONUNBUFFERED=unbuffered)
    assert done.stdout == "status 2\n"


def test_messages_to_a_closed_stream_do_not_go_elsewhere(tmp_path):
    """The next file to be opened would get the number of standard error."""
    path = tmp_path / "result.json"
    done = run(f"run --json {path} hello 2>&-")

    assert done.stdout == HELLO + "status 0\n"
    assert json.loads(path.read_text())["exit_status"] == 0


@needs_full
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_cannot_be_written_is_told_and_is_no_success(unbuffered, tmp_path):
    path = tmp_path / "result.json"
    done = run(f"run --quiet --json {path} hello >/dev/full", PYTHONUNBUFFERED=unbuffered)

    assert done.stderr == f"{FULL}; what the program printed is not whole\n"
    assert done.stdout == "status 2\n"
    # The program has not noticed.
    assert json.loads(path.read_text())["exit_status"] == 0

    done = run("run --quiet args a b >/dev/full", PYTHONUNBUFFERED=unbuffered)
    assert done.stdout == "status 3\n"


@needs_full
@pytest.mark.parametrize("command", ["--help", "run --help"])
def test_help_that_cannot_be_written_is_an_error(command):
    done = run(f"{command} >/dev/full")

    assert done.stderr == FULL + "\n"
    assert done.stdout == "status 2\n"


def test_a_run_whose_output_nobody_reads_ends_and_reports(tmp_path):
    report, status = tmp_path / "result.json", tmp_path / "status"
    # Else it is told that the engine is built.
    assert run("run --quiet hello").stdout.endswith("status 0\n")
    lines = "ls;" * 20
    command = f"run --json {report} sh -c '{lines}'; echo $? >{status}"
    done = subprocess.run(
        ["sh", "-c", f"('{sys.executable}' -m sim {command}) | head -n 1"],
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=120,
    )

    assert len(done.stdout.splitlines()) == 1
    told, *summary = done.stderr.splitlines()
    assert told.startswith("trapline: standard output has no reader any more: ended at cycle ")
    assert "Summary" in summary
    assert "Traceback" not in done.stderr
    assert status.read_text() == "141\n"
    assert json.loads(report.read_text())["exit_status"] == 141


def test_help_that_nobody_reads_is_silent(tmp_path):
    status = tmp_path / "status"
    # The reader is gone before anything is written.
    command = f"(sleep 0.2; '{sys.executable}' -m sim run --help; echo $? >{status}) | true"
    done = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, text=True, capture_output=True, timeout=120
    )

    assert done.stderr == ""
    assert status.read_text() == "141\n"


def _waiting(pipe):
    """Bytes that a pipe holds."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_a_pipe_that_does_not_block_loses_nothing(tmp_path):
    """What shares it may have made it so; then a write to a full pipe is an error in Python."""
    text = tmp_path / "text"
    text.write_bytes(b"0123456789abcde\n" * 10_000)  # more than the 65,536 that a pipe holds
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    command = ["run", "--quiet", "--file", str(text), "cat", "text"]
    process = subprocess.Popen(
        [sys.executable, "-m", "sim", *command], cwd=ROOT, stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)
    while process.poll() is None and _waiting(reader) < 60_000:
        time.sleep(0.05)
    time.sleep(0.3)  # so that the pipe is full when the next piece is to be written
    with open(reader, "rb") as file:
        output = file.read()
    _, errors = process.communicate(timeout=60)

    assert (process.returncode, errors) == (0, b"")
    assert output == text.read_bytes()


def test_a_pipe_that_did_not_block_does_not_afterwards():
    """Whoever shares it wanted it so."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    program = (
        "import os; from sim.host.streams import standard_streams\n"
        "with standard_streams(): print(os.get_blocking(1))"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, stdout=writer, check=True)

    assert os.read(reader, 100) == b"True\n"
    assert not os.get_blocking(writer)
