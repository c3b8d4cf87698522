"""The ROM in which the hart of QEMU's `virt` starts (`VIRT_MROM`, hw/riscv/virt.c).

Loads may have any size; stores do nothing. Behind the contents it reads 0, and instructions can be
fetched from the contents alone.
"""

from collections.abc import Sequence

from hdl.arch import ROM_BASE, ROM_SIZE
from sim.platform.device import CELLS, Device, Window

__all__ = ["Rom"]

_WORD = 8


class Rom(Device):
    """See above.

    Parameters
    ----------
    contents : bytes
        What it begins with, up to 512 bytes.

    Raises
    ------
    ValueError
        If there are more.
    """

    base, size = ROM_BASE, ROM_SIZE

    def __init__(self, contents: bytes):
        if len(contents) > CELLS * _WORD:
            raise ValueError(f"a ROM holds {CELLS * _WORD} bytes, not {len(contents)}")
        self._contents = contents + bytes(-len(contents) % _WORD)
        offsets = range(0, len(self._contents), _WORD)
        self._words = [self.load(offset, _WORD, 0) for offset in offsets]
        self.windows = (Window(0, _WORD, loadable=offsets, fetchable=True),)

    def load(self, offset: int, count: int, cycle: int) -> int:
        """What is there, or 0."""
        return int.from_bytes(self._contents[offset : offset + count], "little")

    def plain(self, window: Window, cycle: int) -> Sequence[int]:
        return self._words

    def store(self, offset: int, count: int, value: int, cycle: int) -> None:
        """Does nothing."""
