"""A cache of the pointers to level-0 page tables, which spares a walk its first two reads."""

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import ASID_BITS, PPN_BITS, VPN_BITS
from hdl.mmu.page_numbers import PageNumbers
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


class Tag(data.Struct):
    """What is compared of an entry with each look-up, and whether all that it maps is global."""

    vpn: 2 * VPN_BITS
    asid: ASID_BITS
    g: 1


_OF_TAG = ("vpn", "asid", "g")


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
                #: Page number of the table, which is anything without `hit`; and whether all that
                #: it maps is global, 0 without `hit`.
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
        #: State, for proofs: which entries are valid, what is compared of them, and the next victim
        #: (one-hot). Page numbers of tables are in `ppns`.
        self.valid = Signal(entries)
        self.tags = [Signal(Tag, name=f"tag{i}", reset_less=True) for i in range(entries)]
        self.turn = Signal(entries, init=1)
        #: The same for each side.
        self.ppns = {side: PageNumbers(entries=entries) for side in ("fetch", "data")}
        #: The entries as a whole, for who looks from outside; nothing here depends on them.
        self.entries = [Signal(Pointer, name=f"entry{i}") for i in range(entries)]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for side, ppns in self.ppns.items():
            m.submodules[f"{side}_ppns"] = ppns
        self._look_up(m, self.fetch, "fetch")
        self._look_up(m, self.data, "data")
        with m.If(self.flush):
            m.d.sync += self.valid.eq(0)
        self._fill(m, self.fill.valid & ~self.flush)
        for tag, entry, row in zip(self.tags, self.entries, self.ppns["fetch"].rows, strict=True):
            m.d.comb += entry.ppn.eq(row)
            m.d.comb += [getattr(entry, name).eq(getattr(tag, name)) for name in _OF_TAG]
        return m

    def _fill(self, m: Module, fills: Value) -> None:
        """Takes the new pointer if `fills`, which is late; all else is early."""
        new = self.fill.pointer
        chosen, _ = replace(m, self, Cat(self._overlaps(tag) for tag in self.tags), fills)
        for ppns in self.ppns.values():
            m.d.comb += [ppns.write.eq(fills), ppns.at.eq(chosen), ppns.ppn.eq(new.ppn)]
        for place, tag in zip(chosen, self.tags, strict=True):
            with m.If(place & fills):
                m.d.sync += [getattr(tag, name).eq(getattr(new, name)) for name in _OF_TAG]

    def _look_up(self, m: Module, lookup: wiring.PureInterface, side: str) -> None:
        """The look-up of one side."""
        hits = Signal(len(self.valid), name=f"{side}_hits")
        m.d.comb += [
            hits.eq(self.valid & Cat(self._matches(tag, lookup) for tag in self.tags)),
            lookup.hit.eq(hits.any()),
            lookup.g.eq((hits & Cat(tag.g for tag in self.tags)).any()),
            self.ppns[side].found_at.eq(hits),
            lookup.ppn.eq(self.ppns[side].found),
        ]

    def _matches(self, tag: data.View, lookup: wiring.PureInterface) -> Value:
        """Whether the entry of `tag`, if valid, points to the table that is looked up."""
        return (tag.g | (tag.asid == lookup.asid)) & (tag.vpn == lookup.vpn)

    def _overlaps(self, tag: data.View) -> Value:
        """Whether the entry of `tag` and the one that is filled are for the same addresses."""
        new = self.fill.pointer
        return (tag.vpn == new.vpn) & (tag.g | new.g | (tag.asid == new.asid))
