"""The memories of a compiled design, as Amaranth's simulator wants them."""

from typing import Any

from amaranth.hdl import MemoryData

from sim.engines.internals import PyMemoryState
from sim.engines.native.compiler.circuit import WORD

__all__ = ["Rows"]

_ONES = (1 << WORD) - 1


class Rows(PyMemoryState):
    """A memory of the design. Beside a write port bits of a row are set as those of a register."""

    __slots__ = ("_first", "_native", "_sign", "_words")

    def __init__(self, memory: MemoryData, pending: Any, native: Any):
        self._native = native
        self._first = native.rows[id(memory)]
        super().__init__(memory, pending)
        width = self.shape.width
        self._words = -(-width // WORD)
        self._sign = 1 << width - 1 if width and self.shape.signed else 0

    def reset(self) -> None:
        #: By the address a row's bits that have been set, as a mask, and to what.
        self.write_queue: dict[int, tuple[int, int]] = {}

    def read(self, addr: int) -> int:
        first, state = self._first + addr * self._words, self._native.state
        value = sum(state[first + i] << i * WORD for i in range(self._words))
        return value - 2 * self._sign if value & self._sign else value

    @property
    def data(self) -> "Rows":
        return self

    def __getitem__(self, addr: int) -> int:
        return self.read(addr)

    def write(self, addr: int, value: int, mask: int | None = None) -> None:
        if addr in range(self.memory.depth):
            every = (1 << self.shape.width) - 1
            mask = every if mask is None else mask & every
            bits, before = self.write_queue.get(addr, (0, 0))
            self.write_queue[addr] = bits | mask, before & ~mask | value & mask
            self.pending.add(self)

    def commit(self) -> bool:
        state = self._native.state
        for addr, (bits, value) in self.write_queue.items():
            for number in range(self._words):
                word = self._first + addr * self._words + number
                part = bits >> number * WORD & _ONES
                state[word] = state[word] & ~part | value >> number * WORD & part
        self.write_queue.clear()
        self._native.change()
        return True
