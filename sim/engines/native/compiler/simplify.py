"""Simplification: constants and copies are seen through, bit by bit."""

import dataclasses
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sim.engines.native.compiler import circuit as c

__all__ = ["renamed", "rewrite", "simplify"]

#: Depth of chains of copies that a large design can have.
RECURSION_LIMIT = 100_000


def simplify(circuit: c.Circuit, *, from_reset: bool = True) -> c.Circuit:
    """An equal circuit in which no cell reads a copy or a bit that is known to be constant.

    Flip-flops that never change their initial value count as constants, unless the circuit may
    begin in another state (`from_reset` is False). Cells whose outputs nobody
    reads any more stay; liveness removes them.
    """
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(RECURSION_LIMIT)
    try:
        fixed: dict[int, int] = {}
        while True:
            resolver = _Resolver(circuit, fixed)
            found = _constant_flip_flops(circuit, resolver, fixed) if from_reset else {}
            if not found:
                break
            fixed |= found
        return renamed(circuit, resolver.all_known())
    finally:
        sys.setrecursionlimit(limit)


def _constant_flip_flops(
    circuit: c.Circuit, resolver: "_Resolver", fixed: dict[int, int]
) -> dict[int, int]:
    """Bits of flip-flops that take only their own value or that of their reset."""
    found = {}
    for index, cell in circuit.of_kind(c.FlipFlop):
        for bit, data in enumerate(cell.data or ()):
            number, initial = c.net(index, bit), cell.init >> bit & 1
            if number not in fixed and resolver.resolve(data) in (number, initial):
                found[number] = initial
    return found


def renamed(circuit: c.Circuit, nets: Mapping[int, int]) -> c.Circuit:
    """`circuit` in which cells and signals have, instead of the keys of `nets`, their values."""
    cells = [cell and rewrite(cell, nets) for cell in circuit.cells]
    signals = type(circuit.signals)()
    for signal, value in circuit.signals.items():
        signals[signal] = tuple([nets.get(number, number) for number in value])
    return c.Circuit(cells, signals, circuit.memories)


def rewrite(cell: c.Cell, nets: Mapping[int, int]) -> c.Cell:
    """`cell` with every input net that is a key of `nets` replaced by what stands there.

    Where there is none it is the same object: that is so of most cells of a large design.
    """
    unknown = nets.keys().isdisjoint

    def value(numbers: c.Value) -> c.Value:
        return numbers if unknown(numbers) else tuple([nets.get(n, n) for n in numbers])

    changed = {
        name: new
        for name, new in _inputs(cell, lambda number: nets.get(number, number), value)
        if new != getattr(cell, name)
    }
    return dataclasses.replace(cell, **changed) if changed else cell


def _inputs(
    cell: c.Cell, one: Callable[[int], int], value: Callable[[c.Value], c.Value]
) -> Iterator[tuple[str, Any]]:
    """The fields of `cell` that say what it reads, with `one` or `value` of what stands there."""
    match cell:
        case c.Operator():
            yield "inputs", tuple([value(operand) for operand in cell.inputs])
        case c.Part():
            yield "value", value(cell.value)
            yield "offset", value(cell.offset)
        case c.Matches():
            yield "value", value(cell.value)
        case c.Priority():
            yield "enable", one(cell.enable)
            yield "inputs", value(cell.inputs)
        case c.Assign():
            assignments = [
                c.Assignment(one(a.condition), a.start, value(a.value)) for a in cell.assignments
            ]
            yield "default", value(cell.default)
            yield "assignments", tuple(a for a in assignments if a.condition != 0)
        case c.FlipFlop(data=data) if data:
            yield "data", value(data)
        case c.Write():
            for name in ("address", "data", "enable"):
                yield name, value(getattr(cell, name))
        case c.AsyncRead():
            yield "address", value(cell.address)
        case c.SyncRead():
            yield "address", value(cell.address)
            yield "enable", one(cell.enable)


class _Resolver:
    """Finds for every net the net or constant that it equals."""

    def __init__(self, circuit: c.Circuit, fixed: dict[int, int]):
        self._cells = circuit.cells
        self._known = dict(fixed)

    def all_known(self) -> dict[int, int]:
        """Every net that another one, or a constant, equals, and the simplest of those."""
        for index, cell in enumerate(self._cells):
            if isinstance(cell, c.Assign | c.Operator | c.Priority | c.Matches):
                for bit in range(cell.width):
                    self.resolve(c.net(index, bit))
        return {number: other for number, other in self._known.items() if number != other}

    def resolve(self, number: int) -> int:
        """The simplest net that always has the value of `number`."""
        if c.is_const(number):
            return number
        if number in self._known:
            return self._known[number]
        cell, bit = self._cells[c.cell_of(number)], c.bit_of(number)
        result = None
        match cell:
            case c.Assign():
                result = self._assign(cell, bit)
            case c.Operator():
                result = self._operator(cell, bit)
            case c.Priority():
                result = self._priority(cell, bit)
            case c.Matches():
                result = self._matches(cell)
        result = number if result is None else result
        self._known[number] = result
        return result

    def _assign(self, cell: c.Assign, bit: int) -> int | None:
        for assignment in reversed(cell.assignments):
            position = bit - assignment.start
            if 0 <= position < len(assignment.value):
                condition = self.resolve(assignment.condition)
                if condition == 1:
                    return self.resolve(assignment.value[position])
                if condition != 0:
                    return None
        return self.resolve(cell.default[bit])

    def _matches(self, cell: c.Matches) -> int | None:
        if not cell.patterns:
            return 0
        if any(set(pattern) <= {"-"} for pattern in cell.patterns):
            return 1
        if len(cell.patterns) == 1:
            ((pattern),) = cell.patterns
            tested = [i for i, bit in enumerate(reversed(pattern)) if bit != "-"]
            if len(tested) == 1 and pattern[-1 - tested[0]] == "1":
                return self.resolve(cell.value[tested[0]])
        return None

    def _priority(self, cell: c.Priority, bit: int) -> int | None:
        if self.resolve(cell.enable) == 0:
            return 0
        mine = self.resolve(cell.inputs[bit])
        earlier = [self.resolve(n) for n in cell.inputs[:bit]]
        if mine == 0 or 1 in earlier:
            return 0
        if mine == 1 and not any(earlier):
            return self.resolve(cell.enable)
        return None

    def _operator(self, cell: c.Operator, bit: int) -> int | None:
        op, inputs = cell.op, cell.inputs
        if op in ("&", "|", "^"):
            return self._bitwise(op, self.resolve(inputs[0][bit]), self.resolve(inputs[1][bit]))
        if op == "~":
            operand = self.resolve(inputs[0][bit])
            return 1 - operand if c.is_const(operand) else None
        if op == "m":
            choice = self.resolve(inputs[0][0])
            if c.is_const(choice):
                return self.resolve(inputs[1 if choice else 2][bit])
            first, second = (self.resolve(operand[bit]) for operand in inputs[1:])
            return first if first == second else None
        if op in ("b", "r|", "r&", "r^") and len(inputs[0]) == 1:
            return self.resolve(inputs[0][0])
        if op in ("<<", "u>>", "s>>"):
            return self._shift(op, inputs, bit)
        return None

    def _bitwise(self, op: str, first: int, second: int) -> int | None:
        for one, other in ((first, second), (second, first)):
            if one == 0:
                return 0 if op == "&" else other
            if one == 1 and op != "^":
                return other if op == "&" else 1
        if first == second:
            return 0 if op == "^" else first
        return None

    def _shift(self, op: str, inputs: tuple[c.Value, ...], bit: int) -> int | None:
        amount = [self.resolve(n) for n in inputs[1]]
        if not all(map(c.is_const, amount)):
            return None
        distance = sum(one << i for i, one in enumerate(amount))
        source = bit - distance if op == "<<" else bit + distance
        if 0 <= source < len(inputs[0]):
            return self.resolve(inputs[0][source])
        return self.resolve(inputs[0][-1]) if op == "s>>" else 0
