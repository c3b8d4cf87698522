"""The multiplier and divider of the M extension, a few bits per cycle.

Source: RISC-V Instruction Set Manual, Volume I, chapter ""M" Extension for Integer Multiplication
and Division".
"""

from itertools import pairwise

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, ValueLike, signed
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["MulDiv", "MulDivOp"]


class MulDivOp(enum.IntEnum, shape=3):  # type: ignore[call-arg]
    """What `MulDiv` computes; the values are those of `funct3`."""

    MUL = 0
    MULH = 1
    MULHSU = 2
    MULHU = 3
    DIV = 4
    DIVU = 5
    REM = 6
    REMU = 7


class State(enum.IntEnum, shape=2):  # type: ignore[call-arg]
    """What `MulDiv` is doing."""

    IDLE = 0
    MULTIPLY = 1
    DIVIDE = 2
    DONE = 3


#: Bits of the operands, with the sign, that are multiplied at once.
SMALL_BITS = 18
#: Bits, without a sign, that one multiplier of an FPGA takes.
LIMB_BITS = 17
#: Zeros of a dividend that one cycle can skip, the longest run first.
SKIPS = (32, 16, 8, 4)


class MulDiv(wiring.Component):
    """Multiplies and divides step by step; it divides magnitudes, and puts the sign on at the end.

    The requester holds `start` high, with stable operands, until it goes on: in a cycle with `done`
    and `take`. In the next cycle, which shows the result, it drops `start` or presents another
    operation. Dropping `start` earlier abandons the operation, as `cancel` does.

    ======== ==================== =============================================== ==============
    State    Waits for            Does                                            Next
    ======== ==================== =============================================== ==============
    IDLE     `start`              Takes a digit, or magnitudes of the operands.   IDLE, DONE,
                                  Multiplies small operands, and is done then.    MULTIPLY,
                                  A division by zero has its quotient at once.    DIVIDE
    MULTIPLY the last digit       Adds one digit's partial product.               IDLE, DONE
    DIVIDE   64 bits of quotient  Finds `div_bits` bits, or skips a run of zeros. DONE
    DONE     `take`               Puts what was divided in its place, and its     IDLE
                                  sign on.
    ======== ==================== =============================================== ==============

    Cycles from the first with `start` to the one with `done`, both counted:

    - multiplication: 1 if both operands have 18 bits with the sign, but for upper halves; else 1 +
      the digits of `b`, which have `mul_bits` bits, the last one a sign, too, all of them for upper
      halves; with the default 16 bits, 2 for `b` of 17 bits with the sign, 3 of 33 bits, 5 at most;
    - division: 2 for a zero divisor, else 2 + 64 bits of quotient over `div_bits`, but 32, 16, 8
      or 4 zeros of the dividend take one cycle together while the remainder is 0; with the default
      2 bits, 34 at most, 8 for a dividend from 1 to 15, 4 for a dividend of 0.

    Parameters
    ----------
    mul_bits
        Bits of the multiplier used in a cycle: 1, 2, 4, 8 or 16.
    div_bits
        Bits of the quotient found in a cycle: 1, 2 or 4.

    Raises
    ------
    ValueError
        If a parameter is none of these.
    """

    #: The operands are valid; high until the result is taken.
    start: In(1)
    op: In(MulDivOp)
    #: Work on the low 32 bits and sign-extend the result (`mulw divw divuw remw remuw`).
    word: In(1)
    a: In(64)
    b: In(64)
    #: The result is known at the end of this cycle; high until `take`.
    done: Out(1)
    #: Goes on, if it is done.
    take: In(1)
    #: Of the last operation that was taken: in the next cycle, and until another one has begun.
    result: Out(64)
    #: Squash: idle in the next cycle, whatever was being computed. Ignore `done` beside it.
    cancel: In(1)

    def __init__(self, *, mul_bits: int = 16, div_bits: int = 2) -> None:
        if mul_bits not in (1, 2, 4, 8, 16):
            raise ValueError(f"mul_bits must be 1, 2, 4, 8 or 16, not {mul_bits!r}")
        if div_bits not in (1, 2, 4):
            raise ValueError(f"div_bits must be 1, 2 or 4, not {div_bits!r}")
        self._mul_bits = mul_bits
        self._div_bits = div_bits
        super().__init__()
        self._state = Signal(State)
        #: Quotient, with what is left of the dividend above it; and remainder.
        self._quotient = Signal(64, reset_less=True)
        self._remainder = Signal(64, reset_less=True)
        #: The sum of the partial products without its lowest digits, and these.
        self._sum = Signal(65 + mul_bits, reset_less=True)
        self._digits = Signal(64 - mul_bits, reset_less=True)
        #: The multiplicand; or what makes, with the carry, the negated magnitude of the divisor.
        self._operand = Signal(signed(65), reset_less=True)
        self._carry = Signal(reset_less=True)
        #: The digit of the multiplier that is used next, whether it is the last, and its number;
        #: of that used last, when done.
        self._digit = Signal(signed(mul_bits + 1), reset_less=True)
        self._last = Signal(reset_less=True)
        self._number = Signal(range(64 // mul_bits), reset_less=True)
        #: What the result is of: operation and width.
        self._op = Signal(MulDivOp, reset_less=True)
        self._word = Signal(reset_less=True)
        #: Bits of the quotient still to be found.
        self._bits_left = Signal(range(65))
        #: The result is the remainder, which has still to be put in its place; it gets the other
        #: sign.
        self._remains = Signal(reset_less=True)
        self._negate = Signal(reset_less=True)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        divides = self.op[2]
        a = self._extended(m, self.a, Mux(divides, ~self.op[0], self.op != MulDivOp.MULHU))
        b = self._extended(m, self.b, Mux(divides, ~self.op[0], ~self.op[1]))
        with m.Switch(self._state):
            with m.Case(State.IDLE):
                with m.If(self.start):
                    m.d.sync += [self._op.eq(self.op), self._word.eq(self.word)]
                with m.If(self.start & divides):
                    self._begin_division(m, a, b)
                with m.Elif(self.start):
                    self._begin_multiplication(m, a, b)
            with m.Case(State.MULTIPLY):
                self._multiply(m, b)
            with m.Case(State.DIVIDE):
                self._divide(m)
            with m.Case(State.DONE):
                self._end(m)
        with m.If(self.cancel | ~self.start | (self.done & self.take)):
            m.d.sync += self._state.eq(State.IDLE)
        self._show(m)
        return m

    def _extended(self, m: Module, operand: Value, is_signed: ValueLike) -> Signal:
        """The value of `operand` (64 bits), whichever part of it counts; 65 bits, signed."""
        extended = Signal(signed(65), name=f"{operand.name}_extended")
        low = operand[:32]
        with m.If(self.word):
            m.d.comb += extended.eq(Mux(is_signed, low.as_signed(), low))
        with m.Else():
            m.d.comb += extended.eq(Mux(is_signed, operand.as_signed(), operand))
        return extended

    def _begin_multiplication(self, m: Module, a: Value, b: Value) -> None:
        """Multiplies small operands at once; else takes the lowest digit of `b`."""
        small = Cat(_fits(each, SMALL_BITS) for each in (a, b)).all() & (self.op == MulDivOp.MUL)
        product = a[:SMALL_BITS].as_signed() * b[:SMALL_BITS].as_signed()
        m.d.sync += [
            self._operand.eq(a),
            self._number.eq(0),
            self._sum.eq(Mux(small, product, 0)),
            self._state.eq(Mux(small, State.DONE, State.MULTIPLY)),
        ]
        m.d.comb += self.done.eq(small)
        self._take_digit(m, b, Const(0, len(self._number)))

    def _multiply(self, m: Module, b: Value) -> None:
        """Adds a digit's partial product to the sum, and sets aside the sum's lowest digit."""
        bits, number = self._mul_bits, self._number
        self._accumulate(m)
        with m.Switch(number):
            for above in range(1, 64 // bits):
                with m.Case(above):
                    m.d.sync += self._digits.word_select(above - 1, bits).eq(self._sum)
        with m.If(self._last):
            m.d.comb += self.done.eq(1)
            m.d.sync += self._state.eq(State.DONE)
        with m.Else():
            m.d.sync += number.eq(number + 1)
        self._take_digit(m, b, (number + 1)[: len(number)])

    def _accumulate(self, m: Module) -> None:
        """Adds the product of the multiplicand and a digit to what the sum is without its lowest.

        The multiplicand is cut as multipliers of 18 bits take it, the upper parts signed. Sums of
        two products, each of them cut behind the bits that nothing is added to: so they are made
        with carries, where a tool that sees one sum of all would save these by many more cells.
        """
        cuts = [*range(0, len(self._operand), LIMB_BITS), len(self._operand)]
        limbs = [self._operand[low:high] for low, high in pairwise(cuts)]
        limbs[-1] = limbs[-1].as_signed()
        products = [limb * self._digit for limb in limbs]
        total: Value = self._sum[self._mul_bits :].as_signed()
        for index in range(0, len(products), 2):
            pair = _offset_sum(products[index], products[index + 1], LIMB_BITS)
            total = _offset_sum(total, pair, index * LIMB_BITS)
        m.d.sync += self._sum.eq(total)

    def _take_digit(self, m: Module, b: Value, number: Value) -> None:
        """The digit of `b` with that number, and whether it is the last: with the sign, too."""
        bits = self._mul_bits
        # Upper halves take all digits.
        ends = [_fits(b, low + 1) & (self.op == MulDivOp.MUL) for low in range(bits, 64, bits)]
        last = Cat(*ends, 1).bit_select(number, 1)
        m.d.sync += [
            self._last.eq(last),
            self._digit.eq(Cat(b[:64].word_select(number, bits), last & b[-1])),
        ]

    def _begin_division(self, m: Module, a: Value, b: Value) -> None:
        """Takes the magnitude of the dividend, and the divisor as it is added."""
        a_negative, b_negative = a[-1], b[-1]
        zero = Signal(name="divides_by_zero")
        # All ones as the quotient, and the dividend as the remainder, whatever the signs: that is
        # the quotient which no step has changed.
        ones = zero & ~self.op[1]
        m.d.comb += zero.eq(b == 0)
        m.d.sync += [
            self._negate.eq((a_negative ^ (b_negative & ~self.op[1])) & ~ones),
            self._remains.eq(self.op[1] & ~zero),
            self._quotient.eq(_negated(a[:64], a_negative) | ones.replicate(64)),
            self._remainder.eq(0),
            self._operand.eq(b ^ ~b_negative.replicate(65)),
            self._carry.eq(~b_negative),
            self._bits_left.eq(64),
            self._state.eq(Mux(zero, State.DONE, State.DIVIDE)),
        ]

    def _divide(self, m: Module) -> None:
        """Restoring division; a skip is what steps over zero bits would do to a zero remainder.

        So a step is right for the remainder, and for the lowest bits of the quotient, also where
        the quotient skips.
        """
        quotient, bits_left, bits = self._quotient, self._bits_left, self._div_bits
        remainder, found = self._division_steps(m)
        idle = Signal(name="no_remainder")
        shifted, taken = Signal(64, name="shifted"), Signal(range(65), name="taken")
        m.d.comb += [idle.eq(self._remainder == 0), shifted.eq(quotient << bits), taken.eq(bits)]
        condition = m.If
        for skip in SKIPS:
            with condition(idle & (quotient[64 - skip :] == 0) & (bits_left >= skip)):
                m.d.comb += [shifted.eq(quotient << skip), taken.eq(skip)]
            condition = m.Elif
        m.d.sync += [
            self._remainder.eq(remainder),
            quotient.eq(Cat(found, shifted[bits:])),
            bits_left.eq(bits_left - taken),
        ]
        with m.If(bits_left == taken):
            m.d.sync += self._state.eq(State.DONE)

    def _division_steps(self, m: Module) -> tuple[Value, Value]:
        """The remainder after `div_bits` more bits of the quotient, and these."""
        remainder: Value = self._remainder
        found = []
        for number in range(self._div_bits):
            before = Cat(self._quotient[63 - number], remainder)
            # Negative if the divisor does not fit. The bit below the lowest makes the carry.
            difference = Signal(66, name=f"difference_{number}")
            total = Cat(1, before) + Cat(self._carry, self._operand).as_signed()
            m.d.comb += difference.eq(total[1:])
            remainder = Signal(64, name=f"remainder_{number}")
            m.d.comb += remainder.eq(Mux(difference[65], before, difference))
            found.append(~difference[65])
        return remainder, Cat(found[::-1])

    def _end(self, m: Module) -> None:
        """What was divided gets its sign, once, and its place: a product keeps its own."""
        divided = Signal(64, name="divided")
        m.d.comb += [
            divided.eq(Mux(self._remains, self._remainder, self._quotient)),
            self.done.eq(1),
        ]
        m.d.sync += [
            self._quotient.eq(_negated(divided, self._negate)),
            self._remains.eq(0),
            self._negate.eq(0),
        ]

    def _show(self, m: Module) -> None:
        """The result, from registers that nothing changes before another operation begins."""
        product, value = Signal(64, name="product"), Signal(64, name="value")
        bits = self._mul_bits
        with m.Switch(self._number):
            for number in range(64 // bits):
                with m.Case(number):
                    m.d.comb += product.eq(Cat(self._digits[: bits * number], self._sum))
        with m.If(self._op[2]):
            m.d.comb += value.eq(self._quotient)
        with m.Else():
            m.d.comb += value.eq(Mux(self._op == MulDivOp.MUL, product, self._sum[bits:]))
        m.d.comb += self.result.eq(Mux(self._word, value[:32].as_signed(), value))


def _offset_sum(low: Value, high: Value, bits: int) -> Value:
    """The signed `low + (high << bits)`, by an adder of what `low` has above these bits."""
    return Cat(low[:bits], low[bits:].as_signed() + high).as_signed()


def _negated(value: Value, negative: Value) -> Value:
    """`value` (64 bits), with the other sign if `negative`: without a choice behind the adder."""
    return ((value ^ negative.replicate(64)) + negative)[:64]


def _fits(value: Value, bits: int) -> Value:
    """Whether the signed `value` is one of `bits` bits."""
    return value[bits - 1 :].all() | ~value[bits - 1 :].any()
