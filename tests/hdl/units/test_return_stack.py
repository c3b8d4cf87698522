"""The return stack against a list that goes round."""

import random

from hdl.units.btb import TARGET_BITS
from hdl.units.return_stack import ENTRIES, ReturnStack
from tests.support import simulate


async def act(ctx, dut, *, push=0, pop=0, address=0):
    for name, value in (("push", push), ("pop", pop), ("address", address)):
        ctx.set(getattr(dut, name), value)
    await ctx.tick()
    for name in ("push", "pop"):
        ctx.set(getattr(dut, name), 0)


async def repair(ctx, dut, depth, *, calls=0, address=0):
    ctx.set(dut.repair, 1)
    for name, value in (("depth", depth), ("calls", calls), ("address", address)):
        ctx.set(getattr(dut.repaired, name), value)
    await ctx.tick()
    ctx.set(dut.repair, 0)


def test_returns_lead_back_to_the_calls_in_reverse():
    dut = ReturnStack()

    async def testbench(ctx):
        for number in range(ENTRIES):
            await act(ctx, dut, push=1, address=0x100 + 2 * number)
        for number in reversed(range(ENTRIES)):
            assert ctx.get(dut.top) == 0x100 + 2 * number
            await act(ctx, dut, pop=1)

    simulate(dut, testbench)


def test_a_repair_forgets_what_was_foreseen():
    dut = ReturnStack()

    async def testbench(ctx):
        await act(ctx, dut, push=1, address=0x10)
        await act(ctx, dut, push=1, address=0x20)
        await act(ctx, dut, pop=1)
        await act(ctx, dut, pop=1)
        await repair(ctx, dut, 2)
        assert ctx.get(dut.top) == 0x20
        await repair(ctx, dut, 3, calls=1, address=0x30)
        assert ctx.get(dut.top) == 0x30
        await act(ctx, dut, pop=1)
        assert ctx.get(dut.top) == 0x20

    simulate(dut, testbench)


def test_a_repair_goes_before_a_prediction():
    dut = ReturnStack()

    async def testbench(ctx):
        await act(ctx, dut, push=1, address=0x10)
        ctx.set(dut.push, 1)
        ctx.set(dut.address, 0x20)
        await repair(ctx, dut, 1)
        assert ctx.get(dut.top) == 0x10

    simulate(dut, testbench)


def test_random_calls_and_returns():
    dut, rng = ReturnStack(), random.Random(1)
    stack, depth = [0] * ENTRIES, 0

    async def testbench(ctx):
        nonlocal depth
        for _ in range(400):
            kind, address = rng.randrange(4), 2 * rng.getrandbits(TARGET_BITS - 1)
            if kind == 0:
                depth = rng.randrange(ENTRIES)
                calls = rng.getrandbits(1)
                await repair(ctx, dut, depth, calls=calls, address=address)
            else:
                calls = kind == 1
                depth = (depth + (1 if calls else -1)) % ENTRIES
                await act(ctx, dut, push=int(calls), pop=int(not calls), address=address)
            if calls:
                stack[depth] = address
            assert ctx.get(dut.top) == stack[depth]

    simulate(dut, testbench)
