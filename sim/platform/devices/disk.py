"""A disk image whose changes stay in memory."""

from collections.abc import Iterator

__all__ = ["SECTOR", "Disk"]

#: Bytes of a sector.
SECTOR = 512


class Disk:
    """Sectors from an image, the last one filled up with zeros; what is written goes over them.

    Members
    -------
    sectors : int
        How many it has.
    read_only : bool
        As given; whoever writes has to look.

    Parameters
    ----------
    image : bytes
        What is on it; it stays as it is.
    """

    def __init__(self, image: bytes, *, read_only: bool = False):
        self.image = image
        self._written: dict[int, bytes] = {}
        self.sectors = -(-len(image) // SECTOR)
        self.read_only = read_only

    def has(self, sector: int, count: int) -> bool:
        """Whether `count` bytes from `sector` on are whole sectors of it."""
        return count % SECTOR == 0 and sector + count // SECTOR <= self.sectors

    def read(self, sector: int, count: int) -> bytes:
        """The `count` bytes from `sector` on, which it has."""
        return b"".join(self._sector(sector + each) for each in range(count // SECTOR))

    def write(self, sector: int, data: bytes) -> None:
        """Stores `data`, which it has room for, from `sector` on."""
        for start in range(0, len(data), SECTOR):
            self._written[sector + start // SECTOR] = data[start : start + SECTOR]

    def changes(self) -> Iterator[tuple[int, bytes]]:
        """The sectors that were written, by number, and what they hold."""
        yield from sorted(self._written.items())

    def _sector(self, number: int) -> bytes:
        changed = self._written.get(number)
        if changed is not None:
            return changed
        return self.image[number * SECTOR : (number + 1) * SECTOR].ljust(SECTOR, b"\0")
