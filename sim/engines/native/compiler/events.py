"""Several clocks, falling edges and asynchronous resets, as circuits with one clock have them.

A step of a model is a moment in which edges come, perhaps several at once. Each kind of edge gets
an input that says whether it is among them; a flip-flop takes its data, and a memory is written or
read, only if its own one is. All of them look at the state as it was before the step. What a design
prints or claims at an edge is for whoever runs the model to print or check.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sim.engines.native.compiler import circuit as c

__all__ = ["Claim", "Edge", "Events", "gate"]


@dataclass(frozen=True)
class Edge:
    """A kind of edge: `clock` rises ("pos") or falls ("neg").

    `told` is a signal of its own, the input that says that this is one.
    """

    clock: Any
    kind: str
    told: Any


@dataclass(frozen=True)
class Claim:
    """A `Print`, `Assert`, `Assume` or `Cover` in a domain with a clock.

    Members
    -------
    statement
        Amaranth's.
    edge : int
        Which of the edges it is for.
    enabled, test : Signal
        Signals of its own: whether the statement is reached, and what a property tests.
    values : list of Signal
        What its message shows.
    process : tuple
        The fragment and the domain that it is in.
    """

    statement: Any
    edge: int
    enabled: Any
    test: Any
    values: Sequence[Any]
    process: tuple[Any, str]

    @property
    def signals(self) -> list[Any]:
        """All of them."""
        return [self.enabled, self.test, *self.values]


@dataclass
class Events:
    """What happens at the edges of a design's clocks.

    Members
    -------
    edges : list of Edge
        All kinds of them.
    resets : list of Signal
        Asynchronous ones: a step is due when one of them rises, too.
    claims : list of Claim
        In the order of the design's statements.
    """

    edges: list[Edge] = field(default_factory=list)
    resets: list[Any] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)

    @property
    def gated(self) -> bool:
        """Whether a step has to be told of its edges: it may be for other than the rising one."""
        return bool(self.resets) or [edge.kind for edge in self.edges] not in ([], ["pos"])


def gate(circuit: c.Circuit, index: int, told: int, reset: int = 0) -> None:
    """Makes cell `index`, if it has a clock, heed the net `told`, and the net `reset` at once.

    An asynchronous reset is a level, as in Verilog's `always @(posedge clk, posedge arst)`: a step
    in which it is 1 resets, whatever edge the step is for.
    """
    match circuit.cells[index]:
        case c.FlipFlop(data=data) as cell if data is not None:
            own = tuple(c.net(index, bit) for bit in range(cell.width))
            cell.data = _either(circuit, cell.source, told, data, own)
            initial = tuple(cell.init >> bit & 1 for bit in range(cell.width))
            if reset:
                cell.data = _either(circuit, cell.source, reset, initial, cell.data)
        case c.Write() as cell:
            cell.enable = _both(circuit, cell.source, cell.enable, (told,) * len(cell.enable))
        case c.SyncRead() as cell:
            (cell.enable,) = _both(circuit, cell.source, (cell.enable,), (told,))


def _either(circuit: c.Circuit, source: str, test: int, one: c.Value, other: c.Value) -> c.Value:
    return _added(circuit, c.Operator(len(one), source, "m", ((test,), one, other)))


def _both(circuit: c.Circuit, source: str, one: c.Value, other: c.Value) -> c.Value:
    return _added(circuit, c.Operator(len(one), source, "&", (one, other)))


def _added(circuit: c.Circuit, cell: c.Cell) -> c.Value:
    circuit.cells.append(cell)
    return tuple(c.net(len(circuit.cells) - 1, bit) for bit in range(cell.width))
