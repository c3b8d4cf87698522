"""The multiplier and divider of the M extension, a few bits per cycle.

Source: RISC-V Instruction Set Manual, Volume I, chapter ""M" Extension for Integer Multiplication
and Division".
"""

from amaranth.hdl import C, Cat, Module, Mux, Signal, Value, ValueLike
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


#: Zeros of a dividend that one cycle can skip, the longest run first.
SKIPS = (32, 16, 8, 4)


class MulDiv(wiring.Component):
    """Multiplies and divides magnitudes step by step; the sign is put on at the end.

    The requester holds `start` high, with stable operands, until it takes the result: in a cycle
    with `done` and `take`. In the next cycle it drops `start` or presents another operation.
    Dropping `start` earlier abandons the operation, as `cancel` does.

    ======== ==================== =============================================== =============
    State    Waits for            Does                                            Next
    ======== ==================== =============================================== =============
    IDLE     `start`              Takes the magnitudes of the operands.           MULTIPLY,
                                  A division by zero has its result at once.      DIVIDE, DONE
    MULTIPLY a zero multiplier    Adds one digit's partial product.               DONE
    DIVIDE   64 bits of quotient  Finds `div_bits` bits, or skips a run of zeros. DONE
    DONE     `take`               Shows the result.                               IDLE
    ======== ==================== =============================================== =============

    Cycles from the first with `start` to the one with `done`, both counted:

    - multiplication: 2 + the digits of `mul_bits` bits in the magnitude of `b` (at least one);
      with the default 8 bits, 3 to 10;
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
    #: `result` is valid; high until it is taken.
    done: Out(1)
    #: Takes the result, if there is one.
    take: In(1)
    #: Valid with `done`, otherwise 0.
    result: Out(64)
    #: Squash: idle in the next cycle, whatever was being computed. Ignore `done` beside it.
    cancel: In(1)

    def __init__(self, *, mul_bits: int = 8, div_bits: int = 2) -> None:
        if mul_bits not in (1, 2, 4, 8, 16):
            raise ValueError(f"mul_bits must be 1, 2, 4, 8 or 16, not {mul_bits!r}")
        if div_bits not in (1, 2, 4):
            raise ValueError(f"div_bits must be 1, 2 or 4, not {div_bits!r}")
        self._mul_bits = mul_bits
        self._div_bits = div_bits
        super().__init__()
        self._state = Signal(State)
        #: The product; or quotient (with what is left of the dividend above it) and remainder.
        self._accumulator = Signal(128, reset_less=True)
        #: The multiplicand, shifted left digit by digit; or the divisor.
        self._operand = Signal(128, reset_less=True)
        self._multiplier = Signal(64, reset_less=True)
        #: Bits of the quotient still to be found.
        self._bits_left = Signal(range(65))
        self._negate = Signal()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        with m.Switch(self._state):
            with m.Case(State.IDLE):
                self._idle(m)
            with m.Case(State.MULTIPLY):
                self._multiply(m)
            with m.Case(State.DIVIDE):
                self._divide(m)
            with m.Case(State.DONE):
                self._respond(m)
        with m.If(self.cancel | ~self.start):
            m.d.sync += self._state.eq(State.IDLE)
        return m

    def _magnitude(self, m: Module, operand: Value, is_signed: ValueLike) -> tuple[Value, Value]:
        """The magnitude of `operand` (64 bits) and whether it is negative."""
        extended = Signal(64, name=f"{operand.name}_extended")
        negative = Signal(name=f"{operand.name}_negative")
        magnitude = Signal(64, name=f"{operand.name}_magnitude")
        low = operand[:32]
        with m.If(self.word):
            m.d.comb += extended.eq(Mux(is_signed, low.as_signed(), low))
        with m.Else():
            m.d.comb += extended.eq(operand)
        m.d.comb += [
            negative.eq(is_signed & extended[63]),
            magnitude.eq(Mux(negative, -extended, extended)),
        ]
        return magnitude, negative

    def _idle(self, m: Module) -> None:
        is_division = self.op[2]
        is_remainder = is_division & self.op[1]
        a_signed = Mux(is_division, ~self.op[0], self.op != MulDivOp.MULHU)
        b_signed = Mux(is_division, ~self.op[0], ~self.op[1])
        with m.If(self.start):
            a, a_negative = self._magnitude(m, self.a, a_signed)
            b, b_negative = self._magnitude(m, self.b, b_signed)
            m.d.sync += self._negate.eq(a_negative ^ (b_negative & ~is_remainder))
            with m.If(~is_division):
                m.d.sync += [
                    self._accumulator.eq(0),
                    self._operand.eq(a),
                    self._multiplier.eq(b),
                    self._state.eq(State.MULTIPLY),
                ]
            with m.Elif(b == 0):
                # All ones as the quotient and the dividend as the remainder, whatever the signs.
                m.d.sync += [
                    self._accumulator.eq(Cat(C(-1, 64), self.a)),
                    self._negate.eq(0),
                    self._state.eq(State.DONE),
                ]
            with m.Else():
                m.d.sync += [
                    self._accumulator.eq(a),
                    self._operand.eq(b),
                    self._bits_left.eq(64),
                    self._state.eq(State.DIVIDE),
                ]

    def _multiply(self, m: Module) -> None:
        digit = self._multiplier[: self._mul_bits]
        rest = self._multiplier[self._mul_bits :]
        m.d.sync += [
            self._accumulator.eq(self._accumulator + self._operand * digit),
            self._operand.eq(self._operand << self._mul_bits),
            self._multiplier.eq(rest),
        ]
        with m.If(rest == 0):
            m.d.sync += self._state.eq(State.DONE)

    def _divide(self, m: Module) -> None:
        """Restoring division; a skip is what steps over zero bits would do to a zero remainder."""
        accumulator, bits_left = self._accumulator, self._bits_left

        def advance(next_accumulator: Value, bits: int) -> None:
            m.d.sync += [accumulator.eq(next_accumulator), bits_left.eq(bits_left - bits)]
            with m.If(bits_left == bits):
                m.d.sync += self._state.eq(State.DONE)

        condition = m.If
        for skip in SKIPS:
            with condition((accumulator[64 - skip :] == 0) & (bits_left >= skip)):
                advance(accumulator << skip, skip)
            condition = m.Elif
        with m.Else():
            advance(self._division_steps(m), self._div_bits)

    def _division_steps(self, m: Module) -> Value:
        """`_accumulator` after `div_bits` more bits of the quotient."""
        divisor = self._operand[:64]
        after = self._accumulator
        for number in range(self._div_bits):
            before, after = after, Signal(128, name=f"after_bit_{number}")
            remainder = before[63:]
            m.d.comb += after.eq(before << 1)
            with m.If(remainder >= divisor):
                m.d.comb += after.eq(Cat(1, before[:63], (remainder - divisor)[:64]))
        return after

    def _respond(self, m: Module) -> None:
        is_remainder = self.op[2] & self.op[1]
        is_high = ~self.op[2] & (self.op != MulDivOp.MUL)
        accumulator = self._accumulator
        magnitude = Mux(is_remainder, accumulator[64:], accumulator)
        value = Mux(self._negate, -magnitude, magnitude)[:128]
        half = Mux(is_high, value[64:], value[:64])
        m.d.comb += [
            self.done.eq(1),
            self.result.eq(Mux(self.word, half[:32].as_signed(), half)),
        ]
        with m.If(self.take):
            m.d.sync += self._state.eq(State.IDLE)
