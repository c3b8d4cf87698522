"""Liveness: which output bits of which cells matter to what is observed."""

from collections.abc import Iterable, Sequence

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.simplify import rewrite

__all__ = ["LOW_BITS_ONLY", "live_bits", "memory_ports", "prune"]

#: Operators whose low result bits depend on the low bits of their operands only.
LOW_BITS_ONLY = {"+", "-", "*"}
#: Operators that work bit by bit.
BITWISE = {"~", "&", "|", "^", "m"}

#: Of each memory its write ports, with the numbers of their cells.
Ports = dict[int, list[tuple[int, c.Write]]]


def live_bits(
    circuit: c.Circuit, roots: Iterable[int], memories: Iterable[int] = ()
) -> dict[int, int]:
    """For every live cell the mask of its live output bits; for live memories and writes, 1.

    `roots` are nets, `memories` cells whose rows are looked at from outside. Live is what these
    depend on, now or in a later cycle.
    """
    live: dict[int, int] = {}
    ports = memory_ports(circuit)
    work = [n for n in roots if not c.is_const(n)]
    for memory in memories:
        work += _revive(circuit, live, ports, memory)
    while work:
        number = work.pop()
        index, bit = c.cell_of(number), c.bit_of(number)
        before = live.get(index, 0)
        if before >> bit & 1:
            continue
        live[index] = before | 1 << bit
        cell = circuit.cells[index]
        work += (n for n in _inputs(cell, bit, not before) if not c.is_const(n))
        if isinstance(cell, c.AsyncRead | c.SyncRead):
            work += _revive(circuit, live, ports, cell.memory)
    return live


def _revive(circuit: c.Circuit, live: dict[int, int], ports: Ports, memory: int) -> list[int]:
    """Makes a memory and its writes live, unless they are; returns the nets that those read."""
    if memory in live:
        return []
    live[memory] = 1
    nets: list[int] = []
    for write, port in ports.get(memory, ()):
        live[write] = 1
        nets += (*port.address, *port.data, *port.enable)
    return [n for n in nets if not c.is_const(n)]


def prune(circuit: c.Circuit, live: dict[int, int]) -> c.Circuit:
    """The circuit's live cells; what their dead bits read is there, or else is 0.

    A live cell has all bits up to its highest live one. Dead ones among them may read bits that
    are not computed, and nobody asks what comes of it.
    """
    dead = {
        c.net(index, bit): 0
        for index, cell in enumerate(circuit.cells)
        for bit in range(live.get(index, 0).bit_length(), cell.width if cell else 0)
    }
    cells = [
        rewrite(cell, dead) if cell and index in live else None
        for index, cell in enumerate(circuit.cells)
    ]
    return c.Circuit(cells, circuit.signals, circuit.memories)


def memory_ports(circuit: c.Circuit) -> Ports:
    """The write ports of every memory, in the order in which they win: the last one does."""
    ports: Ports = {}
    for index, cell in circuit.of_kind(c.Write):
        ports.setdefault(cell.memory, []).append((index, cell))
    return ports


def _inputs(cell: c.Cell | None, bit: int, first: bool) -> Sequence[int]:
    """Nets that output `bit` depends on; `first` if no other bit of the cell was live before."""
    match cell:
        case c.Operator(op="m"):
            return (cell.inputs[0][0], cell.inputs[1][bit], cell.inputs[2][bit])
        case c.Operator(op=op) if op in BITWISE:
            return [operand[bit] for operand in cell.inputs]
        case c.Operator(op=op) if op in LOW_BITS_ONLY:
            return [n for operand in cell.inputs for n in operand[: bit + 1]]
        case c.Operator(op="<<"):
            return (*cell.inputs[0][: bit + 1], *cell.inputs[1])
        case c.Operator():
            return [n for operand in cell.inputs for n in operand] if first else ()
        case c.Assign():
            nets = [cell.default[bit]]
            for a in cell.assignments:
                if a.start <= bit < a.start + len(a.value):
                    nets += (a.condition, a.value[bit - a.start])
            return nets
        case c.Priority():
            return (cell.enable, *cell.inputs[: bit + 1])
        case c.FlipFlop():
            return (cell.data[bit],) if cell.data else ()
        case c.Part():
            return (*cell.value, *cell.offset) if first else ()
        case c.Matches():
            return cell.value
        case c.AsyncRead():
            return cell.address if first else ()
        case c.SyncRead():
            return (*cell.address, cell.enable) if first else ()
    return ()
