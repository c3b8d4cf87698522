"""Random worlds: page tables with something wrong here and there, and who may ask about them."""

import random
from dataclasses import replace

from tests.verify.golden.sv39 import ACCESSES, Request

__all__ = ["A", "D", "G", "R", "U", "V", "W", "X", "World", "canonical"]

V, R, W, X, U, G, A, D = (1 << i for i in range(8))
KINDS = tuple(ACCESSES)
_RAM_PAGES = range(0x80000, 0x88000)
#: Page numbers on both sides of both ends of RAM, of a device, and with the topmost bit set.
_EDGES = (0x80000, 0x87FFF, 0x7FFFF, 0x88000, 0x10000, 0, 1 << 43, (1 << 44) - 1)
_EDGE_ADDRESSES = (0, (1 << 39) - 4096, 1 << 38, (1 << 38) - 4096)
#: Permissions of leaves; W without R is reserved.
_PERMISSIONS = (R, X, R | W, R | W, R | X, R | W | X, R | W | X)
#: Bits whose change can make a PTE malformed, or another kind of PTE; G is no matter of chance.
_FRAGILE = (*range(5), 6, 7, *range(54, 64))


def canonical(va):
    """`va` with bits 63 to 39 like bit 38."""
    va &= (1 << 39) - 1
    return va | ((1 << 25) - 1) << 39 if va >> 38 else va


class World:
    """Page tables in a memory of words by address, some of which the bus refuses.

    Global mappings are the same in all address spaces, as the specification asks: where there are
    any, all spaces share one root table. Nothing here needs a fence, since no PTE ever changes but
    in its A and D bits.

    Members
    -------
    words : dict
        The memory; what is not there is 0.
    refused : dict
        Addresses of PTEs that the bus refuses to read (1), to write (2), or both (3).
    spaces : list of (asid, root)
        Address spaces.
    addresses : list
        Virtual addresses with a mapping, broken or not.

    Parameters
    ----------
    rng : random.Random
        What it is made with.
    faults : float
        How likely a PTE is broken.
    """

    def __init__(self, rng: random.Random, *, faults: float = 0.2):
        self.rng = rng
        self.faults = faults
        self.words, self.refused = {}, {}
        self._pages = rng.sample(_RAM_PAGES, 40)
        self._global = rng.random() < 0.4
        count = rng.choice((1, 2, 3, 4))
        asids = rng.sample((0, 1, 2, 3, 0x8000, 0xFFFF, rng.getrandbits(16)), count)
        roots = [self._new_page() for _ in range(count)]
        self.spaces = [
            (asid, roots[0] if self._global else root)
            for asid, root in zip(asids, roots, strict=True)
        ]
        self.addresses = []
        # The second one keeps its place in RAM under a page of 1 GiB.
        regions = [rng.getrandbits(18) << 21, rng.getrandbits(9) << 30 | rng.getrandbits(6) << 21]
        for _ in range(rng.choice((4, 8, 12))):
            va = rng.choice(_EDGE_ADDRESSES) if rng.random() < 0.1 else rng.choice(regions)
            va ^= rng.choice((0, 0, 0, 1 << 12, 1 << 20, 1 << 21, 1 << 30))
            self.addresses.append(canonical(va | rng.getrandbits(3) << 12))
        for _, root in dict.fromkeys(self.spaces):
            for va in self.addresses:
                self._map(root, va)

    def read(self, address):
        """What a walk reads at `address`, or None if the bus refuses; for the golden model."""
        if self.refused.get(address, 0) & 1:
            return None
        return self.words.get(address, 0)

    def request(self) -> Request:
        """A request about this world."""
        rng = self.rng
        bits = rng.getrandbits(16)
        asid, root = rng.choice(self.spaces)
        va = rng.choice(self.addresses)
        if bits & 7 == 0:
            va = self._other_address(va)
        priv = "UUUUUUSSSSSSSMMM"[bits >> 3 & 15]
        mprv = bits >> 7 & 3 == 0
        if priv == "M" or bits >> 9 & 15 == 0:
            # Who does not translate has little use for these addresses.
            va = rng.choice((va, rng.choice(_RAM_PAGES) << 12, rng.choice(_EDGES) << 12))
        return Request(
            va | rng.getrandbits(12),
            rng.choice(KINDS),
            priv,
            bits >> 9 & 15 > 0,
            root,
            asid,
            bits >> 13 & 1,
            bits >> 14 & 1,
            bits >> 15,
            mprv,
            rng.choice("USM") if mprv else "U",
        )

    def astray(self, request: Request) -> Request:
        """`request` in an address space of its own whose root table is not RAM."""
        used = {asid for asid, _ in self.spaces}
        asid = next(asid for asid in range(7, 64) if asid not in used)
        return replace(request, asid=asid, root=self.rng.choice(_EDGES[2:]), sv39=1)

    def _other_address(self, va):
        """Near `va`, or anywhere, canonical or not."""
        rng = self.rng
        choice = rng.random()
        if choice < 0.4:
            return canonical(va ^ 1 << rng.choice((12, 13, 20, 21, 29, 30, 37, 38)))
        if choice < 0.7:
            return va ^ 1 << rng.choice((38, 39, 40, 47, 55, 56, 62, 63))
        if choice < 0.9:
            # Physical addresses, for those who do not translate.
            return rng.choice(_EDGES) << 12
        return rng.getrandbits(64) & ~4095

    def _new_page(self):
        return self._pages.pop()

    def _map(self, root, va):
        """Gives `va` a leaf at some level, and pointers on the way to it where there are none."""
        level = self.rng.choice((0, 0, 0, 0, 1, 1, 2))
        table = root
        for i in range(2, level - 1, -1):
            address = table << 12 | (va >> (12 + 9 * i) & 511) << 3
            if i == level:
                self.words.setdefault(address, self._leaf(level))
            elif address not in self.words:
                if not self._pages:
                    return
                self.words[address] = self._pointer()
            self._maybe_refuse(address)
            pte = self.words[address]
            table = pte >> 10 & (1 << 44) - 1
            if pte & (R | X) or table not in _RAM_PAGES:
                return

    def _pointer(self):
        rng = self.rng
        pte = self._new_page() << 10 | V | rng.getrandbits(2) << 8
        if self._global and rng.random() < 0.2:
            pte |= G
        if rng.random() < self.faults / 4:
            pte ^= 1 << rng.choice(_FRAGILE)
        elif rng.random() < self.faults / 4:
            pte = rng.choice(_EDGES) << 10 | V
        return pte

    def _leaf(self, level):
        rng = self.rng
        choice = rng.random()
        ppn = (
            rng.choice(_RAM_PAGES)
            if choice < 0.7
            else rng.choice(_EDGES)
            if choice < 0.9
            else rng.getrandbits(44)
        )
        pte = ppn >> 9 * level << 9 * level + 10 | rng.getrandbits(2) << 8 | V
        pte |= rng.choice(_PERMISSIONS)
        pte |= rng.choice((0, U, U)) | rng.choice((0, A, A, A)) | rng.choice((0, D, D))
        if self._global and rng.random() < 0.3:
            pte |= G
        if rng.random() < self.faults:
            broken = rng.random()
            if broken < 0.6:
                pte ^= 1 << rng.choice(_FRAGILE)
            elif broken < 0.8:
                # Misaligned, if it is a superpage.
                pte ^= 1 << 10 + rng.randrange(18)
            else:
                # A pointer, if there is a level below.
                pte &= ~(R | W | X)
        return pte

    def _maybe_refuse(self, address):
        if self.rng.random() < self.faults / 4:
            self.refused[address] = self.rng.choice((1, 2, 2, 2, 3))
