"""Wishbone: a request is a cycle of the bus, and locked ones keep it."""

import random

import pytest

from hdl.bus.wishbone import WishboneAdapter
from tests.hdl.bus.support import Ram, classic_target, compare, pipelined_target
from tests.support import issue, simulate, transact

BOTH = pytest.mark.parametrize("pipelined", [False, True], ids=["classic", "pipelined"])
RAM = 0x8000_0000


def run(testbench, pipelined, *, ram=None, latency=lambda: 1, stall=lambda: 0, background=()):
    """Simulates `testbench(ctx, dut, ram)` with an adapter in front of a `Ram`."""
    dut, ram = WishboneAdapter(pipelined=pipelined), ram or Ram()

    async def bench(ctx):
        await testbench(ctx, dut, ram)

    if pipelined:
        target = pipelined_target(dut.bus, ram, latency=latency, stall=stall)
    else:
        target = classic_target(dut.bus, ram, latency=latency)
    simulate(dut, bench, background=[target, *(make(dut) for make in background)])


@BOTH
@pytest.mark.parametrize("seed", range(3))
def test_memory_is_as_if_it_were_asked_itself(pipelined, seed):
    """Reads and writes of all sizes, some refused, with any delays."""
    rng = random.Random(seed)
    ram = Ram()
    ram.refused = {RAM + 8, RAM + 24}

    async def testbench(ctx, dut, ram):
        await compare(ctx, dut.port, ram, rng, count=150, locks=True)
        locked = [transfer.locked for transfer in ram.log]
        assert 0 < sum(locked) < len(locked)

    run(
        testbench,
        pipelined,
        ram=ram,
        latency=lambda: rng.randrange(1, 5),
        stall=lambda: rng.random() < 0.4,
    )


@BOTH
def test_a_request_takes_one_cycle_more_than_the_target(pipelined):
    """And the next one follows at once."""

    async def testbench(ctx, dut, ram):
        for _ in range(3):
            await transact(ctx, dut.port, address=RAM, size=3)
        assert [transfer.cycle for transfer in ram.log] == [1, 4, 7]
        # Offered in the cycle of the response, as a walk does.
        del ram.log[:]
        ctx.set(dut.port.request.valid, 1)
        await ctx.tick().repeat(7)
        assert [transfer.cycle for transfer in ram.log] == [10, 12, 14]

    run(testbench, pipelined)


@BOTH
@pytest.mark.parametrize(
    "size, address, sel",
    [(0, 5, 0x20), (1, 6, 0xC0), (2, 4, 0xF0), (2, 0, 0x0F), (3, 0, 0xFF), (0, 0, 0x01)],
)
def test_reads_select_their_bytes(pipelined, size, address, sel):
    dut = WishboneAdapter(pipelined=pipelined)

    async def testbench(ctx):
        await issue(ctx, dut.port, address=RAM + address, size=size)
        assert (ctx.get(dut.bus.sel), ctx.get(dut.bus.adr)) == (sel, RAM >> 3)
        assert (ctx.get(dut.bus.we), ctx.get(dut.bus.lock)) == (0, 0)

    simulate(dut, testbench)


class Watch:
    """Writes down `cyc` and `lock` of each cycle."""

    def __init__(self):
        self.seen = []

    def __call__(self, dut):
        async def bench(ctx):
            while True:
                _, _, cyc, lock = await ctx.tick().sample(dut.bus.cyc, dut.bus.lock)
                self.seen.append((cyc, lock))

        return bench


@BOTH
def test_nobody_comes_between_a_locked_read_and_its_write(pipelined):
    """However long the initiator thinks."""
    watch = Watch()

    async def testbench(ctx, dut, ram):
        await transact(ctx, dut.port, address=RAM, size=3, lock=1)
        for _ in range(5):
            await ctx.tick()
        await transact(ctx, dut.port, address=RAM, size=3, lock=0, write=1, strobe=0xFF, data=7)
        await ctx.tick().repeat(2)
        assert [transfer.locked for transfer in ram.log] == [1, 1]
        held = watch.seen[ram.log[0].cycle : ram.log[1].cycle + 2]
        assert set(held) == {(1, 1)}
        assert len(held) == 10
        assert watch.seen[ram.log[1].cycle + 2 :][0] == (0, 0)

    run(testbench, pipelined, background=[watch])


@BOTH
def test_an_error_ends_the_lock(pipelined):
    ram = Ram()
    ram.refused = {RAM}

    async def testbench(ctx, dut, ram):
        assert (await transact(ctx, dut.port, address=RAM, size=3, lock=1))[1] == 1
        assert (ctx.get(dut.bus.cyc), ctx.get(dut.bus.lock)) == (0, 0)
        await transact(ctx, dut.port, address=RAM + 8, size=3, lock=0)
        assert [transfer.locked for transfer in ram.log] == [1, 0]

    run(testbench, pipelined, ram=ram)


def test_a_target_that_stalls_until_it_is_done_is_understood():
    """A classic target on a pipelined bus: `stall` is `~ack`."""
    dut = WishboneAdapter(pipelined=True)

    async def target(ctx):
        bus, ram = dut.bus, Ram()
        ram.words[RAM] = 99
        ctx.set(bus.stall, 1)
        while True:
            _, _, stb, adr = await ctx.tick().sample(bus.stb, bus.adr)
            done = stb and not ctx.get(bus.ack)
            ctx.set(bus.ack, done)
            ctx.set(bus.stall, not done)
            ctx.set(bus.dat_r, ram.words.get(adr << 3, 0))

    async def testbench(ctx):
        for address, wanted in ((RAM, 99), (RAM + 8, 0), (RAM, 99)):
            assert await transact(ctx, dut.port, address=address, size=3) == [wanted, 0]

    simulate(dut, testbench, background=[target])
