"""The words in waveforms of real runs: they are those of the faults' lives, on both engines."""

import errno
import os
from pathlib import Path

import pytest

from sim.cli import main as cli
from sim.guests.lives import Part
from sim.output import recording
from sim.output.waveform import read_waveform
from tests.sim.recorded import FAULT, WINDOW, record, record_bare

#: Around the first fault of `lazy`, from before the look-up to behind the retirement.
FIRST = range(FAULT[0] - 16, FAULT[-1] + 22)
LAZY_PAGES = Path(__file__).parents[1] / "asm" / "lazy_pages.S"


@pytest.fixture(scope="module")
def lazy(tmp_path_factory):
    """The rows of `lazy` around its first eight faults, and these faults."""
    path = tmp_path_factory.mktemp("waves") / "lazy.vcd"
    rows, faults = record(path, FIRST[0] - 90, 17_500, "lazy")
    assert range(faults[0].life.begin, faults[0].retired_cycle) == FAULT
    return rows, faults[:8]


def spans_of(faults):
    """{cycle: part} of the faults; of two at once that of the later one, which is worked at."""
    return {
        cycle: span.part
        for fault in faults
        for span in fault.life.spans
        for cycle in range(span.start, span.end)
        if span.part is not Part.ELSEWHERE
    }


def test_the_phases_are_those_of_the_lives_to_the_cycle(lazy):
    rows, faults = lazy
    parts = spans_of(faults)

    assert {*parts.values()} >= {Part.WALK, Part.RAISE, Part.KERNEL, Part.BACK, Part.REWALK}
    assert len(parts) > 8 * 1250
    told = {cycle: rows.at("phase", cycle) for cycle in parts}
    assert told == {cycle: part.value for cycle, part in parts.items()}
    # Around them the program runs.
    for fault in faults:
        assert rows.at("phase", fault.life.begin - 1) == "user"
        assert rows.at("phase", fault.retired_cycle) == "user"


@pytest.mark.parametrize(
    "argv, window, options",
    [
        (("sh", "-c", "lazy | wc"), (94_000, 106_000), {"svadu": True}),
        (("lazy",), (9_000, 21_000), {"latency": 7}),
    ],
)
def test_they_are_among_processes_and_with_slow_memory(tmp_path, argv, window, options):
    first, last = window
    rows, faults = record(tmp_path / "x.vcd", first, last, *argv, max_cycles=last + 20, **options)

    faults = [fault for fault in faults if first < fault.life.begin and fault.life.complete]
    parts = spans_of(faults)
    assert len(faults) >= 2
    told = {cycle: rows.at("phase", cycle) for cycle in parts if cycle < last}
    assert told == {cycle: part.value for cycle, part in parts.items() if cycle < last}


def test_a_fault_is_named_for_as_long_as_it_lives(lazy):
    rows, faults = lazy
    for fault in faults:
        begin, end = fault.life.begin, fault.retired_cycle
        name = f"{fault.number}: {fault.cause_name} page fault at {fault.served.stval:#x}"
        assert rows.at("fault", begin - 1) == rows.at("fault", end) == ""
        assert {rows.at("fault", cycle) for cycle in range(begin, end)} == {f"{name}, pid 2 lazy"}


def test_the_quiet_middle_of_a_fault_tells_what_the_kernel_does(lazy):
    rows, faults = lazy
    for fault in faults:
        rung, answered = fault.life.answer.rung, fault.life.answer.answered
        steps = [rows.at("kernel_step", cycle) for cycle in range(rung, answered)]
        assert [steps.count(step) for step in dict.fromkeys(steps)] == [
            part.cycles for part in fault.life.kernel_parts
        ]
        assert rows.at("kernel_step", rung - 1) == rows.at("kernel", rung - 1) == ""
        assert rows.at("kernel", answered) == ""
        assert rows.at("kernel", rung) == rows.at("kernel", answered - 1)
        assert f"mapped frame {fault.served.outcome.frame:#x}" in rows.at("kernel", rung)
        assert rows.at("bus", rung + 5) == "ring the doorbell: no answer yet"
        before, after = (
            [rows.at(name, cycle) for name in ("resident_pages", "free_frames")]
            for cycle in (answered - 1, answered)
        )
        taken = 1 + len(fault.served.outcome.tables)
        assert after == [before[0] + 1, before[1] - taken]


def test_the_first_fault_word_by_word(lazy):
    rows, faults = lazy
    fault = faults[0]
    begin, raised, retired = fault.life.begin, fault.trap.cycle, fault.retired_cycle

    assert [rows.at("data_tlb", begin + cycle) for cycle in range(-1, 4)] == [
        "",
        "miss 0x4ff8",
        "miss 0x4ff8",
        "refused 0x4ff8: page fault",
        "",
    ]
    assert rows.at("walker", begin) == (
        "L0: walk of 0x4ff8 begins, the table known from the walk cache"
    )
    assert rows.at("walker", begin + 1) == "L0 V = 0: not valid, PTE 0x0"
    assert rows.at("bus", begin) == "L0 PTE 0x80010020"
    assert rows.at("instruction", raised) == "read_some+0x50: load page fault"
    assert rows.at("instruction", raised + 1) == ""
    assert rows.at("instruction", retired).startswith("read_some+0x50: ld ")
    assert rows.at("instruction", retired).endswith("(a0)")
    for name, before, after in (
        ("scause", "ecall from user mode", "load page fault"),
        ("stval", "0x0", "0x4ff8"),
        ("privilege", "user", "supervisor"),
    ):
        assert [rows.at(name, cycle) for cycle in (raised - 1, raised)] == [before, after]
    left, answer = fault.life.spans[3].end, fault.life.answer
    assert rows.at("instruction", left) == "uservec+0xb6: csrw satp, t2"
    whose = [rows.at("page_table", cycle) for cycle in (left - 1, left, answer.answered)]
    assert whose == ["pid 2 lazy", "the kernel's", "the kernel's"]
    assert rows.at("registers.satp", begin) == "Sv39, ASID 0, root 0x8000b000"
    assert rows.at("registers.sepc", raised) == "0x240 read_some+0x50"
    assert rows.at("registers.stvec", begin) == "0x3ffffff0b8 uservec, direct"


def test_both_engines_tell_the_same_words(tmp_path, lazy):
    rows, _ = record(
        tmp_path / "x.vcd", FIRST[0] - 1, FIRST[-1] + 1, "lazy", engine="pysim", max_cycles=4_600
    )
    of_native = lazy[0].all(FIRST)

    # Where it began in the middle of something the other one has seen the beginning.
    settled = slice(FIRST.index(FAULT[0] - 4), None)
    for name, values in rows.all(FIRST).items():
        assert values[settled] == of_native[name][settled], name
    assert rows.names == lazy[0].names


def test_without_a_kernel_both_engines_tell_the_same_words_too(tmp_path):
    told, cycles = [], range(0, 1_300)
    for engine in ("native", "pysim"):
        path = tmp_path / f"{engine}.vcd"
        rows, traps = record_bare(path, 0, 1_300, LAZY_PAGES, engine=engine)
        told.append(rows.all(cycles))

    assert told[0] == told[1]
    fault = next(trap for trap in traps if trap.lookup is not None and trap.retried_at)
    assert fault.retried_at < cycles[-1]
    assert {*rows.names} & {"kernel", "kernel_step", "resident_pages", "free_frames"} == set()
    phases = told[0]["phase"]
    assert phases[fault.lookup.asked - 1] == "program"
    assert phases[fault.lookup.asked] == Part.WALK.value
    assert phases[fault.lookup.answered] == Part.RAISE.value
    assert phases[fault.cycle] == Part.ENTRY.value
    assert phases[fault.retried_at - 1] == Part.RETRY.value
    assert phases[fault.retried_at] == "program"
    assert "handler" in phases[fault.cycle : fault.retried_at]
    assert told[0]["fault"][fault.cycle].endswith(f"page fault at {fault.tval:#x}")


def test_the_retirement_is_in_the_waveform_of_a_fault_with_slow_memory_too(tmp_path):
    options = ["--latency", "20", "--vcd-fault", "2", "--vcd", str(tmp_path / "x.vcd")]
    assert cli.main(["run", "--quiet", *options, "lazy"]) == 0

    lines = (tmp_path / "x.vcd.gtkw").read_text().splitlines()
    marks = {line[13]: line[14:].strip() for line in lines if line.startswith("[markername]")}
    names = ["miss", "raised", "doorbell", "answer", "sret", "retry", "retired"]
    assert [marks[letter] for letter in "ABCDEFG"] == names
    assert "fault 2: load" not in marks.values()


@pytest.fixture
def full(monkeypatch):
    """No words can be written."""

    def annotate(vcd, narrator):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(recording, "annotate", annotate)


def test_where_there_is_no_room_for_words_the_waveform_is_whole(tmp_path, capsys, full):
    vcd = tmp_path / "x.vcd"
    options = ["--quiet", "--vcd", str(vcd), "--vcd-window", WINDOW]
    assert cli.main(["run", *options, "lazy"]) == 2

    error = capsys.readouterr().err
    assert f"error: {vcd}: No space left on device; it is whole, but without words\n" in error
    assert f"waveform in {vcd}" in error
    assert "bench.top.priv" in read_waveform(vcd).widths
    assert "story" not in (tmp_path / "x.vcd.gtkw").read_text()


def test_of_a_long_waveform_it_is_said_how_long_its_words_take(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(recording, "OPEN_CYCLES", 19)
    monkeypatch.setattr(recording, "WORDS_PER_SECOND", 10)
    options = ["--quiet", "--vcd", str(tmp_path / "x.vcd"), "--vcd-window", WINDOW]
    assert cli.main(["run", *options, "lazy"]) == 0

    assert "x.vcd: words are written into it, about 2 s\n" in capsys.readouterr().err
