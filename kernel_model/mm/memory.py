"""Physical memory as the kernel sees it."""

from typing import Protocol

__all__ = ["PhysicalMemory"]


class PhysicalMemory(Protocol):
    """RAM, little-endian, addressed by physical address. An access outside it raises."""

    #: First byte, a multiple of the page size.
    base: int
    #: Bytes, a multiple of the page size.
    size: int

    def read(self, pa: int, n: int) -> bytes:
        """The `n` bytes at `pa`."""

    def write(self, pa: int, data: bytes) -> None:
        """Store `data` at `pa`."""

    def read_u64(self, pa: int) -> int:
        """The 8 bytes at `pa`, a multiple of 8, as an unsigned number."""

    def write_u64(self, pa: int, value: int) -> None:
        """Store `value` (0 to 2**64 - 1) into the 8 bytes at `pa`, a multiple of 8."""

    def zero(self, pa: int, n: int) -> None:
        """Clear the `n` bytes at `pa`."""
