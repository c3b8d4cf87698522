"""A fully associative TLB for pages of 4 KiB, 2 MiB and 1 GiB."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import ASID_BITS, LEVELS, MAXVA_BITS, PAGE_BITS, VPN_BITS
from hdl.mmu.ports import SfenceSignature
from hdl.mmu.replacement import replace
from hdl.mmu.vocabulary import Translation

__all__ = ["FillSignature", "Tlb", "TlbEntry"]


class TlbEntry(data.Struct):
    """One page: its virtual page number, its address space, and its translation."""

    vpn: LEVELS * VPN_BITS
    asid: ASID_BITS
    page: Translation


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
    # One comparison under a mask, which depends on the level alone, off the path of the look-up.
    everything = (1 << LEVELS * VPN_BITS) - 1
    compared = Mux(level == 0, everything, everything >> VPN_BITS << VPN_BITS)
    compared &= Mux(level == 2, everything >> 2 * VPN_BITS << 2 * VPN_BITS, everything)
    return ((a ^ b) & compared) == 0


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

    Raises
    ------
    ValueError
        If `entries` is not a positive integer.
    """

    #: Address space and virtual page number to look up.
    asid: In(ASID_BITS)
    vpn: In(LEVELS * VPN_BITS)
    #: An entry matches; combinational.
    hit: Out(1)
    #: The matching entry's page; all zero without `hit`.
    page: Out(Translation)
    #: A new entry, dropped in a cycle with `sfence.valid`.
    fill: In(FillSignature())
    #: In this cycle a fill takes the place of another page; the level of that one.
    evicts: Out(1)
    evicted_level: Out(2)
    #: Entries to invalidate at the end of the cycle.
    sfence: In(SfenceSignature())

    def __init__(self, *, entries: int) -> None:
        if not isinstance(entries, int) or entries < 1:
            raise ValueError(f"entries must be a positive integer, not {entries!r}")
        super().__init__()
        #: State, for proofs: which entries are valid, the entries, and the next victim (one-hot).
        self.valid = Signal(entries)
        self.entries = [Signal(TlbEntry, name=f"entry{i}", reset_less=True) for i in range(entries)]
        self.turn = Signal(entries, init=1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        hits = Signal.like(self.valid)
        m.d.comb += hits.eq(self.valid & Cat(self._matches(entry) for entry in self.entries))
        pages = [
            Mux(hit, entry.page.as_value(), 0)
            for hit, entry in zip(hits, self.entries, strict=True)
        ]
        m.d.comb += [self.hit.eq(hits.any()), self.page.eq(reduce(or_, pages))]

        with m.If(self.sfence.valid):
            fenced = Cat(self._is_fenced(entry) for entry in self.entries)
            m.d.sync += self.valid.eq(self.valid & ~fenced)
        with m.Elif(self.fill.valid):
            # A signal: as an expression it would be built anew for each of its bits.
            evicted = Signal.like(self.valid)
            m.d.comb += evicted.eq(replace(m, self, self.fill.entry, self._overlaps))
            levels = [Mux(evicted[i], entry.page.level, 0) for i, entry in enumerate(self.entries)]
            m.d.comb += [self.evicts.eq(evicted.any()), self.evicted_level.eq(reduce(or_, levels))]
        return m

    def _matches(self, entry: data.View) -> Value:
        """Whether `entry`, if valid, translates the address that is looked up."""
        page = entry.page
        owned = page.flags.g | (entry.asid == self.asid)
        return owned & _same_page(entry.vpn, self.vpn, page.level)

    def _is_fenced(self, entry: data.View) -> Value:
        """Whether the fence covers `entry`: of the given ASID and not global, of the given page."""
        fence = self.sfence
        page = entry.page
        owned = ~fence.has_asid | (~page.flags.g & (entry.asid == fence.asid))
        covered = ~fence.has_va | _same_page(entry.vpn, fence.va[PAGE_BITS:MAXVA_BITS], page.level)
        return owned & covered

    def _overlaps(self, entry: data.View) -> Value:
        """Whether `entry` and the one that is filled share an address."""
        new = self.fill.entry
        level = Mux(entry.page.level > new.page.level, entry.page.level, new.page.level)
        owned = entry.page.flags.g | new.page.flags.g | (entry.asid == new.asid)
        return owned & _same_page(entry.vpn, new.vpn, level)
