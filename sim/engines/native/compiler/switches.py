"""Switches: what the case of one decision table chooses is computed in one `switch`."""

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.bit_slicing import Pieces
from sim.engines.native.compiler.statements import Compute, overlapping

__all__ = ["case_of", "switch_of"]


def case_of(pieces: Pieces, net: int) -> int | None:
    """The number of the cell with a table that a net is a case of; None if it is none's."""
    cell = c.cell_of(net)
    return cell if cell in pieces.tables else None


def switch_of(pieces: Pieces, node: object) -> int | None:
    """The cell with a table whose case chooses what a node computes, None if there is none."""
    if not isinstance(node, Compute):
        return None
    piece = node.piece
    cell = pieces.circuit.cells[piece.cell]
    if isinstance(cell, c.Priority):
        return case_of(pieces, cell.enable)
    if isinstance(cell, c.Assign):
        for condition, _start, _value in overlapping(cell, piece.low, piece.low + piece.width):
            return case_of(pieces, condition)
    return None
