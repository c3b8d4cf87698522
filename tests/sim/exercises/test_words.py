"""What is said of accesses: the state before them, what happens, and why they end as they do."""

from dataclasses import replace

import pytest

from hdl.arch import Cause, Pte, make_pte
from sim.exercises.mmu import Fence, Put, answers
from sim.exercises.words import (
    cause_name,
    explained,
    listing,
    rules,
    situation,
    steps_in_words,
)
from tests.sim.exercises.small import LEAF, MEMORY, MIDDLE, PAGE, VA, fetch, load, store

PARTS = "va 0x40403458: VPN[2] 1, VPN[1] 2, VPN[0] 3, offset 0x458"
WALK = [
    "  level 2  0x80100008  0x0000000020040401 -------V",
    "           points to table 0x80101000",
    "  level 1  0x80101010  0x0000000020040801 -------V",
    "           points to table 0x80102000",
    "  level 0  0x80102018  0x00000000200800df DA-UXWRV",
    "           4 KiB page at 0x80200000",
]
FOUND = "physical address 0x80200458"


def last(*steps, memory=MEMORY, latency=1):
    """What is said of the last access."""
    access, answer = answers(memory, steps, latency)[-1]
    return [*explained(access, answer, latency)]


def deciding(*steps, memory=MEMORY):
    """Which rules are told, by their first words, or their step."""
    told = rules(steps, [answer for _, answer in answers(memory, steps)])
    return [line.split(", ")[1].split(":")[0] if "step" in line else line[:9] for line in told]


@pytest.mark.parametrize(
    "cause, name",
    [
        (Cause.LOAD_PAGE, "load page fault"),
        (Cause.STORE_PAGE, "store/AMO page fault"),
        (Cause.FETCH_ACCESS, "fetch access fault"),
        (Cause.STORE_MISALIGNED, "store/AMO address misaligned"),
    ],
)
def test_exceptions_have_the_names_of_the_specification(cause, name):
    assert cause_name(cause) == name


def test_the_state_is_that_of_the_first_access():
    steps = (Put(LEAF, 0), load(asid=5, sum_=True), load(asid=6))
    assert [*situation(steps, 1)] == [
        "satp 0x8000500000080100   mode U   SUM 1   MXR 0   ADUE 0",
        "TLBs and walk cache are empty; memory answers in the next cycle.",
        "A TLB hit adds 0 cycles, a walk its reads and 1.",
    ]


def test_what_an_update_costs_is_said_where_the_hart_makes_some():
    registers, memory, cost = situation((load(), load(adue=True)), 2)
    assert registers.endswith("ADUE 0")
    assert memory.endswith("memory answers in 2 cycles.")
    assert cost.endswith("1; setting A or D the walk again, two accesses and 3.")


def test_tables_are_listed_in_order_with_a_line_between_them():
    shuffled = {address: MEMORY[address] for address in (LEAF, *MEMORY)}
    _, _, *lines = listing({**shuffled, LEAF - 8: 0x1})
    assert lines == [
        "  0x80100008  0x0000000020040401",
        "",
        "  0x80101010  0x0000000020040801",
        "",
        "  0x80102010  0x0000000000000001",
        "  0x80102018  0x00000000200800df",
    ]


def test_one_thing_has_no_number():
    assert [*steps_in_words([load()])] == ["ld a0, (a1)            a1 = 0x40403458"]
    assert [*steps_in_words([fetch()])] == ["the instruction at 0x40403458 is fetched"]


def test_two_things_are_numbered():
    assert [line[:5] for line in steps_in_words([load(), store()])] == ["1. ld", "2. sd"]


def test_several_things_are_numbered_and_another_satp_is_one_of_them():
    steps = [load(), Put(LEAF, 0x1F), load(asid=1), load(asid=1), store()]
    assert [*steps_in_words(steps)] == [
        "1. ld a0, (a1)            a1 = 0x40403458",
        "2. the kernel stores 0x000000000000001f at 0x80102018",
        "3. csrw satp, a0          a0 = 0x8000100000080100",
        "4. ld a0, (a1)            a1 = 0x40403458",
        "5. ld a0, (a1)            a1 = 0x40403458",
        "6. csrw satp, a0          a0 = 0x8000000000080100",
        "7. sd a0, (a1)            a1 = 0x40403458",
    ]


@pytest.mark.parametrize(
    "fence, line",
    [
        (Fence(), "sfence.vma zero, zero"),
        (Fence(VA), "sfence.vma a1, zero    a1 = 0x40403458"),
        (Fence(None, 0), "sfence.vma zero, a2    a2 = 0"),
        (Fence(0, 3), "sfence.vma a1, a2      a1 = 0x0, a2 = 3"),
    ],
)
def test_a_fence_names_its_registers(fence, line):
    assert [*steps_in_words([fence])] == [line]


def test_a_walk_is_told_by_its_entries():
    cost = "4 cycles: 3 reads of a cycle each, and 1 more"
    assert last(load()) == [PARTS, *WALK, FOUND, cost]
    assert last(load(), latency=3)[-1] == "10 cycles: 3 reads of 3 cycles each, and 1 more"


def test_what_the_tlb_or_the_walk_cache_holds_is_not_read():
    assert last(load(), store()) == [
        PARTS,
        "the TLB holds the page's entry: 0x200800df DA-UXWRV",
        "no entry is read",
        FOUND,
        "0 cycles: it is answered in the cycle in which it is asked for",
    ]
    assert last(load(), fetch(), latency=2) == [
        PARTS,
        "the walk cache knows the table of level 0: no other is read",
        *WALK[-2:],
        FOUND,
        "3 cycles: 1 read of 2 cycles, and 1 more",
    ]


def test_a_fault_has_its_reason():
    *_, fault, cost = last(store(), memory={**MEMORY, LEAF: make_pte(PAGE, Pte.V | Pte.R)})
    assert fault == (
        "store/AMO page fault, cause 15, stval 0x40403458: U = 0: the page is not for user mode"
    )
    assert cost.startswith("4 cycles")


def test_where_there_is_no_memory_no_entry_is_shown():
    *_, missing, fault, cost = last(load(), memory={**MEMORY, MIDDLE: make_pte(0x1000, Pte.V)})
    assert missing == "  level 0  0x1018  no memory there"
    assert fault.startswith("load access fault, cause 5, stval 0x40403458: no memory there")
    assert cost == "3 cycles: 2 reads of a cycle each, and 1 more"


@pytest.mark.parametrize("va, stval", [(1 << 38, "0x4000000000"), (VA + 4, "0x4040345c")])
def test_an_address_that_is_none_or_misaligned_reads_nothing(va, stval):
    said = last(load(va))
    assert said[1] == "no entry is read"
    assert f"stval {stval}: " in said[2]
    assert said[3].startswith("0 cycles")


def test_an_update_is_told_with_what_it_costs():
    memory = {**MEMORY, LEAF: MEMORY[LEAF] & ~(Pte.A | Pte.D)}
    *_, found, cost = last(store(adue=True), memory=memory, latency=2)
    assert found == (
        "physical address 0x80200458; the hart sets A and D: 0x00000000200800df at 0x80102018"
    )
    assert cost == (
        "20 cycles: 7 for the walk (3 reads of 2 cycles each, and 1), and 13 "
        "for the update: the walk again, a locked read, the write, and 3"
    )


def test_each_rule_that_decides_is_told_once_in_order():
    assert deciding(load(), load()) == ["step 10"]
    assert deciding(load(), load(1 << 38), load(VA ^ 1 << 12)) == ['"Addressi', "step 3", "step 10"]
    assert deciding(replace(load(), va=VA + 1)) == ['"Synchron']
    put = Put(LEAF, 0)
    assert deciding(load(), put, load()) == ["step 10", '"Supervis']
    assert deciding(load(), put, fetch()) == ["step 3", "step 10"]
