"""A cache of the pointers to level-0 page tables, which spares a walk its first two reads."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import ASID_BITS, PPN_BITS, VPN_BITS
from hdl.mmu.replacement import replace

__all__ = ["LookupSignature", "Origin", "Pointer", "PointerFillSignature", "WalkCache"]


class Pointer(data.Struct):
    """A pointer to a level-0 page table, and for which addresses it is."""

    #: The two upper fields of the virtual page number.
    vpn: 2 * VPN_BITS
    asid: ASID_BITS
    #: A PTE on the way to the table had G set: all that it maps is global.
    g: 1
    #: Page number of the table.
    ppn: PPN_BITS


class Origin(data.Struct):
    """Where a walk begins: at the root, or at a table of level 0 that the walk cache knows."""

    #: Page number of the table, and whether it lies in RAM.
    table: PPN_BITS
    in_ram: 1
    #: It is one that the walk cache knows; then, whether all that it maps is global. Never so of an
    #: update.
    cached: 1
    g: 1


class LookupSignature(wiring.Signature):
    """A look-up, as seen from who makes it; the result is combinational."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: The address to look up: upper fields of its virtual page number, and its ASID.
                "vpn": Out(2 * VPN_BITS),
                "asid": Out(ASID_BITS),
                #: An entry matches.
                "hit": In(1),
                #: Page number of the table, and whether all it maps is global; 0 without `hit`.
                "ppn": In(PPN_BITS),
                "g": In(1),
            }
        )


class PointerFillSignature(wiring.Signature):
    """A new entry for the walk cache, as seen from the walker."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: Take `pointer` at the end of this cycle.
                "valid": Out(1),
                #: The pointer that the walker has read.
                "pointer": Out(Pointer),
            }
        )


class WalkCache(wiring.Component):
    """Holds pointers to level-0 page tables, and never two for one address.

    The look-ups are combinational. Each side of the MMU has one, so that it is known where a walk
    would begin while its TLB is still looking. A fill drops the pointers for the same addresses,
    then takes an invalid entry or, in turn, a valid one. `flush` invalidates all and drops a fill
    of its cycle.

    Parameters
    ----------
    entries : int
        Pointers it holds; at least 1.

    Raises
    ------
    ValueError
        If `entries` is not a positive integer.
    """

    #: Look-ups for the two sides.
    fetch: In(LookupSignature())
    data: In(LookupSignature())
    #: A new pointer, dropped in a cycle with `flush`.
    fill: In(PointerFillSignature())
    #: Invalidate all entries at the end of this cycle.
    flush: In(1)

    def __init__(self, *, entries: int) -> None:
        if not isinstance(entries, int) or entries < 1:
            raise ValueError(f"entries must be a positive integer, not {entries!r}")
        super().__init__()
        #: State, for proofs: which entries are valid, the entries, and the next victim (one-hot).
        self.valid = Signal(entries)
        self.entries = [Signal(Pointer, name=f"entry{i}", reset_less=True) for i in range(entries)]
        self.turn = Signal(entries, init=1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        self._look_up(m, self.fetch, "fetch")
        self._look_up(m, self.data, "data")
        with m.If(self.flush):
            m.d.sync += self.valid.eq(0)
        with m.Elif(self.fill.valid):
            replace(m, self, self.fill.pointer, self._overlaps)
        return m

    def _look_up(self, m: Module, lookup: wiring.PureInterface, side: str) -> None:
        """The look-up of one side."""
        hits = Signal(len(self.valid), name=f"{side}_hits")
        matches = Cat(self._matches(entry, lookup) for entry in self.entries)
        found = [Mux(hit, Cat(e.g, e.ppn), 0) for hit, e in zip(hits, self.entries, strict=True)]
        m.d.comb += [
            hits.eq(self.valid & matches),
            lookup.hit.eq(hits.any()),
            Cat(lookup.g, lookup.ppn).eq(reduce(or_, found)),
        ]

    def _matches(self, entry: data.View, lookup: wiring.PureInterface) -> Value:
        """Whether `entry`, if valid, points to the table that is looked up."""
        return (entry.g | (entry.asid == lookup.asid)) & (entry.vpn == lookup.vpn)

    def _overlaps(self, entry: data.View) -> Value:
        """Whether `entry` and the one that is filled are for the same addresses."""
        new = self.fill.pointer
        return (entry.vpn == new.vpn) & (entry.g | new.g | (entry.asid == new.asid))
