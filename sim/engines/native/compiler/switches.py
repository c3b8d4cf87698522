"""Switches: what one decision table chooses is computed in one `switch` over its cases."""

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.bit_slicing import Piece, Pieces

__all__ = ["case_of", "overlapping", "switch_of", "switched"]


def case_of(pieces: Pieces, net: int) -> tuple[int, int] | None:
    """The switch that a net is a case of, with its number; None if it is none's."""
    if c.is_const(net) or c.cell_of(net) not in pieces.tables:
        return None
    return c.cell_of(net), c.bit_of(net)


def overlapping(cell: c.Assign, low: int, high: int) -> list[tuple[int, int, c.Value]]:
    """What assignments do to bits low to high: (condition, lowest bit, value)."""
    found = []
    for a in cell.assignments:
        start, end = max(low, a.start), min(high, a.start + len(a.value))
        if start < end:
            found.append((a.condition, start, a.value[start - a.start : end - a.start]))
    return found


def switch_of(pieces: Pieces, piece: Piece) -> int | None:
    """The switch whose case decides what a piece is, None if there is none."""
    cell = pieces.circuit.cells[piece.cell]
    if isinstance(cell, c.Priority):
        case = case_of(pieces, cell.enable)
        return case and case[0]
    if isinstance(cell, c.Assign):
        first = next(iter(overlapping(cell, piece.low, piece.low + piece.width)), None)
        case = case_of(pieces, first[0]) if first else None
        return case and case[0]
    return None
