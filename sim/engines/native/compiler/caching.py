"""Caching: what depends only on state that rarely changes is computed when that has changed.

Tags of a TLB and most control registers keep their values for thousands of cycles. The caller says
which flip-flops are of that kind. What is computed from these alone goes into a function of its
own, which runs in the cycle after one of them was written and leaves its results in the state. A
wrong guess costs time, never correctness.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.bit_slicing import Piece, Pieces
from sim.engines.native.compiler.circuit import WORD
from sim.engines.native.compiler.rarely import Rarely
from sim.engines.native.compiler.statements import Compute, Keep, Node, Update

__all__ = ["Separation", "rare_cells", "separate"]


def rare_cells(circuit: c.Circuit, rarely: Rarely) -> set[int]:
    """The numbers of the flip-flops that rarely change."""
    often = {
        c.cell_of(number)
        for signal, value in circuit.signals.items()
        if signal.name in rarely.often
        for number in value
    }
    return {
        index
        for index, cell in circuit.of_kind(c.FlipFlop)
        if index not in often and not rarely.modules.isdisjoint(cell.module)
    }


@dataclass
class Separation:
    """The steps of a cycle in two parts.

    Members
    -------
    refresh : list of Node
        What is computed when rarely changing state has changed.
    rest : list of Node
        What is done in every cycle.
    kept : list of Piece
        Results of `refresh` that `rest` reads.
    rare : set of Piece
        The flip-flops whose writes make `refresh` necessary.
    """

    refresh: list[Node]
    rest: list[Node]
    kept: list[Piece]
    rare: set[Piece]


def separate(pieces: Pieces, nodes: list[Node], rarely: Collection[int]) -> Separation:
    """Separates what depends only on the flip-flops `rarely` (numbers of cells) from the rest.

    A flip-flop that takes a value unconditionally in every cycle never counts as one of them.
    """
    rare = {piece for piece in pieces if piece.cell in rarely}
    rare -= {n.piece for n in nodes if isinstance(n, Update) and n.condition == 1}
    rare &= {n.piece for n in nodes if isinstance(n, Update)}
    cells = pieces.circuit.cells
    makers = {node.piece: node for node in nodes if isinstance(node, Compute)}
    known: dict[Piece, bool] = {}

    def sources(node: Node) -> set[Piece]:
        return {
            piece
            for value, _literal in node.reads
            for _position, _width, piece, _low in pieces.reads(value)
            if piece is not None
        }

    def is_rare(piece: Piece) -> bool:
        """Whether a piece follows from rarely changing state alone; without recursion."""
        work = [piece]
        while work:
            top = work[-1]
            if top in known:
                work.pop()
                continue
            maker = makers.get(top)
            # What is kept has to fit a word of the state.
            wide = top.width > WORD and top.cell not in pieces.tables
            if maker is None or wide or isinstance(cells[top.cell], c.AsyncRead):
                known[top] = top in rare
                continue
            missing = [s for s in sources(maker) if s not in known]
            if missing:
                work += missing
            else:
                known[top] = all(known[s] for s in sources(maker))
        return known[piece]

    refresh: list[Node] = [n for n in makers.values() if is_rare(n.piece)]
    rest = [n for n in nodes if not (isinstance(n, Compute) and known.get(n.piece))]
    computed = {piece for piece in makers if known[piece]}
    read = {piece for node in rest for piece in sources(node)}
    kept = sorted(read & computed, key=lambda p: (p.cell, p.low))
    refresh += (Keep([(_value(piece), None)], piece) for piece in kept)
    return Separation(refresh, rest, kept, rare)


def _value(piece: Piece) -> c.Value:
    return tuple(c.net(piece.cell, piece.low + bit) for bit in range(piece.width))
