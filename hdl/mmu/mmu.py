"""The MMU of one hart: two TLBs in front of one page-table walker."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import PAGE_BITS, VPN_BITS
from hdl.memory.pma import Pma
from hdl.memory.port import MemoryPort
from hdl.mmu.ports import (
    ContextSignature,
    SfenceSignature,
    TranslationSignature,
    UpdateSignature,
)
from hdl.mmu.probe import MmuProbeSignature
from hdl.mmu.second_level import SecondLevelTlb
from hdl.mmu.translator import Translator
from hdl.mmu.vocabulary import Access, Fault, Side, assign_key
from hdl.mmu.walk_cache import Origin, WalkCache
from hdl.mmu.walker import Walker, WalkerState

__all__ = ["Mmu"]

#: What the probe shows of a side as its port has it, and the side itself; of a walk as the
#: walker has it, and as its request does.
_OF_PORT = ("fault", "va")
_OF_SIDE = ("miss", "answers", "level", "displaces", "displaced_level")
_OF_WALKER = ("begins", "skips", "ends", "verdict")
_OF_KEY = ("access", "priv", "sum_", "mxr", "adue", "asid", "root")


class Mmu(wiring.Component):
    """Sv39 translation for a fetch and a data port, with Svade or Svadu by `context.adue`.

    A request gets its response in its own cycle if it hits the TLB, if no translation applies, or
    if the address is not canonical. Otherwise the walker, if it is free, offers its first read in
    that very cycle; for a fetch in the next one, if the data port asks then and hits. With a memory
    that responds in the next cycle and three levels, the TLB hits 4 cycles after the miss, 2 if the
    walk cache knows the table; a fault found by the walk takes the same time.

    An update takes 8 cycles: three reads, the locked read, the write, and the response.

    The walker serves `update` before `data` before `fetch`. Translating never writes memory: only
    `update` sets A and D, for an instruction that can no longer be squashed.

    Privileged specification, "Sv39: Page-Based 39-bit Virtual-Memory System".

    Parameters
    ----------
    pma : Pma
        Physical memory attributes: where page tables, code and atomics may lie.
    itlb_entries, dtlb_entries : int
        Pages that each TLB holds, of any size; at least 1.
    walk_cache_entries : int
        Pointers to level-0 page tables that the walker remembers; at least 1.
    pmp_entries : int
        Entries of physical memory protection, in `context`; with 0 there is none. What it refuses
        is an access fault, and never reaches `port`.
    l2_tlb : (int, int) or None
        Sets and ways of a TLB behind both that is asked before a walk begins; with None there is
        none. With it a miss of the first level takes 2 cycles if that hits, else 5 and 3 instead of
        4 and 2. See `hdl.mmu.second_level`.

    Raises
    ------
    ValueError
        If a number of entries is not positive, or `l2_tlb` is no such numbers.
    """

    def __init__(
        self,
        *,
        pma: Pma | None = None,
        itlb_entries: int = 8,
        dtlb_entries: int = 8,
        walk_cache_entries: int = 4,
        pmp_entries: int = 0,
        l2_tlb: tuple[int, int] | None = None,
    ) -> None:
        pma = pma or Pma()
        super().__init__(
            {
                #: Live CSR fields.
                "context": In(ContextSignature(pmp_entries=pmp_entries)),
                #: Translation of instruction addresses; `access` stays FETCH.
                "fetch": In(TranslationSignature()),
                #: Translation of data addresses.
                "data": In(TranslationSignature()),
                #: A and D updates from the trap stage.
                "update": In(UpdateSignature()),
                #: `sfence.vma`; flushes the whole walk cache, unless it names an address.
                "sfence": In(SfenceSignature()),
                #: Reads and writes of PTEs, with source WALK. An arbiter behind it must accept no
                #: other request between a locked one and the walker's next one.
                "port": Out(MemoryPort()),
                #: What is looked up in vain, and read.
                "probe": Out(MmuProbeSignature()),
            }
        )
        self.fetch_side = Translator(pma=pma, entries=itlb_entries, pmp_entries=pmp_entries)
        self.data_side = Translator(pma=pma, entries=dtlb_entries, pmp_entries=pmp_entries)
        self.walk_cache = WalkCache(entries=walk_cache_entries)
        self.walker = Walker(pma=pma, pmp_entries=pmp_entries)
        self.second_level = SecondLevelTlb(sets=l2_tlb[0], ways=l2_tlb[1]) if l2_tlb else None
        #: State, for proofs: in the last cycle a fetch needed a walk while data asked, and hit.
        self.fetch_waited = Signal(name="fetch_waited")
        self._pma = pma
        self._protected = pmp_entries > 0

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.fetch_side = fetch_side = self.fetch_side
        m.submodules.data_side = data_side = self.data_side
        m.submodules.walk_cache = cache = self.walk_cache
        m.submodules.walker = walker = self.walker
        if self.second_level is not None:
            m.submodules.second_level = self.second_level

        wiring.connect(m, wiring.flipped(self.fetch), fetch_side.request)
        wiring.connect(m, wiring.flipped(self.data), data_side.request)
        wiring.connect(m, walker.port, wiring.flipped(self.port))
        wiring.connect(m, walker.pointer, cache.fill)
        for part in (fetch_side, data_side):
            wiring.connect(m, wiring.flipped(self.context), part.context)
            wiring.connect(m, wiring.flipped(self.sfence), part.sfence)
        m.d.comb += [
            fetch_side.request.access.eq(Access.FETCH),
            # "If rs1≠x0, the fence orders only ... leaf page table entries": no pointers.
            cache.flush.eq(self.sfence.valid & ~self.sfence.has_va),
            walker.fence.eq(self.sfence.valid),
            walker.squash_fetch.eq(self.fetch.squash),
            walker.squash_data.eq(self.data.squash),
        ]
        if self._protected:
            m.d.comb += walker.pmp.eq(self.context.pmp)
        self._connect_starts(m)
        self._connect_results(m)
        self._probe(m)
        return m

    def _connect_starts(self, m: Module) -> None:
        """Requests the walk for the miss that has priority."""
        start, root = self._begin(m), self.context.root
        root_in_ram = Signal()
        m.d.comb += root_in_ram.eq(self._pma.is_ram(Cat(Const(0, PAGE_BITS), root)))
        for_fetch, for_data = Signal(Origin, name="for_fetch"), Signal(Origin, name="for_data")
        self._find(m, for_fetch, self.fetch_side, self.walk_cache.fetch, root_in_ram)
        self._find(m, for_data, self.data_side, self.walk_cache.data, root_in_ram)
        updates = self.update.valid & ~self.update.done
        # A squash of fetches is known early enough to keep their walk from beginning.
        fetches = self.fetch_side.miss & ~self.fetch.squash
        # Which side, too, is known before it is known which of them misses: what is offered to
        # memory waits for no miss. A fetch waits for a cycle while data asks and does not miss.
        data_first = Signal(name="data_first")
        m.d.comb += [
            data_first.eq(self.data_side.asks & ~self.fetch_waited),
            start.valid.eq(updates | Mux(data_first, self.data_side.miss, fetches)),
        ]
        m.d.sync += self.fetch_waited.eq(data_first & ~self.data_side.miss & fetches & ~updates)
        with m.If(updates):
            m.d.comb += [start.side.eq(Side.UPDATE), start.id.eq(self.update.id)]
            m.d.comb += assign_key(start.key, self.update, self.context)
            m.d.comb += [start.origin.table.eq(root), start.origin.in_ram.eq(root_in_ram)]
        with m.Elif(data_first):
            m.d.comb += [start.side.eq(Side.DATA), start.id.eq(self.data.id)]
            m.d.comb += [start.key.eq(self.data_side.key), start.origin.eq(for_data)]
        # Whether the fetch side misses is left out: without a walk none of this counts.
        with m.Else():
            m.d.comb += [start.side.eq(Side.FETCH), start.id.eq(self.fetch.id)]
            m.d.comb += [start.key.eq(self.fetch_side.key), start.origin.eq(for_fetch)]

    def _begin(self, m: Module) -> wiring.PureInterface:
        """Where walks are asked for: the walker, or the second level before it."""
        second, walker = self.second_level, self.walker
        if second is None:
            return walker.start
        idle, done = walker.state == WalkerState.IDLE, walker.state == WalkerState.DONE
        wiring.connect(m, second.start, walker.start)
        wiring.connect(m, wiring.flipped(self.sfence), second.sfence)
        wiring.connect(m, walker.fill, second.walked)
        m.d.comb += [
            second.fetch_key.eq(self.fetch_side.key),
            second.data_key.eq(self.data_side.key),
            second.free.eq(idle | done),
            second.squash_fetch.eq(self.fetch.squash),
            second.squash_data.eq(self.data.squash),
            second.walked_fetch.eq(walker.result.key.access == Access.FETCH),
        ]
        return second.wanted

    def _find(
        self,
        m: Module,
        origin: data.View,
        part: Translator,
        lookup: wiring.PureInterface,
        root_in_ram: Signal,
    ) -> None:
        """Where a walk for the request of `part` begins; found while its TLB looks, not after."""
        m.d.comb += [
            lookup.vpn.eq(part.key.vpn[VPN_BITS:]),
            lookup.asid.eq(part.key.asid),
            origin.table.eq(Mux(lookup.hit, lookup.ppn, part.key.root)),
            # The walk cache holds tables in RAM only.
            origin.in_ram.eq(lookup.hit | root_in_ram),
            origin.cached.eq(lookup.hit),
            origin.g.eq(lookup.g),
        ]

    def _connect_results(self, m: Module) -> None:
        """Gives each side the fill and the result of its walk."""
        fill, result = self.walker.fill, self.walker.result
        for_fetch = result.key.access == Access.FETCH
        if self.second_level is not None:
            fill, for_fetch = self.second_level.fill, self.second_level.fill_fetch
        found = self.walker.result_valid
        m.d.comb += self.walker.result_used.eq(
            self.fetch_side.result_used | self.data_side.result_used
        )
        for part, side, fills in (
            (self.fetch_side, Side.FETCH, for_fetch),
            (self.data_side, Side.DATA, ~for_fetch),
        ):
            m.d.comb += [
                part.fill.valid.eq(fill.valid & fills),
                part.fill.entry.eq(fill.entry),
                part.result.eq(result),
                part.result_valid.eq(found & (result.side == side)),
            ]
        m.d.comb += [
            self.update.done.eq(found & (result.side == Side.UPDATE)),
            self.update.fault.eq(result.fault),
        ]

    def _probe(self, m: Module) -> None:
        """What others may watch."""
        request, walker = self.port.request, self.walker
        for port, part, shown in (
            (self.fetch, self.fetch_side, self.probe.fetch),
            (self.data, self.data_side, self.probe.data),
        ):
            m.d.comb += [getattr(shown, name).eq(getattr(port, name)) for name in _OF_PORT]
            m.d.comb += [getattr(shown, name).eq(getattr(part, name)) for name in _OF_SIDE]
        with m.If(self.fetch.squash):
            # Nobody wants to know.
            m.d.comb += [getattr(self.probe.fetch, name).eq(0) for name in ("miss", "answers")]
            m.d.comb += self.probe.fetch.fault.eq(Fault.NONE)
        m.d.comb += [
            self.probe.read.eq(request.valid & request.ready & ~request.write & ~request.lock),
            self.probe.side.eq(walker.read_side),
            # Of what is read, or else of the walk: its request is there before it is made.
            self.probe.level.eq(Mux(walker.read, request.level, walker.fill.entry.page.level)),
        ]
        self._probe_walk(m)

    def _probe_walk(self, m: Module) -> None:
        """The same of the walk."""
        request, walker, shown = self.port.request, self.walker, self.probe.walk
        start, fill = walker.start, walker.fill
        m.d.comb += [getattr(shown, name).eq(getattr(walker, name)) for name in _OF_WALKER]
        m.d.comb += [getattr(shown, name).eq(getattr(start.key, name)) for name in _OF_KEY]
        with m.Switch(start.side):
            for side, port in (
                (Side.FETCH, self.fetch),
                (Side.DATA, self.data),
                (Side.UPDATE, self.update),
            ):
                with m.Case(side):
                    m.d.comb += shown.va.eq(port.va)
        m.d.comb += [
            shown.fills.eq(fill.valid),
            shown.page.eq(fill.entry.page),
            shown.caches.eq(walker.pointer.valid),
            shown.rereads.eq(request.valid & request.ready & request.lock),
            shown.writes.eq(request.valid & request.ready & request.write),
        ]
