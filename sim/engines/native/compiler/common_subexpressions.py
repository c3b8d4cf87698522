"""Merging: one spelling for every test, and one cell for what is computed twice."""

import dataclasses
from collections.abc import Hashable, Iterator

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.simplify import renamed

__all__ = ["canonical", "merge"]

#: Operators whose operands may change places.
COMMUTATIVE = {"&", "|", "^", "+", "*", "==", "!="}
#: Rounds of merging: each finds what the merges of the one before have made equal.
ROUNDS = 8


def canonical(circuit: c.Circuit) -> c.Circuit:
    """An equal circuit whose comparisons with constants are `Matches`, of the bits that they test.

    Consecutive assignments under one condition become one, and unconditional ones the default.
    """
    cells = list(circuit.cells)
    for index, cell in enumerate(circuit.cells):
        match cell:
            case c.Operator(op="==" | "!=", inputs=(first, second)):
                if all(map(c.is_const, first)):
                    first, second = second, first
                if all(map(c.is_const, second)):
                    pattern = "".join(str(bit) for bit in reversed(second))
                    match_ = _narrow(c.Matches(1, cell.source, first, (pattern,)))
                    if cell.op == "==":
                        cells[index] = match_
                    else:
                        cells.append(match_)
                        inverted = ((c.net(len(cells) - 1, 0),),)
                        cells[index] = dataclasses.replace(cell, op="~", inputs=inverted)
            case c.Matches():
                cells[index] = _narrow(cell)
            case c.Assign():
                cells[index] = _join(cell)
    return c.Circuit(cells, circuit.signals, circuit.memories)


def _narrow(cell: c.Matches) -> c.Matches:
    """A match with only the bits that some pattern tests; constant bits are tested here."""
    patterns = [p for p in cell.patterns if _possible(cell.value, p)]
    tested = [
        position
        for position, number in enumerate(cell.value)
        if not c.is_const(number) and any(p[-1 - position] != "-" for p in patterns)
    ]
    return dataclasses.replace(
        cell,
        value=tuple(cell.value[p] for p in tested),
        patterns=tuple("".join(p[-1 - t] for t in reversed(tested)) for p in patterns),
    )


def _possible(value: c.Value, pattern: str) -> bool:
    """Whether the constant bits of a value agree with a pattern."""
    return all(
        not c.is_const(number) or bit in ("-", str(number))
        for number, bit in zip(value, reversed(pattern), strict=True)
    )


def _join(cell: c.Assign) -> c.Assign:
    default = list(cell.default)
    joined: list[c.Assignment] = []
    position = 0
    while position < len(cell.assignments):
        condition = cell.assignments[position].condition
        bits: dict[int, int] = {}
        while (
            position < len(cell.assignments) and cell.assignments[position].condition == condition
        ):
            a = cell.assignments[position]
            bits.update(enumerate(a.value, a.start))
            position += 1
        if condition == 1 and not joined:
            for bit, number in bits.items():
                default[bit] = number
        else:
            joined += _segments(condition, bits, cell.width)
    return dataclasses.replace(cell, default=tuple(default), assignments=tuple(joined))


def _segments(condition: int, bits: dict[int, int], width: int) -> Iterator[c.Assignment]:
    """Assignments of neighbouring bits; those beyond the width are ignored."""
    start = None
    for bit in range(width + 1):
        if start is None and bit in bits and bit < width:
            start = bit
        elif start is not None and (bit not in bits or bit == width):
            yield c.Assignment(condition, start, tuple(bits[i] for i in range(start, bit)))
            start = None


def merge(circuit: c.Circuit) -> c.Circuit:
    """An equal circuit in which no two cells compute the same from the same."""
    for _ in range(ROUNDS):
        first_of: dict[Hashable, int] = {}
        same: dict[int, int] = {}
        for index, cell in enumerate(circuit.cells):
            key = _key(cell)
            if key is not None:
                first = first_of.setdefault(key, index)
                if first != index:
                    same[index] = first
        if not same:
            break
        circuit = renamed(
            circuit,
            {
                c.net(index, bit): c.net(first, bit)
                for index, first in same.items()
                for bit in range(circuit.get(index, c.Cell).width)
            },
        )
        for index in same:
            circuit.cells[index] = None
    return circuit


def _key(cell: c.Cell | None) -> Hashable:
    """What decides the outputs of a combinational cell; None for others."""
    match cell:
        case c.Operator():
            inputs = tuple(sorted(cell.inputs)) if cell.op in COMMUTATIVE else cell.inputs
            return (cell.op, cell.width, inputs)
        case c.Part():
            return ("part", cell.width, cell.value, cell.signed, cell.offset, cell.stride)
        case c.Matches():
            return ("matches", cell.value, cell.patterns)
        case c.Priority():
            return ("priority", cell.enable, cell.inputs)
        case c.AsyncRead():
            return ("read", cell.memory, cell.address)
    return None
