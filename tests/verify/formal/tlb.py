"""The TLB: never a stale or wrong translation, never two, seen from one symbolic address.

The address (a virtual page number and an ASID) is any one; what holds for it holds for all. The
proof remembers what memory management last said about it: the last fill of a page with it, unless a
fence has named that page since. Nothing bounds how often pages are filled and fenced.
"""

from amaranth.hdl import Cat, Const, Signal

from hdl.memory.pma import Pma
from hdl.mmu.ram_bits import placed
from hdl.mmu.tlb import Tlb
from hdl.mmu.vocabulary import Translation
from tests.verify.formal.proof import Proof, assumes, constant, free_inputs, invariant, proves
from tests.verify.formal.sv39 import permits
from tests.verify.formal.translator import compose, is_stale, leaf_of

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
    def leaves_are_good(self, m):
        """The walker fills pages of level 0, 1 or 2, which are writable only if readable."""
        return self._is_good(self.fill.entry.page)

    def _is_good(self, page):
        return (page.level != 3) & (~page.flags.w | page.flags.r)

    @assumes
    def access_is_legal(self, m):
        """The access is one of six, the privilege U, S or M."""
        access = self.tlb.access.as_value()
        return (access != 0b011) & (access != 0b100) & (self.tlb.priv != 2)

    @invariant
    def entries_are_the_known_page(self, m):
        """At most one entry holds the address, and that one is the last that was filled."""
        matching = self.matching()
        entries = self.tlb.entries
        right = [
            ~bit | (self.known & (entry.page == self.page) & (entry.vpn == self.page_vpn))
            for bit, entry in zip(matching, entries, strict=True)
        ]
        good = [self._is_good(entry.page) for entry in entries]
        # What is kept of where a page lies follows from the page.
        places = [
            bits == placed(Pma(), entry.page.ppn, entry.page.level)
            for bits, entry in zip(self.tlb.placed, entries, strict=True)
        ]
        places = [~valid | place for valid, place in zip(self.tlb.valid, places, strict=True)]
        return Cat(*right, *good, *places).all() & ((matching & (matching - 1)) == 0)

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
    def hit_is_judged(self, m):
        """A hit is refused if its page does not permit the access; else ready with A and D set."""
        tlb, page = self.tlb, self.tlb.page
        permitted = permits(leaf_of(page), tlb.access, tlb.priv[0], tlb.sum_, tlb.mxr)
        ready = permitted & ~is_stale(page.flags, tlb.access)
        same = (tlb.refuses == ~permitted) & (tlb.ready == ready)
        return tlb.hit, same & (tlb.answers == (tlb.refuses | tlb.ready))

    @proves
    def ram_is_known(self, m):
        """A hit tells whether the physical address lies in RAM."""
        address = compose(m, self.tlb.page, Cat(Const(0, 12), self.vpn))
        return self.tlb.hit, self.tlb.ram == Pma().is_ram(address)

    @proves
    def no_hit_is_judged_nothing(self, m):
        """Without a hit nothing is refused nor ready; the page has no flags, and level 0."""
        page = self.tlb.page
        silence = ~self.tlb.refuses & ~self.tlb.ready & ~self.tlb.answers
        return ~self.tlb.hit, silence & (Cat(page.level, page.flags) == 0)
