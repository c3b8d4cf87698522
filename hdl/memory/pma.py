"""Physical memory attributes: which addresses are RAM, which are devices, which are nothing."""

from amaranth.hdl import Signal, Value, ValueLike

from hdl.arch import PA_BITS, PAGE_SIZE, RAM_BASE

__all__ = ["Pma"]


class Pma:
    """Where RAM lies in the physical address space, and what follows from it.

    RAM is idempotent and takes speculative fetches, page-table walks and atomics. Everything else
    below `1 << PA_BITS` is a device: only loads and stores of instructions that can no longer be
    squashed reach it, and the bus responds with an error where no device is. Above is nothing.

    Privileged specification, "Physical Memory Attributes".

    Parameters
    ----------
    ram_base, ram_size : int
        First byte and size of RAM in bytes, multiples of the page size.

    Raises
    ------
    ValueError
        If one of them is no such multiple, or RAM reaches beyond the physical address space.

    Attributes
    ----------
    ram_end : Signal(PA_BITS + 1)
        The address behind RAM. Nothing drives it: in hardware it is a constant, and a simulator may
        set it, which spares it another model for each size of RAM.
    """

    def __init__(self, *, ram_base: int = RAM_BASE, ram_size: int = 128 << 20) -> None:
        for name, value in (("ram_base", ram_base), ("ram_size", ram_size)):
            if value < 0 or value % PAGE_SIZE:
                raise ValueError(f"{name} must be a multiple of {PAGE_SIZE}, not {value:#x}")
        end = ram_base + ram_size
        if not 0 < end <= 1 << PA_BITS:
            raise ValueError(f"RAM must end below 1 << {PA_BITS}, not at {end:#x}")
        self.ram_base = ram_base
        self.ram_end = Signal(PA_BITS + 1, init=end)

    def __repr__(self) -> str:
        return f"Pma(ram_base={self.ram_base:#x}, ram_size={self.ram_size:#x})"

    @property
    def ram_size(self) -> int:
        """Size of RAM in bytes."""
        return int(self.ram_end.init) - self.ram_base

    def is_ram(self, address: ValueLike) -> Value:
        """Whether `address` (a Value of any width) lies in RAM."""
        return (address >= self.ram_base) & (address < self.ram_end)
