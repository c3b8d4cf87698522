"""The event unit: makes the events that are counted of what the MMU and the stages do."""

from amaranth.hdl import Module, Signal, Value, ValueLike
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.mmu.probe import MmuProbeSignature, Verdict
from hdl.mmu.vocabulary import Side
from hdl.pipeline.probe import EVENTS, StageSignature, Stall

__all__ = ["WATCHED", "EventUnit"]

#: The stages that it looks at: those that wait for the MMU.
WATCHED = ("fetch", "execute", "trap")
#: What events of a page are called, by its level.
_SIZES = ("4k", "2m", "1g")
#: For what walks are.
_SIDES = {"fetch": Side.FETCH, "data": Side.DATA, "update": Side.UPDATE}


class EventUnit(wiring.Component):
    """Tells which events of `hdl.events` happen in a cycle.

    A hit counts when the stage takes the answer, once however long that takes; not if a walk had to
    be made for it, which counts as a miss in the cycle in which it ends.

    Members
    -------
    mmu : In(MmuProbeSignature())
        What the MMU does.
    fetch, execute, trap : In(StageSignature())
        The stages that wait for it.
    events : Out(EVENTS)
        A bit for each event; combinational.
    """

    def __init__(self) -> None:
        stages = {stage: In(StageSignature()) for stage in WATCHED}
        super().__init__({"mmu": In(MmuProbeSignature()), **stages, "events": Out(EVENTS)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        mmu, events = self.mmu, self.events
        self._tlb(m, "itlb", mmu.fetch, Side.FETCH, self.fetch.stall == Stall.NONE)
        self._tlb(m, "dtlb", mmu.data, Side.DATA, self.execute.stall == Stall.NONE)
        with m.If(mmu.walk.begins):
            for name, side in _SIDES.items():
                m.d.comb += events[f"{name}_walk"].eq(mmu.side == side)
            m.d.comb += events.walk_cache_hit.eq(mmu.walk.skips)
        with m.If(mmu.read | mmu.walk.rereads):
            for level in range(len(_SIZES)):
                m.d.comb += events[f"pte_read_{level}"].eq(mmu.level == level)
        m.d.comb += [
            events.pte_update.eq(mmu.walk.writes),
            # The fetch stage asks for the next word while it waits for one: that is no loss.
            events.fetch_stall.eq(mmu.fetch.miss & (self.fetch.stall == Stall.TRANSLATION)),
            events.data_stall.eq(mmu.data.miss),
            events.update_stall.eq(self.trap.valid & (self.trap.stall == Stall.TRANSLATION)),
        ]
        return m

    def _tlb(
        self, m: Module, name: str, lookup: wiring.PureInterface, side: ValueLike, taken: Value
    ) -> None:
        """Hits, misses and evictions of one side, whose stage takes an answer if it is `taken`."""
        walk, level, events = self.mmu.walk, self.mmu.level, self.events
        #: A walk has been asked for, and the answer not been taken yet.
        walked = Signal(name=f"{name}_walked")
        with m.If(lookup.miss):
            m.d.sync += walked.eq(1)
        with m.Elif(walked):
            m.d.sync += walked.eq(lookup.answers & ~taken)
        with m.If(lookup.answers & taken & ~walked):
            self._by_size(m, f"{name}_hit", lookup.level)
        with m.If(lookup.displaces):
            self._by_size(m, f"{name}_eviction", lookup.displaced_level)
        with m.If(walk.ends & (self.mmu.side == side)):
            with m.Switch(walk.verdict):
                with m.Case(Verdict.FOUND, Verdict.UPDATE):
                    self._by_size(m, f"{name}_miss", level)
                with m.Case(Verdict.SQUASHED):
                    m.d.comb += events[f"{name}_miss_squashed"].eq(1)
                with m.Default():
                    m.d.comb += events[f"{name}_miss_fault"].eq(1)

    def _by_size(self, m: Module, name: str, level: Value) -> None:
        """The event of that name with the page size of `level`."""
        for number, size in enumerate(_SIZES):
            m.d.comb += self.events[f"{name}_{size}"].eq(level == number)
