"""`boot` from the command line to its results."""

import io
import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from sim.cli import booting
from sim.cli import main as cli
from tests.docs import ROOT
from tests.sim.kernels import DISK, kernel

SCHEMA = json.loads((ROOT / "docs" / "run.schema.json").read_text())


@pytest.fixture
def typed(monkeypatch):
    """Lets the command read these bytes."""

    def type_(data):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data.encode())))

    return type_


def test_the_uart_is_standard_input_and_output(capfdbinary, typed):
    typed("hello\nexit 3\n")

    assert cli.main(["boot", "--quiet", str(kernel())]) == 3
    output = capfdbinary.readouterr()
    assert output.out == b"a kernel\n> hello\nhello\n> exit 3\n"
    assert output.err == b""


def test_the_summary_is_on_standard_error(capfdbinary, typed):
    typed("exit 0\n")

    assert cli.main(["boot", str(kernel())]) == 0
    assert b"instructions per cycle" in capfdbinary.readouterr().err


def test_a_text_ends_it(capfdbinary, typed):
    typed("")

    assert cli.main(["boot", "--quiet", "--until", "> ", str(kernel())]) == 0
    assert capfdbinary.readouterr().out == b"a kernel\n> "


def test_max_cycles_end_it(capfd, typed):
    typed("")

    assert cli.main(["boot", "--quiet", "--max-cycles", "900", str(kernel())]) == 124
    assert "ended by --max-cycles 900" in capfd.readouterr().err


def test_its_json_tells_every_page_fault_and_is_valid(tmp_path, typed):
    path = tmp_path / "result.json"
    typed("lazy\nexit 0\n")

    assert cli.main(["boot", "--quiet", "--json", str(path), str(kernel())]) == 0
    found = json.loads(path.read_text())
    Draft202012Validator(SCHEMA).validate(found)
    (fault,) = found["faults"]
    assert (fault["stval"], fault["cause"], fault["mode"]) == (0x4000_0005, 15, 1)
    assert (fault["function"].partition("+")[0], fault["file"]) == ("obey", "kernel.c")
    assert found["config"]["virtio_version"] == 2
    assert found["fault_steps"] is None


@pytest.fixture
def disk(tmp_path):
    path = tmp_path / "disk"
    path.write_bytes(DISK)
    return path


@pytest.mark.parametrize("written", [False, True])
def test_a_disk_is_written_if_that_is_wanted(disk, typed, written):
    typed("disk\nexit 0\n")

    options = ["--write-disk"] * written
    assert cli.main(["boot", "--quiet", "--disk", str(disk), *options, str(kernel())]) == 0
    turned = DISK[:1024] + DISK[512:1024][::-1] + DISK[1536:]
    assert disk.read_bytes() == (turned if written else DISK)


def test_a_disk_that_cannot_be_written_is_no_success(capfd, disk, typed, monkeypatch):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(booting, "_write_sectors", fail)
    typed("disk\nexit 0\n")

    assert cli.main(["boot", "--quiet", "--disk", str(disk), "--write-disk", str(kernel())]) == 2
    assert (
        f"error: {disk}: No space left on device; the disk is not whole" in capfd.readouterr().err
    )


def test_a_disk_that_must_not_be_written_is_refused_before_the_run(capfd, disk, monkeypatch):
    def refuse(path, mode):
        raise PermissionError(13, "Permission denied", str(path))

    arguments = ["boot", "--disk", str(disk), "--write-disk", str(kernel())]
    monkeypatch.setattr(Path, "open", refuse)  # whoever runs the tests may write everything

    assert cli.main(arguments) == 2
    assert capfd.readouterr() == ("", f"trapline: error: {disk}: Permission denied\n")


def test_a_journal_is_run_again(capfdbinary, tmp_path, typed):
    journal = tmp_path / "journal"
    typed("hello\nexit 3\n")
    assert cli.main(["boot", "--quiet", "--journal", str(journal), str(kernel())]) == 3
    first = capfdbinary.readouterr().out

    typed("exit 9\n")
    assert cli.main(["boot", "--quiet", "--replay", str(journal), str(kernel())]) == 3
    assert capfdbinary.readouterr().out == first


def test_a_waveform_tells_a_page_fault_by_the_symbols_of_the_kernel(tmp_path, typed):
    path = tmp_path / "wave.vcd"
    typed("lazy\nexit 0\n")

    assert cli.main(["boot", "--quiet", "--vcd", str(path), "--vcd-fault", "1", str(kernel())]) == 0
    text = path.read_text()
    (code,) = re.findall(r"string 1 (\S+) function ", text)
    functions = re.findall(rf"^s(\S*) {re.escape(code)}$", text, re.MULTILINE)
    assert "obey supervisor_trap hex supervisor_trap" in " ".join(functions)
    assert (tmp_path / "wave.vcd.gtkw").exists()


def test_a_source_is_assembled(tmp_path, capfd):
    source = tmp_path / "off.S"
    source.write_text("""
    .globl _start
    _start: li t0, 0x100000
            li t1, 7 << 16 | 0x3333
            sw t1, 0(t0)
    """)
    assert cli.main(["boot", "--quiet", str(source)]) == 7


@pytest.fixture
def snapshot(tmp_path, disk, typed):
    """One that was taken at the prompt."""
    path = tmp_path / "snapshot"
    typed("")
    options = ["--disk", str(disk), "--snapshot", str(path), "--at-prompt", "> "]
    assert cli.main(["boot", "--quiet", *options, str(kernel())]) == 0
    return path


def test_a_run_goes_on_from_a_snapshot(capfdbinary, snapshot, disk, typed):
    assert capfdbinary.readouterr().out == b"a kernel with a disk\n> "
    typed("hello\ndisk\nexit 7\n")

    assert cli.main(["boot", "--quiet", "--resume", str(snapshot), "--write-disk"]) == 7
    output = capfdbinary.readouterr()
    assert output.out == b"hello\nhello\n> disk\nsector one\n> exit 7\n"
    assert disk.read_bytes()[1024:1536] == DISK[512:1024][::-1]


def test_its_faults_are_numbered_on(tmp_path, typed):
    path, first, second = (tmp_path / name for name in ("snapshot", "first", "second"))
    typed("lazy\n")
    options = ["--snapshot", str(path), "--at-prompt", "touched\n", "--json", str(first)]
    assert cli.main(["boot", "--quiet", *options, str(kernel())]) == 0
    assert [fault["number"] for fault in json.loads(first.read_text())["faults"]] == [1]

    typed("exit 0\n")
    assert cli.main(["boot", "--quiet", "--resume", str(path), "--json", str(second)]) == 0
    assert json.loads(second.read_text())["faults"] == []


def test_a_snapshot_is_taken_in_a_cycle(tmp_path, typed):
    path, result = tmp_path / "snapshot", tmp_path / "result"
    typed("")
    options = ["--snapshot", str(path), "--at", "321", "--json", str(result)]

    assert cli.main(["boot", "--quiet", *options, str(kernel())]) == 0
    assert json.loads(result.read_text())["cycles"] == 321
    typed("exit 5\n")
    assert cli.main(["boot", "--quiet", "--resume", str(path)]) == 5


def test_no_snapshot_is_of_a_cycle_before_the_run(capfd, snapshot, tmp_path):
    options = ["--resume", str(snapshot), "--snapshot", str(tmp_path / "second"), "--at", "5"]
    assert cli.main(["boot", *options]) == 2
    assert re.search(r"snapshot: goes on from cycle \d+, behind --at 5\n", capfd.readouterr().err)
    assert not (tmp_path / "second").exists()


def test_of_a_kernel_that_is_off_there_is_none(capfd, tmp_path, typed):
    path = tmp_path / "snapshot"
    typed("exit 0\n")

    assert cli.main(["boot", "--quiet", "--snapshot", str(path), str(kernel())]) == 2
    assert f"no snapshot in {path}: the kernel has powered off" in capfd.readouterr().err
    assert not path.exists()


def test_a_snapshot_that_cannot_be_written_is_no_success(capfd, tmp_path, typed, monkeypatch):
    def fail(_session, path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(booting, "save_snapshot", fail)
    typed("")
    path = tmp_path / "snapshot"
    options = ["--snapshot", str(path), "--at", "99"]
    assert cli.main(["boot", "--quiet", *options, str(kernel())]) == 2
    said = f"--snapshot {path}: No space left on device; it is not whole"
    assert said in capfd.readouterr().err


def test_what_looks_at_every_signal_needs_a_snapshot_for_that(capfd, snapshot, tmp_path, typed):
    wave = tmp_path / "wave.vcd"
    assert cli.main(["boot", "--resume", str(snapshot), "--vcd", str(wave)]) == 2
    assert f"{snapshot}: taken without --traced, which --vcd needs" in capfd.readouterr().err

    typed("")
    options = ["--traced", "--snapshot", str(snapshot), "--at-prompt", "> "]
    assert cli.main(["boot", "--quiet", *options, str(kernel())]) == 0
    typed("lazy\nexit 0\n")
    options = ["--resume", str(snapshot), "--vcd", str(wave), "--vcd-fault", "1"]
    assert cli.main(["boot", "--quiet", *options]) == 0
    assert "supervisor_trap" in wave.read_text()


def test_page_faults_are_told_by_the_functions_of_the_kernel(capfd, typed):
    typed("user\nexit 0\n")

    assert cli.main(["boot", "--fault-steps", "all", str(kernel())]) == 0
    first, second, rest = capfd.readouterr().err.split("page fault at")
    assert first == "fault 1: store "
    assert " 0x40002008, pc 0x40001008, " in second
    assert " 0x40003008, pc 0x4000100e, " in rest
    names = [line.split()[0] for line in second.splitlines()[1:-1]]
    assert names == ["supervisor_trap", "user_fault", "clear_page", "map_page", "retry", "cycles"]
    assert "Average of 2 page faults of user mode" in rest


def test_their_sums_are_in_the_json(tmp_path, typed):
    path = tmp_path / "result.json"
    typed("user\nlazy\nexit 0\n")

    options = ["--quiet", "--fault-steps", "all", "--json", str(path)]
    assert cli.main(["boot", *options, str(kernel())]) == 0
    found = json.loads(path.read_text())
    Draft202012Validator(SCHEMA).validate(found)
    steps = found["fault_steps"]
    assert (steps["served"], len(found["faults"])) == (2, 3)
    names = ["supervisor_trap", "user_fault", "clear_page", "map_page"]
    assert [*steps["functions"]] == names


def test_what_waits_for_nothing_is_told_so(capfd, typed):
    typed("dead\n")

    assert cli.main(["boot", "--quiet", str(kernel())]) == 125
    told = capfd.readouterr().err
    assert "neither a timer nor input that could come" in told
    assert "a shell whose input has ended needs its `exit`" in told


def test_a_kernel_that_knows_nothing_of_protection_is_told_of_it(tmp_path, capfd, typed):
    source = tmp_path / "old.S"
    source.write_text("""
    .globl _start
    _start: li t0, 1 << 11
            csrw mstatus, t0
            li t0, 0xffff
            csrw medeleg, t0
            la t0, supervisor
            csrw mepc, t0
            mret
    supervisor: li t0, 0x100000
            li t1, 0x5555
            sw t1, 0(t0)
            j .
    """)
    typed("")
    assert cli.main(["boot", "--quiet", str(source)]) == 125
    assert capfd.readouterr().err.splitlines()[-1] == (
        "trapline: the last exception is an access fault of S-mode at 0x0; a kernel that sets up "
        "no physical memory protection needs --pmp-entries 0"
    )


def test_a_snapshot_that_finds_a_full_disk_is_named(capfd, typed):
    typed("")

    options = ["--quiet", "--snapshot", "/dev/full", "--at-prompt", "> "]
    assert cli.main(["boot", *options, str(kernel())]) == 2
    told = capfd.readouterr().err
    assert "--snapshot /dev/full: No space left on device; it is not whole" in told


def test_a_fault_that_has_not_come_is_no_success(capfd, typed):
    typed("user\nexit 0\n")

    assert cli.main(["boot", "--quiet", "--fault-steps", "3", str(kernel())]) == 2
    assert capfd.readouterr().err == "trapline: page fault 3 is not told: there were 2\n"
