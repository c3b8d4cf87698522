"""Arithmetic on more bits than the compiler's widest type, as operators on fewer bits.

As one does it by hand: sums and differences limb by limb with a carry, products from those of
limbs, shifts by powers of two, quotients bit by bit (restoring division).
"""

from collections.abc import Mapping
from dataclasses import replace

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.bit_slicing import WIDEST

__all__ = ["narrow"]

_LIMB = c.WORD
_MODULAR = ("+", "-", "*")
_DIVISIONS = ("u//", "s//", "u%", "s%")
_SHIFTS = ("<<", "u>>", "s>>")
_COMPARISONS = tuple(sign + test for sign in "us" for test in ("<", ">", "<=", ">="))


def narrow(circuit: c.Circuit, live: Mapping[int, int]) -> c.Circuit:
    """An equal circuit without arithmetic that is too wide; `circuit` itself if it has none.

    `live` are the bits of each cell that matter. The cells' places are taken by copies of what they
    are now.
    """
    wide = [index for index, mask in live.items() if mask and _is_wide(circuit.cells[index], mask)]
    if not wide:
        return circuit
    cells = list(circuit.cells)
    for index in wide:
        cell = cells[index]
        assert cell is not None
        value = _Maker(cells, cell.source).narrowed(cell)
        cells[index] = c.Assign(cell.width, cell.source, value, ())
    return replace(circuit, cells=cells)


def _is_wide(cell: c.Cell | None, mask: int) -> bool:
    match cell:
        case c.Operator(op=op) if op in _MODULAR:
            return mask.bit_length() > WIDEST
        case c.Operator(op=op) if op in _SHIFTS:
            return len(cell.inputs[0]) > WIDEST or len(cell.inputs[1]) > c.WORD
        case c.Operator(op=op) if op in _DIVISIONS or op in _COMPARISONS:
            return len(cell.inputs[0]) > WIDEST
        case c.Part():
            distance = len(cell.offset) + cell.stride.bit_length()
            widest = max(len(cell.value), mask.bit_length())
            return widest > WIDEST or distance > c.WORD
        case _:
            return False


class _Maker:
    """Appends to `cells` what computes a wide value."""

    def __init__(self, cells: list[c.Cell | None], source: str):
        self._cells, self._source = cells, source

    def narrowed(self, cell: c.Cell) -> c.Value:
        """What a wide cell computes."""
        match cell:
            case c.Operator(op="+", inputs=(a, b)):
                return self._sum(a, b)[0]
            case c.Operator(op="-", inputs=(a, b)):
                return self._difference(a, b)[0]
            case c.Operator(op="-", inputs=(a,)):
                return self._difference(_zeros(len(a)), a)[0]
            case c.Operator(op="*", inputs=(a, b)):
                return self._product(a, b)
            case c.Operator(op=op, inputs=(a, b)) if op in _SHIFTS:
                fill = a[-1] if op[0] == "s" else 0
                return self._shifted(a, b, 1, fill, left=op == "<<")
            case c.Operator(op=op, inputs=(a, b)) if op in _COMPARISONS:
                return self._compared(op, a, b)
            case c.Operator(op=op, inputs=(a, b)):
                return self._divided(op, a, b)
            case c.Part():
                fill = cell.value[-1] if cell.signed and cell.value else 0
                value = (*cell.value, *[fill] * (cell.width - len(cell.value)))
                return self._shifted(value, cell.offset, cell.stride, fill)[: cell.width]
        raise AssertionError(f"{cell} is not wide")

    def _make(self, op: str, width: int, *inputs: c.Value) -> c.Value:
        self._cells.append(c.Operator(width, self._source, op, inputs))
        number = len(self._cells) - 1
        return tuple(c.net(number, bit) for bit in range(width))

    def _chosen(self, bit: int, one: c.Value, other: c.Value) -> c.Value:
        return self._make("m", len(one), (bit,), one, other)

    def _not(self, bit: int) -> int:
        return self._make("~", 1, (bit,))[0]

    def _any(self, value: c.Value) -> int:
        return self._make("r|", 1, value)[0] if value else 0

    def _sum(self, a: c.Value, b: c.Value) -> tuple[c.Value, int]:
        """The sum of two values of the same width, and the carry out of it."""
        return self._limbs("+", a, b)

    def _difference(self, a: c.Value, b: c.Value) -> tuple[c.Value, int]:
        """The difference, and the borrow out of it: `a` is less than `b`."""
        return self._limbs("-", a, b)

    def _limbs(self, op: str, a: c.Value, b: c.Value) -> tuple[c.Value, int]:
        result: c.Value = ()
        carry = 0
        for low in range(0, len(a), _LIMB):
            first, second = a[low : low + _LIMB], b[low : low + _LIMB]
            width = len(first) + 1
            partial = self._make(op, width, (*first, 0), (*second, 0))
            total = self._make(op, width, partial, (carry, *_zeros(width - 1)))
            # The highest bit of `a + b` and of `a - b`, whose limbs are below 2**LIMB.
            result, carry = result + total[:-1], total[-1]
        return result, carry

    def _product(self, a: c.Value, b: c.Value) -> c.Value:
        """The product, modulo the width of both."""
        width = len(a)
        total = _zeros(width)
        for i in range(0, width, _LIMB):
            for j in range(0, width - i, _LIMB):
                first, second = (
                    _resized(value[at : at + _LIMB], 2 * _LIMB) for value, at in ((a, i), (b, j))
                )
                part = self._make("*", 2 * _LIMB, first, second)
                total = self._sum(total, _resized((*_zeros(i + j), *part), width))[0]
        return total

    def _shifted(
        self, value: c.Value, amount: c.Value, stride: int, fill: int, *, left: bool = False
    ) -> c.Value:
        """`value` shifted by `amount * stride` bits, with `fill` behind it."""
        width = len(value)
        far = [bit for bit in range(len(amount)) if stride << bit >= width]
        for bit in range(len(amount) - len(far)):
            distance = stride << bit
            fills = (fill,) * distance
            moved = (*fills, *value[:-distance]) if left else (*value[distance:], *fills)
            value = self._chosen(amount[bit], moved if distance else value, value)
        if far:
            value = self._chosen(self._any(amount[far[0] :]), (fill,) * width, value)
        return value

    def _compared(self, op: str, a: c.Value, b: c.Value) -> c.Value:
        if op[0] == "s":  # the sign's weight is negative
            a, b = ((*value[:-1], self._not(value[-1])) for value in (a, b))
        if op[1] == ">":
            a, b = b, a
        if op.endswith("="):  # a <= b: not b < a
            return (self._not(self._difference(b, a)[1]),)
        return (self._difference(a, b)[1],)

    def _divided(self, op: str, a: c.Value, b: c.Value) -> c.Value:
        """Rounded down, with a remainder of the divisor's sign; 0 by a divisor that is 0."""
        signs = (a[-1], b[-1]) if op[0] == "s" else (0, 0)
        divisor = self._negated_if(signs[1], b)
        quotient, rest = self._long_division(self._negated_if(signs[0], a), divisor)
        (differ,) = self._make("^", 1, (signs[0],), (signs[1],))
        (inexact,) = self._make("&", 1, (differ,), (self._any(rest),))
        if op[1:] == "//":
            further = self._sum(quotient, (inexact, *_zeros(len(a) - 1)))[0]
            result = self._negated_if(differ, further)
        else:
            other = self._difference(divisor, rest)[0]
            result = self._negated_if(signs[1], self._chosen(inexact, other, rest))
        return self._chosen(self._any(b), result, _zeros(len(a)))

    def _negated_if(self, sign: int, value: c.Value) -> c.Value:
        negated = self._difference(_zeros(len(value)), value)[0]
        return self._chosen(sign, negated, value)

    def _long_division(self, a: c.Value, b: c.Value) -> tuple[c.Value, c.Value]:
        """Quotient and remainder without signs."""
        width = len(a)
        rest, quotient = _zeros(width), []
        for bit in reversed(a):
            # One bit more than the divisor has, which the rest is below.
            rest = (bit, *rest)
            less, borrow = self._difference(rest, (*b, 0))
            fits = self._not(borrow)
            rest = self._chosen(fits, less, rest)[:width]
            quotient.append(fits)
        return tuple(reversed(quotient)), rest


def _zeros(width: int) -> c.Value:
    return (0,) * width


def _resized(value: c.Value, width: int) -> c.Value:
    return (*value[:width], *_zeros(width - len(value)))
