"""The second half of an AMO by itself: which response and which acceptance it waits for."""

import pytest

from hdl.memory.port import Source
from hdl.pipeline.amo import AmoState, AmoUnit
from hdl.units.atomic import AmoOp
from hdl.units.decoder import Unit
from tests.support import member, simulate

PA = 0x8020_0014
#: An `amoadd.w` of 1 to the upper half of its word.
ADD = {
    "unit": Unit.AMO,
    "insn": AmoOp.ADD << 27,
    "funct3": 2,
    "data__va": 0x4014,
    "pa": PA,
    "rs2_data": 1,
    "id": 3,
}


def run(testbench):
    dut = AmoUnit()

    async def bound(ctx):
        for name, value in ADD.items():
            ctx.set(member(dut.executed, name), value)
        await testbench(ctx, dut)

    simulate(dut, bound)


def respond(ctx, dut, valid=1, value=0, error=0):
    ctx.set(dut.response.valid, valid)
    ctx.set(dut.value, value)
    ctx.set(dut.response.error, error)


async def read(ctx, dut, value=0):
    """The response of the read comes."""
    ctx.set(dut.valid, 1)
    respond(ctx, dut, value=value)
    await ctx.tick()
    respond(ctx, dut, valid=0)


def test_the_value_that_was_read_is_added_to_and_written():
    async def testbench(ctx, dut):
        await read(ctx, dut, 41)
        assert (ctx.get(dut.loaded), ctx.get(dut.stored)) == (41, 42)
        request = dut.request
        names = ("valid", "address", "write", "size", "strobe", "source", "lock", "id")
        got = tuple(ctx.get(getattr(request, name)) for name in names)
        assert got == (1, PA, 1, 2, 0xF0, Source.DATA, 0, 3)
        assert ctx.get(request.data) >> 32 == 42

    run(testbench)


@pytest.mark.parametrize("delay", [0, 1, 5])
def test_each_state_waits_for_its_own_event(delay):
    async def testbench(ctx, dut):
        async def stays(state, offered, last):
            for _ in range(delay + 1):
                got = tuple(map(ctx.get, (dut.state, dut.request.valid, dut.last)))
                assert got == (state, offered, last)
                await ctx.tick()

        ctx.set(dut.valid, 1)
        ctx.set(dut.request.ready, 1)
        await stays(AmoState.READ, 0, 0)
        await read(ctx, dut)
        ctx.set(dut.request.ready, 0)
        respond(ctx, dut)
        await stays(AmoState.OFFER, 1, 0)
        respond(ctx, dut, valid=0)
        ctx.set(dut.request.ready, 1)
        await ctx.tick()
        await stays(AmoState.WRITE, 0, 1)
        respond(ctx, dut)
        await ctx.tick()
        assert ctx.get(dut.state) == AmoState.READ

    run(testbench)


def test_what_is_read_later_does_not_change_what_is_written():
    async def testbench(ctx, dut):
        await read(ctx, dut, 7)
        respond(ctx, dut, value=9)
        await ctx.tick()
        assert (ctx.get(dut.loaded), ctx.get(dut.stored)) == (7, 8)

    run(testbench)


def test_a_read_that_is_refused_has_no_second_half():
    async def testbench(ctx, dut):
        ctx.set(dut.valid, 1)
        respond(ctx, dut, error=1)
        assert ctx.get(dut.last)
        await ctx.tick()
        respond(ctx, dut, valid=0)
        assert (ctx.get(dut.state), ctx.get(dut.request.valid)) == (AmoState.READ, 0)

    run(testbench)


def test_the_response_of_another_instruction_begins_nothing():
    async def testbench(ctx, dut):
        respond(ctx, dut, value=5)
        await ctx.tick()
        assert (ctx.get(dut.state), ctx.get(dut.loaded)) == (AmoState.READ, 0)

    run(testbench)
