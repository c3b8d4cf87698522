"""The timer of S-mode: its verdict comes a cycle later, and whoever writes `stimecmp` is told."""

import random

from hdl.priv.timer import SupervisorTimer
from tests.rigs import shared
from tests.support import simulate

EDGES = (0, 1, 41, 42, 43, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


def test_whether_the_time_has_come_is_known_a_cycle_later():
    dut, rng = shared(SupervisorTimer), random.Random(5)
    pairs = [(now, compared) for now in EDGES for compared in EDGES]
    pairs += [(rng.getrandbits(64), rng.getrandbits(64)) for _ in range(100)]
    rng.shuffle(pairs)

    async def testbench(ctx):
        for now, compared in pairs:
            before = ctx.get(dut.due)
            ctx.set(dut.now, now)
            ctx.set(dut.compared, compared)
            assert ctx.get(dut.due) == before
            await ctx.tick()
            # Numbers without a sign, of 64 bits.
            assert ctx.get(dut.due) == (now >= compared), f"{now:#x} {compared:#x}"

    simulate(dut, testbench)


def test_it_settles_in_the_cycle_behind_a_write():
    dut = shared(SupervisorTimer)

    async def testbench(ctx):
        for writes, settles in ((0, 0), (1, 1), (1, 1), (0, 0), (0, 0)):
            ctx.set(dut.writes, writes)
            await ctx.tick()
            assert ctx.get(dut.settles) == settles

    simulate(dut, testbench)
