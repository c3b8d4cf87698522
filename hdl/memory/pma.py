"""Physical memory attributes: which addresses are RAM, ROM, devices, or nothing."""

from collections.abc import Iterator

from amaranth.hdl import Cat, Signal, Value, ValueLike

from hdl.arch import PA_BITS, PAGE_SIZE, RAM_BASE

__all__ = ["Pma"]


class Pma:
    """Where RAM lies in the physical address space, and what follows from it.

    RAM is idempotent and takes speculative fetches, page-table walks and atomics. ROM takes
    speculative fetches, too. Everything else below `1 << PA_BITS`, and ROM for all but fetches, is
    a device: only loads and stores of instructions that can no longer be squashed reach it, and the
    bus responds with an error where no device is. Above is nothing.

    Privileged specification, "Physical Memory Attributes".

    Parameters
    ----------
    ram_base, ram_size : int
        First byte and size of RAM in bytes, multiples of the page size.
    rom_base, rom_size : int
        First byte and size of ROM in bytes, multiples of the page size; with 0 bytes there is none.
    adjustable : bool
        A simulator may set `ram_end`, so addresses are compared with it, which takes carries. If
        not, only the upper bits of the aligned blocks that RAM is made of are compared.

    Raises
    ------
    ValueError
        If one of them is no such multiple, or RAM or ROM reaches beyond the physical address space.

    Attributes
    ----------
    ram_end : Signal(PA_BITS + 1)
        The address behind RAM. Nothing drives it; if `adjustable`, a simulator may set it, which
        spares it another model for each size of RAM.
    """

    def __init__(
        self,
        *,
        ram_base: int = RAM_BASE,
        ram_size: int = 128 << 20,
        rom_base: int = 0,
        rom_size: int = 0,
        adjustable: bool = False,
    ) -> None:
        places = {"ram": (ram_base, ram_size), "rom": (rom_base, rom_size)}
        for name, place in places.items():
            for value, what in zip(place, ("base", "size"), strict=True):
                if value < 0 or value % PAGE_SIZE:
                    raise ValueError(
                        f"{name}_{what} must be a multiple of {PAGE_SIZE}, not {value:#x}"
                    )
            if (end := sum(place)) > 1 << PA_BITS:
                raise ValueError(f"{name.upper()} must end below 1 << {PA_BITS}, not at {end:#x}")
        self.ram_base = ram_base
        self.ram_end = Signal(PA_BITS + 1, init=ram_base + ram_size)
        self.rom_base, self.rom_size = rom_base, rom_size
        self.adjustable = adjustable

    def __repr__(self) -> str:
        rom = f", rom_base={self.rom_base:#x}, rom_size={self.rom_size:#x}" if self.rom_size else ""
        return f"Pma(ram_base={self.ram_base:#x}, ram_size={self.ram_size:#x}{rom})"

    @property
    def ram_size(self) -> int:
        """Size of RAM in bytes."""
        return int(self.ram_end.init) - self.ram_base

    @property
    def blocks(self) -> list[tuple[int, int]]:
        """Aligned blocks that RAM is made of: base, and log2 of the size, of each; not less than a
        page. Of adjustable RAM none are known.
        """
        if self.adjustable:
            return []
        return list(_aligned_blocks(self.ram_base, self.ram_base + self.ram_size))

    def is_ram(self, address: ValueLike) -> Value:
        """Whether `address` (a Value of any width) lies in RAM."""
        address = Value.cast(address)
        if self.adjustable:
            return (address >= self.ram_base) & (address < self.ram_end)
        return _lies_in(address, self.ram_base, self.ram_size)

    def is_rom(self, address: ValueLike) -> Value:
        """Whether `address` (a Value of any width) lies in ROM."""
        return _lies_in(Value.cast(address), self.rom_base, self.rom_size)


def _lies_in(address: Value, base: int, size: int) -> Value:
    """Whether `address` is one of `size` bytes from `base` on, by comparisons for equality."""
    blocks = _aligned_blocks(base, base + size)
    return Cat(address[log2:] == base >> log2 for base, log2 in blocks).any()


def _aligned_blocks(base: int, end: int) -> Iterator[tuple[int, int]]:
    """The largest blocks that make up what lies from `base` to before `end`.

    Of each the base, and log2 of its size; it is aligned to its size, which is a power of two.
    """
    while base < end:
        log2 = (end - base).bit_length() - 1
        if base:
            log2 = min(log2, (base & -base).bit_length() - 1)
        yield base, log2
        base += 1 << log2
