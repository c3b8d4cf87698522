"""What `--vcd` and its options write and say, with a scripted hart for the real one."""

import pytest

from hdl.arch import Cause, Priv
from sim import machine
from sim.cli import main as cli
from sim.engines.base import CYCLE_FS
from sim.output import fst, recording, waves
from sim.output.waveform import read_waveform
from tests.sim.elf import make_elf
from tests.sim.scripted import load, machines_run, store

BASE = 0x8000_0000


@pytest.fixture
def faulting(tmp_path, monkeypatch):
    """Runs the command line on a program with two page faults; returns the waveform's cycles."""
    raised = {"trap": 1, "cause": Cause.LOAD_PAGE, "mode": Priv.U}
    script = [load(BASE)] * 20 + [load(BASE, **raised)] * 2
    script += [load(BASE)] * 20 + [store(BASE + 8, 1)]
    machines_run(monkeypatch, script)
    monkeypatch.chdir(tmp_path)
    program = tmp_path / "program.elf"
    program.write_bytes(make_elf([(BASE, b"\x13\0\0\0" * 2, 64)], {"tohost": BASE + 8}))

    def run(*options, vcd="run.vcd", status=0, engine=None):
        # The native engine, which would compile this hart each time, only where cycles are kept.
        engine = engine or ("native" if {"--vcd-fault", "--vcd-last"} & {*options} else "pysim")
        arguments = ["--quiet", "--engine", engine, "--memory", "1", "--vcd", vcd, *options]
        assert cli.main(["bare", *arguments, "program.elf"]) == status
        if status or not vcd.endswith(".vcd"):
            return None
        waveform = read_waveform(tmp_path / vcd)
        return waveform.start // CYCLE_FS, waveform.end // CYCLE_FS

    return run


def files(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != "program.elf")


def test_the_last_cycles_of_a_run(faulting):
    assert faulting("--vcd-last", "10") == (76, 85)
    assert faulting("--vcd-last", "1000") == (0, 85)


def test_the_cycles_around_a_fault(faulting, monkeypatch):
    # Accesses take two cycles: the faults are raised in cycles 41 and 43.
    monkeypatch.setattr(waves, "CYCLES_BEFORE", 7)
    monkeypatch.setattr(waves, "CYCLES_AFTER", 5)

    assert faulting("--vcd-fault", "1") == (34, 46)
    assert faulting("--vcd-fault", "2") == (36, 48)


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        (["--vcd-fault", "99"], "page fault 99, after 2 page faults"),
        (["--vcd-window", "1000:"], "its window began, after 2 page faults"),
    ],
)
def test_a_waveform_that_is_not_written_is_a_failure_and_leaves_no_old_one(
    faulting, tmp_path, capsys, options, missing
):
    """A waveform of an earlier run would be taken for this one's."""
    faulting()
    assert files(tmp_path) == ["run.vcd", "run.vcd.gtkw"]
    capsys.readouterr()

    faulting(*options, status=2)

    assert capsys.readouterr().err == (
        f"trapline: error: run.vcd: not written, the run ended before {missing}\n"
    )
    assert files(tmp_path) == []


def test_the_fault_that_was_asked_for_is_on_the_screen(faulting, tmp_path):
    faulting("--vcd-fault", "2")

    save = (tmp_path / "run.vcd.gtkw").read_text()
    # The cursor, then the marks: of the fault itself, and then of others.
    assert f" {43 * CYCLE_FS} {43 * CYCLE_FS} {41 * CYCLE_FS} -1" in save
    names = {line[13]: line[14:].strip() for line in save.splitlines() if "[markern" in line}
    assert names == {"A": "raised", "B": "fault 1: load"}


def test_the_end_of_the_run_is_marked_if_its_last_cycles_were_asked_for(faulting, tmp_path):
    faulting("--vcd-last", "10")

    zoom = next(x for x in (tmp_path / "run.vcd.gtkw").read_text().splitlines() if x[0] == "*")
    assert zoom.split()[1:3] == [str(85 * CYCLE_FS), "-1"]


def test_a_window_without_an_end_says_where_it_was_cut(faulting, monkeypatch, capsys):
    monkeypatch.setattr(waves, "OPEN_CYCLES", 20)
    monkeypatch.setattr(recording, "OPEN_CYCLES", 20)

    assert faulting("--vcd-window", "5:") == (5, 25)
    assert (
        "ends after 20 cycles; for more say where: --vcd-window FROM:TO" in capsys.readouterr().err
    )
    # A window that the run fills has lost nothing, nor has one that was given an end.
    faulting("--vcd-window", "80:")
    faulting("--vcd-window", "5:25")
    assert "ends after" not in capsys.readouterr().err


def test_a_long_window_says_how_large_it_will_be_before_the_run(faulting, capsys):
    faulting("--vcd-window", "0:2,000,000")

    assert "run.vcd: 2,000,000 cycles take about 2.0 GB\n" in capsys.readouterr().err
    faulting("--vcd-window", f"7:{7 + waves.OPEN_CYCLES}")
    assert "cycles take about" not in capsys.readouterr().err


def test_a_save_file_that_a_person_changed_is_kept(faulting, tmp_path, capsys):
    faulting()
    save = tmp_path / "run.vcd.gtkw"
    arranged = save.read_text().replace("+{request}", "+{asks}")
    save.write_text(arranged)

    faulting("--vcd-fault", "1")

    assert save.read_text() == arranged
    assert "run.vcd.gtkw: kept, since it has been changed" in capsys.readouterr().err
    faulting("--vcd-fault", "9", status=2)
    assert save.read_text() == arranged


def test_one_that_nobody_changed_is_written_anew(faulting, tmp_path):
    faulting()
    save = tmp_path / "run.vcd.gtkw"
    before = save.read_text()

    faulting("--vcd-fault", "2")

    assert save.read_text() != before


@pytest.mark.parametrize(
    ("vcd", "shown"),
    [
        ("sub dir/a b.vcd", "'sub dir/a b.vcd.gtkw'"),
        ("$x.vcd", "'$x.vcd.gtkw'"),
        ("-x.vcd", "./-x.vcd.gtkw"),
    ],
)
def test_the_hint_is_quoted_for_the_shell(faulting, tmp_path, capsys, vcd, shown):
    (tmp_path / "sub dir").mkdir()

    faulting(vcd=vcd)

    assert f"open it with: gtkwave {shown}\n" in capsys.readouterr().err


def test_a_vcd_and_an_fst_have_save_files_of_their_own(faulting, tmp_path, monkeypatch):
    monkeypatch.setattr(fst, "is_available", lambda: True)
    monkeypatch.setattr(fst, "convert", lambda vcd, path: vcd.rename(path))
    # A file of the user's where the conversion would have its own.
    (tmp_path / "run.fst.vcd").write_text("mine")

    faulting()
    faulting(vcd="run.fst")

    names = ["run.fst", "run.fst.gtkw", "run.fst.vcd", "run.vcd", "run.vcd.gtkw"]
    assert files(tmp_path) == names
    assert (tmp_path / "run.fst.vcd").read_text() == "mine"


@pytest.mark.parametrize("engine", ["native", "pysim"])
def test_a_full_disk_is_told_with_the_files_name(faulting, tmp_path, capsys, monkeypatch, engine):
    """As far as it can be: the waveform's file is limited, as by `ulimit -f`."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        faulting(engine=engine, status=2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert capsys.readouterr().err == "trapline: error: run.vcd: File too large\n"


@pytest.mark.parametrize(
    ("vcd", "complaint"),
    [
        ("/dev/null", "--vcd: /dev/null is no regular file"),
        ("/dev/full", "--vcd: /dev/full is no regular file"),
        ("-", "'--vcd': it cannot go to standard output"),
        ("x.gtkw", "--vcd: FILE must not end in .gtkw"),
    ],
)
def test_what_cannot_hold_a_waveform_is_refused(faulting, tmp_path, capsys, vcd, complaint):
    """It is read again for the save file, and GTKWave reads it."""
    faulting(vcd=vcd, status=2)

    assert complaint in capsys.readouterr().err
    assert files(tmp_path) == []


def test_a_waveform_that_cannot_be_written_is_found_out_before_the_run(
    faulting, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(machine.Machine, "run", lambda *_, **__: pytest.fail("it has run"))
    (tmp_path / "run.vcd.gtkw").mkdir()

    faulting(status=2)
    assert "run.vcd.gtkw, its save file, is no regular file" in capsys.readouterr().err
