"""Whether a page lies in RAM, told by a TLB entry before the physical address is there.

RAM is made of aligned blocks. A page lies in one of them as far as its physical page number says,
which is found out when the entry is filled and kept as a bit for each block. Only where a page is
larger than a block the address that is looked up has to be compared, too, once for all entries.
"""

from amaranth.hdl import Cat, Const, Mux, Value, ValueLike

from hdl.arch import LEVELS, PAGE_BITS, VPN_BITS
from hdl.memory.pma import Pma

__all__ = ["inside", "placed"]

#: Bits of the page number that a page of each level takes from the virtual address.
_OFFSETS = [VPN_BITS * level for level in range(LEVELS)]


def _blocks(pma: Pma) -> list[tuple[int, int]]:
    """Of each block the number of its first page, and log2 of its pages."""
    return [(base >> PAGE_BITS, log2 - PAGE_BITS) for base, log2 in pma.blocks]


def placed(pma: Pma, ppn: Value, level: Value) -> Value:
    """A bit for each block of RAM: whether the page `ppn` of `level` lies in it, or around it."""

    def of_level(first: int, log2: int, offset: int) -> Value:
        low = max(log2, offset)
        return Value.cast(ppn)[low:] == first >> low

    return Cat(
        _by_level(level, [of_level(first, log2, offset) for offset in _OFFSETS])
        for first, log2 in _blocks(pma)
    )


def inside(pma: Pma, bits: Value, vpn: Value, level: Value) -> Value:
    """Whether `vpn`, which lies in a page of `level` with these `placed` bits, is in RAM."""

    def of_level(first: int, log2: int, offset: int) -> ValueLike:
        if offset <= log2:
            return Const(1)
        return vpn[log2:offset] == first >> log2 & (1 << offset - log2) - 1

    return Cat(
        bit & _by_level(level, [of_level(first, log2, offset) for offset in _OFFSETS])
        for bit, (first, log2) in zip(bits, _blocks(pma), strict=True)
    ).any()


def _by_level(level: Value, values: list[ValueLike]) -> Value:
    small, middle, large = values
    return Mux(level == 2, large, Mux(level == 1, middle, small))
