"""Page tables for an exercise: made at random places of RAM, with neighbours that lead astray."""

from random import Random

from hdl.arch import LEVELS, PAGE_BITS, PAGE_SIZE, PTE_SIZE, VPN_BITS, Pte, make_pte, vpn

__all__ = ["RAM", "RWX", "USER", "Tables", "random_va"]

#: What exercises use of RAM; a program of one's own may stand below.
RAM = range(0x8010_0000, 0x8800_0000)
RWX = Pte.R | Pte.W | Pte.X
#: A page on which user mode may do anything.
USER = RWX | Pte.V | Pte.U | Pte.A | Pte.D


class Tables:
    """A page table in the making.

    Members
    -------
    memory : dict
        Its entries that are not 0, by their physical addresses.
    root : int
        The physical address of its root.
    """

    def __init__(self, rng: Random):
        self._rng = rng
        self._used: set[int] = set()
        #: Tables by level and the address's bits above.
        self._tables: dict[tuple[int, int], int] = {}
        self.memory: dict[int, int] = {}
        self.root = self.frame()

    def frame(self, level: int = 0) -> int:
        """The physical address of a page of `level` that nothing else uses."""
        size = PAGE_SIZE << VPN_BITS * level
        if level == LEVELS - 1:
            return RAM.start // size * size
        while True:
            at = self._rng.randrange(-(-RAM.start // size), RAM.stop // size) * size
            touched = {at >> PAGE_BITS, *range(at >> PAGE_BITS, at + size >> PAGE_BITS)}
            if not touched & self._used:
                self._used |= touched
                return at

    def map(self, va: int, pa: int, flags: int, level: int = 0) -> int:
        """Maps the page of `va` at `pa`; returns the address of the leaf."""
        leaf = self.entry(va, level)
        self.memory[leaf] = make_pte(pa, flags)
        return leaf

    def entry(self, va: int, level: int) -> int:
        """The address of the entry of `level` for `va`; tables are made on the way."""
        table = self.root
        for above in range(LEVELS - 1, level, -1):
            key = above, va >> PAGE_BITS + VPN_BITS * above
            if key not in self._tables:
                self._tables[key] = self.frame()
                at = table + PTE_SIZE * vpn(va, above)
                self.memory[at] = make_pte(self._tables[key], Pte.V)
            table = self._tables[key]
        return table + PTE_SIZE * vpn(va, level)

    def add_neighbours(self, va: int, level: int = 0, flags: int = USER) -> None:
        """Pages beside the one of `va`, which only look like it; and other tables."""
        for step in self._rng.sample((-2, -1, 1, 2), 2):
            near = vpn(va, level) + step
            if 0 <= near < 1 << VPN_BITS:
                at = self.entry(va, level) + PTE_SIZE * step
                if level < LEVELS - 1:  # there is one page of 1 GiB only
                    self.memory.setdefault(at, make_pte(self.frame(level), flags))
        for above in range(LEVELS - 1, level, -1):
            at = self.entry(va, above)
            other = at ^ PTE_SIZE * self._rng.choice((1, 2, 3))
            self.memory.setdefault(other, make_pte(self.frame(), Pte.V))

    def change(self, address: int, *, set_: int = 0, clear: int = 0) -> None:
        """Sets and clears bits of an entry."""
        self.memory[address] = self.memory[address] & ~clear | set_


def random_va(rng: Random, *, size: int = 8, high: bool = False) -> int:
    """A canonical address, a multiple of `size`; with `high` it is of the upper half."""
    low = rng.randrange(1 << 38) & -size
    return low | (1 << 64) - (1 << 38) if high else low
