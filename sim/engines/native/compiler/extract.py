"""From an Amaranth design to a `Circuit`: the one place that knows Amaranth's netlist."""

from collections.abc import Callable, Iterable
from typing import Any

from amaranth.hdl import Cat, CombinationalCycle, Const, DriverConflict, Fragment, Signal
from amaranth.lib.memory import MemoryData

from sim.engines.internals import SignalDict, SignalSet, ast, ir, nir
from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.events import Events, gate

__all__ = ["extract", "prepare", "resets"]


#: What whoever runs the model prints or checks.
_SAID = nir.SyncPrint | nir.SyncProperty | nir.AsyncPrint | nir.AsyncProperty


def prepare(top: Any) -> Any:
    """The elaborated design of `top`, with its clock domain, as the simulator makes it.

    What is such a design already comes back as it is.
    """
    if isinstance(top, ir.Design):
        return top
    return Fragment.get(top, platform=None).prepare()


def extract(
    design: Any, constants: Iterable[Signal] = (), events: Events | None = None
) -> c.Circuit:
    """The circuit of a prepared design.

    `constants` are undriven signals that keep their initial value, a reset that nobody pulls, say.
    The design has one clock, whose rising edge counts and which nobody reads, no asynchronous
    reset, and neither prints nor claims anything, unless `events` has all of that; the signals
    there get their values, and a clock that is read is an input.

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
    if events is None:
        _check_unread(emitter, _only_clock(netlist))
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

    told = _add_edges(netlist, circuit, events) if events and events.gated else {}
    for index, cell in enumerate(netlist.cells[1:], 1):
        if events and isinstance(cell, _SAID):
            continue
        circuit.cells[index] = _convert(netlist, cell, value)
        clock = int(getattr(cell, "clk", 0))
        if told and clock:
            gate(circuit, index, told[clock, cell.clk_edge], *value([getattr(cell, "arst", 0)]))
    for signal, nets in netlist.signals.items():
        circuit.signals[signal] = value(nets)
    for claim in events.claims if events else ():
        for signal, nets in zip(claim.signals, emitter.claimed(claim.statement), strict=True):
            circuit.signals[signal] = value(nets)
    return circuit


def resets(design: Any) -> list[Signal]:
    """The synchronous resets of the design's clock domains."""
    return [d.rst for d in design.fragment.domains.values() if d.rst is not None]


class _Emitter(ir.NetlistEmitter):
    """Amaranth's own, which also notes which cells memories, prints and properties become.

    Where its netlist is not what Amaranth's simulator computes, it is made so: what is assigned to
    part of a narrower element of an `Array` keeps within that, and a part that reaches beyond a
    value has there what the simulator has.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.memories: dict[MemoryData, int] = {}
        self._claims: dict[int, Any] = {}

    def emit_assign(
        self, module_idx: int, cd: Any, lhs: Any, lhs_start: int, rhs: Any, cond: Any, **place: Any
    ) -> None:
        within = rhs[: max(0, len(lhs) - lhs_start)]
        if within or not rhs:
            super().emit_assign(module_idx, cd, lhs, lhs_start, within, cond, **place)

    def emit_rhs(self, module_idx: int, value: Any) -> tuple[Any, bool]:
        if isinstance(value, ast.Part) and id(value) not in self.rhs_cache:
            of = _as_simulated(value.value)
            if of is not value.value:
                part = ast.Part(of, value.offset, value.width, value.stride)
                part.src_loc = value.src_loc
                self.rhs_cache[id(value)] = *super().emit_rhs(module_idx, part), value
        result: tuple[Any, bool] = super().emit_rhs(module_idx, value)
        return result

    def emit_stmt(self, module_idx: int, fragment: Any, domain: str, stmt: Any, cond: Any) -> None:
        super().emit_stmt(module_idx, fragment, domain, stmt, cond)
        if isinstance(stmt, ast.Print | ast.Property):
            self._claims[id(stmt)] = self.netlist.cells[-1]

    def claimed(self, statement: Any) -> list[Any]:
        """The nets of what `Claim.signals` has for `statement`."""
        cell = self._claims[id(statement)]
        chunks = cell.format.chunks if cell.format else ()
        shown = [chunk.value for chunk in chunks if not isinstance(chunk, str)]
        return [[cell.en], [getattr(cell, "test", 0)], *shown]

    def emit_memory(self, module_idx: int, fragment: Any, name: str) -> int:
        index: int = super().emit_memory(module_idx, fragment, name)
        self.memories[fragment._data] = index
        return index


def _as_simulated(value: Any) -> Any:
    """A value with the same bits, and beyond them those that a part of it has in the simulator.

    That computes with Python's integers, and takes the part of one that is not yet cut to size.
    """
    while isinstance(value, ast.Operator) and value.operator in ("u", "s"):
        (value,) = value.operands
    if isinstance(value, ast.Operator) and value.operator == "~":
        return Cat(value, Const(1, 1)).as_signed()
    return value


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


def _add_edges(netlist: Any, circuit: c.Circuit, events: Events) -> dict[tuple[int, str], int]:
    """Makes an input for each kind of edge; returns its net by the clock's net and the edge."""
    told = {}
    for edge in events.edges:
        circuit.cells.append(c.FlipFlop(1, f"an edge of {edge.clock.name}", None, 0))
        net = c.net(len(circuit.cells) - 1, 0)
        circuit.signals[edge.told] = (net,)
        told[int(netlist.signals[edge.clock][0]), edge.kind] = net
    return told


def _clocks(netlist: Any) -> dict[tuple[int, str], Any]:
    """A cell for each kind of edge: the net of its clock, and "pos" or "neg"."""
    clocked = [cell for cell in netlist.cells if int(getattr(cell, "clk", None) or 0) != 0]
    return {(int(cell.clk), cell.clk_edge): cell for cell in reversed(clocked)}


def _only_clock(netlist: Any) -> dict[tuple[int, str], Any]:
    """The same; Unsupported unless it is one clock's rising edge, without asynchronous reset."""
    clocks = _clocks(netlist)
    for cell in netlist.cells:
        if getattr(cell, "arst", 0) != 0:
            raise c.Unsupported(f"asynchronous reset at {_source(cell)}")
    for (_number, kind), cell in clocks.items():
        if kind != "pos":
            raise c.Unsupported(f"falling clock edge at {_source(cell)}")
    if len(clocks) > 1:
        raise c.Unsupported(
            f"more than one clock, at {' and '.join(map(_source, clocks.values()))}"
        )
    return clocks


def _check_unread(emitter: _Emitter, edges: Iterable[tuple[int, str]]) -> None:
    """Nobody reads the clock as data: who does would see another order of events.

    What reads a net is a cell, or a signal that is another name for it: any but a clock that comes
    from outside.
    """
    netlist, clocks = emitter.netlist, {number for number, _kind in edges}
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
        case nir.Instance():
            raise c.Unsupported(f"an instance of the foreign module {cell.type} at {source}")
        case _:
            raise c.Unsupported(f"{type(cell).__name__} at {source}")
