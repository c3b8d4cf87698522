"""The pipeline as Konata reads it: a strict reader takes it, and it is what the hart did."""

import json
import re

import pytest

from hdl.pipeline.probe import STAGES, Stall
from sim.cli import main as cli
from sim.engines.base import CYCLE_FS
from sim.output import pipeline
from tests.hdl.programs import ASM
from tests.sim.output import konata
from tests.sim.vcd import read_vcd

LETTERS = dict(zip("FADXT", STAGES, strict=True))
WINDOW = range(3_000, 4_700)
WHOLE = "0:2M"


def run(folder, *arguments, command="run", window=WHOLE):
    """The log of a run, and its JSON."""
    paths = folder / "x.kanata", folder / "x.json"
    options = ["--quiet", "--memory", "8", "--kanata", str(paths[0]), "--json", str(paths[1])]
    if window:
        options += ["--kanata-window", window]
    cli.main([command, *options, *arguments])
    return konata.read(paths[0]), json.loads(paths[1].read_text())


@pytest.fixture(scope="module")
def lazy(tmp_path_factory):
    """All of `lazy`."""
    return run(tmp_path_factory.mktemp("kanata"), "lazy")


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    """Some cycles of `lazy`, with its first fault, as Konata has them and as a waveform has."""
    folder = tmp_path_factory.mktemp("kanata")
    cycles = f"{WINDOW.start}:{WINDOW.stop}"
    vcd = folder / "x.vcd"
    log, _ = run(folder, "--vcd", str(vcd), "--vcd-window", cycles, "lazy", window=cycles)
    return log, read_vcd(vcd)


def kernels(log):
    return [row for row in log.rows.values() if row.label.startswith("kernel: ")]


def instructions(log):
    return [row for row in log.rows.values() if not row.label.startswith("kernel: ")]


def test_a_row_is_labelled_once_with_address_and_assembly(lazy):
    log, _ = lazy
    for row in instructions(log):
        if not row.flushed:
            assert re.fullmatch(r"0x[0-9a-f]+: [a-z].*", row.label), row.label
        assert not re.search(r"[^-\s,(]0x", row.label), "two of them"


def test_what_retires_is_what_the_run_counts(lazy):
    log, result = lazy
    retired = [row for row in instructions(log) if not row.flushed]

    assert len(retired) == result["instructions"]
    assert log.cycle <= result["cycles"] + 1


@pytest.mark.parametrize("program", ["rv64c", "interrupts", "svadu", "sv39_fetch"])
def test_so_it_is_of_bare_programs(tmp_path, program):
    log, result = run(tmp_path, str(ASM / f"{program}.S"), command="bare", window=None)

    assert sum(not row.flushed for row in log.rows.values()) == result["instructions"]
    assert kernels(log) == []


def test_an_instruction_goes_from_stage_to_stage(lazy):
    log, _ = lazy
    for row in instructions(log):
        order = "".join(span.name for span in row.on(0))
        assert order in "FADXT" or order.lstrip("F") in "ADXT", (row.label, order)
        if not row.flushed:
            assert order.endswith("ADXT"), row.label
        for before, after in zip(row.on(0)[1:], row.on(0)[2:], strict=False):
            assert before.end == after.start
        for stall in row.on(1):
            assert any(span.start <= stall.start and stall.end <= span.end for span in row.on(0)), (
                row.label
            )


def test_both_engines_write_the_same(tmp_path):
    texts = []
    for engine in ("native", "pysim"):
        path = tmp_path / engine
        options = ["--quiet", "--memory", "8", "--engine", engine, "--max-cycles", "1200"]
        cli.main(["run", *options, "--kanata", str(path), "--kanata-window", "0:1100", "hello"])
        texts.append(path.read_text())

    assert texts[0] == texts[1]
    assert len(texts[0].splitlines()) > 1000


def values(waveform, stage, name):
    """A field of a stage in each cycle of the window."""
    changes = waveform.of(f"bench.top.{stage}.probe__{name}")
    value, found = None, {}
    times = sorted(changes)
    for cycle in WINDOW:
        while times and times[0] <= cycle * CYCLE_FS:
            value = changes[times.pop(0)]
        found[cycle] = int(value, 2) if set(value) <= {"0", "1"} else value
    return found


@pytest.mark.parametrize("letter", "ADXT")
def test_the_cycles_of_a_stage_are_those_of_the_waveform(window, letter):
    log, waveform = window
    valid, number = (values(waveform, LETTERS[letter], name) for name in ("valid", "id"))
    shown = {}
    for row in instructions(log):
        for span in row.on(0):
            if span.name == letter:
                for cycle in range(span.start, span.end):
                    assert shown.setdefault(cycle, row.simulator) == row.simulator

    offset = WINDOW.start - 1  # the log's cycles begin with 1
    occupied = {cycle - offset: number[cycle] for cycle in WINDOW if valid[cycle]}
    assert shown == occupied


def test_stalls_are_those_of_the_waveform(window):
    log, waveform = window
    names = dict(zip(range(8), pipeline._STALLS, strict=True))
    offset = WINDOW.start - 1
    for letter in "ADXT":
        stage = LETTERS[letter]
        valid, stall = (values(waveform, stage, name) for name in ("valid", "stall"))
        expected = {
            cycle - offset: names[_number(stall[cycle])]
            for cycle in WINDOW
            if valid[cycle] and _number(stall[cycle])
        }
        shown = {}
        for row in instructions(log):
            spans = [span for span in row.on(0) if span.name == letter]
            for each in row.on(1):
                if any(span.start <= each.start < span.end for span in spans):
                    shown |= dict.fromkeys(range(each.start, each.end), each.name)
        assert shown == expected


def _number(stall):
    return stall if isinstance(stall, int) else Stall[stall].value


def test_stalls_have_the_numbers_of_the_hart():
    assert [stall.value for stall in Stall] == list(range(len(pipeline._STALLS)))
    assert pipeline._STALLS[Stall.TRANSLATION.value] == "walk"
    assert pipeline._STALLS[Stall.INTERRUPT.value] == "wfi"
    assert pipeline._STALLS[Stall.NONE.value] is None


def raised_with(log, fault):
    """The row of the instruction that raised a fault of JSON."""
    stval = f"stval {fault['stval']:#x}\\n"
    ended = [row for row in instructions(log) if row.end == fault["cycle"] + 1]
    (raised,) = [row for row in ended if stval in row.tooltip]
    return raised


def test_a_fault_and_its_retry_are_linked(lazy):
    log, result = lazy
    for fault in result["faults"]:
        raised = raised_with(log, fault)
        (retry,) = [
            row
            for row in instructions(log)
            if row.end == fault["retired_cycle"] + 1 and row.sources
        ]
        assert retry.sources == [raised]
        assert raised.flushed
        assert not retry.flushed
        assert raised.label == retry.label
        assert retry.label.startswith(f"{fault['pc']:#x}: ")


def test_a_walk_is_a_stall(lazy):
    log, result = lazy
    for fault in result["faults"]:
        raised = raised_with(log, fault)
        walks = [span for span in raised.on(1) if span.name == "walk"]
        assert [(span.start, span.end - span.start) for span in walks] == [
            (fault["begin"] + 1, fault["phases"]["walk"])
        ]


def test_the_kernel_has_rows_of_its_own(lazy):
    log, result = lazy
    served = [row for row in kernels(log) if " fault, pid 2" in row.label]

    assert len(kernels(log)) > len(served) == len(result["faults"])
    for row, fault in zip(served, result["faults"], strict=True):
        ((_, name, start, end),) = row.spans
        assert (name, end - start) == ("K", fault["phases"]["kernel"])
        assert f"{fault['frame']:#x}" in row.tooltip
    assert any(row.label == "kernel: sbrk, pid 2" for row in kernels(log))


def test_labels_have_the_instructions_as_the_disassembler_has_them(window):
    labels = {row.label for row in window[0].rows.values()}
    assert "0x240: ld a0, 0x7f9(a0)" in labels


def test_by_default_it_is_about_the_first_faults(tmp_path):
    log, result = run(tmp_path, "lazy", window=None)
    faults = result["faults"]
    tooltips = "".join(row.tooltip for row in log.rows.values())

    told = [f"stval {fault['stval']:#x}\\n" in tooltips for fault in faults[:5]]
    assert told[:3] == [True] * 3
    assert not told[4]
    assert log.cycle < 9_000


def test_processes_are_threads(tmp_path):
    log, _ = run(tmp_path, "sh", "-c", "echo hi | cat", window="3k:150k")
    assert {row.thread for row in instructions(log)} >= {2, 3, 4}
    assert {row.thread for row in kernels(log)} == {0}


def test_a_run_that_does_not_come_to_the_window_is_no_success(tmp_path, capsys):
    path = tmp_path / "x"
    path.write_text("old")
    options = ["--quiet", "--memory", "8", "--kanata", str(path), "--kanata-window", "1M:2M"]

    assert cli.main(["run", *options, "hello"]) == 2
    told = capsys.readouterr().err
    assert told == f"trapline: error: {path}: not written, the run ended before cycle 1,000,000\n"
    assert path.read_text() == ""


def test_a_full_disk_is_told_of_and_no_success(capsys):
    options = ["--quiet", "--memory", "8", "--kanata", "/dev/full"]
    assert cli.main(["run", *options, "lazy"]) == 2
    told = capsys.readouterr().err
    assert told == "trapline: error: --kanata /dev/full: No space left on device; it is not whole\n"


def test_a_window_needs_its_file(capsys):
    assert cli.main(["run", "--kanata-window", "1:2", "hello"]) == 2
    assert "--kanata-window needs --kanata FILE" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line, other",
    [
        ("C\t1\n", "C\t-1\n"),
        ("C\t1\n", "C\t0\n"),
        ("C\t1\n", ""),
        ("R\t0\t", "R\t1\t"),
        ("I\t3\t", "I\t2\t"),
        ("S\t0\t0\tD\n", "S\t0\t0\tD\nS\t0\t0\tX\n"),
        ("E\t0\t0\tA\n", ""),
        ("E\t0\t0\tA\n", "E\t0\t0\tX\n"),
        ("L\t0\t0\t", "L\t0\t7\t"),
        ("Kanata\t0004\n", "Kanata\t0005\n"),
    ],
)
def test_a_broken_log_is_noticed(tmp_path, line, other):
    """Else the reader above would show nothing."""
    path = tmp_path / "x"
    options = ["--quiet", "--memory", "8", "--max-cycles", "200"]
    cli.main(["run", *options, "--kanata", str(path), "--kanata-window", "0:100", "hello"])
    konata.read(path)
    text = path.read_text()
    assert line in text

    path.write_text(text.replace(line, other, 1))

    with pytest.raises((AssertionError, KeyError)):
        konata.read(path)
