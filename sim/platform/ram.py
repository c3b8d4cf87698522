"""Physical memory: one buffer that the bus, the kernel model and every engine share."""

import mmap
import sys
from collections.abc import Iterator, Mapping

from hdl.arch import PAGE_SIZE
from kernel_model.mm.memory import AccessFault

__all__ = ["Ram", "RamError"]

_ZEROS = bytes(PAGE_SIZE)
#: Bytes that are looked at at once where most is zero.
_BLOCK = 16 * PAGE_SIZE
_NOTHING = bytes(_BLOCK)

if sys.byteorder != "little":
    raise ImportError("RAM needs a little-endian machine: its words are read in place")


class RamError(AccessFault):
    """An access that is not inside RAM, or not aligned."""


class Ram:
    """`size` bytes of zeroed RAM from physical address `base`.

    The pages come from the operating system as they are touched, so a large RAM costs nothing.

    Members: `base`, `size` (bytes), `bytes` and `words`, two memoryviews of the same buffer, as
    bytes and as little-endian 64-bit words. Addresses outside raise `RamError`, and a size that
    the operating system does not grant `OSError`.

    Parameters
    ----------
    base, size : int
        First byte and size in bytes, multiples of the page size; `size` is not 0.
    """

    def __init__(self, base: int, size: int):
        for name, value in (("base", base), ("size", size)):
            if value < 0 or value % PAGE_SIZE:
                raise ValueError(f"{name} must be a multiple of {PAGE_SIZE}, not {value:#x}")
        if size == 0:
            raise ValueError("size must be at least one page, not 0")
        self.base = base
        self.size = size
        try:
            self._buffer = mmap.mmap(-1, size)
        except OSError as error:
            raise OSError(f"no room for {size >> 20} MiB of RAM: {error.strerror}") from error
        self.bytes = memoryview(self._buffer)
        self.words = self.bytes.cast("Q")

    def __contains__(self, address: int) -> bool:
        return self.base <= address < self.base + self.size

    def read(self, address: int, count: int) -> bytes:
        """The `count` bytes from `address` on."""
        start = self._offset(address, count)
        return bytes(self.bytes[start : start + count])

    def write(self, address: int, data: bytes) -> None:
        """Stores `data` from `address` on."""
        start = self._offset(address, len(data))
        self.bytes[start : start + len(data)] = data

    def zero(self, address: int, count: int) -> None:
        """Clears `count` bytes from `address` on."""
        start = self._offset(address, count)
        self.bytes[start : start + count] = _ZEROS if count == PAGE_SIZE else bytes(count)

    def snapshot(self, like: Mapping[int, bytes] | None = None) -> dict[int, bytes]:
        """What RAM holds: every page that is not all zero, by its offset.

        Pages that are as in `like`, an earlier snapshot, are the same objects: they take no room.
        """
        like = like or {}
        starts = self._touched()
        pages = ((start, self._buffer[start : start + PAGE_SIZE]) for start in starts)
        held = {start: page for start, page in pages if page != _ZEROS}
        return {
            start: like[start] if page == like.get(start) else page for start, page in held.items()
        }

    def _touched(self) -> Iterator[int]:
        """The offsets of the pages of blocks that are not all zero."""
        for block in range(0, self.size, _BLOCK):
            end = min(block + _BLOCK, self.size)
            if self._buffer[block:end] != _NOTHING[: end - block]:
                yield from range(block, end, PAGE_SIZE)

    def restore(self, snapshot: dict[int, bytes]) -> None:
        """Returns to a `snapshot` of a RAM of this size."""
        for start in range(0, self.size, PAGE_SIZE):
            page = snapshot.get(start, _ZEROS)
            if self._buffer[start : start + PAGE_SIZE] != page:
                self.bytes[start : start + PAGE_SIZE] = page

    def read_u64(self, address: int) -> int:
        """The 64-bit word at `address`, a multiple of 8."""
        # Most of what the kernel model does; hence in one piece.
        offset = address - self.base
        if offset & 7 or not 0 <= offset < self.size:
            self._refuse_word(address)
        return self.words[offset >> 3]

    def write_u64(self, address: int, value: int) -> None:
        """Stores the 64-bit word `value` at `address`, a multiple of 8."""
        offset = address - self.base
        if offset & 7 or not 0 <= offset < self.size:
            self._refuse_word(address)
        self.words[offset >> 3] = value

    def _offset(self, address: int, count: int) -> int:
        offset = address - self.base
        if offset < 0 or count < 0 or offset + count > self.size:
            raise RamError(
                f"{count} bytes at {address:#x} are not inside RAM, which is "
                f"{self.base:#x} to {self.base + self.size:#x}"
            )
        return offset

    def _refuse_word(self, address: int) -> None:
        if address % 8:
            raise RamError(f"the address of a word must be a multiple of 8, not {address:#x}")
        self._offset(address, 8)
