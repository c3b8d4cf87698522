"""The circuit that the passes work on: cells with bit-level connections, in plain Python.

A net is one bit, an int: 0 and 1 are the constants, `cell << NET_BITS | bit` is output bit `bit` of
`cells[cell]`. A value is a tuple of nets, lowest bit first. Cell 0 is reserved, so that the
constants are no cell's outputs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from amaranth.lib.memory import MemoryData

    from sim.engines.internals import SignalDict

__all__ = [
    "NET_BITS",
    "WORD",
    "AnyCell",
    "Assign",
    "Assignment",
    "AsyncRead",
    "Cell",
    "Circuit",
    "FlipFlop",
    "Matches",
    "Memory",
    "Operator",
    "Part",
    "Priority",
    "SyncRead",
    "Unsupported",
    "Value",
    "Write",
    "bit_of",
    "cell_of",
    "is_const",
    "net",
    "runs",
]

#: Bits of a net's number that count the bit inside its cell.
NET_BITS = 16
#: Bits of a word of the state.
WORD = 64

Value = tuple[int, ...]


class Unsupported(Exception):
    """The design uses a construct that cannot be computed natively; the message says where."""


def net(cell: int, bit: int) -> int:
    """The net of output bit `bit` of cell number `cell`."""
    return cell << NET_BITS | bit


def cell_of(number: int) -> int:
    """The cell that drives a net that is no constant."""
    return number >> NET_BITS


def bit_of(number: int) -> int:
    """Which output bit of its cell a net is."""
    return number & ((1 << NET_BITS) - 1)


def is_const(number: int) -> bool:
    """Whether a net is the constant 0 or 1."""
    return number < 2


def runs(value: Sequence[int]) -> Iterator[tuple[int, int, int, int]]:
    """Cuts a value into runs: (position in it, width, cell, lowest bit in that cell).

    Neighbouring constants make a run with cell 0, whose last item is their number.
    """
    position = 0
    while position < len(value):
        first, end = value[position], position + 1
        if is_const(first):
            while end < len(value) and is_const(value[end]):
                end += 1
            number = sum(bit << i for i, bit in enumerate(value[position:end]))
            yield position, end - position, 0, number
        else:
            while end < len(value) and value[end] == first + end - position:
                end += 1
            yield position, end - position, cell_of(first), bit_of(first)
        position = end


@dataclass(slots=True)
class Cell:
    """Something with outputs. `source` is where the user wrote it: "file:line"."""

    width: int
    source: str


AnyCell = TypeVar("AnyCell", bound=Cell)


@dataclass(slots=True)
class Operator(Cell):
    """An operator with Amaranth's meaning; `u` and `s` in front tell unsigned from signed.

    Unary: `~ - b r| r& r^`. Binary: `+ - * & | ^ u// s// u% s% << u>> s>> == != u< s< u> s> u<= s<=
    u>= s>=`. Ternary: `m`, where the first operand chooses the second (1) or the third (0).
    """

    op: str
    inputs: tuple[Value, ...]


@dataclass(slots=True)
class Part(Cell):
    """`width` bits of `value` from bit `offset * stride` up, extended by its sign if it has one."""

    value: Value
    signed: bool
    offset: Value
    stride: int


@dataclass(slots=True)
class Matches(Cell):
    """1 if `value` matches one of `patterns`: characters 0, 1 and -, highest bit first."""

    value: Value
    patterns: tuple[str, ...]


@dataclass(slots=True)
class Priority(Cell):
    """The lowest 1 of `inputs` if `enable` is 1; else 0."""

    enable: int
    inputs: Value


@dataclass(slots=True)
class Assignment:
    """Under the net `condition`, bits from `start` up become `value`."""

    condition: int
    start: int
    value: Value


@dataclass(slots=True)
class Assign(Cell):
    """`default`, changed by each of `assignments` in turn."""

    default: Value
    assignments: tuple[Assignment, ...]


@dataclass(slots=True)
class FlipFlop(Cell):
    """Takes `data` at every clock edge; `data` None is an input, set from outside.

    `module` is the path of the module that drives it, from the top down.
    """

    data: Value | None
    init: int
    module: tuple[str, ...] = ()


@dataclass(slots=True)
class Memory(Cell):
    """`depth` rows of `width` bits; no outputs of its own."""

    name: str
    depth: int
    init: tuple[int, ...]


@dataclass(slots=True)
class Write(Cell):
    """Writes the bits of `data` whose `enable` is 1 to row `address` at the clock edge."""

    memory: int
    address: Value
    data: Value
    enable: Value


@dataclass(slots=True)
class AsyncRead(Cell):
    """Row `address`, 0 if there is none."""

    memory: int
    address: Value


@dataclass(slots=True)
class SyncRead(Cell):
    """Takes row `address` at the clock edge if `enable`; sees the writes of `transparent` ports."""

    memory: int
    address: Value
    enable: int
    transparent: tuple[int, ...]


@dataclass
class Circuit:
    """A flat design.

    Members
    -------
    cells : list
        By number; None where nothing is.
    signals : dict
        The value of every signal of the design, by its `Signal`. A signal that nothing drives is
        an input: its bits are those of a `FlipFlop` without data.
    memories : dict
        The cell number of every memory, by its `MemoryData`.
    """

    cells: list[Cell | None] = field(default_factory=lambda: [None])
    signals: "SignalDict" = field(default_factory=dict)
    memories: dict["MemoryData", int] = field(default_factory=dict)

    def of_kind(self, *kinds: type[AnyCell]) -> Iterator[tuple[int, AnyCell]]:
        """The cells of these kinds, with their numbers."""
        return ((i, cell) for i, cell in enumerate(self.cells) if isinstance(cell, kinds))

    def get(self, number: int, kind: type[AnyCell]) -> AnyCell:
        """The cell with this number, which is one of this kind."""
        cell = self.cells[number]
        assert isinstance(cell, kind), f"cell {number} is no {kind.__name__}, but {cell}"
        return cell
