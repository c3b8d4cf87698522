"""The event unit: makes the events that are counted of what the MMU and the stages do."""

from amaranth.hdl import Module, Signal, Value, ValueLike
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.mmu.probe import MmuProbeSignature, Verdict
from hdl.mmu.vocabulary import Side
from hdl.pipeline.probe import EVENTS

__all__ = ["AskerSignature", "EventUnit"]

#: What events of a page are called, by its level.
_SIZES = ("4k", "2m", "1g")
#: For what walks are.
_SIDES = {"fetch": Side.FETCH, "data": Side.DATA, "update": Side.UPDATE}


class AskerSignature(wiring.Signature):
    """What a stage does with the MMU's answers, as seen from the stage."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: It asks for a translation, and takes the answer: it goes on with another.
                "asks": Out(1),
                "takes": Out(1),
            }
        )


class EventUnit(wiring.Component):
    """Tells which events of `hdl.events` happen in a cycle.

    A hit counts when the stage takes the answer, once however long that takes; not if a walk had to
    be made for it, which counts as a miss in the cycle in which it ends.

    Members
    -------
    mmu : In(MmuProbeSignature())
        What the MMU does.
    fetch, data : In(AskerSignature())
        What the fetch stage and the execute stage do with its answers.
    fetch_waits : In(1)
        The fetch stage waits for a word that memory has been asked for.
    update_waits : In(1)
        The trap stage waits for an update.
    events : Out(EVENTS)
        A bit for each event; combinational.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "mmu": In(MmuProbeSignature()),
                "fetch": In(AskerSignature()),
                "data": In(AskerSignature()),
                "fetch_waits": In(1),
                "update_waits": In(1),
                "events": Out(EVENTS),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        mmu, events = self.mmu, self.events
        self._tlb(m, "itlb", mmu.fetch, Side.FETCH, self.fetch)
        self._tlb(m, "dtlb", mmu.data, Side.DATA, self.data)
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
            events.fetch_stall.eq(mmu.fetch.miss & ~self.fetch_waits),
            events.data_stall.eq(mmu.data.miss),
            events.update_stall.eq(self.update_waits),
        ]
        return m

    def _tlb(
        self,
        m: Module,
        name: str,
        lookup: wiring.PureInterface,
        side: ValueLike,
        asker: wiring.PureInterface,
    ) -> None:
        """Hits, misses and evictions of one side, which `asker` asks."""
        walk, level, events = self.mmu.walk, self.mmu.level, self.events
        #: A walk has been asked for, and the answer not been taken yet.
        walked = Signal(name=f"{name}_walked")
        with m.If(lookup.miss):
            m.d.sync += walked.eq(1)
        with m.Elif(walked & (asker.takes | ~asker.asks)):
            m.d.sync += walked.eq(0)
        with m.If(lookup.answers & asker.takes & ~walked):
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
