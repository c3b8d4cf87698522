"""Liveness: which output bits of which cells matter to what is observed."""

from collections.abc import Iterable

from sim.engines.native import circuit as c

__all__ = ["LOW_BITS_ONLY", "live_bits", "memory_ports"]

#: Operators whose low result bits depend on the low bits of their operands only.
LOW_BITS_ONLY = {"+", "-", "*"}
#: Operators that work bit by bit.
BITWISE = {"~", "&", "|", "^", "m"}


def live_bits(circuit: c.Circuit, roots: Iterable[int]) -> dict[int, int]:
    """For every live cell the mask of its live output bits; for live memories and writes, 1.

    `roots` are nets. Live is what a root depends on, now or in a later cycle.
    """
    live: dict[int, int] = {}
    ports = memory_ports(circuit)
    work = [n for n in roots if not c.is_const(n)]
    while work:
        number = work.pop()
        index, bit = c.cell_of(number), c.bit_of(number)
        before = live.get(index, 0)
        if before >> bit & 1:
            continue
        live[index] = before | 1 << bit
        cell = circuit.cells[index]
        work += (n for n in _inputs(cell, bit, not before) if not c.is_const(n))
        if isinstance(cell, c.AsyncRead | c.SyncRead) and cell.memory not in live:
            live[cell.memory] = 1
            for write in ports.get(cell.memory, ()):
                live[write] = 1
                port = circuit.cells[write]
                nets = (*port.address, *port.data, *port.enable)
                work += (n for n in nets if not c.is_const(n))
    return live


def memory_ports(circuit: c.Circuit) -> dict[int, list[int]]:
    """The write ports of every memory, in the order in which they win: the last one does."""
    ports: dict[int, list[int]] = {}
    for index, cell in circuit.of_kind(c.Write):
        ports.setdefault(cell.memory, []).append(index)
    return ports


def _inputs(cell, bit, first):
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
