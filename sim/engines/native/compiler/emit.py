"""Emission: the scheduled steps of a cycle as one C++ function over a plain array of words."""

import os
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.bit_slicing import Piece, Pieces
from sim.engines.native.compiler.circuit import WORD
from sim.engines.native.compiler.decision_tables import Table
from sim.engines.native.compiler.expressions import Expressions, constant, mask, table_name, type_of
from sim.engines.native.compiler.scheduling import Save, Step
from sim.engines.native.compiler.switches import case_of, overlapping, switch_of
from sim.engines.native.compiler.statements import (
    Compute,
    Keep,
    Latch,
    Literal,
    Output,
    Store,
    Update,
)

MIN_CASES = int(os.environ.get("MC", "4"))
__all__ = ["PRELUDE", "Layout", "emit", "emit_tables"]

#: Types and the operators that C++ has not, or not with Amaranth's meaning.
PRELUDE = """\
#include <stdint.h>
typedef uint64_t u64;
typedef int64_t i64;
typedef unsigned __int128 u128;
typedef __int128 i128;
static inline u64 shl(u64 a, u64 n) { return n < 64 ? a << n : 0; }
static inline u128 shl(u128 a, u64 n) { return n < 128 ? a << n : 0; }
static inline u64 shr(u64 a, u64 n) { return n < 64 ? a >> n : 0; }
static inline u128 shr(u128 a, u64 n) { return n < 128 ? a >> n : 0; }
static inline i64 sar(i64 a, u64 n) { return a >> (n < 63 ? n : 63); }
static inline i128 sar(i128 a, u64 n) { return a >> (n < 127 ? n : 127); }
static inline u64 parity(u64 a) { return __builtin_parityll(a); }
// Division by zero gives 0; signed division rounds towards minus infinity.
static inline u128 udiv(u128 a, u128 b) { return b ? a / b : 0; }
static inline u128 umod(u128 a, u128 b) { return b ? a % b : 0; }
static inline i128 smod(i128 a, i128 b) {
  if (!b || b == -1) return 0;
  i128 r = a % b;
  return r && (r < 0) != (b < 0) ? r + b : r;
}
static inline i128 sdiv(i128 a, i128 b) {
  if (!b) return 0;
  if (b == -1) return i128(-u128(a));
  i128 q = a / b;
  return a % b && (a < 0) != (b < 0) ? q - 1 : q;
}
// The functions, each where it is said to be; see `TranslatedDesign.units`.
extern "C" void native_refresh(u64 *s, u64 *o);
extern "C" void native_step(u64 *s, u64 *o);
extern "C" void native_show(u64 *s, u64 *o);
"""


@dataclass
class Layout:
    """Where everything lies in the array of words that is the state.

    Members
    -------
    registers : dict
        Word of every piece of a flip-flop or synchronous read port.
    kept : dict
        Word of every piece that is computed only when rarely changing state has changed.
    stale : int or None
        The word that says that it has.
    memories : dict
        For every live memory the first word and the words of a row.
    size : int
        Words in all.
    """

    registers: dict[Piece, int] = field(default_factory=dict)
    kept: dict[Piece, int] = field(default_factory=dict)
    stale: int | None = None
    memories: dict[int, tuple[int, int]] = field(default_factory=dict)
    size: int = 0

    @classmethod
    def of(cls, pieces: Pieces, live: dict[int, int], reserved: int = 0) -> "Layout":
        """The layout for these pieces, behind `reserved` words for other uses."""
        layout = cls(size=reserved)
        cells = pieces.circuit.cells
        for piece in pieces:
            if isinstance(cells[piece.cell], c.FlipFlop | c.SyncRead):
                layout.registers[piece] = layout.size
                layout.size += 1
        for index, cell in pieces.circuit.of_kind(c.Memory):
            if index in live:
                words = -(-cell.width // WORD)
                layout.memories[index] = (layout.size, words)
                layout.size += cell.depth * words
        return layout

    def keep(self, pieces: list[Piece]) -> None:
        """Adds words for results that are kept."""
        self.stale = self.size
        for piece in pieces:
            self.size += 1
            self.kept[piece] = self.size
        self.size += 1

    def initial(self, circuit: c.Circuit) -> list[int]:
        """The words after reset."""
        state = [0] * self.size
        if self.stale is not None:
            state[self.stale] = 1
        for piece, word in self.registers.items():
            cell = circuit.cells[piece.cell]
            if isinstance(cell, c.FlipFlop):
                state[word] = cell.init >> piece.low & (1 << piece.width) - 1
        for index, (first, words) in self.memories.items():
            for row, value in enumerate(circuit.get(index, c.Memory).init):
                for number in range(words):
                    state[first + row * words + number] = value >> number * WORD & (1 << WORD) - 1
        return state


def _list(table: Table) -> str:
    return ",".join(map(str, table.cases))


def _entry(table: Table) -> str:
    return "uint8_t" if table.none < 1 << 8 else "uint16_t"


def emit_tables(pieces: Pieces) -> str:
    """The constants that the functions look up."""
    lines = (
        f"static const {_entry(table)} {table_name(cell)}[] = {{{_list(table)}}};"
        for cell, table in pieces.tables.items()
    )
    return "\n".join(lines) + "\n"


def emit(
    name: str,
    pieces: Pieces,
    layout: Layout,
    steps: list[Step],
    *,
    rare: Mapping[Piece, int] = MappingProxyType({}),
    kept: bool = False,
    before: str = "",
) -> str:
    """The function `void name(u64 *s, u64 *o)` that does `steps` on the state `s`.

    Outputs go to the words of `o` that their slots number. Changing the bits of a flip-flop that
    `rare` has for it makes what is kept stale; with `kept` that is read, not computed. `before` is C++ for its beginning.
    """
    emitter = _Emitter(pieces, layout, rare, kept)
    body = emitter.run(steps)
    head = f'extern "C" __attribute__((noinline)) void {name}(u64 *s, u64 *o)'
    return f"{head} {{\n{before}{body}\n}}\n"


class _Emitter:
    def __init__(self, pieces: Pieces, layout: Layout, rare: Mapping[Piece, int], kept: bool):
        self._pieces = pieces
        self._circuit = pieces.circuit
        self._layout = layout
        self._rare = rare
        self._kept = layout.kept if kept else {}
        self._saved: set[Piece] = set()
        self._literals: dict[Piece, frozenset[Literal]] = {}
        self._expressions = Expressions(pieces, self._name_of)
        self._locals: dict[str, list[str]] = {"u64": [], "u128": []}

    def _name_of(self, piece: Piece) -> str:
        if piece in self._layout.registers and piece not in self._saved:
            return f"s[{self._layout.registers[piece]}]"
        if piece in self._kept:
            return f"s[{self._kept[piece]}]"
        return f"v{piece.cell}_{piece.low}"

    def run(self, steps: list[Step]) -> str:
        lines: list[str] = []
        open_guards: tuple[Literal, ...] = ()
        rest = iter(steps)
        following = next(rest, None)
        while (step := following) is not None:
            group = [step]
            switch = self._switch(step)
            while (following := next(rest, None)) is not None and (
                switch is not None
                and following.guard == step.guard
                and self._switch(following) == switch
            ):
                group.append(following)
            shared = 0
            while (
                shared < min(len(open_guards), len(step.guard))
                and open_guards[shared] == step.guard[shared]
            ):
                shared += 1
            lines += ["}"] * (len(open_guards) - shared)
            for net, value in step.guard[shared:]:
                condition = self._expressions.value((net,))
                lines.append(f"if ({condition if value else '!' + condition}) {{")
            open_guards = step.guard
            lines += self._step(step) if switch is None else self._switched(switch, group)
        lines += ["}"] * len(open_guards)
        declared = [f"{kind} {', '.join(names)};" for kind, names in self._locals.items() if names]
        return "\n".join([*declared, *lines])

    def _step(self, step: Step) -> list[str]:
        node = step.node
        match node:
            case Save(piece=piece):
                old = self._name_of(piece)
                self._saved.add(piece)
                return [f"{self._define(piece, ())} = {old};"]
            case Compute(piece=piece):
                return self._compute(piece, step)
            case Update():
                return [self._update(node, step)]
            case Keep(piece=piece):
                return [f"s[{self._layout.kept[piece]}] = {self._name_of(piece)};"]
            case Output(slot=slot, value=value):
                return [f"o[{slot}] = {self._expressions.value(value)};"]
            case Store(port=port):
                return self._store(self._circuit.get(port, c.Write))
            case Latch(piece=piece):
                return self._latch(self._circuit.get(piece.cell, c.SyncRead), piece)
        raise AssertionError(node)

    def _switch(self, step: Step) -> int | None:
        """The switch that chooses what a step computes."""
        node = step.node
        return switch_of(self._pieces, node.piece) if isinstance(node, Compute) else None

    def _switched(self, switch: int, group: list[Step]) -> list[str]:
        """Steps that a switch chooses from: defaults, its cases, and what comes after it."""
        before: list[str] = []
        after: list[str] = []
        cases: defaultdict[int, list[str]] = defaultdict(list)
        locals_before = {kind: len(names) for kind, names in self._locals.items()}
        for step in group:
            assert isinstance(step.node, Compute)
            piece = step.node.piece
            cell = self._circuit.cells[piece.cell]
            target = self._define(piece, step.guard)
            self._literals[piece] = step.literals
            name = target.split()[-1]
            if isinstance(cell, c.Assign):
                first, *lines = self._assign(cell, piece, target)
                before.append(first)
                high = piece.low + piece.width
                chosen = list(overlapping(cell, piece.low, high))
                while chosen and (case := case_of(self._pieces, chosen[0][0])) and case[0] == switch:
                    _condition, start, taken = chosen.pop(0)
                    new = self._expressions.value(taken)
                    new = _merge(name, piece.width, start - piece.low, len(taken), new)
                    cases[case[1]].append(f"{name} = {new};")
                    lines.pop(0)
                after += lines
            else:
                assert isinstance(cell, c.Priority)
                table = self._pieces.tables.get(piece.cell)
                before.append(f"{target} = {table.none if table else 0};")
                chosen_text = self._expressions.chosen(piece)
                cases[c.bit_of(cell.enable)].append(f"{name} = {chosen_text};")
        if sum(map(len, cases.values())) < MIN_CASES:
            for kind, count in locals_before.items():
                del self._locals[kind][count:]
            return [line for step in group for line in self._step(step)]
        ((_, _, driver, _),) = self._pieces.reads((c.net(switch, 0),))
        assert driver is not None
        text = [f"switch ({self._name_of(driver)}) {{"]
        for number, lines in sorted(cases.items()):
            text += [f"case {number}:", *lines, "break;"]
        return [*before, *text, "}", *after]

    def _define(self, piece: Piece, guard: tuple[Literal, ...]) -> str:
        """The variable of a piece; one that is set inside an `if` is declared outside."""
        name = f"v{piece.cell}_{piece.low}"
        kind = "u64" if piece.cell in self._pieces.tables else type_of(piece.width)
        if guard:
            self._locals[kind].append(name)
            return name
        return f"{kind} {name}"

    def _compute(self, piece: Piece, step: Step) -> list[str]:
        cell = self._circuit.cells[piece.cell]
        target = self._define(piece, step.guard)
        self._literals[piece] = step.literals
        if isinstance(cell, c.Assign):
            return self._assign(cell, piece, target)
        if isinstance(cell, c.AsyncRead):
            return [f"{target} = {self._row(cell, piece)};"]
        if isinstance(cell, c.Operator) and cell.op in "&|" and piece.width == 1:
            return [f"{target} = {self._both(cell, piece, step.literals)};"]
        return [f"{target} = {self._expressions.compute(piece)};"]

    def _both(self, cell: c.Operator, piece: Piece, literals: frozenset[Literal]) -> str:
        """Two bits: one that was computed under the other's literal is not read without it."""
        first, second = ((operand[piece.low],) for operand in cell.inputs)
        if self._is_everywhere(second, literals) and self._is_everywhere(first, literals):
            return self._expressions.compute(piece)
        if not self._is_everywhere(first, literals):
            first, second = second, first
        one, other = self._expressions.value(first), self._expressions.value(second)
        return f"{one} ? {other} : 0ull" if cell.op == "&" else f"{one} ? 1ull : {other}"

    def _is_everywhere(self, value: c.Value, literals: frozenset[Literal]) -> bool:
        """Whether a value has been computed wherever these literals hold."""
        return all(
            piece is None or self._literals.get(piece, frozenset()) <= literals
            for _position, _width, piece, _low in self._pieces.reads(value)
        )

    def _assign(self, cell: c.Assign, piece: Piece, target: str) -> list[str]:
        name, value = target.split()[-1], self._expressions.value
        low, high = piece.low, piece.low + piece.width
        lines = [f"{target} = {value(cell.default[low:high])};"]
        for condition, start, taken in overlapping(cell, low, high):
            new = _merge(name, piece.width, start - low, len(taken), value(taken))
            if condition == 1:
                lines.append(f"{name} = {new};")
            else:
                lines.append(f"{name} = {value((condition,))} ? {new} : {name};")
        return lines

    def _update(self, node: Update, step: Step) -> str:
        place = f"s[{self._layout.registers[node.piece]}]"
        value = self._expressions.value(node.value)
        new = _merge(place, node.piece.width, node.start, len(node.value), value)
        write, stale = f"{place} = {new};", f"s[{self._layout.stale}]"
        if node.piece in self._rare:
            # Many are told again what they hold: a state machine to stay where it is, say.
            bits = self._rare[node.piece]
            if bits == (1 << node.piece.width) - 1:
                write = f"if (u64 n = {new}; n != {place}) {{ {place} = n; {stale} = 1; }}"
            else:
                changed = f"((n ^ {place}) & {constant(bits)}) != 0"
                write = f"{{ u64 n = {new}; {stale} |= {changed}; {place} = n; }}"
        if node.condition == 1 or (node.condition, 1) in step.literals:
            return write
        condition = self._expressions.value((node.condition,))
        return f"if ({condition}) {{ {write} }}"

    def _place(self, memory: int, address: c.Value, low: int) -> tuple[str, str | None]:
        """The word of a row that holds bit `low`, and a test for the row (None: there is one)."""
        first, words = self._layout.memories[memory]
        row = self._expressions.value(address)
        place = f"s[{first + low // WORD} + {row} * {words}]"
        depth = self._circuit.get(memory, c.Memory).depth
        return place, None if depth >= 1 << len(address) else f"{row} < {depth}ull"

    def _row(self, cell: c.AsyncRead | c.SyncRead, piece: Piece) -> str:
        """Part of a row as an expression."""
        place, inside = self._place(cell.memory, cell.address, piece.low)
        shift = piece.low % WORD
        if shift + piece.width > WORD:
            first, second = place, self._place(cell.memory, cell.address, piece.low + WORD)[0]
            place = f"({first} >> {shift} | {second} << {WORD - shift})"
            shift = 0
        text = f"({place} >> {shift})" if shift else place
        text = text if piece.width == WORD else f"({text} & {mask(piece.width)})"
        return f"({inside} ? {text} : 0ull)" if inside else text

    def _store(self, port: c.Write) -> list[str]:
        lines = []
        for low in range(0, len(port.data), WORD):
            place, inside = self._place(port.memory, port.address, low)
            enable = self._expressions.value(port.enable[low : low + WORD])
            data = self._expressions.value(port.data[low : low + WORD])
            if len(set(port.enable[low : low + WORD])) == 1:
                condition, new = self._expressions.value(port.enable[low : low + 1]), data
            else:
                condition, new = f"u64({enable})", f"({place} & ~{enable}) | ({data} & {enable})"
            condition = f"{condition} && {inside}" if inside else condition
            lines.append(f"if ({condition}) {place} = {new};")
        return lines

    def _latch(self, cell: c.SyncRead, piece: Piece) -> list[str]:
        """Old rows, but for the writes of transparent ports to the same address, row or not."""
        value = self._expressions.value
        name = f"s[{self._layout.registers[piece]}]"
        lines = [f"u64 row = {self._row(cell, piece)};"]
        high = piece.low + piece.width
        for number in cell.transparent:
            port = self._circuit.get(number, c.Write)
            enable, data = port.enable[piece.low : high], port.data[piece.low : high]
            same = f"{value(port.address)} == {value(cell.address)}"
            bits = value(enable)
            lines.append(f"if ({same}) row = (row & ~{bits}) | ({value(data)} & {bits});")
        return [f"if ({value((cell.enable,))}) {{", *lines, f"{name} = row;", "}"]


def _merge(old: str, width: int, start: int, taken: int, new: str) -> str:
    """`old` (of `width` bits) with `taken` bits from `start` up replaced by `new`."""
    if taken == width:
        return new
    hole = constant(((1 << width) - 1) & ~(((1 << taken) - 1) << start))
    return f"(({old} & {hole}) | ({type_of(width)}({new}) << {start}))"
