"""Physical memory as the kernel sees it."""

from typing import Protocol

__all__ = ["AccessFault", "PhysicalMemory", "is_memory"]


class AccessFault(IndexError):
    """An access to where no memory is, or that is not aligned; one line that says which."""


class PhysicalMemory(Protocol):
    """RAM, little-endian, addressed by physical address. An access outside it is an AccessFault."""

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


def is_memory(memory: PhysicalMemory, pa: int, n: int) -> bool:
    """Whether the `n` bytes at `pa` are memory."""
    return memory.base <= pa and pa + n <= memory.base + memory.size
