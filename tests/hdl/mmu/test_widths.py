"""Every bit that the MMU is given counts: with one lost, things that differ are the same."""

from itertools import cycle

import pytest

from hdl.memory.pma import Pma
from hdl.memory.port import ID_BITS
from hdl.mmu.mmu import Mmu
from hdl.mmu.vocabulary import Fault
from tests.hdl.mmu.support import (
    CODE,
    DATA,
    Memory,
    R,
    Tables,
    V,
    W,
    fence,
    run,
    serve,
    translate,
    update,
)
from tests.support import simulate
from tests.verify.golden.sv39 import Request

VA = 0x1000
ONES = (1 << ID_BITS) - 1


@pytest.mark.parametrize("access, flags", [("LOAD", DATA), ("FETCH", CODE)])
def test_every_bit_of_an_asid_is_another_address_space(access, flags):
    asids = [0, *(1 << bit for bit in range(16))]

    async def testbench(ctx, dut, memory, tables):
        roots = {}
        for number, asid in enumerate(asids):
            roots[asid] = 0x81000 + 16 * number
            space = Tables(memory, root=roots[asid], first=roots[asid] + 1)
            space.map(VA, 0x8700_0000 + 0x1000 * number, flags)
        for _ in range(2):
            for number, asid in enumerate(asids):
                request = Request(VA, access, asid=asid, root=roots[asid])
                result = await translate(ctx, dut, request)
                assert result.pa == 0x8700_0000 + 0x1000 * number, hex(asid)
        assert len(memory.log) == 3 * len(asids), "the second time all are known"

    run(testbench, itlb_entries=32, dtlb_entries=32)


def test_every_bit_of_a_fence_of_an_asid():
    async def testbench(ctx, dut, memory, tables):
        pairs = [(0, 1 << bit) for bit in range(16)]
        for asid, other in pairs + [pair[::-1] for pair in pairs]:
            slot = tables.map(VA, 0x8700_0000, DATA)
            request = Request(VA, asid=asid)
            await fence(ctx, dut)
            await translate(ctx, dut, request)
            memory.words[slot] = 0
            await fence(ctx, dut, asid=other)
            assert (await translate(ctx, dut, request)).kind == "ok", f"{other:#x} for {asid:#x}"
            await fence(ctx, dut, asid=asid)
            assert (await translate(ctx, dut, request)).kind == "page", hex(asid)

    run(testbench)


def test_every_bit_of_the_root():
    """Tables outside RAM are refused; others within are empty."""

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, 0x8700_0000, DATA)
        for bit in range(44):
            assert (await translate(ctx, dut, Request(VA))).kind == "ok"
            root = tables.root ^ 1 << bit
            kind = "page" if 0x80000 <= root < 0x88000 else "access"
            assert (await translate(ctx, dut, Request(VA, asid=1, root=root))).kind == kind, bit

    run(testbench)


def test_every_bit_of_an_identifier_is_on_the_bus():
    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, 0x8700_0000, V | R | W)
        for access, ask in (("FETCH", translate), ("LOAD", translate), ("STORE", update)):
            for id in (0x5555_5555, 0xAAAA_AAAA, ONES):
                await fence(ctx, dut)
                memory.log.clear()
                await ask(ctx, dut, Request(VA, access, adue=True), id=id)
                assert memory.log, access
                assert {request.id for request in memory.log} == {id}, access

    run(testbench)


@pytest.mark.parametrize("base", [0x8000_0000, 1 << 55, (1 << 56) - (1 << 20)], ids=hex)
def test_tables_anywhere_in_the_physical_address_space(base):
    """With a bus that is not ready at once, so that each address is kept for some cycles."""
    pma = Pma(ram_base=base, ram_size=1 << 20)
    dut, memory = Mmu(pma=pma), Memory()
    tables = Tables(memory, root=base >> 12, first=(base >> 12) + 1)
    tables.map(VA, base + 0x8000, V | R | W)
    turns = cycle((0, 0, 1))

    async def testbench(ctx):
        request = Request(VA, "STORE", root=base >> 12, adue=1)
        assert (await translate(ctx, dut, request)).kind == "update"
        assert (await update(ctx, dut, request))[0] is Fault.NONE
        assert (await translate(ctx, dut, request)).pa == base + 0x8000

    def is_ram(address):
        return base <= address < base + pma.ram_size

    bus = serve(dut.port, memory, ready=lambda: next(turns), is_ram=is_ram)
    simulate(dut, testbench, background=[bus])
