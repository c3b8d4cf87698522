"""Which accesses to CSRs are legal; `tests.hdl.priv.csr.test_access` has every register."""

from itertools import product

import pytest
from amaranth.hdl import Const, Module, Signal

from hdl.arch import HPMCOUNTERS, MHPMEVENTS, PMPADDRS, PMPCFGS, Csr, Priv
from hdl.priv.legality import Legality, is_of
from tests.support import simulate


def legal(accesses, **parameters):
    """Of each access, a dictionary of inputs, whether it is legal."""
    dut = Legality(**parameters)
    found = []

    async def testbench(ctx):
        for access in accesses:
            for name, value in access.items():
                ctx.set(getattr(dut, name), value)
            found.append(ctx.get(dut.legal))

    simulate(dut, testbench)
    return found


def test_the_address_says_which_privilege_it_takes_and_what_is_read_only():
    accesses = [
        {"address": address, "attempt": attempt, "priv": priv}
        for address, attempt, priv in product((Csr.MHARTID, Csr.SEPC), (0, 1), Priv)
    ]
    assert legal(accesses) == [0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 1, 1]


def test_two_enables_gate_each_counter():
    bit = 1 << (HPMCOUNTERS[2] & 31)
    enables = list(product((0, bit), (0, bit)))
    accesses = [
        {"address": HPMCOUNTERS[2], "priv": priv, "machine_enables": m, "supervisor_enables": s}
        for priv in Priv
        for m, s in enables
    ]
    assert legal(accesses) == [0, 0, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1]


def test_satp_and_stimecmp_have_a_gate_each():
    satp = [{"address": Csr.SATP, "priv": Priv.S, "tvm": tvm} for tvm in (0, 1)]
    stimecmp = [
        {"address": Csr.STIMECMP, "priv": Priv.S, "stce": stce, "machine_enables": tm << 1}
        for stce, tm in product((0, 1), (0, 1))
    ]
    assert legal(satp + stimecmp) == [1, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("pmp_csrs", [False, True])
def test_registers_of_protection_are_there_if_there_is_any(pmp_csrs):
    numbers = (PMPCFGS[0], PMPADDRS[0], PMPADDRS[-1], 0x7C0)
    accesses = [{"address": number, "priv": Priv.M} for number in numbers]
    assert legal(accesses, pmp_csrs=pmp_csrs) == [pmp_csrs, pmp_csrs, pmp_csrs, False]


def test_a_block_begins_behind_other_registers():
    first = MHPMEVENTS[0]
    inside = [address for address in range(first - 8, first + 40) if _is_of(address, MHPMEVENTS)]
    assert inside == list(MHPMEVENTS)


def _is_of(address, block):
    found = Signal()
    m = Module()
    m.d.comb += found.eq(is_of(Const(address, 12), block))
    result = []

    async def testbench(ctx):
        result.append(ctx.get(found))

    simulate(m, testbench)
    return result[0]
