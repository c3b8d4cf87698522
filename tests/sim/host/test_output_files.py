import errno
import io
import json
import os
from pathlib import Path

import pytest

from sim.cli import main as cli
from sim.host.output_files import check_writable, empty, open_output, position_of, return_to
from sim.platform.devices.journal import Journal

pytestmark = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")

BARE = """\
.globl _start, tohost, begin_signature, end_signature
_start: li t0, 1
  la t1, tohost
  sd t0, (t1)
  j .
.section .tohost, "aw"
tohost: .dword 0
begin_signature: .dword 0
end_signature:
"""


def test_text_is_written_as_it_is(tmp_path):
    path = tmp_path / "file"
    with open_output(path, errors="surrogateescape") as file:
        file.write("é\udcff\n")

    assert path.read_bytes() == "é".encode() + b"\xff\n"


def test_what_was_written_can_be_taken_back_from_a_file(tmp_path):
    with open_output(tmp_path / "file") as file:
        file.write("kept\n")
        position = position_of(file)
        file.write("taken back\n")
        return_to(file, position)

    assert (tmp_path / "file").read_text() == "kept\n"


def test_a_pipe_keeps_what_it_got():
    reader, writer = os.pipe()
    with open(writer, "w") as file:
        assert position_of(file) is None
        file.write("kept\n")
        return_to(file, None)

    with open(reader) as file:
        assert file.read() == "kept\n"


def test_errors_have_the_files_name(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        open_output(tmp_path / "nowhere" / "file")
    with pytest.raises(OSError, match="/dev/full") as caught:
        with open_output("/dev/full") as file:
            file.write("x")
    assert caught.value.errno == errno.ENOSPC


def test_a_journal_that_is_full_is_named_before_the_run(capfd):
    assert cli.main(["run", "--quiet", "--journal", "/dev/full", "hello"]) == 2

    output = capfd.readouterr()
    assert output.err == "trapline: error: /dev/full: No space left on device\n"
    assert output.out == ""


def test_a_result_that_is_full_is_named_and_told_otherwise(capfd, tmp_path):
    """Even if the run should be quiet: it would be lost. So would the waveform be."""
    vcd = tmp_path / "hello.vcd"
    options = ["--quiet", "--vcd", str(vcd), "--json", "/dev/full"]
    assert cli.main(["run", *options, "hello"]) == 2

    output = capfd.readouterr()
    assert output.out == "hello from user mode, pid 2\n"
    assert "\ncycles  " in output.err
    assert output.err.endswith("trapline: error: --json /dev/full: No space left on device\n")
    assert vcd.stat().st_size > 1000


def test_a_journal_that_gets_full_costs_nothing_else(capfd, monkeypatch):
    """The run goes on, the user is told at its end, and it is no success."""
    record = Journal.record

    def fill(journal, *arguments):
        if journal.failure is None:
            os.dup2(os.open("/dev/full", os.O_WRONLY), journal._file.fileno())
        record(journal, *arguments)

    monkeypatch.setattr(Journal, "record", fill)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"echo one\necho two\n")))

    assert cli.main(["run", "--quiet", "--journal", os.devnull, "sh"]) == 2

    output = capfd.readouterr()
    assert "one" in output.out
    assert "two" in output.out
    error = "trapline: error: /dev/null: No space left on device; the journal is not whole\n"
    assert output.err == error


class TestBeforeTheRun:
    """A file that cannot be written is told of before anything is compiled or simulated."""

    @pytest.mark.parametrize("option", ["--json", "--journal", "--vcd"])
    def test_of_run(self, capfd, option):
        assert cli.main(["run", option, "/proc/nothing", "hello"]) == 2
        self.check(capfd, option)

    def test_of_bare(self, capfd):
        assert cli.main(["bare", "--signature", "/proc/nothing", "nowhere.elf"]) == 2
        self.check(capfd, "--signature")

    @staticmethod
    def check(capfd, option):
        (line,) = capfd.readouterr().err.splitlines()
        start = f"trapline: error: Invalid value for '{option}': /proc/nothing: "
        assert line.startswith(start)


@pytest.mark.parametrize("option", ["--vcd", "--journal"])
def test_a_dash_is_no_file(capfd, tmp_path, monkeypatch, option):
    """But for --json."""
    monkeypatch.chdir(tmp_path)

    assert cli.main(["run", option, "-", "hello"]) == 2

    assert "cannot go to standard output" in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == []


class TestCheck:
    def test_leaves_what_is_there(self, tmp_path):
        path = tmp_path / "file"
        path.write_text("old")
        check_writable(path)
        assert path.read_text() == "old"

    def test_creates_nothing(self, tmp_path):
        check_writable(tmp_path / "file")
        (tmp_path / "link").symlink_to(tmp_path / "target")
        check_writable(tmp_path / "link")
        assert [path.name for path in tmp_path.iterdir()] == ["link"]

    def test_does_not_wait_for_the_reader_of_a_pipe(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        check_writable(tmp_path / "pipe")

    def test_takes_a_device(self):
        check_writable(Path("/dev/full"))

    @pytest.mark.parametrize("name", ["nowhere/file", "x" * 300])
    def test_names_the_file(self, tmp_path, name):
        with pytest.raises(OSError, match=name):
            check_writable(tmp_path / name)

    def test_takes_no_folder(self, tmp_path):
        with pytest.raises(IsADirectoryError):
            check_writable(tmp_path)


def test_a_file_is_emptied_and_nothing_else_is_touched(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("sub").mkdir()
    for name in ("file", "other", "-"):
        Path(name).write_text("old")
    empty(*map(Path, ("file", "new", "sub", "/dev/null", "other")), None, "-")
    assert [Path(name).read_text() for name in ("file", "other", "-")] == ["", "", "old"]
    assert not Path("new").exists()


def test_a_result_can_go_to_standard_output(capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert cli.main(["run", "--quiet", "--json", "-", "hello"]) == 0

    first, rest = capfd.readouterr().out.split("\n", 1)
    assert first == "hello from user mode, pid 2"
    assert json.loads(rest)["exit_status"] == 0
    assert list(tmp_path.iterdir()) == []


def test_a_signature_that_is_full_is_named(capfd, tmp_path):
    source = tmp_path / "bare.S"
    source.write_text(BARE)

    assert cli.main(["bare", "--quiet", "--signature", "/dev/full", str(source)]) == 2

    assert capfd.readouterr().err == "trapline: error: /dev/full: No space left on device\n"


def test_a_program_that_is_full_is_named_and_no_device_is_replaced(capfd, tmp_path):
    source = tmp_path / "mine.c"
    source.write_text("int main(void) { return 0; }\n")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    assert cli.main(["cc", "-o", "/dev/full", str(source)]) == 2
    assert capfd.readouterr().err == "trapline: error: /dev/full: No space left on device\n"
    assert not os.path.isfile("/dev/full")
    assert cli.main(["cc", "-o", str(pipe), str(source)]) == 2
    assert f"{pipe}" in capfd.readouterr().err
    assert pipe.is_fifo()
