"""`boot` from the command line to its results."""

import io
import json

import pytest
from jsonschema import Draft202012Validator

from sim.cli import booting
from sim.cli import main as cli
from tests.docs import ROOT
from tests.sim.kernels import DISK, kernel


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
    schema = json.loads((ROOT / "docs" / "run.schema.json").read_text())
    Draft202012Validator(schema).validate(found)
    (fault,) = found["faults"]
    assert (fault["stval"], fault["cause"], fault["mode"]) == (0x4000_0005, 15, 1)
    assert (fault["function"].partition("+")[0], fault["file"]) == ("obey", "kernel.c")
    assert found["config"]["virtio_version"] == 2


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
    assert "supervisor_trap" in text
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
