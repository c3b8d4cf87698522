"""Nodes: what the cycle function does, one step each, and what each step reads.

A read may be guarded: the value of a multiplexer's arm matters only if the multiplexer chooses it.
A literal is a net and the value (0 or 1) that it has then.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.bit_slicing import Piece, Pieces, inputs_of

__all__ = [
    "Compute",
    "Keep",
    "Latch",
    "Literal",
    "Node",
    "Output",
    "Store",
    "Update",
    "make_nodes",
    "overlapping",
]

Literal = tuple[int, int]
#: A value that is read, and the literal that it is read under, if any.
Read = tuple[c.Value, Literal | None]


@dataclass(eq=False, slots=True)
class Node:
    """A step; `reads` are the values it reads, each with the literal that it is read under."""

    reads: list[Read]


@dataclass(eq=False, slots=True)
class Compute(Node):
    """Computes a combinational piece into a local variable."""

    piece: Piece


@dataclass(eq=False, slots=True)
class Update(Node):
    """Writes `value` to flip-flop `piece` from bit `start` up, if the net `condition` is 1."""

    piece: Piece
    condition: int
    start: int
    value: c.Value


@dataclass(eq=False, slots=True)
class Latch(Node):
    """Takes a memory's row into the piece of a synchronous read port."""

    piece: Piece


@dataclass(eq=False, slots=True)
class Store(Node):
    """Does what write port number `port` does at the clock edge."""

    port: int


@dataclass(eq=False, slots=True)
class Keep(Node):
    """Leaves a computed piece in the state, for later cycles."""

    piece: Piece


@dataclass(eq=False, slots=True)
class Output(Node):
    """Shows `value` (at most 64 bits) in slot `slot`."""

    slot: int
    value: c.Value


def make_nodes(
    pieces: Pieces,
    live: dict[int, int],
    outputs: Iterable[tuple[int, c.Value]],
    *,
    clocked: bool = True,
) -> list[Node]:
    """All steps of a cycle, in no particular order.

    `outputs` are slots and the values that they show; without `clocked` nothing but outputs is
    computed: no flip-flop and no memory changes.
    """
    circuit = pieces.circuit
    outputs = list(outputs)
    nodes: list[Node] = [Output([(value, None)], slot, value) for slot, value in outputs]
    fused: set[Piece] = set()
    if clocked:
        shared = _read_otherwise(circuit, live, outputs)
        for piece in pieces:
            cell = circuit.cells[piece.cell]
            if isinstance(cell, c.FlipFlop) and cell.data:
                nodes += _updates(pieces, cell.data, piece, shared, fused)
            elif isinstance(cell, c.SyncRead):
                nodes.append(_latch(circuit, cell, piece))
        nodes += (_store(cell, i) for i, cell in circuit.of_kind(c.Write) if i in live)
    depth = _depths(pieces)
    for piece in pieces:
        cell = circuit.get(piece.cell, c.Cell)
        if piece not in fused and not isinstance(cell, c.FlipFlop | c.SyncRead):
            nodes.append(Compute(list(_guarded_reads(pieces, cell, piece, depth)), piece))
    return nodes


def _depths(pieces: Pieces) -> dict[Piece, int]:
    """For every piece how many others stand one behind the other before it; state is at 0."""
    cells = pieces.circuit.cells
    depths: dict[Piece, int] = {}
    for root in pieces:
        path = [root]
        while path:
            piece = path[-1]
            if piece in depths or isinstance(cells[piece.cell], c.FlipFlop | c.SyncRead):
                depths.setdefault(piece, 0)
                path.pop()
                continue
            sources = {
                source
                for value in pieces.inputs(piece)
                for _position, _width, source, _low in pieces.reads(value)
                if source is not None
            }
            missing = [source for source in sources if source not in depths]
            if missing:
                path += missing
            else:
                depths[piece] = 1 + max((depths[source] for source in sources), default=0)
    return depths


def _guarded_reads(
    pieces: Pieces, cell: c.Cell, piece: Piece, depth: dict[Piece, int]
) -> Iterator[Read]:
    """What a combinational piece reads, arms of multiplexers under their condition."""
    low, high = piece.low, piece.low + piece.width
    if isinstance(cell, c.Operator) and cell.op in "&|" and piece.width == 1:
        # Which of two matters only with the other is for us to say: the one that is known later.
        bits = [operand[low] for operand in cell.inputs]
        first, second = sorted(bits, key=lambda bit: _depth_of(pieces, bit, depth))
        yield (first,), None
        yield (second,), (first, int(cell.op == "&")) if first > 1 else None
    elif isinstance(cell, c.Operator) and cell.op == "m":
        choice = cell.inputs[0][0]
        yield (choice,), None
        yield cell.inputs[1][low:high], (choice, 1)
        yield cell.inputs[2][low:high], (choice, 0)
    elif isinstance(cell, c.Assign):
        parts = list(overlapping(cell, low, high))
        covers = len(parts) == 1 and len(parts[0][2]) == piece.width
        yield cell.default[low:high], (parts[0][0], 0) if covers else None
        for condition, _start, value in parts:
            yield (condition,), None
            yield value, (condition, 1)
    elif isinstance(cell, c.Priority) and piece.cell not in pieces.tables:
        yield from _guarded_inputs(cell, piece.low)
    else:
        yield from ((value, None) for value in pieces.inputs(piece))


def _depth_of(pieces: Pieces, net: int, depth: dict[Piece, int]) -> int:
    ((_position, _width, piece, _low),) = pieces.reads((net,))
    return -1 if piece is None else depth[piece]


def _guarded_inputs(cell: c.Priority, bit: int) -> Iterator[Read]:
    """What an output of a priority chain reads: no later test if it is off, or the first holds."""
    enable, first = cell.enable, cell.inputs[0]
    yield (enable,), None
    literal = None if enable == 1 else (enable, 1)
    yield (first,), literal
    if bit:
        yield cell.inputs[1 : bit + 1], literal or (first, 0)


def overlapping(cell: c.Assign, low: int, high: int) -> Iterator[tuple[int, int, c.Value]]:
    """What assignments do to bits low to high: (condition, lowest bit, value)."""
    for a in cell.assignments:
        start, end = max(low, a.start), min(high, a.start + len(a.value))
        if start < end:
            yield a.condition, start, a.value[start - a.start : end - a.start]


def _read_otherwise(
    circuit: c.Circuit, live: dict[int, int], outputs: Iterable[tuple[int, c.Value]]
) -> set[int]:
    """Nets that something else than the data input of a flip-flop reads."""
    read = {n for _slot, value in outputs for n in value}
    for index in live:
        cell = circuit.get(index, c.Cell)
        if isinstance(cell, c.Write):
            read.update(cell.address, cell.data, cell.enable)
        elif isinstance(cell, c.SyncRead):
            read.update(cell.address, (cell.enable,))
        elif not isinstance(cell, c.FlipFlop | c.Memory):
            for value in inputs_of(cell, Piece(index, 0, cell.width)):
                read.update(value)
    return read


def _updates(
    pieces: Pieces, driven: c.Value, piece: Piece, shared: set[int], fused: set[Piece]
) -> Iterator[Update]:
    """The writes of a flip-flop's piece.

    If its data is an `Assign` that starts from the flip-flop itself and that nobody else reads,
    every assignment is a write of its own under its condition, and the `Assign` disappears.
    """
    circuit = pieces.circuit
    data = driven[piece.low : piece.low + piece.width]
    own = tuple(c.net(piece.cell, piece.low + i) for i in range(piece.width))
    sources = list(c.runs(data))
    if len(sources) == 1 and sources[0][2]:
        _position, _width, index, low = sources[0]
        driver = circuit.cells[index]
        if (
            isinstance(driver, c.Assign)
            and driver.default[low : low + piece.width] == own
            and not shared.intersection(data)
        ):
            fused.update(
                p
                for _, _, p, _ in pieces.reads(data)
                if p is not None and p.low >= low and p.low + p.width <= low + piece.width
            )
            for condition, start, value in overlapping(driver, low, low + piece.width):
                reads = [((condition,), None), (value, (condition, 1))]
                yield Update(reads, piece, condition, start - low, value)
            return
    if data != own:
        yield Update([(data, None)], piece, 1, 0, data)


def _latch(circuit: c.Circuit, cell: c.SyncRead, piece: Piece) -> Latch:
    node = Latch([((cell.enable,), None), (cell.address, (cell.enable, 1))], piece)
    for number in cell.transparent:
        port = circuit.get(number, c.Write)
        node.reads += [(port.address, None), (port.enable, None), (port.data, None)]
    return node


def _store(cell: c.Write, index: int) -> Store:
    enables = set(cell.enable) - {0}
    literal = (enables.pop(), 1) if len(enables) == 1 else None
    reads = [(cell.enable, None), (cell.address, literal), (cell.data, literal)]
    return Store(reads, index)
