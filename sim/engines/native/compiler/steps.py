"""The functions that compute a cycle: a step, what is left to others, and a step for quiet cycles.

`native_step` is what runs. What depends only on state that rarely changes is computed in
`native_whole_refresh`; a cycle in which much of the state rests is computed by `native_resting`,
which has a refresh of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.bit_slicing import Piece, Pieces, split
from sim.engines.native.compiler.caching import rare_bits, rare_cells, separate
from sim.engines.native.compiler.dead_bits import live_bits, prune
from sim.engines.native.compiler.emit import emit, emit_tables
from sim.engines.native.compiler.layout import Layout
from sim.engines.native.compiler.rarely import Rarely
from sim.engines.native.compiler.resting import at_rest, resting_nets, unrest
from sim.engines.native.compiler.scheduling import Step, schedule
from sim.engines.native.compiler.statements import Node, make_nodes

__all__ = ["Cut", "Function", "steps"]

#: What a circuit shows: slots, and the values in them.
Slots = list[tuple[int, c.Value]]
SlotsOf = Callable[[c.Circuit], Slots]


@dataclass
class Cut:
    """A circuit that is ready for code: its live bits, its pieces, and where they are kept."""

    circuit: c.Circuit
    live: dict[int, int]
    pieces: Pieces
    layout: Layout
    slots: Slots

    def nodes(self) -> list[Node]:
        """All that is done in a cycle."""
        return make_nodes(self.pieces, self.live, self.slots)


@dataclass
class Function:
    """A function of C++ to be: see `emit`."""

    name: str
    cut: Cut
    steps: list[Step]
    rare: Mapping[Piece, int] = field(default_factory=dict)
    kept: bool = False
    before: str = ""

    def text(self) -> str:
        """Its C++, in a namespace with the tables that it looks into."""
        cut = self.cut
        function = emit(
            self.name,
            cut.pieces,
            cut.layout,
            self.steps,
            rare=self.rare,
            kept=self.kept,
            before=self.before,
        )
        return f"namespace of_{self.name} {{\n{emit_tables(cut.pieces)}{function}}}\n"


def steps(
    whole: Cut, rarely: Rarely, optimize: Callable[[c.Circuit], c.Circuit], slots_of: SlotsOf
) -> list[Function]:
    """`native_step` and the functions that it calls.

    `optimize` makes an equal circuit of one that may begin in any state; `slots_of` says what a
    circuit that was optimised shows.
    """
    hints = rare_cells(whole.circuit, rarely), rare_bits(whole.circuit, rarely)
    nets = resting_nets(whole.circuit, rarely)
    ways = [_Way("native_step", "native_whole_refresh", whole, hints)]
    if nets:
        # Its results are kept behind those of the whole step, which has laid out its own.
        rest = _rest_of(whole, optimize(at_rest(whole.circuit, nets)), slots_of)
        test = unrest(nets, whole.pieces, whole.layout)
        ways[0].before = f"if (!({test})) {{ native_resting(s, o); return; }}\n"
        refresh, writers = "native_resting_refresh", ways[0].nodes
        ways.append(_Way("native_resting", refresh, rest, hints, writers))
        whole.layout.size, whole.layout.stale = rest.layout.size, rest.layout.stale
    return [f for number, way in enumerate(ways) for f in way.functions(1 << number)]


class _Way:
    """One way to compute a cycle, and what it keeps, which is laid out.

    `writers` are the nodes of the whole cycle, if these are not: whichever way writes rarely
    changing state, what all ways keep becomes stale.
    """

    def __init__(
        self,
        name: str,
        refresh: str,
        cut: Cut,
        hints: tuple[set[int], dict[int, int]],
        writers: list[Node] | None = None,
    ):
        self._name, self._refresh = name, refresh
        self._cut = cut
        self.before = ""
        self.nodes = cut.nodes()
        self._parts = separate(cut.pieces, self.nodes, *hints, writers=writers)
        if self._parts.kept:
            cut.layout.keep(self._parts.kept)

    def functions(self, own: int) -> list[Function]:
        """The step, and its refresh if it keeps anything; `own` is its bit in the word `stale`."""
        cut, parts, name = self._cut, self._parts, self._name
        rare = parts.rare if cut.layout.stale is not None else {}
        if not parts.kept:
            steps = schedule(cut.pieces, self.nodes)
            return [Function(name, cut, steps, rare, before=self.before)]
        stale = f"s[{cut.layout.stale}]"
        again = f"if ({stale} & {own}) {{ {stale} &= ~{own}ull; {self._refresh}(s, o); }}\n"
        steps = schedule(cut.pieces, parts.rest, kept=set(parts.kept))
        return [
            Function(name, cut, steps, rare, kept=True, before=self.before + again),
            Function(self._refresh, cut, schedule(cut.pieces, parts.refresh)),
        ]


def _rest_of(whole: Cut, circuit: c.Circuit, slots_of: SlotsOf) -> Cut:
    """`circuit`, which has the state of `whole`, cut and laid out as that is."""
    state = (c.FlipFlop, c.SyncRead)
    slots = slots_of(circuit)
    roots = [number for _slot, value in slots for number in value]
    for index, _cell in whole.circuit.of_kind(*state):
        mask = whole.live.get(index, 0)
        roots += (c.net(index, bit) for bit in range(mask.bit_length()) if mask >> bit & 1)
    memories = [index for index, _cell in whole.circuit.of_kind(c.Memory) if index in whole.live]
    live = live_bits(circuit, roots, memories)
    circuit = prune(circuit, live)
    return Cut(circuit, live, split(circuit, live, whole.pieces), whole.layout.beside(), slots)
