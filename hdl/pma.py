"""Physical memory attributes: which addresses are RAM, which are devices, which are nothing."""

from dataclasses import dataclass

from hdl.arch import PA_BITS, PAGE_SIZE

__all__ = ["Pma"]


@dataclass(frozen=True)
class Pma:
    """The one function that says what lies at a physical address.

    RAM is idempotent and takes speculative fetches, page-table walks and atomics. Everything else
    below `1 << PA_BITS` is a device: only loads and stores of instructions that can no longer be
    squashed reach it, and the bus answers with an error where nothing is. Above is nothing.

    Privileged specification, "Physical Memory Attributes".

    Parameters
    ----------
    ram_base, ram_size : int
        First byte and size of RAM in bytes, multiples of the page size.
    """

    ram_base: int = 0x8000_0000
    ram_size: int = 128 << 20

    def __post_init__(self):
        for name in ("ram_base", "ram_size"):
            value = getattr(self, name)
            if value < 0 or value % PAGE_SIZE:
                raise ValueError(f"{name} must be a multiple of {PAGE_SIZE}, not {value:#x}")
        if not 0 < self.ram_base + self.ram_size <= 1 << PA_BITS:
            raise ValueError(
                f"RAM must end below 1 << {PA_BITS}, not at {self.ram_base + self.ram_size:#x}"
            )

    def is_ram(self, address):
        """Whether `address` (a Value of any width) lies in RAM."""
        return (address >= self.ram_base) & (address < self.ram_base + self.ram_size)

    def is_device(self, address):
        """Whether `address` is a physical address outside RAM."""
        return ~self.is_ram(address) & (address < 1 << PA_BITS)
