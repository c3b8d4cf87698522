"""The fetch stage: predicts where execution goes, translates the address and asks for the word."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import Priv
from hdl.memory.port import ID_BITS, MemoryPort, Source
from hdl.mmu.ports import TranslationSignature
from hdl.mmu.vocabulary import Access, Fault
from hdl.units.btb import SLOT_BITS, WORD_BITS, BranchTargetBuffer, BranchUpdate

__all__ = ["Fetch", "FetchedWord", "Redirect"]

#: What may happen to a word in a cycle: it arrives, is refused by the bus, is asked for, is refused
#: by the MMU, is on its way.
STEPS = ("complete", "failed", "ask", "refused", "fire")


class Redirect(wiring.Signature):
    """Execution goes on somewhere else than was predicted; everything younger is dropped."""

    def __init__(self):
        super().__init__({"valid": Out(1), "target": Out(64)})


class FetchedWord(wiring.Signature):
    """An aligned 64-bit word of instructions, or the fault that its fetch met."""

    def __init__(self):
        super().__init__(
            {
                "valid": Out(1),
                "data": Out(64),
                #: Virtual address divided by 8, and the first halfword that is to be executed.
                "address": Out(WORD_BITS),
                "offset": Out(SLOT_BITS),
                #: Why there is no data; with `update` an A bit has to be written first.
                "fault": Out(Fault),
                "update": Out(1),
                #: The instruction whose last halfword is `slot` is predicted to jump to `target`,
                #: where the next word comes from.
                "predicted": Out(1),
                "slot": Out(SLOT_BITS),
                "target": Out(64),
                #: Number of the word; a halfword's identifier is this and its index.
                "number": Out(ID_BITS - SLOT_BITS),
            }
        )


class Fetch(wiring.Component):
    """Asks for one 64-bit word after the other, at most one at a time, ahead of execution.

    All fetches are speculative: they reach RAM only, and what does not become a word of RAM travels
    on as a fault, after which nothing is fetched until the next redirect.

    Parameters
    ----------
    reset_pc : int
        Address of the first instruction, even.
    btb_entries : int
        Branches that are remembered.

    Members
    -------
    port : Out(MemoryPort())
        Reads of aligned words, with source FETCH.
    translation : Out(TranslationSignature())
        To the MMU.
    redirect : In(Redirect())
        Acts at the end of its cycle; a word on its way is dropped when it arrives.
    learn : In(BranchUpdate())
        What the execute stage knows better about a branch.
    word : Out(FetchedWord())
        Valid for one cycle; there must be room for it.
    held : In(2)
        Words that wait in the aligner, 0 to 2. It has room for two.
    priv : In(Priv)
        The current privilege; a change of it comes with a redirect.
    """

    def __init__(self, *, reset_pc=0x8000_0000, btb_entries=16):
        if not 0 <= reset_pc < 1 << 64 or reset_pc % 2:
            raise ValueError(f"reset_pc must be an even 64-bit address, not {reset_pc!r}")
        self._reset_pc = reset_pc
        self._btb_entries = btb_entries
        super().__init__(
            {
                "port": Out(MemoryPort()),
                "translation": Out(TranslationSignature()),
                "redirect": In(Redirect()),
                "learn": In(BranchUpdate()),
                "word": Out(FetchedWord()),
                "held": In(2),
                "priv": In(Priv),
            }
        )

    def elaborate(self, platform):
        m = Module()
        request, response = self.port.request, self.port.response
        translation, redirect = self.translation, self.redirect
        btb = m.submodules.btb = BranchTargetBuffer(entries=self._btb_entries)
        wiring.connect(m, wiring.flipped(self.learn), btb.update)

        pc = Signal(64, init=self._reset_pc)
        number = Signal(ID_BITS - SLOT_BITS)
        #: A fault is on its way to the trap stage: there is nothing sensible to fetch.
        stopped = Signal()
        #: A word has been asked for, and a redirect came since.
        pending = Signal()
        dropped = Signal()
        asked = FetchedWord().create(path=("asked",))

        complete, failed, ask, refused, fire = (Signal(name=name) for name in STEPS)
        room = (self.held == 0) | ((self.held == 1) & ~(pending & ~dropped))
        m.d.comb += [
            btb.lookup_word.eq(pc[3:]),
            failed.eq(pending & ~dropped & ~asked.valid & response.valid & response.error),
            ask.eq(room & ~stopped & ~failed & ~redirect.valid),
            refused.eq((translation.fault != Fault.NONE) | translation.update),
            # A refusal makes no request: it takes the place of the word's response.
            complete.eq(pending & (response.valid | asked.valid)),
            fire.eq(ask & translation.done & (~pending | complete) & (refused | request.ready)),
            request.valid.eq(ask & translation.done & ~refused & (~pending | complete)),
            translation.valid.eq(ask),
            translation.va.eq(pc),
            translation.id.eq(Cat(pc[1:3], number)),
        ]
        taken = btb.hit & (btb.slot >= pc[1:3])
        with m.If(complete):
            m.d.sync += [pending.eq(0), dropped.eq(0)]
        with m.If(failed):
            m.d.sync += stopped.eq(1)
        with m.If(fire):
            m.d.sync += [
                pending.eq(1),
                stopped.eq(refused),
                number.eq(number + 1),
                pc.eq(Mux(taken, btb.target, Cat(Const(0, 3), (pc[3:] + 1)[:WORD_BITS]))),
                asked.valid.eq(refused),
                asked.address.eq(pc[3:]),
                asked.offset.eq(pc[1:3]),
                asked.fault.eq(translation.fault),
                asked.update.eq(translation.update),
                asked.predicted.eq(taken),
                asked.slot.eq(btb.slot),
                asked.target.eq(btb.target),
                asked.number.eq(number),
            ]
        with m.If(redirect.valid):
            m.d.sync += [pc.eq(redirect.target), stopped.eq(0), dropped.eq(pending & ~complete)]
        self._describe(m)
        self._deliver(m, asked, complete & ~dropped)
        return m

    def _describe(self, m):
        """What is the same in every question and request."""
        request, translation = self.port.request, self.translation
        m.d.comb += [
            request.address.eq(Cat(Const(0, 3), translation.pa[3:])),
            request.size.eq(3),
            request.source.eq(Source.FETCH),
            request.id.eq(translation.id),
            translation.access.eq(Access.FETCH),
            translation.priv.eq(self.priv),
            translation.squash.eq(self.redirect.valid),
        ]

    def _deliver(self, m, asked, valid):
        """Hands on the word that was asked for, with the data or error of its response."""
        response, word = self.port.response, self.word
        for name in ("address", "offset", "update", "predicted", "slot", "target", "number"):
            m.d.comb += getattr(word, name).eq(getattr(asked, name))
        m.d.comb += [
            word.valid.eq(valid),
            word.data.eq(response.data),
            # Without `asked.valid` the word comes from the bus, which may refuse it.
            word.fault.eq(Mux(~asked.valid & response.error, Fault.ACCESS, asked.fault)),
        ]
