"""The TLB: never a stale or wrong translation, never two, seen from one symbolic address.

The address (a virtual page number and an ASID) is any one; what holds for it holds for all. The
proof remembers what memory management last said about it: the last fill of a page with it, unless a
fence has named that page since. Nothing bounds how often pages are filled and fenced.
"""

from amaranth.hdl import Cat, Signal

from hdl.mmu.tlb import Tlb
from hdl.mmu.vocabulary import Translation
from tests.verify.formal.proof import Proof, assumes, constant, free_inputs, invariant, proves

__all__ = ["TlbProof", "covers"]


def covers(vpn, page_vpn, level):
    """Whether `vpn` lies in the page of `page_vpn` and `level`; 27 bits, field by field."""
    fields = [vpn[9 * i : 9 * i + 9] == page_vpn[9 * i : 9 * i + 9] for i in range(3)]
    return fields[2] & (fields[1] | (level == 2)) & (fields[0] | (level != 0))


class TlbProof(Proof):
    """A TLB with pages of all sizes, ASIDs, G and all forms of `sfence.vma`.

    Parameters
    ----------
    entries : int
        Pages that it holds.
    """

    depth = 5

    def __init__(self, entries=8):
        super().__init__()
        self.entries = entries

    def dut(self):
        """What is proven; mutants bend it."""
        return Tlb(entries=self.entries)

    def build(self, m):
        m.submodules.tlb = self.tlb = tlb = self.dut()
        self.fill, self.sfence = tlb.fill, tlb.sfence
        self.vpn, self.asid = Signal(27), Signal(16)
        m.d.comb += [
            self.vpn.eq(constant(27)),
            self.asid.eq(constant(16)),
            tlb.vpn.eq(self.vpn),
            tlb.asid.eq(self.asid),
        ]
        free_inputs(m, tlb, but=("vpn", "asid"))
        self._remember(m)

    def _remember(self, m):
        """The last word about the address: a page that was filled, or nothing."""
        #: A page was filled and not fenced since; the page.
        self.known, self.page, self.page_vpn = Signal(), Signal(Translation), Signal(27)
        entry, sfence = self.fill.entry, self.sfence
        self.concerned, self.named = Signal(), Signal()
        m.d.comb += [
            self.concerned.eq(
                self.fill.valid
                & (entry.page.flags.g | (entry.asid == self.asid))
                & covers(self.vpn, entry.vpn, entry.page.level)
            ),
            # A page that is not global and known here is of our ASID.
            self.named.eq(
                sfence.valid
                & (~sfence.has_va | covers(sfence.va[12:39], self.page_vpn, self.page.level))
                & (~sfence.has_asid | (~self.page.flags.g & (sfence.asid == self.asid)))
            ),
        ]
        with m.If(sfence.valid):
            m.d.sync += self.known.eq(self.known & ~self.named)
        with m.Elif(self.concerned):
            m.d.sync += [
                self.known.eq(1),
                self.page.eq(entry.page),
                self.page_vpn.eq(entry.vpn),
            ]

    def matching(self):
        """A bit for each entry that holds a page with the address."""
        return Cat(
            self.tlb.valid[i]
            & (entry.page.flags.g | (entry.asid == self.asid))
            & covers(self.vpn, entry.vpn, entry.page.level)
            for i, entry in enumerate(self.tlb.entries)
        )

    @assumes
    def levels_exist(self, m):
        """The walker fills pages of level 0, 1 or 2."""
        return self.fill.entry.page.level != 3

    @invariant
    def entries_are_the_known_page(self, m):
        """At most one entry holds the address, and that one is the last that was filled."""
        matching = self.matching()
        entries = self.tlb.entries
        right = [
            ~bit | (self.known & (entry.page == self.page) & (entry.vpn == self.page_vpn))
            for bit, entry in zip(matching, entries, strict=True)
        ]
        levels = [entry.page.level != 3 for entry in entries]
        return Cat(*right, *levels).all() & ((matching & (matching - 1)) == 0)

    @invariant
    def victim_is_one(self, m):
        """One entry's turn to be replaced is next."""
        turn = self.tlb.turn
        return turn.any() & ((turn & (turn - 1)) == 0)

    @proves
    def never_stale_or_wrong(self, m):
        """A hit gives the page last filled for the address and its ASID, and not fenced since."""
        return self.tlb.hit, self.known & (self.tlb.page == self.page)

    @proves
    def never_two_hits(self, m):
        """No two entries hold one address."""
        matching = self.matching()
        return matching.any(), (matching & (matching - 1)) == 0

    @proves
    def fenced_page_misses(self, m):
        """After an `sfence.vma` that names its page (any address in it) or its ASID: no hit."""
        fenced = self.past(m, self.named & self.known)
        return fenced, ~self.tlb.hit

    @proves
    def fence_of_all_empties(self, m):
        """After an `sfence.vma` without operands nothing hits, global or not."""
        sfence = self.sfence
        everything = sfence.valid & ~sfence.has_va & ~sfence.has_asid
        return self.past(m, everything & self.tlb.hit), ~self.tlb.hit

    @proves
    def fence_beats_fill(self, m):
        """A fill in the cycle of any `sfence.vma` is dropped."""
        both = self.past(m, self.sfence.valid & self.concerned & ~self.tlb.hit)
        return both, ~self.tlb.hit

    @proves
    def fill_is_found(self, m):
        """A page that was filled is found in the next cycle."""
        filled = self.past(m, self.concerned & ~self.sfence.valid)
        return filled, self.tlb.hit

    @proves
    def fence_spares_the_rest(self, m):
        """An `sfence.vma` spares pages that its operands do not name, and by ASID global ones."""
        spared = self.past(m, self.sfence.valid & ~self.named & self.tlb.hit)
        return spared, self.tlb.hit

    @proves
    def other_asid_misses(self, m):
        """A page of another ASID that is not global never hits."""
        entry = self.fill.entry
        other = (
            self.fill.valid
            & ~self.sfence.valid
            & (entry.asid != self.asid)
            & ~entry.page.flags.g
            & covers(self.vpn, entry.vpn, entry.page.level)
        )
        return self.past(m, other & ~self.tlb.hit), ~self.tlb.hit

    @proves
    def no_hit_is_all_zero(self, m):
        """Without a hit the page is all zero, so that no permission shows."""
        return ~self.tlb.hit, self.tlb.page.as_value() == 0
