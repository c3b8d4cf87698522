"""Who may access which CSR: every address in every mode, and what else gates it."""

import pytest

from hdl.arch import Priv
from tests.hdl.priv.csr.bench import Bench, M, S, U, address_of
from tests.hdl.priv.csr.expected import (
    ADUE,
    HPMCOUNTERS,
    MHPMCOUNTERS,
    MONITORS,
    NAMES,
    ONES,
    PMP,
    READ_ONLY,
    STCE,
    TM,
    TVM,
)


@pytest.mark.parametrize("parameters", [{}, {"pmp_csrs": True}, {"pmp_entries": 8}], ids=str)
def test_every_address_in_every_mode(parameters):
    """With all counters open and STCE: the two fields of an address alone decide."""
    bench = Bench(**parameters)
    known = {address_of(name): name for name in NAMES}

    async def testbench():
        await bench.write("mcounteren", ONES)
        await bench.write("scounteren", ONES)
        await bench.write("menvcfg", STCE)
        for priv in Priv:
            await bench.enter(priv)
            for address in range(4096):
                protects = bool(parameters) and address in PMP
                exists = address in known or address in MONITORS or protects
                readable = exists and priv >= address >> 8 & 3
                assert bench.legal(address, 0) == readable, f"{address:#x} {priv.name}"
                shown = known.get(address) in READ_ONLY or address in HPMCOUNTERS
                writable = readable and not shown
                assert bench.legal(address, 1) == writable, f"{address:#x} {priv.name}"

    assert len(known) == 36
    bench.run(testbench)


def test_counter_enables():
    """mcounteren gates S and U, scounteren also U; nothing gates M."""
    bench = Bench()
    counters = {0: "cycle", 1: "time", 2: "instret"}

    async def testbench():
        for mcounteren in range(8):
            for scounteren in range(8):
                await bench.enter(M)
                await bench.write("mcounteren", mcounteren)
                await bench.write("scounteren", scounteren)
                for priv, enabled in ((M, 7), (S, mcounteren), (U, mcounteren & scounteren)):
                    await bench.enter(priv)
                    for bit, name in counters.items():
                        where = f"{name} {priv.name} {mcounteren=:#b} {scounteren=:#b}"
                        assert bench.legal(address_of(name), 0) == enabled >> bit & 1, where
                        assert not bench.legal(address_of(name), 1), where

    bench.run(testbench)


def test_event_counters_have_an_enable_each():
    """Also those that are not there, and read 0."""
    bench = Bench(hpm_counters=2)

    async def testbench():
        for number in (3, 4, 5, 31):
            address = HPMCOUNTERS[number - 3]
            for mcounteren in (0, 1 << number, ONES - (1 << number)):
                for scounteren in (0, 1 << number):
                    await bench.enter(M)
                    await bench.write("mcounteren", mcounteren)
                    await bench.write("scounteren", scounteren)
                    by_m, by_s = mcounteren >> number & 1, scounteren >> number & 1
                    for priv, enabled in ((M, 1), (S, by_m), (U, by_m & by_s)):
                        await bench.enter(priv)
                        assert bench.legal(address, 0) == enabled, (number, priv)
                        assert not bench.legal(address, 1)
                        machine = address - HPMCOUNTERS[0] + MHPMCOUNTERS[0]
                        assert bench.legal(machine, 1) == (priv == M)

    bench.run(testbench)


def test_stimecmp_needs_tm_and_stce_in_supervisor_mode():
    bench = Bench()
    stimecmp = address_of("stimecmp")

    async def testbench():
        for mcounteren in (0, TM, 7 - TM, 7):
            for menvcfg in (0, STCE, ADUE):
                await bench.enter(M)
                await bench.write("mcounteren", mcounteren)
                await bench.write("menvcfg", menvcfg)
                assert bench.legal(stimecmp, 1)
                for priv in (S, U):
                    await bench.enter(priv)
                    allowed = priv == S and bool(mcounteren & TM) and menvcfg == STCE
                    assert bench.legal(stimecmp, 1) == allowed
                    assert bench.legal(stimecmp, 0) == allowed

    bench.run(testbench)


def test_tvm_keeps_the_supervisor_from_satp_only():
    bench = Bench()

    async def testbench():
        supervisor = [address_of(name) for name in NAMES if address_of(name) >> 8 & 3 == 1]
        for tvm in (0, TVM):
            await bench.enter(M)
            await bench.write("menvcfg", STCE)
            await bench.write("mcounteren", 7)
            await bench.write("mstatus", tvm)
            assert bench.legal(address_of("satp"), 1)
            await bench.enter(S)
            assert bench.env("tvm") == bool(tvm)
            for address in supervisor:
                expected = not (tvm and address == 0x180)
                assert bench.legal(address, 0) == bench.legal(address, 1) == expected

    bench.run(testbench)
