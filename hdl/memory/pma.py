"""Physical memory attributes: which addresses are RAM, ROM, devices, or nothing."""

from amaranth.hdl import Const, Signal, Value, ValueLike

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

    Raises
    ------
    ValueError
        If one of them is no such multiple, or RAM or ROM reaches beyond the physical address space.

    Attributes
    ----------
    ram_end : Signal(PA_BITS + 1)
        The address behind RAM. Nothing drives it: in hardware it is a constant, and a simulator may
        set it, which spares it another model for each size of RAM.
    """

    def __init__(
        self,
        *,
        ram_base: int = RAM_BASE,
        ram_size: int = 128 << 20,
        rom_base: int = 0,
        rom_size: int = 0,
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

    def __repr__(self) -> str:
        rom = f", rom_base={self.rom_base:#x}, rom_size={self.rom_size:#x}" if self.rom_size else ""
        return f"Pma(ram_base={self.ram_base:#x}, ram_size={self.ram_size:#x}{rom})"

    @property
    def ram_size(self) -> int:
        """Size of RAM in bytes."""
        return int(self.ram_end.init) - self.ram_base

    def is_ram(self, address: ValueLike) -> Value:
        """Whether `address` (a Value of any width) lies in RAM."""
        return (address >= self.ram_base) & (address < self.ram_end)

    def is_rom(self, address: ValueLike) -> Value:
        """Whether `address` (a Value of any width) lies in ROM."""
        if not self.rom_size:
            return Const(0)
        return (address >= self.rom_base) & (address < self.rom_base + self.rom_size)
