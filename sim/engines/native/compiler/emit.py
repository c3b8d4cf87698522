"""Emission: the scheduled steps of a cycle as one C++ function over a plain array of words."""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.bit_slicing import Piece, Pieces
from sim.engines.native.compiler.circuit import WORD
from sim.engines.native.compiler.decision_tables import Table
from sim.engines.native.compiler.expressions import Expressions, constant, mask, table_name, type_of
from sim.engines.native.compiler.layout import Layout
from sim.engines.native.compiler.scheduling import Save, Step
from sim.engines.native.compiler.statements import (
    Compute,
    Keep,
    Latch,
    Literal,
    Output,
    Store,
    Update,
    overlapping,
)
from sim.engines.native.compiler.switches import case_of, switch_of

__all__ = ["MIN_CASES", "PRELUDE", "emit", "emit_tables"]

#: Lines in the cases of a switch that make it worth a jump that may be mispredicted.
MIN_CASES = 4

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
extern "C" void native_whole_refresh(u64 *s, u64 *o);
extern "C" void native_resting_refresh(u64 *s, u64 *o);
extern "C" void native_resting(u64 *s, u64 *o);
extern "C" void native_step(u64 *s, u64 *o);
extern "C" void native_show(u64 *s, u64 *o);
"""


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

    Outputs go to the words of `o` that their slots number. Changing those bits of a flip-flop that
    `rare` has for it makes what is kept stale; with `kept` that is read, not computed. `before` is
    C++ for its beginning.
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
        for switch, group in self._groups(steps):
            guard = group[0].guard
            shared = 0
            while (
                shared < min(len(open_guards), len(guard)) and open_guards[shared] == guard[shared]
            ):
                shared += 1
            lines += ["}"] * (len(open_guards) - shared)
            for net, value in guard[shared:]:
                condition = self._expressions.value((net,))
                lines.append(f"if ({condition if value else '!' + condition}) {{")
            open_guards = guard
            if switch is None or sum(self._cases_of(step, switch) for step in group) < MIN_CASES:
                lines += (line for step in group for line in self._step(step))
            else:
                lines += self._switch(switch, group)
        lines += ["}"] * len(open_guards)
        declared = [f"{kind} {', '.join(names)};" for kind, names in self._locals.items() if names]
        return "\n".join([*declared, *lines])

    def _groups(self, steps: list[Step]) -> Iterator[tuple[int | None, list[Step]]]:
        """Steps one behind the other under the same tests, and the switch that chooses them."""
        keys = ((switch_of(self._pieces, step.node), step.guard) for step in steps)
        for (switch, _guard), pairs in itertools.groupby(
            zip(keys, steps, strict=True), key=lambda pair: pair[0]
        ):
            yield switch, [step for _key, step in pairs]

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

    def _switch(self, switch: int, group: list[Step]) -> list[str]:
        """Steps that one switch chooses from: what holds in no case, the cases, what follows."""
        before: list[str] = []
        after: list[str] = []
        cases: defaultdict[int, list[str]] = defaultdict(list)
        for step in group:
            assert isinstance(step.node, Compute)
            piece = step.node.piece
            cell = self._circuit.cells[piece.cell]
            if isinstance(cell, c.Priority):
                table = self._pieces.tables.get(piece.cell)
                target = self._declare(piece, step)
                before.append(f"{target} = {table.none if table else 0};")
                case = cases[c.bit_of(cell.enable)]
                case.append(f"{target.split()[-1]} = {self._expressions.chosen(piece)};")
                continue
            default, *lines = self._compute(piece, step)
            count = self._cases_of(step, switch)
            before.append(default)
            after += lines[count:]
            high = piece.low + piece.width
            chosen = overlapping(self._circuit.get(piece.cell, c.Assign), piece.low, high)
            for (condition, start, value), _ in zip(chosen, range(count), strict=False):
                line = self._assignment(piece, start, value)
                cases[c.bit_of(condition)].append(line)
        text = [f"switch ({self._expressions.case(switch)}) {{"]
        for number, lines in sorted(cases.items()):
            text += [f"case {number}:", *lines, "break;"]
        return [*before, *text, "}", *after]

    def _cases_of(self, step: Step, switch: int) -> int:
        """How many of the lines of a step that a switch chooses are in its cases."""
        assert isinstance(step.node, Compute)
        piece = step.node.piece
        cell = self._circuit.cells[piece.cell]
        if not isinstance(cell, c.Assign):
            return 1
        conditions = (n for n, _, _ in overlapping(cell, piece.low, piece.low + piece.width))
        return sum(
            1
            for _ in itertools.takewhile(
                lambda net: case_of(self._pieces, net) == switch, conditions
            )
        )

    def _define(self, piece: Piece, guard: tuple[Literal, ...]) -> str:
        """The variable of a piece; one that is set inside an `if` is declared outside."""
        name = f"v{piece.cell}_{piece.low}"
        kind = "u64" if piece.cell in self._pieces.tables else type_of(piece.width)
        if guard:
            self._locals[kind].append(name)
            return name
        return f"{kind} {name}"

    def _declare(self, piece: Piece, step: Step) -> str:
        """`_define` for what a step computes, whose literals are kept in mind."""
        self._literals[piece] = step.literals
        return self._define(piece, step.guard)

    def _compute(self, piece: Piece, step: Step) -> list[str]:
        cell = self._circuit.cells[piece.cell]
        target = self._declare(piece, step)
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
        """The default, and a line for each assignment."""
        name, value = target.split()[-1], self._expressions.value
        low, high = piece.low, piece.low + piece.width
        lines = [f"{target} = {value(cell.default[low:high])};"]
        for condition, start, taken in overlapping(cell, low, high):
            new = _merge(name, piece.width, start - low, len(taken), value(taken))
            if condition != 1:
                new = f"{value((condition,))} ? {new} : {name}"
            lines.append(f"{name} = {new};")
        return lines

    def _assignment(self, piece: Piece, start: int, taken: c.Value) -> str:
        """One assignment, its condition left out."""
        name, value = f"v{piece.cell}_{piece.low}", self._expressions.value(taken)
        return f"{name} = {_merge(name, piece.width, start - piece.low, len(taken), value)};"

    def _update(self, node: Update, step: Step) -> str:
        place = f"s[{self._layout.registers[node.piece]}]"
        value = self._expressions.value(node.value)
        new = _merge(place, node.piece.width, node.start, len(node.value), value)
        write, stale = f"{place} = {new};", f"s[{self._layout.stale}]"
        if node.piece in self._rare:
            bits = self._rare[node.piece]
            if bits == (1 << node.piece.width) - 1:
                # Many are told again what they hold: a state machine to stay where it is, say.
                write = f"if (u64 n = {new}; n != {place}) {{ {place} = n; {stale} = ~0ull; }}"
            else:
                changed = f"((n ^ {place}) & {constant(bits)}) != 0"
                write = f"{{ u64 n = {new}; {stale} |= -u64({changed}); {place} = n; }}"
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
