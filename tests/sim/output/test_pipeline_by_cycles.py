"""Rows of a pipeline whose cycles are made up, so that all that may happen in one does."""

import pytest

from hdl.arch import Cause
from hdl.pipeline.probe import Stall
from sim.output.pipeline import INSPECTED, Pipeline
from tests.sim.output import konata

#: The first cycle, which the log calls 1.
FIRST = 100
LOAD, LI = 0x0005_3503, 0x4501
#: The identifiers of a word's first and second halfword.
WORD, HALF = 1 << 2, 1 << 2 | 1
NEXT = 2 << 2


def at(identifier, pc=0x40, stall=Stall.NONE, squash=0):
    """What is in a stage."""
    return {"valid": 1, "id": identifier, "pc": pc, "stall": stall.value, "squash": squash}


def left(identifier, pc=0x40, **fields):
    """What is reported behind the last stage."""
    return {"valid": 1, "id": identifier, "pc_rdata": pc, "trap": 0, **fields}


def cycle(insn=LOAD, **stages):
    """A cycle in which there is something in some stages."""
    shown = dict.fromkeys(INSPECTED, 0) | {"align.insn": insn}
    for stage, fields in stages.items():
        shown |= {f"{stage}.{name}": value for name, value in fields.items()}
    return shown


def through(identifier, pc=0x40, **end):
    """The cycles of an instruction that stays for one in each stage."""
    stages = ("fetch", "align", "decode", "execute", "trap")
    passed = [cycle(**{stage: at(identifier, pc)}) for stage in stages]
    return [*passed, cycle(retire=left(identifier, pc, **end))]


@pytest.fixture
def rows(tmp_path):
    """Writes a log of some cycles; its rows."""

    def write(*cycles, threads=()):
        pipeline = Pipeline(tmp_path / "x.kanata", FIRST)
        for number, shown in enumerate(cycles):
            pipeline.thread = threads[number] if threads else 0
            pipeline.cycle(FIRST + number, shown)
        assert pipeline.close(FIRST + len(cycles)) is None
        return [*konata.read(tmp_path / "x.kanata").rows.values()]

    return write


def spans(row, lane=0):
    return [(span.name, span.start, span.end) for span in row.on(lane)]


def test_an_instruction_goes_from_stage_to_stage(rows):
    (row,) = rows(*through(WORD))

    assert row.label == "0x40: ld a0, 0(a0)"
    assert row.tooltip == r"from cycle 100\n"
    assert spans(row) == [("F", 1, 2), ("A", 2, 3), ("D", 3, 4), ("X", 4, 5), ("T", 5, 6)]
    assert (row.simulator, row.end, row.flushed) == (WORD, 6, False)
    assert row.sources == []


def test_instructions_of_a_word_begin_with_its_fetch(rows):
    first, second = rows(
        cycle(fetch=at(WORD)),
        cycle(align=at(WORD), fetch=at(NEXT), insn=LI),
        cycle(align=at(HALF, pc=0x42), insn=LI),
        cycle(align=at(NEXT, pc=0x44), insn=LI),
    )[:2]

    assert (first.label, second.label) == ("0x40: c.li a0, 0", "0x42: c.li a0, 0")
    assert spans(first)[:2] == [("F", 1, 2), ("A", 2, 5)]
    assert spans(second)[:2] == [("F", 1, 2), ("A", 3, 5)]


def test_what_keeps_an_instruction_is_told(rows):
    (row,) = rows(
        cycle(fetch=at(WORD, stall=Stall.FETCH)),
        cycle(fetch=at(WORD, stall=Stall.TRANSLATION)),
        cycle(fetch=at(WORD, stall=Stall.TRANSLATION)),
        cycle(fetch=at(WORD)),
        cycle(align=at(WORD, stall=Stall.NEXT), insn=LI),
        cycle(align=at(WORD)),
        cycle(decode=at(WORD)),
        cycle(execute=at(WORD, stall=Stall.OPERAND)),
        cycle(execute=at(WORD, stall=Stall.TRANSLATION)),
    )

    assert spans(row) == [("F", 1, 5), ("A", 5, 7), ("D", 7, 8), ("X", 8, 10)]
    assert spans(row, 1) == [
        ("fetch", 1, 2),
        ("walk", 2, 4),
        ("next", 5, 6),
        ("operand", 8, 9),
        ("walk", 9, 10),
    ]
    # What it is, the aligner knows when it hands it on.
    assert row.label == "0x40: ld a0, 0(a0)"
    assert row.tooltip.endswith(r"in the pipeline when the log ends\n")
    assert row.flushed


def test_a_word_that_is_dropped_has_a_row(rows):
    (row,) = rows(
        cycle(fetch=at(WORD, stall=Stall.FETCH)),
        cycle(fetch=at(WORD, stall=Stall.FETCH)),
        cycle(fetch=at(WORD, squash=1)),
    )

    assert row.label == "0x40: a word that is dropped"
    assert spans(row) == [("F", 1, 4)]
    assert spans(row, 1) == [("fetch", 1, 3)]
    assert (row.simulator, row.thread, row.end, row.flushed) == (0, 0, 4, True)


def test_a_word_is_dropped_when_a_later_one_is_taken(rows):
    taken, dropped = rows(
        cycle(fetch=at(WORD)),
        cycle(fetch=at(NEXT, pc=0x44)),
        cycle(),
        cycle(align=at(NEXT, pc=0x44)),
        threads=[3, 3, 3, 3],
    )

    if taken.simulator != NEXT:
        taken, dropped = dropped, taken
    assert dropped.label == "0x40: a word that is dropped"
    assert (spans(dropped), dropped.thread) == ([("F", 1, 2)], 3)
    assert spans(taken) == [("F", 2, 3), ("A", 4, 5)]
    assert taken.tooltip.startswith(r"from cycle 101\n")


def test_a_word_of_which_an_instruction_was_seen_is_not_dropped(rows):
    labels = [
        row.label
        for row in rows(
            cycle(fetch=at(WORD)),
            cycle(align=at(WORD), fetch=at(NEXT, pc=0x44)),
            cycle(align=at(NEXT, pc=0x44)),
        )
    ]
    assert labels == ["0x40: ld a0, 0(a0)", "0x44: ld a0, 0(a0)"]


def test_a_word_that_is_fetched_when_the_log_ends_is_there(rows):
    (row,) = rows(cycle(fetch=at(WORD, stall=Stall.FETCH)), cycle(fetch=at(WORD)), cycle())
    assert spans(row) == [("F", 1, 3)]
    (row,) = rows(cycle(fetch=at(WORD, stall=Stall.FETCH)))
    assert (spans(row), row.end) == ([("F", 1, 2)], 2)


def test_an_instruction_from_before_the_log_begins_where_it_is_met(rows):
    (row,) = rows(cycle(), cycle(decode=at(WORD)), cycle(execute=at(WORD)))
    assert (row.label, row.begin) == ("0x40", 2)
    assert spans(row) == [("D", 2, 3), ("X", 3, 4)]
    # One that leaves at once is not in it.
    assert rows(cycle(retire=left(WORD))) == []


def test_what_cannot_be_fetched_is_no_instruction(rows):
    (row,) = rows(cycle(fetch=at(WORD)), cycle(align=at(WORD), insn=0))
    assert row.label == "0x40: cannot be fetched"


@pytest.mark.parametrize("stage", ["align", "decode", "execute", "trap"])
def test_a_squashed_instruction_is_over(rows, stage):
    (row,) = rows(cycle(**{stage: at(WORD, squash=1)}), cycle())
    assert (row.label, row.end, row.flushed) == ("0x40", 2, True)


def made_again(rows, *cycles, **options):
    """The row of the last instruction, and whether it is linked to an earlier one."""
    *_, before, last = rows(*cycles, *through(NEXT), **options)
    if last.simulator != NEXT:
        before, last = last, before
    assert last.sources in ([], [before])
    assert ("made again" in last.tooltip) == bool(last.sources)
    return last


@pytest.mark.parametrize(
    "cause, told, linked",
    [
        (Cause.LOAD_PAGE, "raises load page fault, cause 13, stval 0x5008", True),
        (Cause.FETCH_PAGE, "raises fetch page fault, cause 12, stval 0x5008", True),
        (Cause.ILLEGAL, "raises exception, cause 2, stval 0x5008", False),
    ],
)
def test_a_page_fault_is_linked_to_where_it_is_made_again(rows, cause, told, linked):
    raised = through(WORD, trap=1, cause=cause, tval=0x5008)
    assert bool(made_again(rows, *raised).sources) is linked

    (row,) = rows(*raised)
    assert row.tooltip == rf"from cycle 100\n{told}\n"
    assert (row.end, row.flushed) == (6, True)


def test_it_is_made_again_once_by_the_same_process_at_the_same_address(rows):
    raised = through(WORD, trap=1, cause=Cause.LOAD_PAGE, tval=0x5008)
    elsewhere = through(WORD, pc=0x44, trap=1, cause=Cause.LOAD_PAGE, tval=0x5008)

    assert made_again(rows, *raised, threads=[2] * 12).sources
    assert not made_again(rows, *raised, threads=[2] * 6 + [3] * 6).sources
    assert not made_again(rows, *elsewhere).sources
    assert not made_again(rows, *raised, *through(WORD)).sources


@pytest.mark.parametrize("stage, linked", [("trap", True), ("execute", False)])
def test_what_an_interrupt_puts_off_is_linked_too(rows, stage, linked):
    put_off = cycle(**{stage: at(WORD, squash=1)})
    assert bool(made_again(rows, put_off).sources) is linked


def test_the_kernel_has_a_row(tmp_path):
    pipeline = Pipeline(tmp_path / "x.kanata", FIRST)
    pipeline.thread = 2
    pipeline.kernel(1_102, 1_140, "kernel: sbrk", "more of it")
    pipeline.close(1_200)

    (row,) = konata.read(tmp_path / "x.kanata").rows.values()
    assert (row.label, row.thread, row.simulator) == ("kernel: sbrk", 0, 0)
    assert row.tooltip == r"cycle 1,102 to 1,140\nmore of it\n"
    assert spans(row) == [("K", 1_003, 1_041)]
    assert (row.end, row.flushed) == (1_041, False)
