"""What an address means, told in words, against the golden model."""

import random

import pytest

from hdl.arch import Priv, Pte
from kernel_model.mm.regions import HEAP_RIGHTS, Area, Owner, Region
from kernel_model.mm.space import AddressSpace
from sim.output.translation import ACCESSES, explain, walk
from tests.verify.golden.sv39 import Request, respond

BASE = 0x8000_0000
#: So many pages of page tables are drawn from.
TABLES = 4
POINTER = Pte.V


def pte(pa, flags):
    return pa >> 12 << 10 | flags


def random_entry(rng):
    """A pointer to a table, a leaf that is nearly right, or junk."""
    match rng.randrange(8):
        case 0 | 1 | 2 | 3:
            return pte(BASE + 4096 * rng.randrange(TABLES), POINTER)
        case 4 | 5 | 6:
            page = rng.randrange(4) << rng.choice([12, 21, 21])
            return pte(BASE + page, rng.getrandbits(8) | 0x13)
    return pte(rng.getrandbits(28) << 12, rng.getrandbits(8)) | rng.choice([0, 1 << 54, 1 << 63])


def random_memory(rng):
    """Page tables that lead to each other, to pages, and astray."""
    places = [BASE + 4096 * table + 8 * index for table in range(TABLES) for index in range(4)]
    return {place: random_entry(rng) for place in places}


def read_from(memory):
    def read(address):
        return memory.get(address, 0) if BASE <= address < BASE + (128 << 20) else None

    return read


@pytest.mark.parametrize("seed", range(8))
def test_it_ends_as_the_golden_model_says(seed):
    rng = random.Random(seed)
    seen = set()
    for _ in range(400):
        read = read_from(random_memory(rng))
        va = sum(rng.randrange(4) << shift for shift in (12, 21, 30)) | rng.getrandbits(12)
        va |= rng.choice([0] * 12 + [0x1_FFFF << 47, 1 << 39])
        svadu, sum_, mxr = (rng.random() < 0.5 for _ in range(3))
        priv = rng.choice((Priv.U, Priv.U, Priv.S))
        found = walk(read, BASE, va)
        for access in ACCESSES:
            request = Request(
                va,
                access.upper(),
                priv.name,
                root=BASE >> 12,
                adue=svadu,
                sum_=sum_,
                mxr=mxr,
            )
            response = respond(request, read)
            outcome = found.outcome(access, svadu=svadu, priv=priv, sum_=sum_, mxr=mxr)
            if response.kind == "access" and response.pa:
                continue  # the translation is right, and there is no memory behind it
            seen.add((response.kind, len(found.steps)))
            assert [step.address for step in found.steps] == list(response.reads) + (
                [found.steps[-1].address] if found.no_memory else []
            )
            if response.kind == "update":
                assert outcome.cause is None
                assert outcome.reason.startswith("the hart sets")
            else:
                assert outcome.cause == response.cause, (found, access)
            if response.kind == "ok":
                assert found.pa == response.pa
    assert {("ok", 1), ("ok", 2), ("ok", 3), ("page", 0), ("page", 3), ("update", 2)} <= seen


def space():
    it = AddressSpace(BASE)
    it.regions = it.regions.grown(0x1000, int(Pte.R | Pte.X), Owner.SEGMENT)
    it.resize(0x5800)
    return it


@pytest.mark.parametrize(
    "va, read",
    [
        ((1 << 38) - 1, 1),
        (1 << 38, 0),
        ((1 << 64) - (1 << 38) - 1, 0),
        ((1 << 64) - (1 << 38), 1),
    ],
)
def test_bits_63_to_39_are_like_bit_38(va, read):
    assert len(walk(read_from({}), BASE, va).steps) == read


@pytest.mark.parametrize(
    "entry, rule",
    [
        (0, 3),
        (Pte.V | Pte.W, 3),
        (1 << 54 | Pte.V | Pte.R, 3),
        (POINTER | Pte.D, 3),
        (POINTER | Pte.U, 3),
        (pte(BASE, POINTER), 4),  # to itself, down to the last level
        (pte(BASE + 0x1000, Pte.V | Pte.R), 5),
        (pte(0x1000, POINTER), 2),
    ],
)
def test_a_walk_fails_by_a_step_of_the_specification(entry, rule):
    found = walk(read_from({BASE: entry}), BASE, 0)
    assert found.failure
    assert found.rule == rule


def test_a_page_that_was_never_touched_is_told_in_lines():
    tables = {BASE: pte(BASE + 0x1000, POINTER), BASE + 0x1000: pte(BASE + 0x2000, POINTER)}

    lines = list(explain(walk(read_from(tables), BASE, 0x4FF8), space(), svadu=False))

    assert lines == [
        "va 0x4ff8: VPN[2] 0, VPN[1] 0, VPN[0] 4, offset 0xff8",
        "  level 2  0x80000000  0x0000000020000401 -------V  points to table 0x80001000",
        "  level 1  0x80001000  0x0000000020000801 -------V  points to table 0x80002000",
        "  level 0  0x80002020  0x0000000000000000 --------  V = 0: not valid",
        "  load   load page fault, cause 13: V = 0: not valid at level 0",
        "  store  store page fault, cause 15: V = 0: not valid at level 0",
        "  fetch  fetch page fault, cause 12: V = 0: not valid at level 0",
        "  kernel heap, 0x1000 to 0x6000, rw-; size 0x5800",
    ]


def test_a_page_that_may_be_read_only():
    tables = {
        BASE: pte(BASE + 0x1000, POINTER),
        BASE + 0x1000: pte(BASE + 0x2000, POINTER),
        BASE + 0x2000: pte(BASE + 0x9000, Pte.V | Pte.R | Pte.U | Pte.A),
    }

    lines = list(explain(walk(read_from(tables), BASE, 0x10), space(), svadu=True))

    assert lines[3:] == [
        "  level 0  0x80002000  0x0000000020002453 -A-U--RV  4 KiB page at 0x80009000",
        "  load   pa 0x80009010",
        "  store  store page fault, cause 15: W = 0",
        "  fetch  fetch page fault, cause 12: X = 0",
        "  kernel segment, 0x0 to 0x1000, r-x; size 0x5800",
    ]


@pytest.mark.parametrize(
    "svadu, told",
    [(True, "pa 0x80009ff0 (the hart sets D)"), (False, "cause 15: the kernel has to set D")],
)
def test_bits_that_are_to_be_set(svadu, told):
    tables = {
        BASE: pte(BASE + 0x1000, POINTER),
        BASE + 0x1000: pte(BASE + 0x2000, POINTER),
        BASE + 0x2000: pte(BASE + 0x9000, 0x57),
    }
    store = list(explain(walk(read_from(tables), BASE, 0xFF0), space(), svadu=svadu))[5]
    assert told in store


def test_what_is_past_the_size_is_nobodys():
    lines = list(explain(walk(read_from({}), BASE, 0x5900), space(), svadu=False))
    assert lines[-1] == "  kernel nobody's: it is not below the size 0x5800"


def test_an_area_is_named_by_what_it_shows():
    va = 0x3F_FFFF_C000
    area = Region(va, va + 0x2000, HEAP_RIGHTS, Owner.MMAP, Area(1, True, 24, va - 0x1000))
    mapped = space()
    mapped.regions = mapped.regions.with_area(area)
    lines = list(explain(walk(read_from({}), BASE, va + 8), mapped, svadu=False))
    shown = "mmap (shared, file 24 from 0x1000), 0x3fffffc000 to 0x3fffffe000, rw-"
    assert lines[-1] == f"  kernel {shown}; size 0x5800"
    lines = list(explain(walk(read_from({}), BASE, va - 8), mapped, svadu=False))
    assert lines[-1].endswith("nobody's: it is not below the size 0x5800 and in no area")


def test_where_there_is_no_memory():
    tables = {BASE: pte(0x1000, POINTER)}
    lines = list(explain(walk(read_from(tables), BASE, 0), space(), svadu=False))
    assert lines[2:4] == [
        "  level 1  0x1000  no memory there",
        "  load   load access fault, cause 5: no memory there at level 1",
    ]
