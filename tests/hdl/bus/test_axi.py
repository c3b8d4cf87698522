"""AXI4-Lite: a request is a transaction, and a locked one is refused."""

import random

import pytest

from hdl.bus.axi import AxiLiteAdapter
from hdl.memory.port import Source
from tests.hdl.bus.support import Ram, axi_target, compare
from tests.support import issue, simulate, transact

RAM = 0x8000_0000


def run(testbench, *, alone=False, ram=None, latency=lambda: 1, ready=lambda: 1, prots=None):
    """Simulates `testbench(ctx, dut, ram)` with an adapter in front of a `Ram`."""
    dut, ram = AxiLiteAdapter(alone=alone), ram or Ram()

    async def bench(ctx):
        await testbench(ctx, dut, ram)

    target = axi_target(dut.bus, ram, latency=latency, ready=ready, prots=prots)
    simulate(dut, bench, background=[target])


@pytest.mark.parametrize("seed", range(4))
def test_memory_is_as_if_it_were_asked_itself(seed):
    """Reads and writes of all sizes, some refused, with any delays on each channel."""
    rng = random.Random(seed)
    ram, alone = Ram(), seed % 2 == 1
    ram.refused = {RAM + 8, RAM + 24}

    async def testbench(ctx, dut, ram):
        await compare(ctx, dut.port, ram, rng, count=150, locks=alone)

    run(
        testbench,
        alone=alone,
        ram=ram,
        latency=lambda: rng.randrange(1, 5),
        ready=lambda: rng.random() < 0.5,
    )


def test_a_request_takes_one_cycle_more_than_the_target():
    async def testbench(ctx, dut, ram):
        request = dut.port.request
        ctx.set(request.address, RAM)
        ctx.set(request.valid, 1)
        for write in (0, 1):
            await ctx.tick()
            del ram.log[:]
            start = ctx.get(dut.bus.arvalid)
            ctx.set(request.write, write)
            for _ in range(6):
                await ctx.tick()
            first, second, *_ = (transfer.cycle for transfer in ram.log)
            assert (second - first, start in (0, 1)) == (2, True)

    run(testbench)


def test_an_error_of_either_kind_is_one():
    dut = AxiLiteAdapter()

    async def testbench(ctx):
        bus = dut.bus
        for write, resp in ((0, 2), (0, 3), (1, 2), (1, 3), (0, 0), (1, 0)):
            for ready in (bus.arready, bus.awready, bus.wready):
                ctx.set(ready, 1)
            await issue(ctx, dut.port, address=RAM, size=3, write=write)
            await ctx.tick()
            ctx.set(bus.bvalid if write else bus.rvalid, 1)
            ctx.set(bus.bresp, resp if write else 3 - resp)
            ctx.set(bus.rresp, 3 - resp if write else resp)
            assert ctx.get(dut.port.response.valid) == 1
            assert ctx.get(dut.port.response.error) == (resp >= 2)
            await ctx.tick()
            ctx.set(bus.bvalid, 0)
            ctx.set(bus.rvalid, 0)

    simulate(dut, testbench)


def test_protection_says_what_asks():
    prots = []

    async def testbench(ctx, dut, ram):
        for source in Source:
            for write in (0, 1):
                await transact(ctx, dut.port, address=RAM, size=3, write=write, source=source)
        assert prots == [0b100, 0b100, 0, 0, 0b001, 0b001]

    run(testbench, prots=prots)


def test_a_locked_request_is_refused_and_the_bus_does_not_see_it():
    async def testbench(ctx, dut, ram):
        await issue(ctx, dut.port, address=RAM, size=3, lock=1)
        bus, response = dut.bus, dut.port.response
        assert not ctx.get(bus.arvalid | bus.awvalid | bus.wvalid | bus.rready | bus.bready)
        assert (ctx.get(response.valid), ctx.get(response.error)) == (1, 1)
        await ctx.tick()
        assert ctx.get(response.valid) == 0
        assert await transact(ctx, dut.port, address=RAM, size=3, lock=0) == [0, 0]
        assert len(ram.log) == 1

    run(testbench)


def test_a_locked_request_of_who_is_alone_is_one_as_others():
    async def testbench(ctx, dut, ram):
        ram.words[RAM] = 5
        assert await transact(ctx, dut.port, address=RAM, size=3, lock=1) == [5, 0]

    run(testbench, alone=True)
