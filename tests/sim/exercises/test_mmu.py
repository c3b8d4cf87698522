"""What an exercise says of its accesses is what the hart does, to the cycle."""

from random import Random

import pytest

from hdl.arch import PAGE_SIZE, Pte, make_pte, pte_to_pa
from sim.exercises.making import MAKERS, make
from sim.exercises.mmu import Access, Context, Fence, Mmu, Put, answers
from sim.exercises.tables import USER, Tables
from tests.sim.exercises.hart import OPERAND, Hart
from tests.sim.exercises.small import LEAF, MEMORY, MIDDLE, fetch, load, store
from tests.sim.exercises.small import VA as SMALL_VA

SEED = 2026
VA = 0x12_3456_7000
#: Exercises of each kind; all of 700 were right.
SAMPLE = range(20)
EBREAK, C_EBREAK = bytes.fromhex("73001000"), bytes.fromhex("0290")


@pytest.fixture(scope="module")
def hart_of():
    """A hart for each latency of memory that is asked for."""
    made = {}

    def find(latency):
        if latency not in made:
            made[latency] = Hart(latency)
        return made[latency]

    yield find
    for hart in made.values():
        hart.__exit__()


@pytest.mark.parametrize("kind", [kind for kind in MAKERS if kind not in ("lazy", "sizes")])
def test_it_ends_so_on_the_hart(hart_of, kind):
    for number in SAMPLE:
        exercise = make(kind, SEED, number)
        hart = hart_of(exercise.latency)
        hart.do(Fence())
        hart.put(exercise.memory)
        expected = answers(exercise.memory, exercise.steps, exercise.latency)
        _place_targets(hart, exercise, expected)
        if any(access.size == 2 for access, _ in expected):
            _check_instruction(hart, expected)
        else:
            for step in exercise.steps:
                done = hart.do(step)
                if isinstance(step, Access):
                    _check(hart, step, expected.pop(0)[1], done)
        hart.put(dict.fromkeys(exercise.memory, 0))


def test_page_tables_lie_in_ram_which_is_of_128_mib():
    mmu = Mmu({0x8000_1000: 7})
    assert mmu.read(0x8000_1000) == 7
    assert mmu.read(0x8000_0000) == mmu.read(0x87FF_FFF8) == 0
    assert mmu.read(0x7FFF_FFF8) is None
    assert mmu.read(0x8800_0000) is None


def test_of_what_comes_of_an_access_the_rest_is_0():
    found = Mmu(MEMORY).do(load())
    assert (found.cause, found.stval) == (None, 0)
    misaligned = Mmu(MEMORY).do(load(SMALL_VA + 1))
    assert (misaligned.stval, misaligned.cycles, misaligned.rule) == (SMALL_VA + 1, 0, 0)


def test_a_superpage_in_the_tlb_is_as_large_as_it_is():
    huge = {**MEMORY, MIDDLE: make_pte(0x8020_0000, USER), MIDDLE + 8: make_pte(0x8040_0000, USER)}
    mmu, first, end = Mmu(huge), SMALL_VA & -0x20_0000, (SMALL_VA & -0x20_0000) + 0x20_0000
    assert not mmu.do(load(first)).hit
    assert mmu.do(load(end - 8)).hit
    assert not mmu.do(load(end)).hit
    assert mmu.do(load(end)).pa == 0x8040_0000


def test_the_walk_cache_holds_the_table_of_2_mib():
    first = SMALL_VA & -0x20_0000
    mmu = Mmu(MEMORY, latency=2)
    assert len(mmu.do(load(first)).reads) == 3
    for va, reads in ((first + 0x1F_F000, 1), (first + 0x20_0000, 2), (first - 0x20_0000, 2)):
        answer = mmu.do(load(va))
        assert (len(answer.reads), answer.cached) == (reads, reads == 1)
        assert answer.cycles == 2 * reads + 1


def test_also_one_where_no_memory_is_but_no_superpage():
    nowhere = Mmu({**MEMORY, MIDDLE: make_pte(0x1000, Pte.V)})
    assert [len(nowhere.do(load()).reads) for _ in range(2)] == [2, 0]
    huge = Mmu({**MEMORY, MIDDLE: make_pte(0x8020_0000, USER)})
    assert [len(huge.do(access()).reads) for access in (load, fetch)] == [2, 2]


def test_an_entry_whose_bits_are_set_takes_the_place_of_the_one_before():
    clean = {**MEMORY, LEAF: MEMORY[LEAF] & ~Pte.D}
    for latency in (1, 2):
        mmu = Mmu(clean, latency)
        assert not mmu.do(load(adue=True)).written
        # The walk, whose table is known; then it again, the locked read, and the write.
        assert mmu.do(store(adue=True)).cycles == (latency + 1) + (3 + 2) * latency + 3
        assert mmu.do(store(adue=True)).hit


@pytest.mark.parametrize("flags", [0, Pte.G], ids=["of one space", "global"])
def test_a_fence_drops_what_it_names(hart_of, flags):
    """All forms: of this page or another one, of this address space or another one."""
    tables = Tables(Random(SEED))
    context = Context(tables.root, asid=3)
    load = Access("ld a0, (a1)", "load", VA, context)
    leaf = tables.map(VA, tables.frame(), USER | flags)
    hart, hits = hart_of(1), []
    for va in (None, VA, VA + PAGE_SIZE):
        for asid in (None, 3, 4):
            steps = (load, Put(leaf, 0), Fence(va, asid), load)
            hart.do(Fence())
            hart.put(tables.memory)
            ends = [hart.do(step) for step in steps]
            *_, (_, answer) = answers(tables.memory, steps)
            hits.append(answer.hit)
            assert (ends[-1].cause, ends[-1].cycles) == (answer.cause, answer.cycles)
    dropped = [True, not flags, False] * 2 + [False] * 3
    assert hits == [not each for each in dropped]


def _place_targets(hart, exercise, expected):
    """Memory tells its address wherever an access may end; and an ebreak where code does."""
    pages = [pte_to_pa(step.value) for step in exercise.steps if isinstance(step, Put)]
    for access, answer in expected:
        places = [page + access.va % PAGE_SIZE & -8 for page in pages if page]
        places += [] if answer.pa is None else [answer.pa & -8]
        hart.put({pa: pa for pa in places})
    for part, (access, answer) in enumerate(expected):
        if access.kind == "fetch" and answer.pa is not None:
            short = access.insn.startswith("a compressed")
            hart.ram.write(answer.pa, C_EBREAK if short else EBREAK[2 * part :][: access.size])


def _check(hart, access, answer, done):
    assert (done.cause, done.cycles) == (answer.cause, answer.cycles)
    if answer.cause is not None:
        assert done.stval == answer.stval
        return
    there = int.from_bytes(hart.ram.read(answer.pa, access.size), "little")
    bits = (1 << 8 * access.size) - 1
    if access.insn.startswith("amo"):
        assert there == done.value + OPERAND & bits
    elif access.kind == "store":
        assert there == OPERAND
    elif access.kind == "load":
        assert there == done.value & bits
    if answer.written is not None:
        assert hart.ram.read_u64(answer.written.address) == answer.written.value


def _check_instruction(hart, expected):
    """An instruction at the end of a page: its parts are one access of the hart."""
    start = expected[0][0]
    done = hart.do(start)
    last = expected[-1][1]
    assert (done.cause, done.epc) == (last.cause, start.va)
    if last.cause is not None:
        assert done.stval == last.stval
