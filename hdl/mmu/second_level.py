"""A second-level TLB for both sides: set-associative, in memory, asked before a walk begins."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from hdl.arch import ASID_BITS, LEVELS, MAXVA_BITS, PAGE_BITS, PPN_BITS, VPN_BITS
from hdl.mmu.permission import needs_update
from hdl.mmu.ports import SfenceSignature, StartSignature
from hdl.mmu.replacement import victim
from hdl.mmu.tlb import FillSignature, TlbEntry
from hdl.mmu.vocabulary import Access, PteFlags, Side, WalkKey

__all__ = ["SecondLevelTlb", "way_layout"]

_VPN_BITS = LEVELS * VPN_BITS


def way_layout(sets: int) -> data.StructLayout:
    """What one way of a set holds: a page of 4 KiB. The rest of its page number is the set's."""
    return data.StructLayout(
        {
            "tag": _VPN_BITS - exact_log2(sets),
            "asid": ASID_BITS,
            "ppn": PPN_BITS,
            "flags": PteFlags,
        }
    )


class SecondLevelTlb(wiring.Component):
    """Stands between those who want a walk and the walker, and spares walks.

    A walk that is wanted is looked up here first: the memory is read in that cycle, and compared in
    the next one. If that hits, the page fills the TLB of its side, whose request hits it in the
    cycle after, 2 cycles after the miss; if not, the walk begins in the cycle of the comparison,
    one cycle later than without a second level. Updates are walks at once.

    It holds pages of 4 KiB; larger ones are in the first level only. Every page of 4 KiB that a
    walk fills is written here too: its set is read in the cycle of the fill, and written in the
    next one, over what shares an address with it, an invalid way, or the one whose turn it is. In
    these two cycles no look-up begins, nor does the walker fill in the second. A page whose A or D
    would have to be set for the access counts as a miss, so that a walk reads its entry again.

    `sfence.vma` with an address forgets all of the set of that address, every other one all there
    is: more than is asked for, at the end of its cycle. What was read in it and is compared in the
    next one is forgotten with it, and so is what is written in it, since the bits that say what is
    valid are registers.

    Privileged specification, "Supervisor Memory-Management Fence Instruction".

    Parameters
    ----------
    sets : int
        How many there are, a power of two from 2 to 4096; the low bits of a page number choose one.
    ways : int
        Pages in each, 1 to 16.

    Raises
    ------
    ValueError
        If one of them is no such number.

    Members
    -------
    wanted : In(StartSignature())
        The walk that has priority.
    start : Out(StartSignature())
        The walk that begins.
    fetch_key, data_key : In(WalkKey)
        What each port asks for: it is compared while its TLB looks, and not only when that has
        missed.
    free : In(1)
        The walker would begin one in this cycle.
    squash_fetch, squash_data : In(1)
        Requests of that port are squashed, as the walker has it.
    sfence : In(SfenceSignature())
        What to forget at the end of this cycle.
    walked : In(FillSignature())
        What the walker fills; it goes before what is found here.
    walked_fetch : In(1)
        It is for the fetch side.
    fill : Out(FillSignature())
        What fills a TLB: of the walker, or found here.
    fill_fetch : Out(1)
        It is for the fetch side; else for the data side.
    """

    def __init__(self, *, sets: int, ways: int) -> None:
        if sets not in [1 << n for n in range(1, 13)]:
            raise ValueError(f"sets must be a power of two from 2 to 4096, not {sets!r}")
        if ways not in range(1, 17):
            raise ValueError(f"ways must be 1 to 16, not {ways!r}")
        super().__init__(
            {
                "wanted": In(StartSignature()),
                "start": Out(StartSignature()),
                "fetch_key": In(WalkKey),
                "data_key": In(WalkKey),
                "free": In(1),
                "squash_fetch": In(1),
                "squash_data": In(1),
                "sfence": In(SfenceSignature()),
                "walked": In(FillSignature()),
                "walked_fetch": In(1),
                "fill": Out(FillSignature()),
                "fill_fetch": Out(1),
            }
        )
        self._index_bits = exact_log2(sets)
        self._sets, self._ways = sets, ways
        self.layout = data.ArrayLayout(way_layout(sets), ways)
        #: State: which ways are valid, set after set, and the next victim (one-hot).
        self.valid = Signal(sets * ways)
        self.turn = Signal(ways, init=1)
        #: A look-up was made in the last cycle; one has missed, and its walk may begin.
        self.asked = Signal()
        self.missed = Signal()
        self.key = Signal(WalkKey, reset_less=True)
        self.side = Signal(Side, reset_less=True)
        #: A page is written in this cycle, whose set was read in the last one.
        self.writes = Signal()
        self.new = Signal(TlbEntry, reset_less=True)
        #: The memory: the set that is read at the end of this cycle, what was read in the last one,
        #: and what is written.
        self.read_set = Signal(self._index_bits)
        self.row = Signal(self.layout)
        self.write_set = Signal(self._index_bits)
        self.write_row = Signal(self.layout)
        self.write_ways = Signal(ways)
        self.hit = Signal()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        self._store(m)
        looks_up = Signal()
        vpn = Mux(self.walked.valid, self.walked.entry.vpn, self.wanted.key.vpn)
        m.d.comb += self.read_set.eq(self._set_of(vpn))
        self._begin(m, looks_up)
        self._compare(m)
        self._write(m)
        self._fence(m)
        m.d.sync += self.asked.eq(looks_up)
        with m.If(looks_up):
            m.d.sync += [self.key.eq(self.wanted.key), self.side.eq(self.wanted.side)]
        return m

    def _store(self, m: Module) -> None:
        """The memory: read in one cycle, there in the next; what is read in a write is not used."""
        m.submodules.memory = memory = Memory(shape=self.layout, depth=self._sets, init=[])
        read = memory.read_port()
        write = memory.write_port(granularity=1)
        m.d.comb += [
            read.addr.eq(self.read_set),
            self.row.eq(read.data),
            write.addr.eq(self.write_set),
            write.data.eq(self.write_row),
            write.en.eq(self.write_ways),
        ]

    def _set_of(self, vpn: Value) -> Value:
        return Value.cast(vpn)[: self._index_bits]

    def _valid_of(self, number: Value) -> Value:
        """A bit for each way of a set."""
        return self.valid.word_select(number, self._ways)

    def _begin(self, m: Module, looks_up: Signal) -> None:
        """A walk begins if its look-up has missed, or if it is for an update; else a look-up."""
        wanted, start = self.wanted, self.start
        update = wanted.side == Side.UPDATE
        stays = Mux(
            self.side == Side.FETCH, self._stays(self.fetch_key), self._stays(self.data_key)
        )
        same = stays & (wanted.side == self.side)
        missed = self.missed | (self.asked & ~self.hit)
        for name in ("side", "key", "origin", "id"):
            m.d.comb += getattr(start, name).eq(getattr(wanted, name))
        m.d.comb += start.valid.eq(wanted.valid & (update | (missed & same)))
        begins = start.valid & self.free & ~update
        squashed = Mux(wanted.side == Side.FETCH, self.squash_fetch, self.squash_data)
        free = self.free & ~self.asked & ~self.writes & ~self.walked.valid
        m.d.comb += looks_up.eq(wanted.valid & ~update & ~(self.missed & same) & free & ~squashed)
        m.d.sync += self.missed.eq(missed & ~begins & ~looks_up)

    def _stays(self, key: data.View) -> Value:
        """Whether `key` has the address that was looked up last."""
        return (key.vpn == self.key.vpn) & (key.asid == self.key.asid)

    def _compare(self, m: Module) -> None:
        """What was looked up in the last cycle: found, and good for the access?"""
        key, page = self.key, self.fill.entry.page
        valid = self._valid_of(self._set_of(key.vpn))
        matches = Signal(self._ways)
        tag = key.vpn[self._index_bits :]
        m.d.comb += matches.eq(
            Cat(
                valid[i] & (way.tag == tag) & (way.flags.g | (way.asid == key.asid))
                for i, way in enumerate(self.row)
            )
        )
        found = data.View(way_layout(self._sets), self._chosen(matches))
        squashed = Mux(self.side == Side.FETCH, self.squash_fetch, self.squash_data)
        m.d.comb += [
            self.hit.eq(self.asked & matches.any() & ~needs_update(found.flags, key.access)),
            self.fill.valid.eq(self.walked.valid | (self.hit & ~squashed)),
            self.fill_fetch.eq(
                Mux(self.walked.valid, self.walked_fetch, key.access == Access.FETCH)
            ),
            self.fill.entry.eq(self.walked.entry),
        ]
        with m.If(~self.walked.valid):
            m.d.comb += [
                self.fill.entry.vpn.eq(key.vpn),
                self.fill.entry.asid.eq(key.asid),
                page.ppn.eq(found.ppn),
                page.level.eq(0),
                page.flags.eq(found.flags),
            ]

    def _chosen(self, matches: Value) -> Value:
        """The way of the last row that has its bit in `matches`; 0 if none has."""
        rows = [Mux(matches[i], Value.cast(way), 0) for i, way in enumerate(self.row)]
        return reduce(or_, rows)

    def _write(self, m: Module) -> None:
        """Write what a walk has filled, one cycle later, when its set has been read."""
        small = self.walked.entry.page.level == 0
        m.d.sync += self.writes.eq(self.walked.valid & small & ~self.sfence.valid)
        with m.If(self.walked.valid):
            m.d.sync += self.new.eq(self.walked.entry)
        new, flags = self.new, self.new.page.flags
        valid = self._valid_of(self._set_of(new.vpn))
        overlaps = Signal(self._ways)
        chosen = Signal(self._ways)
        tag = new.vpn[self._index_bits :]
        m.d.comb += [
            overlaps.eq(
                Cat(
                    valid[i] & (way.tag == tag) & (way.flags.g | flags.g | (way.asid == new.asid))
                    for i, way in enumerate(self.row)
                )
            ),
            # Of several the lowest; the others are dropped.
            chosen.eq(Mux(overlaps.any(), overlaps & -overlaps, victim(valid, self.turn))),
            self.write_set.eq(self._set_of(new.vpn)),
        ]
        for way in self.write_row:
            m.d.comb += [
                way.tag.eq(tag),
                way.asid.eq(new.asid),
                way.ppn.eq(new.page.ppn),
                way.flags.eq(flags),
            ]
        with m.If(self.writes):
            # If a fence names it, that wins: it comes after this.
            m.d.comb += self.write_ways.eq(chosen)
            m.d.sync += [
                valid.eq(valid & ~overlaps | chosen),
                self.turn.eq(self.turn.rotate_left(1)),
            ]

    def _fence(self, m: Module) -> None:
        with m.If(self.sfence.valid):
            with m.If(self.sfence.has_va):
                va = self.sfence.va[PAGE_BITS:MAXVA_BITS]
                m.d.sync += self._valid_of(self._set_of(va)).eq(0)
            with m.Else():
                m.d.sync += self.valid.eq(0)
