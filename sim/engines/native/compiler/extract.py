"""From an Amaranth design to a `Circuit`: the one place that knows Amaranth's netlist."""

from collections.abc import Callable, Iterable
from typing import Any

from amaranth.hdl import CombinationalCycle, DriverConflict, Fragment, Signal
from amaranth.lib.memory import MemoryData

from sim.engines.internals import SignalDict, SignalSet, ir, nir
from sim.engines.native.compiler import circuit as c

__all__ = ["extract", "prepare", "resets"]


def prepare(top: Any) -> Any:
    """The elaborated design of `top`, with its clock domain, as the simulator makes it.

    What is such a design already comes back as it is.
    """
    if isinstance(top, ir.Design):
        return top
    return Fragment.get(top, platform=None).prepare()


def extract(design: Any, constants: Iterable[Signal] = ()) -> c.Circuit:
    """The circuit of a prepared design with one clock domain.

    `constants` are undriven signals that keep their initial value, a reset that nobody pulls, say.
    Raises Unsupported, with the signal or source line, for what cannot be computed natively.
    """
    netlist = nir.Netlist()
    emitter = _Emitter(netlist, design, all_undef_to_ff=True)
    try:
        emitter.emit_fragment(design.fragment, None)
    except DriverConflict as error:
        raise c.Unsupported(f"a signal has several drivers: {_one_line(error)}") from None
    try:
        netlist.check_comb_cycles()
    except CombinationalCycle as error:
        raise c.Unsupported(f"logic that feeds itself: {_one_line(error)}") from None
    netlist.resolve_all_nets()
    _check_unread(emitter, _check_clocks(netlist))
    replaced = {
        int(number): signal.init >> bit & 1
        for signal in constants
        if signal in netlist.signals
        for bit, number in enumerate(netlist.signals[signal])
    }
    circuit = c.Circuit(signals=SignalDict(), memories=emitter.memories)
    circuit.cells += [None] * (len(netlist.cells) - 1)
    _add_ports(netlist, circuit, replaced)

    def value(nets: Iterable[Any]) -> c.Value:
        return tuple(replaced.get(int(n), int(n)) for n in nets)

    for index, cell in enumerate(netlist.cells[1:], 1):
        circuit.cells[index] = _convert(netlist, cell, value)
    for signal, nets in netlist.signals.items():
        circuit.signals[signal] = value(nets)
    return circuit


def resets(design: Any) -> list[Signal]:
    """The synchronous resets of the design's clock domains."""
    return [d.rst for d in design.fragment.domains.values() if d.rst is not None]


class _Emitter(ir.NetlistEmitter):
    """Amaranth's own, which also notes which cell a memory becomes."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.memories: dict[MemoryData, int] = {}

    def emit_memory(self, module_idx: int, fragment: Any, name: str) -> int:
        index: int = super().emit_memory(module_idx, fragment, name)
        self.memories[fragment._data] = index
        return index


def _add_ports(netlist: Any, circuit: c.Circuit, replaced: dict[int, int]) -> None:
    """Makes inputs of the design's ports, such as its clock: they are outputs of cell 0."""
    for start, width in netlist.top.ports_i.values():
        nets = [int(nir.Net.from_cell(0, start + bit)) for bit in range(width)]
        if not all(n in replaced for n in nets):
            index = len(circuit.cells)
            circuit.cells.append(c.FlipFlop(width, "a port of the design", None, 0))
            replaced |= {n: c.net(index, bit) for bit, n in enumerate(nets)}


def _source(cell: Any) -> str:
    return "{}:{}".format(*cell.src_loc[:2]) if cell.src_loc else "unknown source"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _check_clocks(netlist: Any) -> set[int]:
    """One clock, rising edge, no asynchronous reset. Returns its net, or none."""
    clocks: dict[tuple[int, str], str] = {}
    for cell in netlist.cells:
        clock = getattr(cell, "clk", None)
        if clock is None or clock == 0:
            continue
        clocks.setdefault((int(clock), cell.clk_edge), _source(cell))
        if getattr(cell, "arst", 0) != 0:
            raise c.Unsupported(f"asynchronous reset at {_source(cell)}")
        if cell.clk_edge != "pos":
            raise c.Unsupported(f"falling clock edge at {_source(cell)}")
    if len(clocks) > 1:
        raise c.Unsupported(f"more than one clock, at {' and '.join(clocks.values())}")
    return {number for number, _edge in clocks}


def _check_unread(emitter: _Emitter, clocks: set[int]) -> None:
    """Nobody reads the clock as data: who does would see another order of events.

    What reads a net is a cell, or a signal that is another name for it: any but a clock that comes
    from outside.
    """
    netlist = emitter.netlist
    fragments = emitter.design.fragments
    own = SignalSet(domain.clk for f in fragments for domain in f.domains.values())
    for signal, nets in netlist.signals.items():
        outside = signal in own and signal not in emitter.drivers
        if not outside and not clocks.isdisjoint(map(int, nets)):
            place = _source(signal)
            raise c.Unsupported(f"the signal {signal.name} shows the clock, at {place}")
    for cell in netlist.cells[1:]:
        if isinstance(cell, nir.FlipFlop) and cell.clk == 0:
            continue  # stands for an undriven signal, and has itself for data
        read = {int(n) for n in cell.input_nets()} - {int(getattr(cell, "clk", 0))}
        if clocks & read:
            raise c.Unsupported(f"the clock is read as data at {_source(cell)}")


def _convert(netlist: Any, cell: Any, value: Callable[[Iterable[Any]], c.Value]) -> c.Cell | None:
    """The cell in our terms; `value` turns its nets into ours."""
    source = _source(cell)

    match cell:
        case nir.Operator():
            return c.Operator(cell.width, source, cell.operator, tuple(map(value, cell.inputs)))
        case nir.Part():
            of, offset = value(cell.value), value(cell.offset)
            return c.Part(cell.width, source, of, cell.value_signed, offset, cell.stride)
        case nir.Matches():
            return c.Matches(1, source, value(cell.value), tuple(cell.patterns))
        case nir.PriorityMatch():
            return c.Priority(len(cell.inputs), source, value((cell.en,))[0], value(cell.inputs))
        case nir.AssignmentList():
            assignments = tuple(
                c.Assignment(value((a.cond,))[0], a.start, value(a.value)) for a in cell.assignments
            )
            return c.Assign(len(cell.default), source, value(cell.default), assignments)
        case nir.FlipFlop():
            data = value(cell.data) if cell.clk != 0 else None
            module = netlist.modules[cell.module_idx].name
            return c.FlipFlop(len(cell.data), source, data, cell.init, tuple(module))
        case nir.Memory():
            return c.Memory(cell.width, source, cell.name, cell.depth, cell.init)
        case nir.SyncWritePort():
            return c.Write(
                0, source, cell.memory, value(cell.addr), value(cell.data), value(cell.en)
            )
        case nir.AsyncReadPort():
            return c.AsyncRead(cell.width, source, cell.memory, value(cell.addr))
        case nir.SyncReadPort():
            address, (enable,) = value(cell.addr), value((cell.en,))
            transparent = tuple(cell.transparent_for)
            return c.SyncRead(cell.width, source, cell.memory, address, enable, transparent)
        case nir.Top():
            return None
        case _:
            raise c.Unsupported(f"{type(cell).__name__} at {source}")
