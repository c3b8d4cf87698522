"""One walk over an elaborated design: who drives what, and a hash of all its logic.

Two instances of one component have different signals but the same hash, and their signals come in
the same order: what was compiled for one serves the other.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from amaranth.hdl import MemoryData, MemoryInstance, Signal

from sim.engines.internals import LHSMaskCollector, SignalDict, SignalSet, ast
from sim.engines.native.compiler.circuit import Unsupported
from sim.engines.native.compiler.events import Claim, Edge, Events
from sim.engines.native.testbench.unsettled import signals_of, unsettled

__all__ = ["Survey"]


class Survey:
    """What a walk over a design, as `extract.prepare` makes it, has seen.

    Members
    -------
    signals, memories : list
        In the order of the walk: every `Signal` and `MemoryData`.
    driven, combinational : set of int
        Places in `signals` of those that the design drives, and that logic without memory drives.
    mixed : dict of int to int
        Of the signals that both logic and registers drive a mask of the bits that are logic's.
    unsettled : list
        Fragments whose `comb` statements are computed by Amaranth's own engine; see there.
    stepwise : set of int
        Places of the signals that these drive.
    read_by_logic, read_clocks : set of int
        Places of the signals that `comb` statements read, and of the clocks among them.
    events : Events
        The clocks' edges, asynchronous resets, and what is printed or claimed.
    digest : str
        The hash.

    Raises
    ------
    Unsupported
        If the design makes a clock or an asynchronous reset itself, reads a clock other than by
        `comb` statements, prints or claims something in `comb` that depends on more than
        registers, inputs and `comb` statements, or assigns to part of a value that has bits twice.
    """

    def __init__(self, design: Any):
        self.signals: list[Signal] = []
        self.memories: list[MemoryData] = []
        self.driven: set[int] = set()
        self.combinational: set[int] = set()
        self._numbers: dict[int, int] = {}
        self._facts: list[object] = []
        self._edges: dict[tuple[int, str], int] = {}
        self._domain, self._at = "comb", design.fragment
        self._edge = -1
        #: Where a signal is read, in `comb` and in other domains.
        self._read_at: tuple[dict[int, str], dict[int, str]] = {}, {}
        self._place = "unknown source"
        #: The statements that print or claim something in `comb`, by their fragment.
        self._speaking: dict[Any, Any] = {}
        #: Who drives what: the domain, or "a memory".
        self._drivers: dict[int, set[str]] = {}
        self.events = Events()
        for fragment in design.fragments:
            self._fragment(fragment)
        self.mixed = self._mixed(design.fragments)
        self.unsettled = unsettled(design.fragments, self._speaking)
        self.stepwise = {self._numbers[id(s)] for f in self.unsettled for s in signals_of(f)}
        self.digest = hashlib.sha256(repr(self._facts).encode()).hexdigest()
        # Also those of domains with nothing in them: they change along with the others.
        domains = [domain for each in design.fragments for domain in each.domains.values()]
        clocks = {self._numbers.get(id(domain.clk), -1) for domain in domains} - self.driven
        self.read_by_logic = {*self._read_at[0]}
        self.read_clocks = clocks & self.read_by_logic
        self._check_outside()
        self._check_clocked_reads(clocks & self._read_at[1].keys())
        self._check_stepwise()

    def _mixed(self, fragments: Iterable[Any]) -> dict[int, int]:
        at_once = {"comb", "a memory"}
        mixed = {n for n, by in self._drivers.items() if by & at_once and by - at_once}
        masks = dict.fromkeys(mixed, 0)
        for fragment in fragments if mixed else ():
            collector = LHSMaskCollector()
            collector.visit_stmt(fragment.statements.get("comb", ()))
            for port in getattr(fragment, "_read_ports", ()):
                if port._domain == "comb":
                    collector.visit_value(port._data, ~0)
            for signal, mask in collector.masks():
                if self._numbers[id(signal)] in mixed:
                    masks[self._numbers[id(signal)]] |= mask
        return masks

    def _check_clocked_reads(self, clocks: set[int]) -> None:
        """There a clock has its new level at its own edge, and the old one behind logic."""
        for number in sorted(clocks):
            name, place = self.signals[number].name, self._read_at[1][number]
            raise Unsupported(f"the clock {name} is read in a domain with a clock at {place}")

    def _check_stepwise(self) -> None:
        """What is computed step by step has no other drivers, and reads no memory."""
        read = {self._numbers[id(s)] for f in self.unsettled for s in signals_of(f, read=True)}
        for number in sorted(read):
            drivers = self._drivers.get(number, set())
            if "a memory" in drivers or (number in self.stepwise and drivers != {"comb"}):
                name, others = self.signals[number].name, ", ".join(sorted(drivers - {"comb"}))
                raise Unsupported(f"{self._first_said()} follows {name}, which {others} drives")

    def check_worth(self) -> None:
        """Raises Unsupported if most logic is Amaranth's own engine's: alone it is faster."""
        if 2 * len(self.stepwise) > len(self.combinational):
            raise Unsupported(f"most of the logic, for {self._first_said()}")

    def _first_said(self) -> str:
        """One of the statements that make fragments unsettled."""
        statement = next(iter(self._speaking.values()))
        place = "{}:{}".format(*statement.src_loc)
        return f"{type(statement).__name__} in the domain comb at {place}"

    def _check_outside(self) -> None:
        """Clocks come from outside, and what resets at once does."""
        clocks = [edge.clock for edge in self.events.edges]
        for what, signals in (("clock", clocks), ("asynchronous reset", self.events.resets)):
            for signal in signals:
                if self._numbers[id(signal)] in self.driven:
                    raise Unsupported(f"the {what} {signal.name} is made by the design")

    def _fragment(self, fragment: Any) -> None:
        note = self._facts.append
        note(type(fragment).__name__)
        self._at = fragment
        if isinstance(fragment, MemoryInstance):
            self._memory(fragment)
        for domain, statements in fragment.statements.items():
            self._enter(fragment, domain)
            self._statements(statements)

    def _enter(self, fragment: Any, domain: str) -> None:
        """From here on everything is in this domain."""
        self._domain = domain
        if domain == "comb":
            self._facts.append("comb")
            return
        clocking = fragment.domains[domain]
        number = self._signal(clocking.clk)
        self._edge = self._kind_of_edge(number, clocking)
        reset = None if clocking.rst is None else self._signal(clocking.rst)
        if reset is not None:
            self._read(reset)
        self._facts.append((number, reset, clocking.clk_edge, clocking.async_reset))
        resets = self.events.resets
        if clocking.async_reset and reset is not None and clocking.rst not in SignalSet(resets):
            resets.append(clocking.rst)

    def _kind_of_edge(self, number: int, clocking: Any) -> int:
        """Which of the edges a domain heeds."""
        kind = number, clocking.clk_edge
        if kind not in self._edges:
            self._edges[kind] = len(self.events.edges)
            told = Signal(name=f"{clocking.clk.name}_{clocking.clk_edge}edge")
            self._signal(told)
            self.events.edges.append(Edge(clocking.clk, clocking.clk_edge, told))
        return self._edges[kind]

    def _claim(self, statement: Any) -> None:
        """A statement that prints, or claims something, in the domain at hand."""
        name, is_print = type(statement).__name__, isinstance(statement, ast.Print)
        chunks = statement.message._chunks if statement.message is not None else ()
        values = [chunk[0] for chunk in chunks if not isinstance(chunk, str)]
        tests = [] if is_print else [statement.test]
        self._facts.append((name, len(values)))
        for value in (*tests, *values):
            self._value(value)
        if self._domain == "comb":
            self._speaking.setdefault(self._at, statement)
            return
        shown = [Signal(ast.Shape.cast(value.shape()), name="shown") for value in values]
        own, process = (Signal(name="enabled"), Signal(name="test")), (self._at, self._domain)
        claim = Claim(statement, self._edge, *own, shown, process)
        for signal in claim.signals:
            self.driven.add(self._signal(signal))
        self.events.claims.append(claim)

    def _memory(self, instance: MemoryInstance) -> None:
        data, note = instance._data, self._facts.append
        self._note_place(instance)
        self.memories.append(data)
        shape = ast.Shape.cast(data.shape)
        note((shape.width, shape.signed, data.depth, tuple(data.init._raw)))
        for port in (*instance._write_ports, *instance._read_ports):
            self._enter(instance, port._domain)
            note((type(port).__name__, getattr(port, "_transparent_for", None)))
            self._value(port._addr)
            self._value(port._en)
            self._value(port._data, target=hasattr(port, "_transparent_for"))

    def _statements(self, statements: Iterable[Any]) -> None:
        note = self._facts.append
        for statement in statements:
            kind = type(statement)
            self._note_place(statement)
            if kind is ast.Assign:
                note("=")
                if _has_twins(statement.lhs):
                    raise Unsupported(f"part of what has bits twice is set at {self._place}")
                self._value(statement.lhs, target=True)
                self._value(statement.rhs)
            elif kind is ast.Switch:
                note(("switch", len(statement.cases)))
                self._value(statement.test)
                for patterns, inner, _source in statement.cases:
                    note((patterns, len(inner)))
                    self._statements(inner)
            else:
                self._claim(statement)

    def _value(self, value: Any, *, target: bool = False) -> None:
        kind, note = type(value), self._facts.append
        if kind is Signal:
            number = self._signal(value)
            note(number)
            if target:
                self._drive(number)
            else:
                self._read(number)
        elif kind is ast.Const:
            note((value.value, len(value), value.shape().signed))
        elif kind is ast.Operator:
            note((value.operator, len(value.operands)))
            for operand in value.operands:
                self._value(operand, target=target)
        elif kind is ast.Slice:
            note(("slice", value.start, value.stop))
            self._value(value.value, target=target)
        elif kind is ast.Part:
            note(("part", value.width, value.stride))
            self._value(value.value, target=target)
            self._value(value.offset)
        elif kind is ast.Concat:
            note(("cat", len(value.parts)))
            for part in value.parts:
                self._value(part, target=target)
        elif kind is ast.SwitchValue:
            note(("choose", tuple(patterns for patterns, _ in value.cases)))
            self._value(value.test)
            for _patterns, case in value.cases:
                self._value(case, target=target)
        else:
            raise Unsupported("{} at {}:{}".format(kind.__name__, *value.src_loc))

    def _note_place(self, what: Any) -> None:
        self._place = "{}:{}".format(*what.src_loc) if what.src_loc else "unknown source"

    def _read(self, number: int) -> None:
        self._read_at[self._domain != "comb"].setdefault(number, self._place)

    def _drive(self, number: int) -> None:
        self.driven.add(number)
        at_once = self._domain == "comb"
        if at_once:
            self.combinational.add(number)
        of_memory = at_once and isinstance(self._at, MemoryInstance)
        self._drivers.setdefault(number, set()).add("a memory" if of_memory else self._domain)

    def _signal(self, signal: Signal) -> int:
        """The number of a signal; what determines it is noted when it is first seen."""
        number = self._numbers.get(id(signal))
        if number is None:
            number = self._numbers[id(signal)] = len(self.signals)
            self.signals.append(signal)
            self._facts.append((len(signal), signal._signed, signal.init, signal.reset_less))
        return number


def _has_twins(target: Any, *, in_part: bool = False) -> bool:
    """Whether part is assigned to of what has bits twice: Amaranth gives one its old value back."""
    kind = type(target)
    if kind is ast.Slice or kind is ast.Part:
        return _has_twins(target.value, in_part=True)
    if kind is ast.Operator:
        return _has_twins(target.operands[0], in_part=in_part)
    if kind is ast.SwitchValue:
        return any(_has_twins(case, in_part=in_part) for _patterns, case in target.cases)
    if kind is not ast.Concat:
        return False
    seen: Any = SignalDict()
    for part in target.parts:
        collector = LHSMaskCollector()
        collector.visit_value(part, ~0)
        for signal, mask in collector.masks():
            if in_part and seen.get(signal, 0) & mask:
                return True
            seen[signal] = seen.get(signal, 0) | mask
    return any(_has_twins(part, in_part=in_part) for part in target.parts)
