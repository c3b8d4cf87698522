"""The multiplier and divider against Python's integers, and their cycle counts."""

import random

import pytest

from hdl.units.muldiv import MulDiv, MulDivOp
from tests.rigs import shared
from tests.support import simulate

MASK = (1 << 64) - 1
MIN = 1 << 63
CORNERS = (
    0,
    1,
    2,
    0x1_FFFF,
    0x2_0000,
    -0x2_0000 & (1 << 64) - 1,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
    MIN,
    MASK >> 1,
    MASK,
)
WORD_OPS = (MulDivOp.MUL, MulDivOp.DIV, MulDivOp.DIVU, MulDivOp.REM, MulDivOp.REMU)


def signed(value, bits):
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value


def divide(a, b):
    """Quotient, rounded towards zero, and remainder, as the manual's table defines them."""
    if b == 0:
        return -1, a
    quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return quotient, a - quotient * b


def reference(op, a, b, bits=64):
    """The result, sign-extended from `bits` to 64."""
    unsigned_a, unsigned_b = a & (1 << bits) - 1, b & (1 << bits) - 1
    signed_a, signed_b = signed(a, bits), signed(b, bits)
    result = {
        MulDivOp.MUL: lambda: a * b,
        MulDivOp.MULH: lambda: signed_a * signed_b >> 64,
        MulDivOp.MULHSU: lambda: signed_a * unsigned_b >> 64,
        MulDivOp.MULHU: lambda: unsigned_a * unsigned_b >> 64,
        MulDivOp.DIV: lambda: divide(signed_a, signed_b)[0],
        MulDivOp.DIVU: lambda: divide(unsigned_a, unsigned_b)[0],
        MulDivOp.REM: lambda: divide(signed_a, signed_b)[1],
        MulDivOp.REMU: lambda: divide(unsigned_a, unsigned_b)[1],
    }[op]()
    return signed(result, bits) & MASK


async def compute(ctx, dut, op, a, b, *, word=0, max_cycles=100):
    """Presents an operation until `done`; returns the result and the cycles it took.

    `start` stays high, so that the next call follows at once: its first cycle shows the result.
    """
    for port, value in ((dut.op, op), (dut.word, word), (dut.a, a), (dut.b, b), (dut.start, 1)):
        ctx.set(port, value)
    ctx.set(dut.take, 1)
    for cycle in range(1, max_cycles + 1):
        _, _, done = await ctx.tick().sample(dut.done)
        if done:
            return ctx.get(dut.result), cycle
    raise TimeoutError(f"{op.name} {a:#x} {b:#x} not done in {max_cycles} cycles")


def random_pairs(seed, count):
    rng = random.Random(seed)
    lengths = [(rng.randint(1, 64), rng.randint(1, 64)) for _ in range(count)]
    return [(rng.getrandbits(m), signed(rng.getrandbits(n), n) & MASK) for m, n in lengths]


@pytest.mark.parametrize("op", MulDivOp, ids=lambda op: op.name)
def test_operation(op):
    dut = shared(MulDiv)
    pairs = [(a, b) for a in CORNERS for b in CORNERS] + random_pairs(seed=op, count=40)

    async def testbench(ctx):
        for word in (0, 1) if op in WORD_OPS else (0,):
            for a, b in pairs:
                result, _ = await compute(ctx, dut, op, a, b, word=word)
                expected = reference(op, a, b, bits=32 if word else 64)
                assert result == expected, f"{word=} {a=:#x} {b=:#x}"

    simulate(dut, testbench)


@pytest.mark.parametrize("mul_bits, div_bits", [(1, 1), (4, 4), (16, 2)])
def test_operation_with_other_parameters(mul_bits, div_bits):
    dut = shared(MulDiv, mul_bits=mul_bits, div_bits=div_bits)

    async def testbench(ctx):
        for op in MulDivOp:
            for a, b in [(MIN, MASK), (MASK, MASK), *random_pairs(seed=op, count=6)]:
                result, _ = await compute(ctx, dut, op, a, b)
                assert result == reference(op, a, b), f"{op.name} {a=:#x} {b=:#x}"

    simulate(dut, testbench)


@pytest.mark.parametrize(
    "op, a, b, result",
    [
        (MulDivOp.DIV, 7, 0, MASK),
        (MulDivOp.DIVU, 7, 0, MASK),
        (MulDivOp.REM, -7 & MASK, 0, -7 & MASK),
        (MulDivOp.REMU, 7, 0, 7),
        (MulDivOp.DIV, MIN, MASK, MIN),
        (MulDivOp.REM, MIN, MASK, 0),
        (MulDivOp.DIV, -7 & MASK, 2, -3 & MASK),
        (MulDivOp.REM, -7 & MASK, 2, -1 & MASK),
    ],
)
def test_rule_of_the_manual(op, a, b, result):
    """Table "Semantics for division by zero and division overflow", and rounding towards zero."""
    dut = shared(MulDiv)

    async def testbench(ctx):
        assert (await compute(ctx, dut, op, a, b))[0] == result

    simulate(dut, testbench)


@pytest.mark.parametrize(
    "op, a, b, cycles",
    [
        pytest.param(MulDivOp.MUL, MASK, 0, 1, id="mul-0"),
        pytest.param(MulDivOp.MUL, 0x1_FFFF, -0x2_0000 & MASK, 1, id="mul-small"),
        pytest.param(MulDivOp.MUL, 0x2_0000, 0xFFFF, 2, id="mul-1-digit"),
        pytest.param(MulDivOp.MUL, MIN, -0x1_0000 & MASK, 2, id="mul-1-digit-negative"),
        pytest.param(MulDivOp.MUL, 5, 0x2_0000, 3, id="mul-2-digits"),
        pytest.param(MulDivOp.MUL, MIN, -0x1_0001 & MASK, 3, id="mul-2-digits-negative"),
        pytest.param(MulDivOp.MULH, MASK, MIN, 5, id="mul-4-digits-negative"),
        pytest.param(MulDivOp.MULHU, MASK, MASK, 5, id="mul-4-digits"),
        pytest.param(MulDivOp.MULH, 5, 1, 5, id="upper-half"),
        pytest.param(MulDivOp.DIV, 5, 0, 2, id="div-by-0"),
        pytest.param(MulDivOp.DIVU, 0, 3, 4, id="div-of-0"),
        pytest.param(MulDivOp.DIV, -15 & MASK, 3, 8, id="div-4-bits"),
        pytest.param(MulDivOp.REMU, MASK, 3, 34, id="div-64-bits"),
        pytest.param(MulDivOp.DIVU, MIN, MASK, 34, id="div-by-more"),
    ],
)
def test_cycle_count(op, a, b, cycles):
    """The counts that the docstring of `MulDiv` promises."""
    dut = shared(MulDiv)

    async def testbench(ctx):
        assert (await compute(ctx, dut, op, a, b))[1] == cycles

    simulate(dut, testbench)


@pytest.mark.parametrize("op", [MulDivOp.MULHU, MulDivOp.REMU], ids=lambda op: op.name)
@pytest.mark.parametrize("signal", ["cancel", "start"])
def test_a_squashed_operation_leaves_nothing_behind(op, signal):
    dut = shared(MulDiv)

    async def squash(ctx, after):
        for port, value in ((dut.op, op), (dut.a, MASK), (dut.b, MASK - 1), (dut.start, 1)):
            ctx.set(port, value)
        for _ in range(after):
            await ctx.tick()
        ctx.set(getattr(dut, signal), signal == "cancel")
        await ctx.tick()
        ctx.set(dut.cancel, 0)

    async def testbench(ctx):
        for after in (0, 1, 2, 9):
            await squash(ctx, after)
            assert await compute(ctx, dut, MulDivOp.MUL, 6, 7) == (42, 1)
            assert await compute(ctx, dut, MulDivOp.DIVU, 15, 4) == (3, 8)

    simulate(dut, testbench)


@pytest.mark.parametrize(
    "op, a, b, result",
    [
        pytest.param(MulDivOp.MUL, 100, -7 & MASK, -700 & MASK, id="small"),
        pytest.param(MulDivOp.MUL, 1 << 40, -7 & MASK, -(7 << 40) & MASK, id="by-digits"),
        pytest.param(MulDivOp.DIV, 100, -7 & MASK, -14 & MASK, id="quotient"),
        pytest.param(MulDivOp.REM, -100 & MASK, 7, -2 & MASK, id="remainder"),
    ],
)
def test_what_is_done_waits_until_it_is_taken(op, a, b, result):
    dut = shared(MulDiv)

    async def testbench(ctx):
        for port, value in ((dut.op, op), (dut.a, a), (dut.b, b), (dut.start, 1), (dut.take, 0)):
            ctx.set(port, value)
        await ctx.tick().until(dut.done)
        for _ in range(3):
            await ctx.tick()
            assert ctx.get(dut.done)
        ctx.set(dut.take, 1)
        await ctx.tick()
        assert ctx.get(dut.result) == result
        # The operands stand for another operation now.
        assert ctx.get(dut.done) == (op == MulDivOp.MUL and a < 1 << 18)

    simulate(dut, testbench)


def test_a_result_stands_until_another_operation_has_begun():
    dut = shared(MulDiv)

    async def testbench(ctx):
        result, _ = await compute(ctx, dut, MulDivOp.MUL, 6, 7, word=1)
        ctx.set(dut.start, 0)
        ctx.set(dut.word, 0)
        for cycle in range(20):
            ctx.set(dut.op, cycle % 8)
            ctx.set(dut.a, 3 * cycle)
            await ctx.tick()
            assert (ctx.get(dut.done), ctx.get(dut.result)) == (0, result)

    simulate(dut, testbench)


@pytest.mark.parametrize("parameters", [{"mul_bits": 3}, {"mul_bits": 0}, {"div_bits": 8}])
def test_bad_parameter(parameters):
    with pytest.raises(ValueError, match="must be 1, 2"):
        MulDiv(**parameters)
