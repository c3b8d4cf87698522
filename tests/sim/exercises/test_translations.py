"""What is accessed in an exercise about one translation."""

from random import Random

import pytest

from sim.exercises.mmu import Access, Context
from sim.exercises.translations import data_access, fetch

CONTEXT = Context(0x8000_0000)


def test_a_fetch_is_of_four_bytes_that_lie_on_one_page():
    for va in (0x5000, 0x5FFF):
        access = fetch(va, CONTEXT)
        assert access == Access("the instruction", "fetch", va & ~7, CONTEXT, 4)


@pytest.mark.parametrize("va", [0x5000, 0x5007, 0x5FFC])
def test_data_is_accessed_at_a_multiple_of_its_size(va):
    made = {data_access(Random(seed), va, CONTEXT) for seed in range(60)}
    assert {(access.insn, access.kind, access.size) for access in made} == {
        ("ld a0, (a1)", "load", 8),
        ("sd a0, (a1)", "store", 8),
        ("lw a0, (a1)", "load", 4),
        ("sw a0, (a1)", "store", 4),
        ("amoadd.d a0, a0, (a1)", "store", 8),
    }
    assert all(access.va == va // access.size * access.size for access in made)
