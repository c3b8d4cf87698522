"""Codes, and predicates of a PTE's layout: what a walk refuses."""

import pytest
from amaranth.hdl import Module, Signal

from hdl.mmu.vocabulary import Access, Fault, PageTableEntry
from tests.hdl.mmu.support import A, D, G, R, U, V, W, X
from tests.support import simulate


def evaluate(values, expression, signal):
    """The value of `expression` for each of `values` of `signal`."""
    m = Module()
    out = Signal()
    m.d.comb += out.eq(expression)
    results = []

    async def testbench(ctx):
        for value in values:
            ctx.set(signal.as_value(), value)
            results.append(ctx.get(out))

    simulate(m, testbench)
    return results


def test_codes_on_the_ports():
    """Who uses the MMU as Verilog has these numbers from the documentation."""
    codes = {"FETCH": 0, "LOAD": 1, "STORE": 2, "LR": 5, "SC": 6, "AMO": 7}
    assert {access.name: access.value for access in Access} == codes
    assert {fault.name: fault.value for fault in Fault} == {"NONE": 0, "PAGE": 1, "ACCESS": 2}


@pytest.mark.parametrize("level", range(3))
def test_malformed_entries(level):
    """Written as the specification's list of reasons, for all flags and each higher bit."""
    values = [flags | 1 << bit for flags in range(256) for bit in (0, 8, *range(10, 64))]

    def malformed(pte):
        pointer = not pte & (R | X)
        if not pte & V or (pte & W and not pte & R) or pte >> 54:
            return True
        if pointer:
            return level == 0 or bool(pte & (A | D | U))
        return bool(pte >> 10 & ((1 << 9 * level) - 1))

    pte = Signal(PageTableEntry)
    results = evaluate(values, pte.is_malformed(level), pte)

    assert results == [malformed(value) for value in values]
    assert results.count(0) > 100


def test_a_pointer_has_no_permissions():
    pte = Signal(PageTableEntry)
    values = [V, V | G, V | R, V | X, V | R | W, V | R | W | X]

    assert evaluate(values, pte.is_pointer(), pte) == [1, 1, 0, 0, 0, 0]
