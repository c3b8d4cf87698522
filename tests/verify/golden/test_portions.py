"""What misaligned accesses are made of, and which answer of their portions counts."""

from itertools import product

import pytest

from tests.verify.golden import sv39
from tests.verify.golden.portions import portions, respond_to_all
from tests.verify.golden.sv39 import A, D, R, Request, V, W

ROOT, MIDDLE, LEAF = 0x8000_0000, 0x8000_1000, 0x8000_2000
#: The last doubleword of a page that the PTE at `LEAF` maps; the one behind it has the next PTE.
LAST = 0xFF8
ALL = V | R | W | A | D
FRAME = 0x8000_5


def respond(first, second, va, **request):
    """The responses for the PTEs of both pages, and what these are then."""
    memory = {
        ROOT: MIDDLE >> 2 | V,
        MIDDLE: LEAF >> 2 | V,
        LEAF: FRAME << 10 | first,
        LEAF + 8: FRAME + 7 << 10 | second,
    }
    asked = Request(va, root=ROOT >> 12, **request)
    responses = respond_to_all(asked, memory.get, memory.__setitem__)
    return responses, memory[LEAF] & 0xFF, memory[LEAF + 8] & 0xFF


def test_portions_cover_the_access_and_lie_in_one_doubleword_each():
    for low, size in product(range(16), (1, 2, 4, 8)):
        parts = portions(Request(LAST + low, size=size))
        covered = [byte for part in parts for byte in range(part.va, part.va + part.size)]
        assert covered == list(range(LAST + low, LAST + low + size))
        assert all(part.va >> 3 == part.va + part.size - 1 >> 3 for part in parts)
        assert all(bool(part.part) == (low % size != 0) for part in parts)


@pytest.mark.parametrize("access", ["LR", "SC", "AMO"])
def test_atomics_are_not_cut(access):
    asked = Request(LAST + 6, access, size=4)
    assert portions(asked) == [asked]


def test_the_first_fault_counts_and_its_portion_tells_the_address():
    for first, second, kinds, tval in (
        (ALL, ALL, ["ok", "ok"], 0),
        (0, 0, ["page"], LAST + 5),
        (ALL, 0, ["ok", "page"], LAST + 8),
        (ALL, V | W, ["ok", "page"], LAST + 8),
    ):
        responses, _, _ = respond(first, second, LAST + 5, size=8)
        assert [response.kind for response in responses] == kinds
        assert responses[-1].tval == tval


def test_a_fault_comes_before_the_update_of_what_is_behind_it():
    fresh = V | R | W
    for first, second, after in (
        (fresh, fresh, (ALL, ALL)),
        (fresh, 0, (ALL, 0)),
        (0, fresh, (0, fresh)),
    ):
        _, *flags = respond(first, second, LAST + 5, access="STORE", size=8, adue=1)
        assert tuple(flags) == after


def test_portions_work_in_ram_only():
    for va, size, part, kind in (
        (0x1001, 2, 1, "access"),
        (0x1001, 2, 0, "misaligned"),
        (0x1002, 2, 0, "ok"),
        (0x8000_0001, 2, 1, "ok"),
    ):
        asked = Request(va, priv="M", size=size)
        (response, *_) = (
            respond_to_all(asked, {}.get, None) if part else [sv39.respond(asked, {}.get)]
        )
        assert response.kind == kind
