"""Random shapes, signals and expressions."""

from random import Random

from amaranth.hdl import Array, Cat, Const, Mux, Signal, Value, signed, unsigned

__all__ = ["RandomExpressions"]

#: Most bits of a value in arithmetic, and of a signal.
WIDEST, WIDEST_SIGNAL = 128, 200
#: Widths around those of the host's integers come more often.
EDGES = (1, 1, 1, 2, 3, 7, 8, 9, 16, 31, 32, 33, 63, 64, 65, 127, 128)


class RandomExpressions:
    """Makes expressions of the signals in `_known`; the same seed makes the same ones."""

    def __init__(self, seed: int):
        self._seed, self._random = seed, Random(seed)
        # One in ten is large.
        self._scale = 1 + (seed % 10 == 0)
        # And in some no type of the host's is as wide as the arithmetic.
        self._widest = WIDEST_SIGNAL if seed % 20 == 7 else WIDEST
        self._known: list[Value] = []
        self._count = 0

    def _width(self, widest=None):
        widest = self._widest if widest is None else widest
        kind = self._random.random()
        if kind < 0.5:
            return min(self._random.choice(EDGES), widest)
        return self._random.randint(1, min(10, widest) if kind < 0.8 else widest)

    def _shape(self):
        width = self._width(WIDEST_SIGNAL if self._random.random() < 0.1 else self._widest)
        return self._random.choice((unsigned, signed))(width)

    def _signal(self, shape=None, **options):
        shape = self._shape() if shape is None else shape
        self._count += 1
        init = self._number(shape) if self._random.random() < 0.5 else 0
        name = f"x{self._count}_of_{self._seed}"
        return Signal(shape, name=name, init=init, **options)

    def _number(self, shape) -> int:
        """A value of `shape`, often an extreme one."""
        value = Const(0, shape)
        width = len(value)
        bits = self._random.choice(
            (0, (1 << width) - 1, 1 << max(width - 1, 0), self._random.getrandbits(width))
        )
        return Const(bits, shape).value if width else 0

    def _expression(self, depth=None) -> Value:
        depth = 1 + self._scale if depth is None else depth
        if depth <= 0 or self._random.random() < 0.3:
            return self._leaf()
        kind = self._random.choice(
            (self._unary, self._binary, self._binary, self._binary, self._bitwise, self._shift,
             self._constant_shift, self._slice, self._part, self._choice, self._array, self._join,
             self._match)
        )  # fmt: skip
        value = kind(depth - 1)
        if len(value) and self._random.random() < 0.1:
            value = value.as_unsigned() if value.shape().signed else value.as_signed()
        return value

    def _leaf(self):
        if self._random.random() < 0.15:
            shape = self._shape()
            return Const(self._number(shape), shape)
        value = self._random.choice(self._known)
        return self._cut(value) if self._random.random() < 0.2 else value

    def _cut(self, value):
        """Some bits of `value`."""
        start = self._random.randint(0, len(value))
        return value[start : self._random.randint(start, len(value))]

    def _operand(self, depth, widest) -> Value:
        """An expression of at most `widest` bits, with its sign."""
        value = self._expression(depth)
        if len(value) <= widest:
            return value
        start = self._random.randint(0, len(value) - widest)
        cut = value[start : start + widest]
        return cut.as_signed() if value.shape().signed and widest else cut

    def _plain(self, depth, widest=None):
        """As `_operand`, but unsigned."""
        return self._operand(depth, self._widest if widest is None else widest).as_unsigned()

    def _unary(self, depth):
        value = self._operand(depth, self._widest - 1)
        return self._random.choice(
            (
                lambda: ~value,
                lambda: -value,
                lambda: abs(value),
                lambda: +value,
                value.bool,
                value.any,
                value.all,
                value.xor,
            )
        )()

    def _binary(self, depth):
        op = self._random.choice(("+", "-", "*", "//", "%", "<", "<=", ">", ">=", "==", "!="))
        widest = self._widest // 2 if op == "*" else self._widest - 2
        a, b = self._operand(depth, widest), self._operand(depth, widest)
        return _OPERATORS[op](a, b)

    def _bitwise(self, depth):
        a, b = self._expression(depth), self._expression(depth)
        return _OPERATORS[self._random.choice("&|^")](a, b)

    def _shift(self, depth):
        if self._random.random() < 0.5:
            return self._operand(depth, self._widest) >> self._plain(depth, self._width(64))
        amount = self._random.randint(0, 6)
        return self._operand(depth, self._widest - (1 << amount)) << self._plain(depth, amount)

    def _constant_shift(self, depth):
        value = self._operand(depth, self._widest)
        method = self._random.choice(("shift_left", "shift_right", "rotate_left", "rotate_right"))
        amount = self._random.randint(0, 20)
        if method.startswith("rotate"):
            return getattr(value, method)(amount) if len(value) else value
        return getattr(value, method)(amount)

    def _slice(self, depth):
        return self._cut(self._expression(depth))

    def _part(self, depth):
        value = self._operand(depth, self._widest)
        offset = self._plain(depth, self._random.choice((1, 3, 5, 8, 40)))
        width = self._random.randint(0, len(value))
        if self._random.random() < 0.5:
            return value.bit_select(offset, width)
        return value.word_select(offset, max(1, width))

    def _choice(self, depth):
        test = self._plain(depth)
        return Mux(test, self._expression(depth), self._expression(depth))

    def _array(self, depth):
        items = Array(self._expression(depth - 1) for _ in range(self._random.randint(1, 5)))
        return Value.cast(items[self._plain(depth, 3)])

    def _join(self, depth):
        value = Cat(self._expression(depth) for _ in range(self._random.randint(0, 3)))
        if self._random.random() < 0.3:
            value = value[: self._random.randint(0, 16)].replicate(self._random.randint(0, 8))
        return value

    def _match(self, depth):
        value = self._plain(depth)
        return value.matches(*self._patterns(len(value)))

    def _patterns(self, width):
        alphabet = self._random.choice(("01", "01-", "01------", "0-"))
        return [
            "".join(self._random.choice(alphabet) for _ in range(width))
            for _ in range(self._random.randint(1, 3))
        ]


_OPERATORS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
