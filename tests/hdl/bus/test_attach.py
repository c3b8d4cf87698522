"""The MMU and the hart on other buses: as on their own ports, and in how many cycles."""

import random
from itertools import cycle

import pytest
from amaranth.hdl import Elaboratable, Module
from amaranth.lib.memory import Memory as AmaranthMemory
from amaranth.lib.memory import MemoryData

from hdl.bus.attach import OnBus
from hdl.bus.axi import AxiLiteAdapter, AxiLiteSignature
from hdl.bus.wishbone import WishboneAdapter, WishboneSignature
from hdl.hart import Hart
from hdl.memory.port import MemoryPort
from hdl.mmu.mmu import Mmu
from hdl.mmu.vocabulary import Fault
from tests.hdl.bus.support import axi_target, classic_target, pipelined_target
from tests.hdl.mmu.support import (
    CODE,
    DATA,
    Memory,
    R,
    Tables,
    U,
    V,
    W,
    agree,
    fence,
    translate,
    update,
)
from tests.support import simulate
from tests.verify.golden import sv39 as golden
from tests.verify.golden.sv39 import ACCESSES, Request

BUSES = {
    "wishbone": (WishboneAdapter, classic_target),
    "wishbone-pipelined": (lambda: WishboneAdapter(pipelined=True), pipelined_target),
    "axi4-lite-alone": (lambda: AxiLiteAdapter(alone=True), axi_target),
}
VA = 0x12_3456_7000


def run(name, testbench, *, adapter=None, **delays):
    """Simulates `testbench(ctx, dut, memory, tables)` with an MMU on bus `name`."""
    made, target = BUSES[name]
    dut, memory = OnBus(Mmu(), adapter or made), Memory()

    async def bench(ctx):
        await testbench(ctx, dut, memory, Tables(memory))

    simulate(dut, bench, background=[target(dut.port, memory, **delays)], max_cycles=100_000)


def test_other_members_are_those_of_the_part():
    for part, ports in ((Mmu(), {"port"}), (Hart(), {"fetch_port", "data_port"})):
        dut = OnBus(part, WishboneAdapter)
        own, others = part.signature.members, dut.signature.members
        assert list(own) == list(others)
        for name in own:
            if name in ports:
                assert isinstance(own[name].signature, MemoryPort)
                assert isinstance(others[name].signature, WishboneSignature)
            else:
                assert others[name] == own[name]
    bus = OnBus(Mmu(), AxiLiteAdapter).signature.members["port"].signature
    assert isinstance(bus, AxiLiteSignature)


@pytest.mark.parametrize("name", BUSES)
def test_what_a_walk_and_an_update_take(name):
    """A cycle more for each request than on the memory port, where they take 4, 2 and 8."""

    async def testbench(ctx, dut, memory, tables):
        tables.map(VA, 0x8123_4000, DATA)
        request = Request(VA, "LOAD")
        assert (await translate(ctx, dut, request)).cycle == 4 + 3
        assert (await translate(ctx, dut, request)).cycle == 0
        tables.map(VA + 4096, 0x8123_5000, DATA)
        assert (await translate(ctx, dut, Request(VA + 4096, "LOAD"))).cycle == 2 + 1
        slot = tables.map(VA + 8192, 0x8123_6000, V | R | W)
        store = Request(VA + 8192, "STORE", adue=1)
        assert (await translate(ctx, dut, store)).kind == "update"
        assert await update(ctx, dut, store) == (Fault.NONE, 8 + 5)
        assert memory.words[slot] & 0xC0 == 0xC0

    run(name, testbench)


class InstantRam(Elaboratable):
    """Words from 0x8000_0000 on, on a bus of Wishbone that has its answer in the cycle of `stb`."""

    def __init__(self, bus, words):
        self.bus = bus
        self.memory = MemoryData(shape=64, depth=len(words), init=words)

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = memory = AmaranthMemory(self.memory)
        read = memory.read_port(domain="comb")
        m.d.comb += [
            read.addr.eq(self.bus.adr),
            self.bus.dat_r.eq(read.data),
            self.bus.ack.eq(self.bus.cyc & self.bus.stb),
        ]
        return m


@pytest.mark.parametrize("pipelined", [False, True])
def test_a_target_that_answers_at_once_makes_up_for_the_adapter(pipelined):
    memory = Memory()
    tables = Tables(memory, first=0x80001)
    tables.map(VA, 0x8123_4000, DATA)
    tables.map(VA + 4096, 0x8123_5000, DATA)
    m = Module()
    m.submodules.dut = dut = OnBus(Mmu(), lambda: WishboneAdapter(pipelined=pipelined))
    words = [memory.words.get(0x8000_0000 + 8 * n, 0) for n in range(2048)]
    m.submodules.ram = InstantRam(dut.port, words)

    async def testbench(ctx):
        assert (await translate(ctx, dut, Request(VA, "LOAD"))).cycle == 4
        assert (await translate(ctx, dut, Request(VA + 4096, "LOAD"))).cycle == 2

    simulate(m, testbench)


@pytest.mark.parametrize("name", BUSES)
def test_translations_are_those_of_the_specification(name):
    """With any delays, and errors of the bus, which are access faults."""
    rng = random.Random(name)
    pages = [0x1000 * n for n in (*range(6), *range(512, 516))]
    delays = {"latency": lambda: rng.randrange(1, 4)}
    if name != "wishbone":
        delays["stall" if "pipelined" in name else "ready"] = lambda: rng.random() < 0.5

    async def testbench(ctx, dut, memory, tables):
        kinds = set()
        flags = cycle((DATA, CODE, DATA | U, V | R | W, 0))
        slots = [tables.map(va, 0x8123_4000 + va, next(flags)) for va in pages]
        memory.refused = {rng.choice(slots)}
        for _ in range(100):
            va = rng.choice(pages) | rng.getrandbits(9) << 3
            adue = rng.getrandbits(1)
            request = Request(va, rng.choice(tuple(ACCESSES)), rng.choice("US"), adue=adue)
            response = golden.respond(request, memory.read)
            result = await translate(ctx, dut, request)
            assert agree(result, response), request
            kinds.add(result.kind)
            if result.kind == "update":
                assert (await update(ctx, dut, request))[0] is Fault.NONE
            if rng.random() < 0.2:
                memory.refused = {rng.choice(slots)}
                await fence(ctx, dut)
        assert kinds == {"ok", "page", "access", "update"}

    run(name, testbench, **delays)


def test_an_update_on_a_bus_without_locks_is_an_access_fault():
    """And memory is as it was; without Svadu nothing is locked, and nothing is lost."""

    async def testbench(ctx, dut, memory, tables):
        slot = tables.map(VA, 0x8123_4000, V | R | W)
        before = memory.words[slot]
        store = Request(VA, "STORE", adue=1)
        assert (await translate(ctx, dut, store)).kind == "update"
        assert (await update(ctx, dut, store))[0] is Fault.ACCESS
        assert memory.words[slot] == before
        assert (await translate(ctx, dut, Request(VA, "STORE"))).kind == "page"

    run("axi4-lite-alone", testbench, adapter=AxiLiteAdapter)
