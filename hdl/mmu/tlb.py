"""A fully associative TLB for pages of 4 KiB, 2 MiB and 1 GiB."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import ASID_BITS, LEVELS, MAXVA_BITS, PAGE_BITS, VPN_BITS, Priv
from hdl.memory.pma import Pma
from hdl.mmu.page_numbers import PageNumbers
from hdl.mmu.permission import is_permitted, needs_update
from hdl.mmu.ports import SfenceSignature
from hdl.mmu.ram_bits import inside, placed
from hdl.mmu.replacement import replace
from hdl.mmu.vocabulary import Access, PteFlags, Translation

__all__ = ["FillSignature", "Tlb", "TlbEntry"]


class TlbEntry(data.Struct):
    """One page: its virtual page number, its address space, and its translation."""

    vpn: LEVELS * VPN_BITS
    asid: ASID_BITS
    page: Translation


class Tag(data.Struct):
    """What is compared of an entry with each look-up."""

    vpn: LEVELS * VPN_BITS
    asid: ASID_BITS
    level: 2
    flags: PteFlags


class FillSignature(wiring.Signature):
    """A new entry for a TLB, as seen from the walker."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: Take `entry` at the end of this cycle.
                "valid": Out(1),
                #: The entry; `vpn` is any one of the page's.
                "entry": Out(TlbEntry),
            }
        )


def _same_page(a: Value, b: Value, level: Value) -> Value:
    """Whether virtual page numbers `a` and `b` lie in one page of `level`."""
    # By fields, so that two bits of both numbers are one look-up table of four inputs.
    low, middle, high = (
        a.word_select(field, VPN_BITS) == b.word_select(field, VPN_BITS) for field in range(LEVELS)
    )
    return high & (middle | (level == 2)) & (low | (level != 0))


class Tlb(wiring.Component):
    """Holds leaf PTEs by virtual page number and ASID, and never two for one address.

    The look-up is combinational. A fill first drops every entry that shares an address with the new
    one (of any size, of the same ASID or if either is global), then takes an invalid entry or, in
    turn, a valid one. A fence in the cycle of a fill wins: the fill is dropped.

    Privileged specification, "Supervisor Memory-Management Fence Instruction".

    Parameters
    ----------
    entries : int
        Pages it holds; at least 1.
    pma : Pma
        Where RAM is.

    Raises
    ------
    ValueError
        If `entries` is not a positive integer.
    """

    #: Address space and virtual page number to look up.
    asid: In(ASID_BITS)
    vpn: In(LEVELS * VPN_BITS)
    #: What is to be done with the page, and the live CSR fields that decide about it.
    access: In(Access)
    priv: In(Priv)
    sum_: In(1)
    mxr: In(1)
    #: An entry matches; combinational.
    hit: Out(1)
    #: It does not permit the access; or it does, and needs no update for it; one of these.
    refuses: Out(1)
    ready: Out(1)
    answers: Out(1)
    #: The address that is looked up lies in RAM; valid with `hit`, if RAM is not adjustable.
    ram: Out(1)
    #: The matching entry's page. Without `hit` its flags and level are 0, and the rest is anything.
    page: Out(Translation)
    #: A new entry, dropped in a cycle with `sfence.valid`.
    fill: In(FillSignature())
    #: In this cycle a fill takes the place of another page; the level of that one.
    evicts: Out(1)
    evicted_level: Out(2)
    #: Entries to invalidate at the end of the cycle.
    sfence: In(SfenceSignature())

    def __init__(self, *, entries: int, pma: Pma | None = None) -> None:
        if not isinstance(entries, int) or entries < 1:
            raise ValueError(f"entries must be a positive integer, not {entries!r}")
        super().__init__()
        self._pma = pma = pma or Pma()
        #: State, for proofs: which entries are valid, what is compared of them, and the next victim
        #: (one-hot). Physical page numbers are in `ppns`.
        self.valid = Signal(entries)
        self.tags = [Signal(Tag, name=f"tag{i}", reset_less=True) for i in range(entries)]
        self.turn = Signal(entries, init=1)
        blocks = len(pma.blocks)
        self.placed = [Signal(blocks, name=f"placed{i}", reset_less=True) for i in range(entries)]
        self.ppns = PageNumbers(entries=entries)
        #: The entries as a whole, for who looks from outside; nothing here depends on them.
        self.entries = [Signal(TlbEntry, name=f"entry{i}") for i in range(entries)]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.ppns = ppns = self.ppns
        hits = Signal.like(self.valid)
        # Of every entry while its page is compared, not of the page that matches.
        permits = Cat(self._permits(tag) for tag in self.tags)
        stale = Cat(needs_update(tag.flags, self.access) for tag in self.tags)
        rams = Cat(
            inside(self._pma, bits, self.vpn, tag.level)
            for bits, tag in zip(self.placed, self.tags, strict=True)
        )
        pages = [
            Mux(hit, Cat(tag.level, tag.flags), 0) for hit, tag in zip(hits, self.tags, strict=True)
        ]
        m.d.comb += [
            hits.eq(self.valid & Cat(self._matches(tag) for tag in self.tags)),
            self.hit.eq(hits.any()),
            self.refuses.eq((hits & ~permits).any()),
            self.ready.eq((hits & permits & ~stale).any()),
            self.answers.eq((hits & ~(permits & stale)).any()),
            self.ram.eq((hits & rams).any()),
            ppns.found_at.eq(hits),
            self.page.ppn.eq(ppns.found),
            Cat(self.page.level, self.page.flags).eq(reduce(or_, pages)),
        ]
        for tag, entry, row in zip(self.tags, self.entries, ppns.rows, strict=True):
            page = entry.page
            m.d.comb += [entry.vpn.eq(tag.vpn), entry.asid.eq(tag.asid), page.ppn.eq(row)]
            m.d.comb += [page.level.eq(tag.level), page.flags.eq(tag.flags)]
        self._change(m)
        return m

    def _change(self, m: Module) -> None:
        """A fence, or else a fill; both compare all entries with one address and ASID."""
        fence, new = self.sfence, self.fill.entry
        vpn = Signal(LEVELS * VPN_BITS, name="changed_vpn")
        asid = Signal(ASID_BITS, name="changed_asid")
        level = Signal(2, name="changed_level")
        m.d.comb += [
            vpn.eq(Mux(fence.valid, fence.va[PAGE_BITS:MAXVA_BITS], new.vpn)),
            asid.eq(Mux(fence.valid, fence.asid, new.asid)),
            level.eq(Mux(fence.valid, 0, new.page.level)),
        ]
        together = Signal.like(self.valid)
        same_asid = Signal.like(self.valid)
        for i, tag in enumerate(self.tags):
            larger = Mux(tag.level > level, tag.level, level)
            m.d.comb += [
                together[i].eq(_same_page(tag.vpn, vpn, larger)),
                same_asid[i].eq(tag.asid == asid),
            ]
        is_global = Cat(tag.flags.g for tag in self.tags)
        with m.If(fence.valid):
            # Of the given ASID and not global, of the given page.
            everyone, everywhere = (
                ~has.replicate(len(self.valid)) for has in (fence.has_asid, fence.has_va)
            )
            fenced = (everyone | (~is_global & same_asid)) & (everywhere | together)
            m.d.sync += self.valid.eq(self.valid & ~fenced)
        fills = Signal(name="fills")
        m.d.comb += fills.eq(self.fill.valid & ~fence.valid)
        shared = is_global | new.page.flags.g.replicate(len(self.valid))
        chosen, evicted = replace(m, self, together & (shared | same_asid), fills)
        levels = [Mux(out, tag.level, 0) for out, tag in zip(evicted, self.tags, strict=True)]
        m.d.comb += [self.evicts.eq(evicted.any()), self.evicted_level.eq(reduce(or_, levels))]
        self._put(m, chosen, fills)

    def _put(self, m: Module, chosen: Signal, fills: Signal) -> None:
        """Puts what is filled where `chosen` has a bit; `fills` is late, and all else early."""
        new, ppns = self.fill.entry, self.ppns
        m.d.comb += [ppns.write.eq(fills), ppns.at.eq(chosen), ppns.ppn.eq(new.page.ppn)]
        where = placed(self._pma, new.page.ppn, new.page.level)
        for place, tag, bits in zip(chosen, self.tags, self.placed, strict=True):
            with m.If(place & fills):
                m.d.sync += [
                    bits.eq(where),
                    tag.vpn.eq(new.vpn),
                    tag.asid.eq(new.asid),
                    tag.level.eq(new.page.level),
                    tag.flags.eq(new.page.flags),
                ]

    def _permits(self, tag: data.View) -> Value:
        """Whether the page of `tag` permits the access."""
        return is_permitted(tag.flags, self.access, self.priv, self.sum_, self.mxr)

    def _matches(self, tag: data.View) -> Value:
        """Whether the entry of `tag`, if valid, translates the address that is looked up."""
        owned = tag.flags.g | (tag.asid == self.asid)
        return owned & _same_page(tag.vpn, self.vpn, tag.level)
