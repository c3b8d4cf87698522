"""The fetch stage: predicts where execution goes, translates the address and requests the word."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import MAXVA_BITS, PAGE_BITS, RAM_BASE, VPN_BITS, Priv
from hdl.memory.port import ID_BITS, MemoryPort, Source
from hdl.mmu.ports import TranslationSignature
from hdl.mmu.vocabulary import Access, Fault
from hdl.pipeline.probe import StageSignature, Stall
from hdl.pipeline.stages import FetchedWord, Redirect, copy, payload
from hdl.units.btb import (
    SLOT_BITS,
    TARGET_BITS,
    BranchKind,
    BranchTargetBuffer,
    BranchUpdate,
)
from hdl.units.return_stack import ReturnStack, StackRepair

__all__ = ["Fetch"]

#: Log2 of the bytes of the largest page.
_GIGAPAGE_BITS = PAGE_BITS + 2 * VPN_BITS

#: What may happen to a word in a cycle: it arrives, the bus responds with an error, its translation
#: is requested, its translation faults or needs an update, its request is accepted.
STEPS = ("complete", "failed", "ask", "refused", "ready", "fire")


class Fetch(wiring.Component):
    """Requests one 64-bit word after the other, at most one at a time, ahead of execution.

    All fetches are speculative: they reach RAM only. One that faults, or needs an update, is handed
    on like a word, and after it nothing is fetched until the next redirect.

    Parameters
    ----------
    reset_pc : int
        Address of the first instruction, even.
    btb_entries : int
        Branches that are remembered.
    protected : bool
        There is physical memory protection, which may let half of a word be read only.

    Members
    -------
    port : Out(MemoryPort())
        Reads of aligned words, with source FETCH; of half of one where more is not permitted.
    translation : Out(TranslationSignature())
        To the MMU.
    redirect : In(Redirect())
        Acts at the end of its cycle; a word on its way is dropped when it arrives.
    repaired : In(StackRepair())
        With a redirect: calls and returns up to there.
    learn : In(BranchUpdate())
        The outcome of a branch.
    word : Out(FetchedWord())
        Valid for one cycle; there must be room for it.
    room : In(1)
        A word that is requested in this cycle has a place when it arrives.
    priv : In(Priv)
        The current privilege; a change of it comes with a redirect.
    fenced : In(9)
        Number of a gigapage, the uppermost part of a virtual page number.
    elsewhere : Out(1)
        Nothing that was requested since the last redirect lies there.
    takes : Out(1)
        The translation is answered, and the stage goes on with the next word.
    waits : Out(1)
        It waits for a word that has been requested.
    probe : Out(StageSignature())
        The word whose response is awaited; else the one that is to be requested.
    """

    def __init__(
        self, *, reset_pc: int = RAM_BASE, btb_entries: int = 64, protected: bool = False
    ) -> None:
        if not 0 <= reset_pc < 1 << 64 or reset_pc % 2:
            raise ValueError(f"reset_pc must be an even 64-bit address, not {reset_pc!r}")
        self._reset_pc = reset_pc
        self._btb_entries = btb_entries
        self._protected = protected
        super().__init__(
            {
                "port": Out(MemoryPort()),
                "translation": Out(TranslationSignature()),
                "redirect": In(Redirect()),
                "repaired": In(StackRepair()),
                "learn": In(BranchUpdate()),
                "word": Out(FetchedWord(protected=protected)),
                "room": In(1),
                "priv": In(Priv),
                "fenced": In(VPN_BITS),
                "elsewhere": Out(1),
                "takes": Out(1),
                "waits": Out(1),
                "probe": Out(StageSignature()),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        request, response = self.port.request, self.port.response
        translation, redirect = self.translation, self.redirect
        pc = Signal(64, init=self._reset_pc)
        number = Signal(ID_BITS - SLOT_BITS)
        #: A fault is on its way to the trap stage, which will redirect: nothing is fetched.
        stopped = Signal()
        #: A word has been requested; a redirect has come since.
        pending = Signal()
        dropped = Signal()
        asked = payload(FetchedWord(protected=self._protected), "asked")

        complete, failed, ask, refused, ready, fire = (Signal(name=name) for name in STEPS)
        goes = ask & translation.done & (~pending | complete)
        m.d.comb += [
            failed.eq(pending & ~dropped & ~asked.valid & response.valid & response.error),
            ask.eq(self.room & ~stopped & ~failed),
            refused.eq((translation.fault != Fault.NONE) | translation.update),
            # A fault of the translation makes no request: it stands in for the word's response.
            complete.eq(pending & (response.valid | asked.valid)),
            # A redirect is late: what goes on in its cycle is only not asked for.
            ready.eq(goes & (refused | request.ready)),
            fire.eq(ready & ~redirect.valid),
            request.valid.eq(goes & ~refused & ~redirect.valid),
        ]
        self._watch(m, pc, ready)
        btb, taken, target, following = self._predict(m, pc, ready)
        with m.If(complete):
            m.d.sync += [pending.eq(0), dropped.eq(0)]
        m.d.sync += stopped.eq(stopped | failed)
        with m.If(fire):
            m.d.sync += [pending.eq(1), number.eq(number + 1)]
        with m.If(ready):
            m.d.sync += [stopped.eq(refused), pc.eq(following)]
        # Of what is not requested in the end it does not matter what is held: `ready` is late.
        with m.If(~pending | complete):
            m.d.sync += [
                asked.valid.eq(refused),
                asked.fetch.va.eq(pc),
                asked.fetch.fault.eq(translation.fault),
                asked.fetch.update.eq(translation.update),
                asked.known.eq(btb.hit),
                asked.predicted.eq(taken),
                asked.strong.eq(btb.counter[0]),
                asked.slot.eq(btb.slot),
                asked.target.eq(target),
                asked.number.eq(number),
            ]
        with m.If(redirect.valid):
            m.d.sync += [pc.eq(redirect.target), stopped.eq(0), dropped.eq(pending & ~complete)]
        self._describe(m, ask, pc, number)
        if self._protected:
            self._halve(m, asked, pc, ready)
        self._deliver(m, asked, complete & ~dropped)
        m.d.comb += [self.takes.eq(fire), self.waits.eq(pending & ~dropped & ~complete)]
        self._probe(m, asked, self.waits, ask, fire)
        return m

    def _predict(
        self, m: Module, pc: Value, ready: Value
    ) -> tuple[BranchTargetBuffer, Value, Value, Value]:
        """Whether a branch is taken that `btb` knows, where it leads, and which word is next.

        A return leads back to the last call that was predicted.
        """
        taken, target = Signal(name="taken"), Signal(TARGET_BITS, name="foreseen")
        following, jumps = Signal(64, name="following"), ready & taken
        btb = m.submodules.btb = BranchTargetBuffer(entries=self._btb_entries)
        m.submodules.stack = stack = ReturnStack()
        calls, returns = btb.kind == BranchKind.CALL, btb.kind == BranchKind.RETURN
        behind = Cat(btb.slot, btb.lookup_word)[: TARGET_BITS - 1] + 1
        wiring.connect(m, wiring.flipped(self.learn), btb.update)
        wiring.connect(m, wiring.flipped(self.repaired), stack.repaired)
        m.d.comb += [
            btb.lookup_word.eq(pc[3:]),
            taken.eq(btb.hit & btb.counter[-1] & (btb.slot >= pc[1:3])),
            target.eq(Mux(returns, stack.top, btb.target)),
            following[:3].eq(Mux(taken, target[:3], 0)),
            following[3:].eq(Mux(taken, Cat(target[3:], pc[TARGET_BITS:]), pc[3:] + 1)),
            stack.push.eq(jumps & calls),
            stack.pop.eq(jumps & returns),
            stack.address.eq(Cat(Const(0, 1), behind)),
            stack.repair.eq(self.redirect.valid),
        ]
        return btb, taken, target, following

    def _describe(self, m: Module, ask: Value, pc: Value, number: Value) -> None:
        """Requests to the MMU, and what is the same in every one to the port."""
        request, translation = self.port.request, self.translation
        m.d.comb += [
            request.address.eq(Cat(Const(0, 3), translation.pa[3:])),
            request.size.eq(3),
            request.source.eq(Source.FETCH),
            request.id.eq(translation.id),
            # In a redirect's cycle, too: that is known late, and squashes what is asked for.
            translation.valid.eq(ask),
            translation.va.eq(pc),
            translation.id.eq(Cat(pc[1:3], number)),
            translation.access.eq(Access.FETCH),
            translation.priv.eq(self.priv),
            translation.squash.eq(self.redirect.valid),
        ]

    def _watch(self, m: Module, pc: Value, ready: Value) -> None:
        """Whether all that is fetched lies in one gigapage, and which."""
        home = Signal(VPN_BITS, init=self._reset_pc >> _GIGAPAGE_BITS & (1 << VPN_BITS) - 1)
        strays = Signal()
        here = pc[_GIGAPAGE_BITS:MAXVA_BITS] == home
        m.d.comb += self.elsewhere.eq(here & ~strays & (home != self.fenced))
        with m.If(ready & ~here):
            m.d.sync += strays.eq(1)
        with m.If(self.redirect.valid):
            m.d.sync += [home.eq(self.redirect.target[_GIGAPAGE_BITS:]), strays.eq(0)]

    def _halve(self, m: Module, asked: wiring.PureInterface, pc: Value, ready: Value) -> None:
        """Requests no more of the word than may be read: the half in which `pc` lies."""
        request, translation = self.port.request, self.translation
        with m.If(translation.narrow):
            m.d.comb += [request.size.eq(2), request.address[2].eq(translation.pa[2])]
        with m.If(ready):
            m.d.sync += asked.cut.eq(translation.narrow & ~pc[2])

    def _probe(
        self, m: Module, asked: wiring.PureInterface, waits: Value, wants: Value, fire: Value
    ) -> None:
        """The word whose response is awaited, else the one that is to be requested."""
        probe, translation = self.probe, self.translation
        m.d.comb += [
            probe.valid.eq(waits | wants),
            probe.id.eq(Mux(waits, Cat(asked.fetch.va[1:3], asked.number), translation.id)),
            probe.pc.eq(Mux(waits, asked.fetch.va, translation.va)),
            probe.squash.eq(self.redirect.valid),
        ]
        with m.If(waits):
            m.d.comb += probe.stall.eq(Stall.MEMORY)
        with m.Elif(~translation.done | self.redirect.valid):
            m.d.comb += probe.stall.eq(Stall.TRANSLATION)
        with m.Elif(~fire):
            m.d.comb += probe.stall.eq(Stall.MEMORY)

    def _deliver(self, m: Module, asked: wiring.PureInterface, valid: Value) -> None:
        """Hands on the word that was requested, with the data or error of its response."""
        response, word = self.port.response, self.word
        kept = ["known", "predicted", "strong", "slot", "target", "number"]
        kept += ["cut"] if self._protected else []
        for name in kept:
            m.d.comb += getattr(word, name).eq(getattr(asked, name))
        m.d.comb += [
            word.valid.eq(valid),
            word.data.eq(response.data),
            *copy(word.fetch, asked.fetch),
        ]
        # Without `asked.valid` this is the response of the bus, which may be an error.
        with m.If(~asked.valid & response.error):
            m.d.comb += word.fetch.fault.eq(Fault.ACCESS)
