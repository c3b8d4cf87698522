"""The walk cache: never a stale or wrong pointer, never two, seen from one symbolic address."""

from amaranth.hdl import Cat, Signal

from hdl.mmu.walk_cache import WalkCache
from tests.verify.formal.proof import Proof, constant, free_inputs, invariant, proves

__all__ = ["WalkCacheProof", "sides_are_alike"]


def sides_are_alike(cache):
    """Whether both sides' page numbers are the same."""
    rows = (cache.ppns[side].rows for side in ("fetch", "data"))
    return Cat(a == b for a, b in zip(*rows, strict=True)).all()


class WalkCacheProof(Proof):
    """A walk cache of 4 pointers to level-0 page tables."""

    entries = 4
    depth = 5

    def dut(self):
        """What is proven; mutants bend it."""
        return WalkCache(entries=self.entries)

    def build(self, m):
        m.submodules.cache = self.cache = cache = self.dut()
        self.vpn, self.asid = Signal(18), Signal(16)
        self.fill, self.lookup = cache.fill, cache.fetch
        m.d.comb += [
            self.vpn.eq(constant(18)),
            self.asid.eq(constant(16)),
            *(side.vpn.eq(self.vpn) for side in (cache.fetch, cache.data)),
            *(side.asid.eq(self.asid) for side in (cache.fetch, cache.data)),
        ]
        free_inputs(m, cache, but=("fetch", "data"))
        self._remember(m)

    def _remember(self, m):
        """The last pointer filled for the address since the last flush."""
        pointer = self.fill.pointer
        self.known, self.ppn, self.g = Signal(), Signal(44), Signal()
        self.concerned = Signal()
        m.d.comb += self.concerned.eq(
            self.fill.valid & (pointer.vpn == self.vpn) & (pointer.g | (pointer.asid == self.asid))
        )
        with m.If(self.cache.flush):
            m.d.sync += self.known.eq(0)
        with m.Elif(self.concerned):
            m.d.sync += [self.known.eq(1), self.ppn.eq(pointer.ppn), self.g.eq(pointer.g)]

    def matching(self):
        """A bit for each entry that holds a pointer for the address."""
        return Cat(
            self.cache.valid[i] & (entry.g | (entry.asid == self.asid)) & (entry.vpn == self.vpn)
            for i, entry in enumerate(self.cache.entries)
        )

    @invariant
    def entries_are_the_known_pointer(self, m):
        """At most one entry is for the address, and that one is the last that was filled."""
        matching = self.matching()
        right = [
            ~bit | (self.known & (entry.ppn == self.ppn) & (entry.g == self.g))
            for bit, entry in zip(matching, self.cache.entries, strict=True)
        ]
        return Cat(right).all() & sides_are_alike(self.cache) & ((matching & (matching - 1)) == 0)

    @invariant
    def victim_is_one(self, m):
        """One entry's turn to be replaced is next."""
        turn = self.cache.turn
        return turn.any() & ((turn & (turn - 1)) == 0)

    @proves
    def pointer_never_stale_or_wrong(self, m):
        """A hit gives the pointer last filled for the address and its ASID since a flush."""
        lookup = self.lookup
        return lookup.hit, self.known & (lookup.ppn == self.ppn) & (lookup.g == self.g)

    @proves
    def both_sides_are_answered_alike(self, m):
        """Fetch and data side get the same answer about the same address."""
        fetch, data = self.cache.fetch, self.cache.data
        same = (fetch.hit == data.hit) & (fetch.ppn == data.ppn) & (fetch.g == data.g)
        return fetch.hit | data.hit, same

    @proves
    def never_two_pointers(self, m):
        """No two entries are for one address."""
        matching = self.matching()
        return matching.any(), (matching & (matching - 1)) == 0

    @proves
    def flush_forgets_all(self, m):
        """After a flush nothing hits, not even what was filled in its cycle."""
        known = self.lookup.hit | self.concerned
        return self.past(m, self.cache.flush & known), ~self.lookup.hit

    @proves
    def pointer_is_found(self, m):
        """A pointer that was filled is found in the next cycle."""
        return self.past(m, self.concerned & ~self.cache.flush), self.lookup.hit
