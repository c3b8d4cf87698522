"""Resting: a step of its own for cycles in which some state holds what it held after reset.

Most of a processor waits: for a fault, an interrupt, a walk, a division. The caller says which
registers and inputs show that. With their values as constants a second circuit is made, on the same
state, and simplified: what would be done if something came up is not in it. Its function runs in
every cycle that begins with all of them at rest, the whole one in the others. A wrong hint costs
time, never correctness.
"""

import dataclasses
from collections.abc import Iterator, Mapping

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.bit_slicing import Pieces
from sim.engines.native.compiler.expressions import constant
from sim.engines.native.compiler.layout import Layout
from sim.engines.native.compiler.rarely import Rarely
from sim.engines.native.compiler.simplify import rewrite

__all__ = ["at_rest", "resting_nets", "unrest"]


def resting_nets(circuit: c.Circuit, rarely: Rarely) -> dict[int, int]:
    """The bits of flip-flops and inputs that mostly rest, with the values that they have then."""
    found: dict[int, int] = {}
    names = {name.rpartition(".")[2] for name in rarely.resting}
    for signal, value in circuit.signals.items():
        for number in value if signal.name in names else ():
            cell = None if c.is_const(number) else circuit.cells[c.cell_of(number)]
            if not isinstance(cell, c.FlipFlop) or not cell.module:
                continue
            if f"{cell.module[-1]}.{signal.name}" in rarely.resting:
                found[number] = cell.init >> c.bit_of(number) & 1
    return found


def at_rest(circuit: c.Circuit, nets: Mapping[int, int]) -> c.Circuit:
    """The circuit with what reads `nets` reading these constants.

    A register's own value stays what it begins with: if nothing is assigned, nothing is written.
    """
    holders = _holders(circuit)
    cells = [cell and rewrite(cell, nets) for cell in circuit.cells]
    for index, kept in holders.items():
        cell, old = cells[index], circuit.get(index, c.Assign)
        assert isinstance(cell, c.Assign)
        default = tuple(
            before if c.cell_of(before) in kept else after
            for before, after in zip(old.default, cell.default, strict=True)
        )
        cells[index] = dataclasses.replace(cell, default=default)
    return c.Circuit(cells, circuit.signals, circuit.memories)


def _holders(circuit: c.Circuit) -> dict[int, set[int]]:
    """Of each `Assign` that is data of flip-flops the numbers of these."""
    holders: dict[int, set[int]] = {}
    for index, cell in circuit.of_kind(c.FlipFlop):
        for driver in {c.cell_of(number) for number in cell.data or ()}:
            if isinstance(circuit.cells[driver], c.Assign):
                holders.setdefault(driver, set()).add(index)
    return holders


def unrest(nets: Mapping[int, int], pieces: Pieces, layout: Layout) -> str:
    """C++ for a number that is 0 if all of `nets` are at rest; "" if there are none."""
    return " | ".join(_differences(nets, pieces, layout))


def _differences(nets: Mapping[int, int], pieces: Pieces, layout: Layout) -> Iterator[str]:
    """For each word a term that is 0 if it holds what it should."""
    for piece, word in layout.registers.items():
        bits = [(bit, c.net(piece.cell, piece.low + bit)) for bit in range(piece.width)]
        mask = sum(1 << bit for bit, number in bits if number in nets)
        if mask:
            value = sum(nets[number] << bit for bit, number in bits if number in nets)
            text = f"s[{word}]"
            if value:
                text = f"({text} ^ {constant(value)})"
            yield text if mask == (1 << piece.width) - 1 else f"({text} & {constant(mask)})"
