"""The decode stage: where operands come from, and when it waits for them."""

import random

import pytest

from hdl.mmu.vocabulary import Fault
from hdl.pipeline.decode import Decode
from hdl.units.btb import TARGET_BITS
from hdl.units.decoder import Unit
from tests.rigs import shared
from tests.support import member, simulate


def add(rd, rs1, rs2):
    return rs2 << 20 | rs1 << 15 | rd << 7 | 0x33


def lui(rd, imm20):
    return imm20 << 12 | rd << 7 | 0x37


async def put(ctx, dut, insn, **fields):
    """Hands over an instruction, which is decoded from the next cycle on."""
    for name, value in {"insn": insn, "raw": insn, **fields}.items():
        ctx.set(member(dut.fetched, name), value)
    ctx.set(dut.fetched_valid, 1)
    assert ctx.get(dut.take)
    await ctx.tick()
    ctx.set(dut.fetched_valid, 0)


async def write_register(ctx, dut, rd, value):
    ctx.set(dut.rd, rd)
    ctx.set(dut.wdata, value)
    ctx.set(dut.wen, 1)
    await ctx.tick()
    ctx.set(dut.wen, 0)


def forward(ctx, port, rd, data=0, known=1):
    ctx.set(port.rd, rd)
    ctx.set(port.data, data)
    ctx.set(port.known, known)
    if "early" in port.signature.members:
        ctx.set(port.early, data)


def operands(ctx, dut):
    return ctx.get(dut.decoded.rs1_data), ctx.get(dut.decoded.rs2_data)


def test_reads_registers():
    dut = shared(Decode)

    async def testbench(ctx):
        await write_register(ctx, dut, 1, 111)
        await write_register(ctx, dut, 2, 222)
        await put(ctx, dut, add(3, 1, 2))
        assert ctx.get(dut.valid)
        assert operands(ctx, dut) == (111, 222)
        assert ctx.get(dut.decoded.control.rd) == 3
        assert ctx.get(dut.decoded.control.unit) == Unit.ALU

    simulate(dut, testbench)


def test_the_youngest_older_result_counts():
    dut = shared(Decode)

    async def testbench(ctx):
        await write_register(ctx, dut, 1, 10)
        await put(ctx, dut, add(3, 1, 1))
        assert operands(ctx, dut) == (10, 10)
        forward(ctx, dut.from_trap, 1, 20)
        assert operands(ctx, dut) == (20, 20)
        forward(ctx, dut.from_execute, 1, 30)
        assert operands(ctx, dut) == (30, 30)
        forward(ctx, dut.from_execute, 2, 40)
        assert operands(ctx, dut) == (20, 20)
        assert ctx.get(dut.valid)

    simulate(dut, testbench)


def forward_sum(ctx, dut, rd, a, b):
    """The execute stage adds two numbers."""
    forward(ctx, dut.from_execute, rd, (a + b) % 2**64)
    for name, value in {"is_sum": 1, "a": a, "b": b}.items():
        ctx.set(getattr(dut.from_execute, name), value)


@pytest.mark.parametrize(
    "insn, from_register, from_trap, from_sum",
    [
        (0xFF80_B103, 0x122C, 0x1_FFFF_FFF8, 0x2_0000_0000),  # ld x2, -8(x1)
        (0x0020_B823, 0x1244, 0x2_0000_0010, 0x2_0000_0018),  # sd x2, 16(x1)
        (0x1000_A12F, 0x1234, 0x2_0000_0000, 0x2_0000_0008),  # lr.w x2, (x1)
        (0x0040_8067, 0x1238, 0x2_0000_0004, 0x2_0000_000C),  # jalr x0, 4(x1)
        (0xFE10_8EE3, 0x8000_0FFC, 0x8000_0FFC, 0x8000_0FFC),  # beq x1, x1, -4
        (0x0080_006F, 0x8000_1008, 0x8000_1008, 0x8000_1008),  # jal x0, 8
    ],
)
def test_the_address_is_that_of_the_access_or_of_the_jump(insn, from_register, from_trap, from_sum):
    """Of rs1, also if that is forwarded; of pc for branches and jal."""
    dut = shared(Decode)

    async def testbench(ctx):
        await write_register(ctx, dut, 1, 0x1234)
        await put(ctx, dut, insn, pc=0x8000_1000)
        assert ctx.get(dut.decoded.address) == from_register
        forward(ctx, dut.from_trap, 1, 0x2_0000_0000)
        assert ctx.get(dut.decoded.address) == from_trap
        forward_sum(ctx, dut, 1, 0x2_0000_0108, 2**64 - 0x100)
        assert ctx.get(dut.decoded.address) == from_sum
        assert ctx.get(dut.valid)

    simulate(dut, testbench)


@pytest.mark.parametrize("a", [0, 1, 0x7FFF_FFFF_FFFF_FFFF, 2**64 - 1])
@pytest.mark.parametrize("b", [0, 1, 0x8000_0000_0000_0000, 2**64 - 1])
def test_three_numbers_make_an_address_behind_a_sum(a, b):
    dut = shared(Decode)

    async def testbench(ctx):
        for imm in (0, 1, 0x7FF, 0x800, 0xFFF):
            await put(ctx, dut, imm << 20 | 0xB103)  # ld x2, imm(x1)
            forward_sum(ctx, dut, 1, a, b)
            signed = imm - (imm >> 11 << 12)
            assert ctx.get(dut.decoded.address) == (a + b + signed) % 2**64
            ctx.set(dut.ready, 1)

    simulate(dut, testbench)


@pytest.mark.parametrize(
    "insn, waits",
    [
        (0xFF80_B103, 1),  # ld x2, -8(x1)
        (0x0020_B823, 1),  # sd x2, 16(x1)
        (0x0011_B823, 0),  # sd x1, 16(x3)
        (0x0040_8067, 1),  # jalr x0, 4(x1)
        (0xFE10_8EE3, 0),  # beq x1, x1, -4
        (0x0010_8133, 0),  # add x2, x1, x1
    ],
)
def test_an_address_waits_for_a_result_that_is_no_sum(insn, waits):
    """For a cycle: then it comes from the trap stage. The value of a store need not wait."""
    dut = shared(Decode)

    async def testbench(ctx):
        await put(ctx, dut, insn)
        ctx.set(dut.ready, 1)
        forward(ctx, dut.from_execute, 1, 0x2_0000_0000)
        assert ctx.get(dut.valid) == ctx.get(dut.take) == 1 - waits
        if waits:
            await ctx.tick()
            forward(ctx, dut.from_execute, 0)
            forward(ctx, dut.from_trap, 1, 0x2_0000_0000)
            assert ctx.get(dut.valid)
            assert ctx.get(dut.decoded.address) >> 8 in (0x1_FFFF_FF, 0x2_0000_00)

    simulate(dut, testbench)


def test_an_address_waits_for_what_a_csr_held():
    """Until it is in the register; what else works with it does not."""
    dut = shared(Decode)

    async def testbench(ctx):
        for insn, waits in ((0xFF80_B103, 1), (0x0011_B823, 0), (0x0010_8133, 0)):
            ctx.set(dut.ready, 1)
            await put(ctx, dut, insn)
            forward(ctx, dut.from_trap, 1, 0x2_0000_0000)
            ctx.set(dut.from_trap.late, 1)
            ctx.set(dut.from_trap.early, 0)
            assert ctx.get(dut.valid) == 1 - waits
            ctx.set(dut.from_trap.late, 0)
            forward(ctx, dut.from_trap, 0)

    simulate(dut, testbench)


def test_x0_is_never_forwarded():
    dut = shared(Decode)

    async def testbench(ctx):
        await put(ctx, dut, add(3, 0, 0))
        for port in (dut.from_execute, dut.from_trap):
            forward(ctx, port, 0, 0xDEAD, known=0)
        assert operands(ctx, dut) == (0, 0)
        assert ctx.get(dut.valid)

    simulate(dut, testbench)


def test_waits_for_a_load_in_either_stage():
    dut = shared(Decode)

    async def testbench(ctx):
        await put(ctx, dut, add(3, 1, 2))
        ctx.set(dut.ready, 1)
        # In the execute stage a load's result is not known, in the trap stage when it arrives.
        forward(ctx, dut.from_execute, 1, known=0)
        assert not ctx.get(dut.valid)
        assert not ctx.get(dut.take)
        await ctx.tick()
        forward(ctx, dut.from_execute, 0)
        forward(ctx, dut.from_trap, 1, known=0)
        assert not ctx.get(dut.valid)
        await ctx.tick()
        forward(ctx, dut.from_trap, 1, 77)
        assert ctx.get(dut.valid)
        assert ctx.get(dut.take)
        assert operands(ctx, dut)[0] == 77

    simulate(dut, testbench)


def test_a_known_younger_result_hides_an_unknown_older_one():
    dut = shared(Decode)

    async def testbench(ctx):
        await put(ctx, dut, add(3, 1, 1))
        forward(ctx, dut.from_trap, 1, known=0)
        forward(ctx, dut.from_execute, 1, 5)
        assert ctx.get(dut.valid)
        assert operands(ctx, dut) == (5, 5)

    simulate(dut, testbench)


def test_does_not_wait_for_registers_it_does_not_read():
    dut = shared(Decode)

    async def testbench(ctx):
        # The fields of rs1 and rs2 hold 1 and 2, but lui has no operands.
        await put(ctx, dut, lui(3, 2 << 8 | 1 << 3))
        forward(ctx, dut.from_execute, 1, known=0)
        forward(ctx, dut.from_trap, 2, known=0)
        assert ctx.get(dut.valid)

    simulate(dut, testbench)


def test_a_waiting_instruction_sees_registers_written_meanwhile():
    dut = shared(Decode)

    async def testbench(ctx):
        await put(ctx, dut, add(3, 1, 2))
        forward(ctx, dut.from_trap, 1, 9)
        await write_register(ctx, dut, 1, 9)
        forward(ctx, dut.from_trap, 0)
        assert operands(ctx, dut)[0] == 9

    simulate(dut, testbench)


def test_keeps_the_instruction_until_it_is_taken():
    dut = shared(Decode)

    async def testbench(ctx):
        await put(ctx, dut, add(3, 1, 2), pc=0x1000)
        ctx.set(dut.fetched_valid, 1)
        ctx.set(dut.fetched.pc, 0x1004)
        ctx.set(dut.fetched.insn, lui(4, 1))
        for _ in range(3):
            assert not ctx.get(dut.take)
            await ctx.tick()
            assert ctx.get(dut.decoded.pc) == 0x1000
        ctx.set(dut.ready, 1)
        assert ctx.get(dut.take)
        await ctx.tick()
        assert ctx.get(dut.decoded.pc) == 0x1004
        assert ctx.get(dut.decoded.control.rd) == 4

    simulate(dut, testbench)


@pytest.mark.parametrize("waits", [0, 1])
def test_flush(waits):
    """A flushed instruction is gone, and so is one that comes in with the flush."""
    dut = shared(Decode)

    async def testbench(ctx):
        await put(ctx, dut, add(3, 1, 2))
        forward(ctx, dut.from_execute, 1, known=1 - waits)
        ctx.set(dut.fetched_valid, 1)
        ctx.set(dut.flush, 1)
        ctx.set(dut.ready, 1)
        await ctx.tick()
        ctx.set(dut.flush, 0)
        ctx.set(dut.fetched_valid, 0)
        assert not ctx.get(dut.valid)
        assert ctx.get(dut.take)

    simulate(dut, testbench)


def test_illegal_compressed_and_illegal_long_ones():
    dut = shared(Decode)

    async def testbench(ctx):
        ctx.set(dut.ready, 1)
        for insn, fields, illegal in (
            (add(3, 1, 2), {}, 0),
            (add(3, 1, 2), {"illegal": 1}, 1),
            (0xFFFF_FFFF, {}, 1),
        ):
            await put(ctx, dut, insn, **{"illegal": 0} | fields)
            assert ctx.get(dut.decoded.control.illegal) == illegal

    simulate(dut, testbench)


def test_hands_on_what_the_fetch_said():
    dut = shared(Decode)
    rng = random.Random(1)

    async def testbench(ctx):
        ctx.set(dut.ready, 1)
        for _ in range(20):
            fields = {"pc": rng.getrandbits(64), "target": rng.getrandbits(TARGET_BITS)}
            bits = ("compressed", "fetch__update", "fetch__second")
            bits += ("refetch", "known", "predicted", "strong")
            fields |= {name: rng.getrandbits(1) for name in bits}
            fields |= {"fetch__fault": rng.choice(list(Fault)), "id": rng.getrandbits(32)}
            await put(ctx, dut, add(1, 2, 3), **fields | {"raw": 0x4501})
            got = {name: ctx.get(member(dut.decoded, name)) for name in fields}
            assert got == fields
            # What an illegal instruction's xtval shows: the bits as fetched.
            assert ctx.get(dut.decoded.insn) == 0x4501

    simulate(dut, testbench)
