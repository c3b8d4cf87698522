"""Where the state of a design lies: one array of words."""

import dataclasses
from dataclasses import dataclass, field

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.bit_slicing import Piece, Pieces
from sim.engines.native.compiler.circuit import WORD
from sim.engines.native.compiler.store import ALL_STALE

__all__ = ["Layout"]


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
        The word that says that it has: a bit for each function that has to be told.
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
        if self.stale is None:
            self.stale = self.size
            self.size += 1
        for piece in pieces:
            self.kept[piece] = self.size
            self.size += 1

    def beside(self) -> "Layout":
        """One for another function on the same state, whose own results stand behind."""
        return dataclasses.replace(self, kept={})

    def own_words(self) -> tuple[int, int]:
        """The first word of flip-flops and memories, and how many there are.

        All other words, and every signal, follow from these.
        """
        words = [*self.registers.values(), *(first for first, _ in self.memories.values())]
        first = min(words, default=0)
        # Behind the memories lies only what is computed.
        return first, (self.size if self.stale is None else self.stale) - first

    def initial(self, circuit: c.Circuit) -> list[int]:
        """The words after reset."""
        state = [0] * self.size
        if self.stale is not None:
            state[self.stale] = ALL_STALE
        for piece, word in self.registers.items():
            cell = circuit.cells[piece.cell]
            if isinstance(cell, c.FlipFlop):
                state[word] = cell.init >> piece.low & (1 << piece.width) - 1
        for index, (first, words) in self.memories.items():
            memory = circuit.get(index, c.Memory)
            for row, value in enumerate(memory.init):
                bits = value & (1 << memory.width) - 1  # of a signed row it may be negative
                for number in range(words):
                    state[first + row * words + number] = bits >> number * WORD & (1 << WORD) - 1
        return state
