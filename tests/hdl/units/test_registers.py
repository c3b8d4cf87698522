"""The register file against a list of 32 integers."""

import random

from hdl.units.registers import RegisterFile
from tests.support import simulate


async def write(ctx, dut, rd, value, *, wen=1):
    for port, setting in ((dut.rd, rd), (dut.wdata, value), (dut.wen, wen)):
        ctx.set(port, setting)
    await ctx.tick()
    ctx.set(dut.wen, 0)


def test_random_writes():
    dut = RegisterFile()
    rng = random.Random(1)
    model = [0] * 32

    async def testbench(ctx):
        for _ in range(500):
            rd, value, wen = rng.randrange(32), rng.getrandbits(64), rng.randrange(4) > 0
            await write(ctx, dut, rd, value, wen=wen)
            if wen and rd != 0:
                model[rd] = value
            rs1, rs2 = rng.randrange(32), rng.randrange(32)
            ctx.set(dut.rs1, rs1)
            ctx.set(dut.rs2, rs2)
            assert (ctx.get(dut.rs1_data), ctx.get(dut.rs2_data)) == (model[rs1], model[rs2])

    simulate(dut, testbench)
    assert all(model[1:])


def test_a_write_shows_in_the_next_cycle():
    dut = RegisterFile()

    async def testbench(ctx):
        for port, value in ((dut.rs1, 5), (dut.rs2, 5), (dut.rd, 5), (dut.wdata, 7), (dut.wen, 1)):
            ctx.set(port, value)
        assert (ctx.get(dut.rs1_data), ctx.get(dut.rs2_data)) == (0, 0)
        await ctx.tick()
        assert (ctx.get(dut.rs1_data), ctx.get(dut.rs2_data)) == (7, 7)

    simulate(dut, testbench)


def test_x0_stays_zero():
    dut = RegisterFile()

    async def testbench(ctx):
        await write(ctx, dut, 0, 0xDEAD)
        assert ctx.get(dut.rs1_data) == 0
        assert ctx.get(dut.data[0]) == 0

    simulate(dut, testbench)


def test_rows_are_open_to_a_simulator():
    dut = RegisterFile()

    async def testbench(ctx):
        ctx.set(dut.data[10], 42)
        ctx.set(dut.rs2, 10)
        assert ctx.get(dut.rs2_data) == 42
        await write(ctx, dut, 11, 43)
        assert ctx.get(dut.data[11]) == 43

    simulate(dut, testbench)
