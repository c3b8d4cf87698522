"""Ordering: in which order the steps of a cycle are done, and under which conditions.

A step whose result is needed only while some literals hold is done inside `if`s on them, if enough
work hides behind them. Flip-flops are written in place, as soon as everybody has read them.
"""

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.bit_slicing import Piece, Pieces
from sim.engines.native.compiler.statements import Compute, Latch, Literal, Node, Store, Update
from sim.engines.native.compiler.switches import switch_of

__all__ = ["MIN_WORK", "Save", "Step", "schedule"]

#: Terms of work that make a branch worth its risk of being mispredicted.
MIN_WORK = 90

_NOTHING: frozenset[Literal] = frozenset()


@dataclass(slots=True)
class Save:
    """Keeps the old value of a flip-flop in a local variable: it is written before it is read."""

    piece: Piece


@dataclass(slots=True)
class Step:
    """A node, or a `Save`, under tests that are nested in this order.

    `literals` are all that hold then: those of the guard, and what follows from them.
    """

    node: Node | Save
    guard: tuple[Literal, ...]
    literals: frozenset[Literal] = _NOTHING


def schedule(
    pieces: Pieces,
    nodes: list[Node],
    *,
    kept: Collection[Piece] = (),
    min_work: int | None = None,
) -> list[Step]:
    """The steps in order. Every value is computed before it is read.

    `kept` are combinational pieces that are there without being computed. Literals with less than
    `min_work` terms (`MIN_WORK`) behind them are not tested.
    """
    return _Scheduler(pieces, nodes, kept, MIN_WORK if min_work is None else min_work).run()


#: Nodes that wait for nothing more, by the literals that they are under.
Ready = defaultdict[tuple[Literal, ...], list[Node]]


class _Scheduler:
    def __init__(self, pieces: Pieces, nodes: list[Node], kept: Collection[Piece], min_work: int):
        self._pieces = pieces
        self._kept = kept
        self._implications: dict[Literal, frozenset[Literal]] = {}
        self._makers = {node.piece: node for node in nodes if isinstance(node, Compute)}
        self._reads = {node: list(self._pieces_read(node)) for node in nodes}
        self._order = self._topological(n for n in nodes if not isinstance(n, Compute))
        # What no output and no flip-flop needs is not computed.
        self._nodes = list(filter(set(self._order).__contains__, nodes))
        self._rank = {node: i for i, node in enumerate(self._order)}
        self._guards = self._guard(min_work)
        self._link()

    def _pieces_read(self, node: Node) -> Iterator[tuple[Piece, Literal | None]]:
        for value, literal in node.reads:
            for _position, _width, piece, _low in self._pieces.reads(value):
                if piece is not None:
                    yield piece, literal

    def _driver(self, net: int) -> Piece:
        """The piece of one net, which is no constant."""
        ((_position, _width, piece, _low),) = self._pieces.reads((net,))
        assert piece is not None, f"{net} is a constant"
        return piece

    def _topological(self, roots: Iterable[Node]) -> list[Node]:
        """The roots and what they need, each node after those that compute what it reads."""
        order: list[Node] = []
        state: dict[Node, int] = {}
        for root in roots:
            path = [(root, iter(self._reads[root]))] if root not in state else []
            state.setdefault(root, 1)
            while path:
                node, rest = path[-1]
                for piece, _literal in rest:
                    maker = self._makers.get(piece)
                    if maker is not None and maker not in state:
                        state[maker] = 1
                        path.append((maker, iter(self._reads[maker])))
                        break
                else:
                    order.append(node)
                    path.pop()
        return order

    def _position(self, net: int) -> int:
        """When a net is known: before everything else if it is state."""
        maker = self._makers.get(self._driver(net))
        return -1 if maker is None else self._rank.get(maker, -1)

    def _guard(self, min_work: int) -> dict[Node, tuple[Literal, ...]]:
        """For every node the literals that hold whenever its result is needed.

        That is the intersection over its readers of their literals and that of the read. Literals
        with little work behind them are dropped everywhere alike, so that what a node reads still
        has no literal that the node has not.
        """
        needed: dict[Node, frozenset[Literal]] = {}
        for node in reversed(self._order):
            own = needed.get(node, _NOTHING) if isinstance(node, Compute) else _NOTHING
            if isinstance(node, Update) and node.condition != 1:
                own = self._implied((node.condition, 1))
            needed[node] = own
            for piece, literal in self._reads[node]:
                maker = self._makers.get(piece)
                if maker is None:
                    continue
                under = own | self._implied(literal) if literal and literal[0] > 1 else own
                if isinstance(node, Update) and literal is None:
                    # The condition itself is read outside of its own `if`.
                    under = _NOTHING
                before = needed.get(maker)
                needed[maker] = under if before is None else before & under
        work: defaultdict[Literal, int] = defaultdict(int)
        for node, literals in needed.items():
            for literal in literals:
                work[literal] += len(self._reads[node]) + 1
        kept = {
            literal
            for literal, terms in work.items()
            if terms >= min_work and self._known(literal[0])
        }

        def position(literal: Literal) -> tuple[int, Literal]:
            return self._position(literal[0]), literal

        self._literals = {node: literals & kept for node, literals in needed.items()}
        return {
            node: self._tests(sorted(literals, key=position))
            for node, literals in self._literals.items()
        }

    def _tests(self, literals: list[Literal]) -> tuple[Literal, ...]:
        """Those of `literals`, first known first, that have to be tested: others follow from them.

        What has to hold for one to be known has to be tested before it.
        """
        tests: list[Literal] = []
        follows: set[Literal] = set()
        required: set[Literal] = set()
        for literal in reversed(literals):
            if literal in follows and literal not in required:
                continue
            tests.append(literal)
            follows |= self._implied(literal)
            maker = self._makers.get(self._driver(literal[0]))
            if maker is not None:
                required |= self._literals.get(maker, _NOTHING)
        return tuple(reversed(tests))

    def _known(self, net: int) -> bool:
        """Whether a net is computed at all: an implied one, looked up in a table, may not be."""
        piece = self._driver(net)
        if piece in self._makers:
            return self._makers[piece] in self._rank
        cell = self._pieces.circuit.cells[piece.cell]
        return isinstance(cell, c.FlipFlop | c.SyncRead) or piece in self._kept

    def _implied(self, literal: Literal) -> frozenset[Literal]:
        """A literal with those that hold whenever it does."""
        known = self._implications.get(literal)
        if known is None:
            net, wanted = literal
            cell = self._pieces.circuit.cells[c.cell_of(net)]
            bit = c.bit_of(net)
            others: list[Literal] = []
            match cell:
                case c.Operator(op="&") if wanted:
                    others = [(operand[bit], 1) for operand in cell.inputs]
                case c.Operator(op="|") if not wanted:
                    others = [(operand[bit], 0) for operand in cell.inputs]
                case c.Operator(op="~"):
                    others = [(cell.inputs[0][bit], 1 - wanted)]
                case c.Priority() if wanted:
                    others = [(cell.enable, 1)]
                    # A table is looked up without the tests that it stands for: they may be
                    # computed later, or elsewhere under an `if`.
                    if c.cell_of(net) not in self._pieces.tables:
                        others.append((cell.inputs[bit], 1))
            known = frozenset([literal]).union(
                *(self._implied(other) for other in others if other[0] > 1)
            )
            self._implications[literal] = known
        return known

    def _link(self) -> None:
        """Dependencies: `_waits` counts those of a node, `_frees` lists who waits for it."""
        self._waits = dict.fromkeys(self._nodes, 0)
        self._frees: defaultdict[Node, list[Node]] = defaultdict(list)
        self._readers: defaultdict[Piece, set[Node]] = defaultdict(set)
        self._writers: defaultdict[Piece, list[Update | Latch]] = defaultdict(list)
        for node in self._nodes:
            needs = {piece for piece, _literal in self._reads[node]}
            needs |= {self._driver(net) for net, _value in self._guards[node]}
            for piece in needs:
                maker = self._makers.get(piece)
                if maker is not None:
                    self._add(maker, node)
                else:
                    self._readers[piece].add(node)
            if isinstance(node, Update | Latch):
                self._writers[node.piece].append(node)
        self._link_writes()
        self._link_memories()

    def _add(self, before: Node, after: Node) -> None:
        self._frees[before].append(after)
        self._waits[after] += 1

    def _link_writes(self) -> None:
        """A flip-flop's writes keep their order, and come after everybody else has read it."""
        #: Nodes that hold up the first write of a piece; a `Save` releases it.
        self._held: dict[Update | Latch, set[Node]] = {}
        self._saved: set[Piece] = set()
        for piece, writers in self._writers.items():
            for one, other in itertools.pairwise(writers):
                self._add(one, other)
            readers = self._readers[piece].difference(writers[:1])
            if readers.intersection(writers):
                self._saved.add(piece)
                continue
            self._held[writers[0]] = readers
            for reader in readers:
                self._add(reader, writers[0])

    def _link_memories(self) -> None:
        """Memories are written after they are read, by one port after the other."""
        circuit = self._pieces.circuit
        ports: defaultdict[int, list[Node]] = defaultdict(list)
        for node in self._nodes:
            if isinstance(node, Store):
                ports[circuit.get(node.port, c.Write).memory].append(node)
        for node in self._nodes:
            if isinstance(node, Compute | Latch):
                cell = circuit.cells[node.piece.cell]
                if isinstance(cell, c.AsyncRead | c.SyncRead):
                    for store in ports.get(cell.memory, ())[:1]:
                        self._add(node, store)
        for stores in ports.values():
            for one, other in itertools.pairwise(stores):
                self._add(one, other)

    def run(self) -> list[Step]:
        """List scheduling: stay under the same literals as long as something is ready there."""
        steps = [Step(Save(piece), ()) for piece in sorted(self._saved, key=_key)]
        ready: Ready = defaultdict(list)
        left = len(self._nodes)
        for node in self._order:
            if not self._waits[node]:
                ready[self._guards[node]].append(node)
        current: tuple[Literal, ...] = ()
        while left:
            if not ready.get(current):
                if ready.get(()):
                    current = ()
                elif any(ready.values()):
                    current = max(ready, key=lambda guard: len(ready[guard]))
                else:
                    self._release(steps, ready)
                    continue
            node = self._pick(ready[current], steps)
            steps.append(Step(node, current, self._literals[node]))
            left -= 1
            for follower in self._frees[node]:
                self._waits[follower] -= 1
                if not self._waits[follower]:
                    ready[self._guards[follower]].append(follower)
        return steps

    def _pick(self, ready: list[Node], steps: list[Step]) -> Node:
        """What no switch chooses comes first, then together all that the same one does."""
        switches = [switch_of(self._pieces, node) for node in ready]
        wanted = switch_of(self._pieces, steps[-1].node) if steps else None
        if wanted not in switches:
            wanted = None if None in switches else max(switches, key=switches.count)
        return ready.pop(len(ready) - 1 - switches[::-1].index(wanted))

    def _release(self, steps: list[Step], ready: Ready) -> None:
        """Flip-flops read each other: save the value of one, whose write need not wait then."""
        done = {step.node for step in steps if isinstance(step.node, Node)}
        for writer, readers in self._held.items():
            missing = [r for r in readers if r not in done]
            if writer not in done and missing and self._waits[writer] == len(missing):
                steps.append(Step(Save(writer.piece), ()))
                for reader in missing:
                    self._frees[reader].remove(writer)
                self._waits[writer] = 0
                ready[self._guards[writer]].append(writer)
                return
        raise AssertionError("a loop of steps that no flip-flop is part of")


def _key(piece: Piece) -> tuple[int, int]:
    return piece.cell, piece.low
