import pytest

from hdl.arch import Cause, Interrupt, Pte
from kernel_model.mm.regions import HEAP_RIGHTS, Area, Owner, Region
from kernel_model.mm.served import Decision, FaultOutcome, PteWrite, Why
from sim.guests.lives import KernelPart
from sim.output.sentences import (
    cause_in_words,
    exception_in_words,
    in_words,
    part_in_words,
    reason_in_words,
    step_in_words,
)

HEAP = Region(0x5000, 0x9000, HEAP_RIGHTS, Owner.HEAP)


def outcome(why, decision=Decision.REFUSED, **facts):
    return FaultOutcome(decision=decision, why=why, size=0x9000, region=HEAP, **facts)


@pytest.mark.parametrize(
    "tables, made", [(0, ""), (1, " (+1 page table)"), (2, " (+2 page tables)")]
)
def test_a_page_that_was_mapped(tables, made):
    writes = tuple(PteWrite(0x8000_0000, level, 0, 1) for level in range(tables, -1, -1))
    mapped = outcome(Why.UNTOUCHED, Decision.MAPPED, frame=0x8001_2000, writes=writes)
    assert in_words(mapped) == f"mapped frame 0x80012000{made}"


def test_a_page_that_is_a_part_of_a_superpage():
    writes = PteWrite(0x8000_0000, 2, 0, 1), PteWrite(0x8000_1000, 1, 0, 0x8020_0000 >> 2 | 7)
    mapped = outcome(Why.UNTOUCHED, Decision.MAPPED, frame=0x8020_1000, writes=writes)
    assert in_words(mapped) == "mapped frame 0x80201000 in a superpage (+1 page table)"


@pytest.mark.parametrize(
    "why, words",
    [
        (Why.PAST_SIZE, "address past the size 0x9000"),
        (Why.GUARD_PAGE, "guard page"),
        (Why.PAGE_RIGHTS, "page is mapped r-x"),
        (Why.OWNER_RIGHTS, "page is the heap's, rw-"),
        (Why.NO_FRAME, "no frame left"),
        (Why.NO_TABLE, "no frame left for a page table"),
    ],
)
def test_an_access_that_was_refused(why, words):
    pte = int(Pte.V | Pte.U | Pte.R | Pte.X)
    assert in_words(outcome(why, pte=pte)) == f"killed: {words}"


@pytest.mark.parametrize(
    "pte, words",
    [(Pte.V | Pte.U | Pte.R, "r--"), (Pte.V | Pte.R | Pte.W, "rw-"), (Pte.V | Pte.X, "--x")],
)
def test_rights_are_those_of_the_page(pte, words):
    assert in_words(outcome(Why.PAGE_RIGHTS, pte=int(pte))) == f"killed: page is mapped {words}"


def test_an_area_is_named_by_what_it_shows():
    area = Region(0x3000, 0x4000, int(Pte.R), Owner.MMAP, Area(0, False, 0, 0x3000))
    untouched = outcome(Why.UNTOUCHED, Decision.MAPPED)._replace(region=area)
    assert reason_in_words(untouched) == (
        "it is in mmap (private, anonymous) and has no frame yet, so it is lazy"
    )
    refused = outcome(Why.OWNER_RIGHTS)._replace(region=area)
    assert in_words(refused) == "killed: page is of mmap (private, anonymous), r--"


def test_a_frame_that_all_who_share_the_area_have_is_no_first_touch():
    area = Region(0x3000, 0x4000, int(Pte.R), Owner.MMAP, Area(1, True, 0, 0x3000))
    common = outcome(Why.COMMON, Decision.MAPPED, frame=0x8001_2000)._replace(region=area)
    assert reason_in_words(common) == (
        "it is in mmap (shared, anonymous), and its frame is there: somebody has touched it before"
    )
    assert in_words(common) == "mapped common frame 0x80012000"


def test_beside_areas_past_the_size_is_not_all():
    beside = outcome(Why.PAST_SIZE, has_areas=True)
    assert in_words(beside) == "killed: address past the size 0x9000 and in no area"
    assert reason_in_words(beside) == "it is not below the size, and in no area of mmap's"


def test_there_are_words_for_every_reason():
    maps = {Why.UNTOUCHED, Why.NEVER_STORED, Why.SHARED, Why.LAST_OWNER, Why.NOT_ACCESSED}
    maps |= {Why.CLEAN, Why.COMMON}
    for why in set(Why) - maps - {Why.RUN_ENDED}:
        assert in_words(outcome(why))
    for why in maps:
        assert in_words(outcome(why, Decision.MAPPED, frame=0x8001_2000))
    with pytest.raises(ValueError, match="no reason to refuse"):
        in_words(outcome(Why.UNTOUCHED))
    assert in_words(outcome(Why.RUN_ENDED, Decision.UNSERVED)) == "unfinished"


@pytest.mark.parametrize(
    "value, words",
    [
        (13, "load page fault"),
        (5, "load access fault"),
        (2, "illegal instruction"),
        (8, "ecall from user mode"),
        (1 << 63 | 5, "supervisor timer interrupt"),
        (1 << 63 | 13, "interrupt 13"),
        (24, "cause 24"),
    ],
)
def test_causes_have_words(value, words):
    assert cause_in_words(value) == words


def test_every_cause_and_interrupt_has_words_of_its_own():
    told = [cause_in_words(cause) for cause in Cause]
    told += [cause_in_words(1 << 63 | number) for number in Interrupt]
    assert len({*told}) == len(told) == len(Cause) + len(Interrupt)
    assert all("cause" not in words and "interrupt 1" not in words for words in told)
    assert exception_in_words(Cause.STORE_PAGE) == cause_in_words(15)


def test_every_reason_and_step_has_words():
    assert len({reason_in_words(outcome(why)) for why in Why}) == len(Why)
    assert part_in_words(KernelPart("zero_page", 1, 1024)) == "clear the page 1,024"
    assert part_in_words(KernelPart("pte", 6, 30)) == "access 6 page-table entries 30"
    assert part_in_words(KernelPart("free", 1, 20)) == "free a frame 20"
    assert part_in_words(KernelPart("other work", 1, 5)) == "other work 5"


def test_a_step_has_a_name_for_people():
    assert step_in_words("zero_page") == "clear the page"
    assert step_in_words("other_work") == "other work"
