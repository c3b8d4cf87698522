"""Wide arithmetic as operators on fewer bits, against what it means."""

import random

import pytest

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.bit_slicing import WIDEST
from sim.engines.native.compiler.dead_bits import live_bits
from sim.engines.native.compiler.narrowing import narrow
from tests.sim.engines.native.compiler.cells import circuit, flip_flop, operator, out, source
from tests.sim.engines.native.compiler.meanings import DISTANCE, cells_and_meanings

FIRST = 4  # the first cell that is not an input
_BINARY = {
    "+": int.__add__,
    "-": int.__sub__,
    "*": int.__mul__,
    "&": int.__and__,
    "|": int.__or__,
    "^": int.__xor__,
    "==": int.__eq__,
    "!=": int.__ne__,
}
_UNARY = {
    "~": int.__invert__,
    "-": int.__neg__,
    "b": bool,
    "r|": bool,
    "r^": lambda a: a.bit_count() & 1,
}


class Evaluator:
    """Computes a circuit without wide arithmetic, in Python."""

    def __init__(self, design, inputs):
        self._cells, self._known = design.cells, dict(inputs)
        # What a wide cell is made of stands in order behind all that were there.
        for index, cell in enumerate(design.cells):
            if isinstance(cell, c.Operator):
                self._cell(index)

    def value(self, nets):
        return sum(self._bit(net) << at for at, net in enumerate(nets))

    def _bit(self, net):
        return net if c.is_const(net) else self._cell(c.cell_of(net)) >> c.bit_of(net) & 1

    def _cell(self, index):
        if index not in self._known:
            cell = self._cells[index]
            self._known[index] = self._computed(cell) & (1 << cell.width) - 1
        return self._known[index]

    def _computed(self, cell):
        if isinstance(cell, c.Assign):
            assert not cell.assignments
            return self.value(cell.default)
        assert isinstance(cell, c.Operator), cell
        op, inputs = cell.op, cell.inputs
        if op == "m":
            return self.value(inputs[1] if self.value(inputs[0]) else inputs[2])
        if op in ("+", "-", "*"):
            assert cell.width <= WIDEST
            assert {len(each) for each in inputs} == {cell.width}
        if op == "r&":
            return self.value(inputs[0]) == (1 << len(inputs[0])) - 1
        functions = _UNARY if len(inputs) == 1 else _BINARY
        return functions[op](*map(self.value, inputs))


def narrowed(design, *roots):
    return narrow(design, live_bits(design, [net for value in roots for net in value]))


def numbers(generator, width):
    """An extreme number, or a random one that may be short."""
    extremes = (0, 1, (1 << width) - 1, 1 << width - 1, (1 << width - 1) - 1)
    some = generator.getrandbits(width), generator.getrandbits(generator.randint(1, width))
    return generator.choice((*extremes, *some, *some))


@pytest.mark.parametrize("width", [129, 192, 201])
def test_every_operator_computes_what_it_means(width):
    generator = random.Random(width)
    inputs = flip_flop(width), flip_flop(width), flip_flop(DISTANCE)
    found = list(cells_and_meanings(width))
    design = circuit(*inputs, *(cell for cell, _meaning in found))
    roots = [out(FIRST + at, 0, cell.width) for at, (cell, _meaning) in enumerate(found)]
    narrow_design = narrowed(design, *roots)
    for _ in range(12):
        a, b = numbers(generator, width), numbers(generator, width)
        n = generator.choice((0, 1, 64, 128, width - 1, width, 255, generator.getrandbits(8)))
        evaluator = Evaluator(narrow_design, {1: a, 2: b, 3: n})
        for root, (cell, meaning) in zip(roots, found, strict=True):
            expected = int(meaning(a, b, n)) & (1 << cell.width) - 1
            assert evaluator.value(root) == expected, (cell, hex(a), hex(b), n)


@pytest.mark.parametrize("bits, stride", [(64, 1), (60, 16), (2, 1 << 62), (70, 3)])
def test_a_distance_of_more_than_a_word(bits, stride):
    part = c.Part(8, source, out(1, 0, 20), False, out(2, 0, bits), stride)
    design = narrowed(circuit(flip_flop(20), flip_flop(bits), part), out(3, 0, 8))
    for offset in (0, 1, 2, 1 << bits - 1, (1 << bits) - 1):
        found = Evaluator(design, {1: 0xABCDE, 2: offset}).value(out(3, 0, 8))
        assert found == 0xABCDE >> min(offset * stride, 99) & 0xFF


def test_a_shift_by_a_number_of_many_bits():
    for op, beyond in (("<<", 0), ("u>>", 0), ("s>>", 0xFF)):
        shift = operator(op, 8, out(1, 0, 8), out(2, 0, 80))
        design = narrowed(circuit(flip_flop(8), flip_flop(80), shift), out(3, 0, 8))
        assert Evaluator(design, {1: 0x80, 2: 1 << 79}).value(out(3, 0, 8)) == beyond


def test_a_part_may_be_wider_than_what_it_is_of():
    part = c.Part(140, source, out(1, 0, 130), True, out(2, 0, 2), 1)
    design = narrowed(circuit(flip_flop(130), flip_flop(2), part), out(3, 0, 140))
    minus = 1 << 129
    found = Evaluator(design, {1: minus, 2: 2}).value(out(3, 0, 140))
    assert found == (1 << 140) - (1 << 127)


@pytest.mark.parametrize("is_signed", [False, True])
@pytest.mark.parametrize("bits", [0, 8, 128])
def test_a_wide_part_may_be_of_a_narrow_value(bits, is_signed):
    part = c.Part(200, source, out(1, 0, bits), is_signed, out(2, 0, 3), 30)
    design = circuit(flip_flop(bits), flip_flop(3), part)
    design_now = narrowed(design, out(3, 0, 200))
    number = random.Random(bits).getrandbits(bits) | 1 << bits >> 1
    meant = number - (1 << bits) if is_signed and bits else number
    for offset in range(8):
        found = Evaluator(design_now, {1: number, 2: offset}).value(out(3, 0, 200))
        assert found == meant >> 30 * offset & (1 << 200) - 1
    # As a narrow one it is left alone.
    assert narrowed(design, out(3, 0, 128)) is design


def test_what_is_narrow_or_matters_to_nobody_stays():
    narrow_sum = operator("+", 128, out(1, 0, 128), out(1, 0, 128))
    wide_sum = operator("+", 200, (*out(1, 0, 128), *[0] * 72), (*out(1, 0, 128), *[0] * 72))
    design = circuit(flip_flop(128), narrow_sum, wide_sum)
    assert narrowed(design, out(2, 0, 128)) is design
    # Of the sum only bits that a narrow one has, too.
    assert narrowed(design, out(3, 0, 128)) is design
    assert narrowed(design, out(3, 0, 129)) is not design
