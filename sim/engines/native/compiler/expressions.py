"""C++ expressions for values and for what cells compute.

Machine words are `u64`; up to 128 bits are `u128`. Every expression of a value has zeros above its
width, so that operators need not clean their operands, only their result.
"""

import itertools
from collections.abc import Callable, Iterator

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.bit_slicing import WIDEST, Piece, Pieces
from sim.engines.native.compiler.circuit import WORD

__all__ = ["Expressions", "mask", "table_name", "type_of"]


def mask(width: int) -> str:
    """The C++ constant with the low `width` bits set."""
    return constant((1 << width) - 1)


def constant(number: int) -> str:
    """An unsigned C++ constant of up to 128 bits."""
    if number >> WORD:
        return f"(u128({number >> WORD:#x}ull) << 64 | {number & (1 << WORD) - 1:#x}ull)"
    return f"{number:#x}ull" if number > 9 else f"{number}ull"


def table_name(cell: int) -> str:
    """What the decision table of a switch is called."""
    return f"table{cell}"


def type_of(width: int) -> str:
    """The type of a variable of `width` bits."""
    return "u64" if width <= WORD else "u128"


class Expressions:
    """Expressions over pieces; `name_of` says what a piece is called and `reads` how values split.

    Parameters
    ----------
    pieces : Pieces
        How cells are cut.
    name_of : callable
        From a `Piece` to a C++ expression of its value.
    """

    def __init__(self, pieces: Pieces, name_of: Callable[[Piece], str]):
        self._pieces = pieces
        self._circuit = pieces.circuit
        self._name_of = name_of

    def value(self, value: c.Value) -> str:
        """A value of at most 128 bits."""
        width = len(value)
        terms: dict[str, None] = {}
        moved = self._moved(value)
        for position, taken, piece, low, copies in self._parts(value):
            if piece is None:
                if low:
                    terms[constant(low << position)] = None
                continue
            bits = moved.get((piece, position - low), 0)
            if copies == 1 and bits.bit_count() > taken:
                term = _shifted(f"({self._name_of(piece)} & {constant(bits)})", position - low)
                terms[term] = None
                continue
            term = self._bits(piece, low, taken)
            if copies > 1:
                # Sign extension: all ones or all zeros.
                term = f"(-{type_of(copies)}({term}) & {mask(copies)})"
            if position:
                term = f"{'u128(' + term + ')' if width > WORD else term} << {position}"
                term = f"({term})"
            terms[term] = None
        if not terms:
            return "0ull"
        return next(iter(terms)) if len(terms) == 1 else f"({' | '.join(terms)})"

    def _moved(self, value: c.Value) -> dict[tuple[Piece, int], int]:
        """Bits of a piece that are moved as far: with them, and how far, the bits as a mask.

        One operation moves them all, whatever lies between them.
        """
        moved: dict[tuple[Piece, int], int] = {}
        for position, taken, piece, low, copies in self._parts(value):
            if piece is None or copies > 1 or max(piece.width, len(value)) > WORD:
                continue
            if piece.cell not in self._pieces.tables:
                place = piece, position - low
                moved[place] = moved.get(place, 0) | ((1 << taken) - 1) << low
        return moved

    def _parts(self, value: c.Value) -> Iterator[tuple[int, int, Piece | None, int, int]]:
        """As `Pieces.reads`, but a bit that is repeated comes once, with how often (else 1)."""
        last: tuple[int, int, Piece | None, int, int] | None = None
        for position, taken, piece, low in self._pieces.reads(value):
            repeated = piece is not None and taken == 1
            if last is not None and repeated and last[1:4] == (1, piece, low):
                last = (*last[:4], last[4] + 1)
                continue
            if last is not None:
                yield last
            last = position, taken, piece, low, 1
        if last is not None:
            yield last

    def _bits(self, piece: Piece, low: int, width: int) -> str:
        """`width` bits of a piece from `low` up."""
        text = self._name_of(piece)
        if piece.cell in self._pieces.tables:
            bits = (f"u64({text} == {low + i}) << {i}" for i in range(width))
            return f"({' | '.join(bits)})" if width > 1 else f"u64({text} == {low})"
        if low:
            text = f"({text} >> {low})"
        if low + width < piece.width:
            text = f"({text} & {mask(width)})"
        return f"u64({text})" if piece.width > WORD >= width else text

    def words(self, value: c.Value) -> list[tuple[str, int]]:
        """A value of any width as machine words with their widths, lowest first."""
        return [
            (self.value(value[i : i + WORD]), min(WORD, len(value) - i))
            for i in range(0, len(value), WORD)
        ]

    def compute(self, piece: Piece) -> str:
        """What a combinational piece is, but for `Assign`, which takes statements."""
        cell = self._circuit.cells[piece.cell]
        match cell:
            case c.Operator():
                return _METHODS[cell.op](self, cell, piece)
            case c.Part():
                return self._part(cell, piece)
            case c.Matches():
                return " | ".join(self._match(cell.value, p) for p in cell.patterns) or "0ull"
            case c.Priority() if piece.cell in self._pieces.tables:
                return self._look_up(cell, piece)
            case c.Priority():
                return self._priority(cell, piece)
        raise AssertionError(cell)

    def _bitwise(self, cell: c.Operator, piece: Piece) -> str:
        high = piece.low + piece.width
        operands = [self.value(operand[piece.low : high]) for operand in cell.inputs]
        if cell.op == "~":
            return f"{operands[0]} ^ {mask(piece.width)}"
        return f" {cell.op} ".join(operands)

    def _multiplexer(self, cell: c.Operator, piece: Piece) -> str:
        high = piece.low + piece.width
        choice = self.value(cell.inputs[0])
        first, second = (self.value(operand[piece.low : high]) for operand in cell.inputs[1:])
        return f"{choice} ? {first} : {second}"

    def _arithmetic(self, cell: c.Operator, piece: Piece) -> str:
        kind, width = type_of(piece.width), piece.width
        operands = [f"{kind}({self.value(operand[:width])})" for operand in cell.inputs]
        text = f"-{operands[0]}" if len(operands) == 1 else f" {cell.op} ".join(operands)
        return _clean(text, width)

    def _division(self, cell: c.Operator, piece: Piece) -> str:
        kind = "s" if cell.op[0] == "s" else "u"
        what = "div" if cell.op[1:] == "//" else "mod"
        a, b = (
            self._signed(operand) if kind == "s" else f"u128({self.value(operand)})"
            for operand in cell.inputs
        )
        return _clean(f"{kind}{what}({a}, {b})", piece.width)

    def _shift(self, cell: c.Operator, piece: Piece) -> str:
        value, amount = cell.inputs
        width = len(value)
        distance = self.value(amount)
        if cell.op == "<<":
            text = f"shl({type_of(piece.width)}({self.value(value[: piece.width])}), {distance})"
        elif cell.op == "u>>":
            text = f"shr({type_of(width)}({self.value(value)}), {distance})"
        else:
            text = f"sar({self._signed(value)}, {distance})"
        return _clean(text, piece.width)

    def _equality(self, cell: c.Operator, piece: Piece) -> str:
        """Part by part, if possible without packing the operands into words."""
        first, second = cell.inputs
        seams: list[set[int]] = [
            {0, len(operand)} | {position for position, *_ in self._pieces.reads(operand)}
            for operand in cell.inputs
        ]
        coarser = min(seams, key=len)
        cuts, fewest = sorted(seams[0] | seams[1]), sorted(coarser)
        # Else the fields of a struct would be cut out of both; one packed struct takes less.
        fits = all(high - low <= WORD for low, high in itertools.pairwise(fewest))
        if fits and 2 * len(fewest) <= len(cuts):
            cuts = fewest
        tests = [
            f"({self.value(first[low:high])} ^ {self.value(second[low:high])})"
            for low, high in itertools.pairwise(cuts)
        ] or ["0ull"]
        return f"({' | '.join(tests)}) {cell.op} 0"

    def _comparison(self, cell: c.Operator, piece: Piece) -> str:
        read = self._signed if cell.op[0] == "s" else self.value
        return f" {cell.op[1:]} ".join(read(operand) for operand in cell.inputs)

    def _reduction(self, cell: c.Operator, piece: Piece) -> str:
        words = self.words(cell.inputs[0])
        if cell.op == "r^":
            return f"parity({' ^ '.join(word for word, _ in words) or '0ull'})"
        if cell.op == "r&":
            return " & ".join(f"u64({word} == {mask(width)})" for word, width in words) or "1ull"
        return f"({self._any(cell.inputs[0])}) != 0"

    def _any(self, value: c.Value) -> str:
        """Something that is not 0 if any bit of a value is 1: the bits stay where they are."""
        terms: list[str] = []
        for _position, taken, piece, low in self._pieces.reads(value):
            if piece is None:
                terms += [constant(1)] if low else []  # which bit it is does not matter
            elif piece.cell in self._pieces.tables:
                terms.append(f"({self._name_of(piece)} - {low} < {taken}ull)")
            elif taken == piece.width:
                terms.append(self._name_of(piece))
            else:
                terms.append(f"({self._name_of(piece)} & {constant(((1 << taken) - 1) << low)})")
        return " | ".join(terms) or "0ull"

    def _part(self, cell: c.Part, piece: Piece) -> str:
        width = len(cell.value)
        distance = f"{self.value(cell.offset)} * {cell.stride}ull"
        if cell.signed:
            text = f"sar({self._signed(cell.value)}, {distance})"
        else:
            text = f"shr({type_of(width)}({self.value(cell.value)}), {distance})"
        return _clean(text, piece.width)

    def _match(self, value: c.Value, pattern: str) -> str:
        tests = []
        for start in range(0, len(value), WORD):
            bits = pattern[::-1][start : start + WORD]
            care = sum(1 << i for i, bit in enumerate(bits) if bit != "-")
            wanted = sum(1 << i for i, bit in enumerate(bits) if bit == "1")
            if care:
                tests.append(self._is(value[start : start + WORD], care, wanted))
        return " & ".join(tests) or "1ull"

    def _is(self, value: c.Value, care: int, wanted: int) -> str:
        """Whether the bits `care` of a word are those of `wanted`."""
        scattered = self._in_place(value, care, wanted)
        if scattered is not None:
            name, care, wanted = scattered
            return f"u64(({name} & {constant(care)}) == {constant(wanted)})"
        word = self.value(value)
        masked = word if care == (1 << len(value)) - 1 else f"({word} & {constant(care)})"
        return f"u64({masked} == {constant(wanted)})"

    def _in_place(self, value: c.Value, care: int, wanted: int) -> tuple[str, int, int] | None:
        """The same for the piece that all bits come from, if it is one and they are scattered.

        They need not be gathered then. Of bits side by side others have made a number, too.
        """
        pieces: set[Piece] = set()
        count = bits = number = 0
        for position, taken, piece, low in self._pieces.reads(value):
            part = care >> position & (1 << taken) - 1
            if not part:
                continue
            if piece is None or piece.width > WORD or piece.cell in self._pieces.tables:
                return None
            here = wanted >> position & part
            if bits & part << low & (number ^ here << low):
                return None  # the same bit, once as 0 and once as 1
            pieces.add(piece)
            count, bits, number = count + 1, bits | part << low, number | here << low
        if len(pieces) != 1 or count == 1:
            return None
        return self._name_of(pieces.pop()), bits, number

    def _look_up(self, cell: c.Priority, piece: Piece) -> str:
        """The number of the case that holds, `none` if there is none or it is not enabled."""
        text = self.chosen(piece)
        none = self._pieces.tables[piece.cell].none
        return text if cell.enable == 1 else f"{self.value((cell.enable,))} ? {text} : {none}"

    def _priority(self, cell: c.Priority, piece: Piece) -> str:
        """Whether an input is the lowest that is 1."""
        text = self.chosen(piece)
        if cell.enable != 1:
            return f"{self.value((cell.enable,))} ? {text} : 0ull"
        if piece.low:
            return f"{self.value((cell.inputs[0],))} ? 0ull : {text}"
        return text

    def case(self, cell: int) -> str:
        """The number of the case of a cell that has a table."""
        ((_position, _width, piece, _low),) = self._pieces.reads((c.net(cell, 0),))
        assert piece is not None
        return self._name_of(piece)

    def chosen(self, piece: Piece) -> str:
        """What a piece of a switch is if the switch is enabled."""
        cell = self._circuit.get(piece.cell, c.Priority)
        if piece.cell in self._pieces.tables:
            table = self._pieces.tables[piece.cell]
            return f"{table_name(piece.cell)}[{self.value(table.index)}]"
        # Earlier inputs that cannot be 1 together with this one need not be asked.
        # In this order neighbouring outputs begin alike, which the compiler computes once.
        terms = []
        mine = self._matches(cell.inputs[piece.low])
        for earlier in cell.inputs[: piece.low]:
            other = self._matches(earlier)
            if earlier != 0 and not (mine and other and _exclusive(mine, other)):
                terms.append(f"({self.value((earlier,))} ^ 1ull)")
        if cell.inputs[piece.low] != 1:
            terms.append(self.value((cell.inputs[piece.low],)))
        return " & ".join(terms) or "1ull"

    def _matches(self, number: int) -> c.Matches | None:
        cell = None if c.is_const(number) else self._circuit.cells[c.cell_of(number)]
        return cell if isinstance(cell, c.Matches) else None

    def _signed(self, value: c.Value) -> str:
        """A value as `i64` or `i128`, sign-extended."""
        if not value:
            return "i64(0)"
        width = len(value)
        size = WORD if width <= WORD else WIDEST
        kind = "64" if size == WORD else "128"
        text = f"u{kind}({self.value(value)})"
        return f"(i{kind}({text} << {size - width}) >> {size - width})"


_METHODS: dict[str, Callable[[Expressions, c.Operator, Piece], str]] = {
    **dict.fromkeys(("~", "&", "|", "^"), Expressions._bitwise),
    **dict.fromkeys(("+", "-", "*"), Expressions._arithmetic),
    **dict.fromkeys(("u//", "s//", "u%", "s%"), Expressions._division),
    **dict.fromkeys(("<<", "u>>", "s>>"), Expressions._shift),
    **dict.fromkeys(("==", "!="), Expressions._equality),
    **{sign + test: Expressions._comparison for sign in "us" for test in ("<", ">", "<=", ">=")},
    **dict.fromkeys(("b", "r|", "r&", "r^"), Expressions._reduction),
    "m": Expressions._multiplexer,
}


def _clean(text: str, width: int) -> str:
    """The low `width` bits of an expression that may have more."""
    kind = type_of(width)
    text = f"{kind}({text})"
    return text if width in (WORD, WIDEST) else f"{text} & {mask(width)}"


def _shifted(text: str, distance: int) -> str:
    """An expression moved up, or down if that is negative."""
    if not distance:
        return text
    return f"({text} << {distance})" if distance > 0 else f"({text} >> {-distance})"


def _exclusive(one: c.Matches, other: c.Matches) -> bool:
    """Whether two matches of the same value cannot both hold."""
    return one.value == other.value and all(
        any({a, b} == {"0", "1"} for a, b in zip(first, second, strict=True))
        for first in one.patterns
        for second in other.patterns
    )
