"""Splitting: every cell becomes pieces of at most 64 bits that can be computed in some order.

A signal of the source, a struct say, may be wider than a machine word, and its fields may depend on
each other although its bits do not. Cells that work bit by bit are therefore cut: wide ones where
their readers and their inputs have seams, with as much in a piece as fits, and those in a loop of
words until the loop is gone.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.circuit import WORD
from sim.engines.native.compiler.dead_bits import BITWISE
from sim.engines.native.compiler.decision_tables import Table, decision_table

__all__ = ["Piece", "Pieces", "inputs_of", "split"]

#: The most bits that arithmetic can have (`unsigned __int128`).
WIDEST = 128


@dataclass(frozen=True, slots=True)
class Piece:
    """`width` output bits of cell number `cell`, from bit `low` up."""

    cell: int
    low: int
    width: int


class Pieces:
    """The pieces of every live cell, lowest first; those of state as in `like`, if it is given."""

    def __init__(self, circuit: c.Circuit, live: dict[int, int], like: "Pieces | None" = None):
        self.circuit = circuit
        self._live = live
        self._like = like
        #: Decision tables of the switches that have one: a piece of these holds a case's number.
        self.tables: dict[int, Table] = {}
        for index, cell in circuit.of_kind(c.Priority):
            if index in live:
                table = decision_table(circuit, cell, live[index].bit_length())
                if table is not None:
                    self.tables[index] = table
        #: Where cells may be cut if they are too wide, and where they must be cut.
        self._seams: dict[int, set[int]] = {}
        self._cuts: dict[int, set[int]] = {}
        #: The runs of values that have been looked at: each is, by every pass.
        self._runs: dict[c.Value, list[tuple[int, int, int, int]]] = {}
        self._of: dict[int, list[Piece]] = {}
        self._starts: dict[int, list[int]] = {}
        for index in live:
            self.make(index)

    def __iter__(self) -> Iterator[Piece]:
        for index in sorted(self._of):
            yield from self._of[index]

    def seams(self, index: int) -> set[int]:
        """Where cell `index` may be cut if it is too wide."""
        return self._seams.setdefault(index, set())

    def cut(self, index: int, positions: Iterable[int]) -> bool:
        """Cuts cell `index` at bit `positions` too; returns whether that changed anything."""
        cell = self.circuit.get(index, c.Cell)
        cuts = self._cuts.setdefault(index, set())
        new = {p for p in positions if 0 < p < cell.width} - cuts
        if new and is_bitwise(cell):
            cuts |= new
            self.make(index)
            return True
        return False

    def reads(self, value: c.Value) -> Iterator[tuple[int, int, Piece | None, int]]:
        """Cuts a value into (position, width, piece, lowest bit in the piece), or a constant.

        For a constant the piece is None and the last item its number.
        """
        if (runs := self._runs.get(value)) is None:
            runs = self._runs[value] = list(c.runs(value))
        for position, width, index, low in runs:
            if index == 0:
                yield position, width, None, low
                continue
            pieces, end = self._of[index], low + width
            number = bisect_right(self._starts[index], low) - 1
            while low < end:
                piece = pieces[number]
                taken = min(end, piece.low + piece.width) - low
                yield position, taken, piece, low - piece.low
                position, low, number = position + taken, low + taken, number + 1

    def inputs(self, piece: Piece) -> Iterator[c.Value]:
        """The values that a combinational piece is computed from."""
        if piece.cell in self.tables:
            yield (self.circuit.get(piece.cell, c.Priority).enable,)
            yield self.tables[piece.cell].index
        else:
            yield from inputs_of(self.circuit.get(piece.cell, c.Cell), piece)

    def make(self, index: int) -> None:
        """Makes the pieces of a cell from its seams and cuts."""
        cell, mask = self.circuit.get(index, c.Cell), self._live[index]
        if isinstance(cell, c.Memory | c.Write):
            return
        if self._like is not None and isinstance(cell, c.FlipFlop | c.SyncRead):
            self._starts[index], self._of[index] = self._like._starts[index], self._like._of[index]
            return
        top = mask.bit_length()
        if index in self.tables:
            ends = [top]
        elif isinstance(cell, c.Priority):
            ends = list(range(1, top + 1))
        elif is_bitwise(cell):
            ends = self._ends(index, top)
        else:
            assert top <= WIDEST, f"{cell} has not been made narrow"
            ends = [top]
        self._starts[index] = starts = [0, *ends[:-1]]
        self._of[index] = [
            Piece(index, low, high - low) for low, high in zip(starts, ends, strict=True)
        ]

    def _ends(self, index: int, top: int) -> list[int]:
        """Ends of pieces of at most a word each, at cuts, at seams as far as possible."""
        cuts, seams = self._cuts.get(index, ()), self._seams.get(index, ())
        ends: list[int] = []
        start = last = 0
        for position in sorted({*cuts, *seams, top}):
            if position > top:
                break
            while position - start > WORD:
                start = last if last > start else start + WORD
                ends.append(start)
            last = position
            if position in cuts or position == top:
                ends.append(position)
                start = position
        return ends


def is_bitwise(cell: c.Cell) -> bool:
    """Whether any bits of the cell can be computed without the others."""
    if isinstance(cell, c.Operator):
        return cell.op in BITWISE
    return isinstance(cell, c.Assign | c.FlipFlop | c.AsyncRead | c.SyncRead)


def inputs_of(cell: c.Cell, piece: Piece) -> Iterator[c.Value]:
    """The values that `piece` of a combinational `cell` is computed from."""
    low, high = piece.low, piece.low + piece.width
    match cell:
        case c.Operator(op="m"):
            yield cell.inputs[0]
            yield from (operand[low:high] for operand in cell.inputs[1:])
        case c.Operator(op=op) if op in BITWISE:
            yield from (operand[low:high] for operand in cell.inputs)
        case c.Operator(op="+" | "-" | "*"):
            yield from (operand[:high] for operand in cell.inputs)
        case c.Operator(op="<<"):
            yield cell.inputs[0][:high]
            yield cell.inputs[1]
        case c.Operator():
            yield from cell.inputs
        case c.Part():
            yield cell.value
            yield cell.offset
        case c.Matches():
            yield cell.value
        case c.Priority():
            yield (cell.enable,)
            yield cell.inputs[:high]
        case c.Assign():
            yield cell.default[low:high]
            for a in cell.assignments:
                start, end = max(low, a.start), min(high, a.start + len(a.value))
                if start < end:
                    yield (a.condition,)
                    yield a.value[start - a.start : end - a.start]
        case c.AsyncRead():
            yield cell.address


def split(circuit: c.Circuit, live: dict[int, int], like: Pieces | None = None) -> Pieces:
    """Pieces that fit a word and have no loops.

    Those of state are as in `like`: of a circuit with the same state, which is then kept alike.
    """
    pieces = Pieces(circuit, live, like)
    _cut_wide_cells(pieces, live)
    while True:
        loops = _loops(pieces)
        if not loops:
            return pieces
        # First where there are seams anyway; if there are none left, into bits.
        if not any([_cut_at_seams(pieces, piece) for loop in loops for piece in loop]):
            for loop in loops:
                for piece in loop:
                    pieces.cut(piece.cell, range(piece.low, piece.low + piece.width))


def _values(cell: c.Cell) -> Iterator[tuple[c.Value, int | None]]:
    """Every value that a cell reads, with the output bit its first bit belongs to (or None)."""
    match cell:
        case c.Operator(op="m"):
            yield cell.inputs[0], None
            yield from ((operand, 0) for operand in cell.inputs[1:])
        case c.Operator():
            yield from ((operand, 0 if cell.op in BITWISE else None) for operand in cell.inputs)
        case c.Part():
            yield cell.value, None
        case c.Matches():
            yield cell.value, None
        case c.Priority():
            yield cell.inputs, None
        case c.Assign():
            yield cell.default, 0
            yield from ((a.value, a.start) for a in cell.assignments)
        case c.FlipFlop():
            yield cell.data or (), 0
        case c.Write():
            yield cell.address, None
            yield cell.data, None
        case c.AsyncRead() | c.SyncRead():
            yield cell.address, None


def _cut_wide_cells(pieces: Pieces, live: dict[int, int]) -> None:
    """Finds the seams of cells of more than a word: those of readers and inputs, passed on."""
    circuit = pieces.circuit
    cells = {index: circuit.get(index, c.Cell) for index in live}
    wide = {index for index, cell in cells.items() if cell.width > WORD and is_bitwise(cell)}
    work = bool(wide)
    while work:
        work = False
        for index, cell in cells.items():
            for value, start in _values(cell):
                own = pieces.seams(index) if index in wide else None
                for position, width, driver, low in c.runs(value):
                    inner = set()
                    if own is not None and start is not None:
                        first = position + start
                        work |= _extend(own, {first, first + width})
                        inner = {p - first for p in own if first < p < first + width}
                    if driver in wide:
                        found = {low, low + width, *(low + p for p in inner)}
                        work |= _extend(pieces.seams(driver), found)
    for index in wide:
        pieces.make(index)


def _extend(known: set[int], found: set[int]) -> bool:
    before = len(known)
    known |= found
    return len(known) != before


def _cut_at_seams(pieces: Pieces, piece: Piece) -> bool:
    """Cuts one piece in a loop where the values it is made of have seams."""
    cell = pieces.circuit.get(piece.cell, c.Cell)
    seams: set[int] = set()
    for value, start in _values(cell):
        if start is not None:
            for position, width, _driver, _low in c.runs(value):
                seams |= {position + start, position + start + width}
    high = piece.low + piece.width
    return pieces.cut(piece.cell, {s for s in seams if piece.low < s < high})


def _loops(pieces: Pieces) -> list[list[Piece]]:
    """Strongly connected sets of combinational pieces (Tarjan) that make a loop."""
    cells = pieces.circuit.cells
    number: dict[Piece, int] = {}
    lowest: dict[Piece, int] = {}
    stack: list[Piece] = []
    on_stack: set[Piece] = set()
    found: list[list[Piece]] = []

    def successors(piece: Piece) -> Iterator[Piece]:
        cell = cells[piece.cell]
        if isinstance(cell, c.FlipFlop | c.SyncRead):
            return
        for value in pieces.inputs(piece):
            for _position, _width, driver, _low in pieces.reads(value):
                if driver is not None:
                    yield driver

    for root in pieces:
        if root in number:
            continue
        number[root] = lowest[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        path = [(root, successors(root))]
        while path:
            piece, rest = path[-1]
            for following in rest:
                if following not in number:
                    number[following] = lowest[following] = len(number)
                    stack.append(following)
                    on_stack.add(following)
                    path.append((following, successors(following)))
                    break
                if following in on_stack:
                    lowest[piece] = min(lowest[piece], number[following])
            else:
                path.pop()
                if path:
                    lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[piece])
                if lowest[piece] == number[piece]:
                    loop: list[Piece] = []
                    while not loop or loop[-1] is not piece:
                        loop.append(stack.pop())
                        on_stack.discard(loop[-1])
                    if len(loop) > 1 or piece in set(successors(piece)):
                        found.append(loop)
    return found
