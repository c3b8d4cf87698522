import pytest

from hdl.arch import Cause, Pte
from kernel_model.facts.costs import NO_WORK
from kernel_model.mm.served import Decision, FaultOutcome, PteWrite, ServedFault, Via, Why

#: Of the page's frame, and of the two page tables above it.
LEAF = PteWrite(0x8000_3008, 0, 0, 0x8000_4000 >> 2 | Pte.V | Pte.R)
MIDDLE = PteWrite(0x8000_2010, 1, 0, 0x8000_3000 >> 2 | Pte.V)
SUPERPAGE = MIDDLE._replace(after=0x8020_0000 >> 2 | Pte.V | Pte.R)
ROOT = PteWrite(0x8000_1018, 2, 0, 0x8000_2000 >> 2 | Pte.V)


def outcome(*writes):
    return FaultOutcome(
        decision=Decision.MAPPED, why=Why.UNTOUCHED, size=0x9000, region=None, writes=writes
    )


@pytest.mark.parametrize(
    "writes, tables",
    [
        ((), ()),
        ((LEAF,), ()),
        ((MIDDLE, LEAF), (0x8000_3000,)),
        ((ROOT, MIDDLE, LEAF), (0x8000_2000, 0x8000_3000)),
        ((ROOT, SUPERPAGE), (0x8000_2000,)),
        ((SUPERPAGE,), ()),
    ],
)
def test_the_entries_above_the_page_tell_which_page_tables_were_made(writes, tables):
    assert outcome(*writes).tables == tables


def test_the_last_entry_tells_whether_the_page_is_a_part_of_a_superpage():
    assert [
        outcome(*writes).in_superpage for writes in ((), (MIDDLE, LEAF), (ROOT, SUPERPAGE))
    ] == [
        False,
        False,
        True,
    ]


def test_what_has_changed_nothing_has_no_frame_no_entry_and_no_cost():
    nothing = outcome()
    assert (nothing.pte, nothing.frame, nothing.writes, nothing.work) == (0, 0, (), NO_WORK)


def test_a_fault_is_a_trap_from_user_mode_unless_it_says_via_what():
    trap = ServedFault(
        pid=2, name="lazy", pc=0x40, cause=Cause.LOAD_PAGE, stval=0x5000, outcome=outcome()
    )
    assert trap.via is None
    assert trap._replace(via=Via("copyin")).via is Via.COPYIN
    assert {via.value for via in Via} == {"copyin", "copyout"}
