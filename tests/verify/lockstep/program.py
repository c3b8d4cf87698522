"""A random program before it has addresses: blocks of instructions, of which any can be left out.

Every block begins by setting `RESUME` to the address of the next one, where the trap handlers go on
after an exception. Jumps name their targets by numbers that grow along the program, so that one
whose target has been left out goes to what followed it.
"""

import struct
from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import cached_property

from hdl.arch import PAGE_SIZE, page_round_up
from tests.verify.lockstep.encode import branch, fill, i_type, jal, u_type
from tests.verify.lockstep.handlers import RESUME, boot, machine_handler, supervisor_handler
from tests.verify.lockstep.world import (
    BOOT,
    CODE,
    CODE_PAGES,
    DATA,
    MACHINE_HANDLER,
    RAM,
    SUPERVISOR_HANDLER,
    data,
)

__all__ = ["Block", "Item", "Line", "Program"]

_CODE_END = CODE + CODE_PAGES * PAGE_SIZE


@dataclass(frozen=True, slots=True)
class Item:
    """An instruction of `size` bytes, 2 or 4.

    `fix` says what its immediate depends on: None, or the address of the item or block `target`:
    "branch", "jal", "c.j", "c.branch" relative to itself; "upper" and "lower" the two parts of its
    offset from the start of RAM, for a `lui` and an `addi` behind it.
    """

    number: int
    word: int
    size: int = 4
    fix: str | None = None
    target: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """Some items; `before` places its first so many bytes before the end of a page, if it can.

    If it is `whole`, it makes no sense without some of them.
    """

    number: int
    items: tuple[Item, ...]
    before: int | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """An interrupt line that changes in a cycle: `name` is msip, mtip or meip."""

    cycle: int
    name: str
    level: bool


@dataclass(frozen=True)
class Program:
    """All that a run depends on.

    Members
    -------
    seed
        What it was made from.
    blocks
        The code, in order.
    settings
        CSRs and their initial values, in the order in which they are written.
    registers
        Initial values of x1 to x31.
    tables
        Words of the page tables by physical address; see `world.tables`.
    lines
        The interrupt lines, by cycle.
    dumped
        CSRs that the handlers read whenever they run.
    protected
        It is for a hart with memory protection.
    """

    seed: int
    blocks: tuple[Block, ...]
    settings: tuple[tuple[int, int], ...]
    registers: tuple[int, ...]
    tables: dict[int, int]
    lines: tuple[Line, ...] = ()
    dumped: tuple[int, ...] = ()
    protected: bool = False

    def changed(self, **parts) -> "Program":
        """A program with other parts."""
        return replace(self, **parts)

    @property
    def end(self) -> int:
        """Address of the jump at which it ends."""
        return MACHINE_HANDLER + len(self._handler) - 4

    @cached_property
    def _handler(self):
        return machine_handler(self.dumped, protected=self.protected)

    def size(self) -> int:
        """How many parts could be left out."""
        items = sum(len(block.items) for block in self.blocks)
        return items + len(self.blocks) + len(self.settings) + len(self.lines)

    @cached_property
    def image(self) -> list[tuple[int, bytes]]:
        """What is in RAM at first: physical addresses and bytes, without overlap."""
        return [
            (BOOT, boot(self.settings, self.registers, CODE)),
            (MACHINE_HANDLER, self._handler),
            (SUPERVISOR_HANDLER, supervisor_handler(self.dumped, protected=self.protected)),
            (CODE, _Layout(self.blocks).code()),
            (DATA, data()),
            *((address, struct.pack("<Q", word)) for address, word in self.tables.items()),
        ]


def _size(block):
    """Bytes of a block with what sets `RESUME`."""
    return 8 + sum(item.size for item in block.items)


class _Layout:
    """Gives addresses to blocks, and makes bytes of them."""

    def __init__(self, blocks):
        self._places = []  # (address, item, block's end); a bridge has no end
        self._numbers, self._addresses = [], []
        address, remaining = CODE, sum(_size(block) for block in blocks)
        for block in blocks:
            address = self._place(block, address, _CODE_END - remaining)
            remaining -= _size(block)
        if address > _CODE_END:
            raise ValueError("the program has more code than fits")
        self._end = address

    def _place(self, block, address, latest):
        size = _size(block)
        start = address
        if block.before is not None:
            # Behind a jump that leads there.
            end = page_round_up(address + 4 + block.before)
            if end - block.before <= latest:
                start = end - block.before
                self._places.append((address, Item(-1, jal(0, start - address)), None))
        self._mark(block.number, start)
        self._places.append((start, block, start + size))
        address = start + 8
        for item in block.items:
            self._mark(item.number, address)
            self._places.append((address, item, None))
            address += item.size
        return address

    def _mark(self, number, address):
        self._numbers.append(number)
        self._addresses.append(address)

    def _target(self, number):
        index = bisect_left(self._numbers, number)
        return self._addresses[index] if index < len(self._addresses) else self._end

    def code(self) -> bytes:
        """The bytes from `CODE` on."""
        code = bytearray(self._end - CODE)
        for address, what, end in self._places:
            if isinstance(what, Block):
                words = [
                    (u_type(0x17, RESUME, 0), 4),
                    (i_type(0x13, 0, RESUME, RESUME, end - address), 4),
                ]
            else:
                words = [(self._word(what, address), what.size)]
            for word, size in words:
                code[address - CODE : address - CODE + size] = word.to_bytes(size, "little")
                address += size
        return bytes(code)

    def _word(self, item, address):
        if item.fix is None:
            return item.word
        target = self._target(item.target)
        offset, absolute = target - address, target - RAM
        low = (absolute & 0xFFF) - (absolute >> 11 & 1) * 0x1000
        if item.fix == "branch":
            near = -4096 <= offset < 4096
            return item.word | branch(0, 0, 0, offset if near else 4) & ~0x7F
        if item.fix == "jal":
            return item.word | jal(0, offset) & ~0x7F
        if item.fix == "upper":
            return item.word | absolute - low
        if item.fix == "lower":
            return item.word | (low & 0xFFF) << 20
        return item.word | _compressed(item.fix, offset)


def _compressed(kind, offset):
    """The offset of a compressed jump or branch; one that does not fit goes to what follows."""
    reach = 2048 if kind == "c.j" else 256
    if not -reach <= offset < reach:
        offset = 2
    bits = [offset >> bit & 1 for bit in range(12)]
    order = (11, 4, 9, 8, 10, 6, 7, 3, 2, 1, 5) if kind == "c.j" else (8, 4, 3, 7, 6, 2, 1, 5)
    chosen = sum(bits[bit] << place for place, bit in enumerate(reversed(order)))
    if kind == "c.j":
        return fill("000iiiiiiiiiii00", {}, chosen)
    return fill("000iii000iiiii00", {}, chosen)
