"""Caching: what depends only on state that rarely changes is computed when that has changed.

Tags of a TLB and most control registers keep their values for thousands of cycles. The caller says
which flip-flops are of that kind. What is computed from these alone goes into a function of its
own, which runs in the cycle after one of them was written and leaves its results in the state. A
wrong guess costs time, never correctness.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.bit_slicing import Piece, Pieces
from sim.engines.native.compiler.circuit import WORD
from sim.engines.native.compiler.rarely import Rarely
from sim.engines.native.compiler.statements import Compute, Keep, Node, Update

__all__ = ["Separation", "rare_bits", "rare_cells", "separate"]


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


def rare_bits(circuit: c.Circuit, rarely: Rarely) -> dict[int, int]:
    """Of flip-flops that change often the bits that rarely do, as a mask for each cell."""
    lowest = dict(rarely.upper)
    bits: dict[int, int] = {}
    for signal, value in circuit.signals.items():
        for number in value[lowest.get(signal.name, len(value)) :]:
            cell = circuit.cells[c.cell_of(number)]
            if isinstance(cell, c.FlipFlop) and cell.data:
                index = c.cell_of(number)
                bits[index] = bits.get(index, 0) | 1 << c.bit_of(number)
    return bits


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
    rare : dict of Piece to int
        The flip-flops whose writes make `refresh` necessary if they change bits of this mask.
    """

    refresh: list[Node]
    rest: list[Node]
    kept: list[Piece]
    rare: dict[Piece, int]


def separate(
    pieces: Pieces,
    nodes: list[Node],
    rarely: Collection[int],
    upper: Mapping[int, int] = MappingProxyType({}),
    *,
    writers: list[Node] | None = None,
) -> Separation:
    """Separates what depends only on the flip-flops `rarely` (numbers of cells) from the rest.

    Of the flip-flops `upper` the bits of a mask count as such. `writers` are the nodes that write
    the state, if others do than `nodes`. A flip-flop that takes a value unconditionally in every
    cycle never counts as one of them.
    """
    masks = _masks(pieces, writers or nodes, rarely, upper)
    cells = pieces.circuit.cells
    makers = {node.piece: node for node in nodes if isinstance(node, Compute)}
    known: dict[Piece, bool] = {}

    def sources(node: Node) -> set[tuple[Piece, int]]:
        """What a node reads: pieces, and which bits of each."""
        return {
            (piece, (1 << width) - 1 << low)
            for value, _literal in node.reads
            for _position, width, piece, low in pieces.reads(value)
            if piece is not None
        }

    def is_known(piece: Piece, bits: int) -> bool:
        """Whether these bits of what is read are computed of such state, or are such state."""
        return known[piece] or not bits & ~masks.get(piece, 0)

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
                known[top] = False
                continue
            missing = [source for source, _bits in sources(maker) if source not in known]
            if missing:
                work += missing
            else:
                known[top] = all(is_known(*source) for source in sources(maker))
        return known[piece]

    refresh: list[Node] = [n for n in makers.values() if is_rare(n.piece)]
    rest = [n for n in nodes if not (isinstance(n, Compute) and known.get(n.piece))]
    computed = {piece for piece in makers if known[piece]}
    read = {piece for node in rest for piece, _bits in sources(node)}
    kept = sorted(read & computed, key=lambda p: (p.cell, p.low))
    refresh += (Keep([(_value(piece), None)], piece) for piece in kept)
    return Separation(refresh, rest, kept, masks)


def _masks(
    pieces: Pieces, nodes: list[Node], rarely: Collection[int], upper: Mapping[int, int]
) -> dict[Piece, int]:
    """The bits of flip-flops that rarely change, without those that are never written."""
    written = {n.piece for n in nodes if isinstance(n, Update)}
    always = {n.piece for n in nodes if isinstance(n, Update) and n.condition == 1}
    masks = {
        piece: upper.get(piece.cell, 0) >> piece.low & (1 << piece.width) - 1
        for piece in pieces
        if piece in written
    }
    masks |= {
        piece: (1 << piece.width) - 1
        for piece in masks
        if piece.cell in rarely and piece not in always
    }
    return {piece: mask for piece, mask in masks.items() if mask}


def _value(piece: Piece) -> c.Value:
    return tuple(c.net(piece.cell, piece.low + bit) for bit in range(piece.width))
