"""The align stage: cuts fetched words into instructions and expands the compressed ones."""

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.memory.port import ID_BITS
from hdl.mmu.vocabulary import Fault
from hdl.pipeline.fetch import FetchedWord
from hdl.units.expand import Expander

__all__ = ["Aligner", "Fetched"]


class Fetched(wiring.Signature):
    """An instruction as it enters the decode stage."""

    def __init__(self):
        super().__init__(
            {
                "pc": Out(64),
                #: In 32 bits, compressed ones expanded; as fetched; and which it was.
                "insn": Out(32),
                "raw": Out(32),
                "compressed": Out(1),
                #: A reserved compressed encoding.
                "illegal": Out(1),
                #: Why its fetch failed and at which address: that of the portion that failed.
                #: With `update` it needs an A bit to be written first.
                "fault": Out(Fault),
                "update": Out(1),
                "fault_va": Out(64),
                #: It was predicted to jump to `target`.
                "predicted": Out(1),
                "target": Out(64),
                #: It was cut in two by a prediction that belongs to other code: fetch it again.
                "refetch": Out(1),
                "id": Out(ID_BITS),
            }
        )


class Aligner(wiring.Component):
    """Holds up to two words and presents one instruction a cycle.

    A word is used in the cycle in which it arrives. An instruction that straddles two words waits
    for both; the first one's fault counts before the second one's, whose address is then that of
    the second word: the start of its page if they lie in two.

    Members
    -------
    word : In(FetchedWord())
        From the fetch stage.
    held : Out(2)
        Words held at the start of the cycle.
    flush : In(1)
        Forget everything at the end of the cycle.
    valid, fetched
        An instruction is there.
    take : In(1)
        It is taken at the end of the cycle.
    """

    word: In(FetchedWord())
    held: Out(2)
    flush: In(1)
    valid: Out(1)
    fetched: Out(Fetched())
    take: In(1)

    def elaborate(self, platform):
        m = Module()
        expander = m.submodules.expander = Expander()
        fetched = self.fetched
        self._oldest, self._next = oldest, next_ = [
            FetchedWord().create(path=(name,)) for name in ("oldest", "next")
        ]
        first, second = (FetchedWord().create(path=(name,)) for name in ("first", "second"))
        for name in FetchedWord().members:
            arriving, kept, later = (getattr(w, name) for w in (self.word, oldest, next_))
            m.d.comb += [
                getattr(first, name).eq(Mux(oldest.valid, kept, arriving)),
                getattr(second, name).eq(Mux(next_.valid, later, arriving)),
            ]
        second_valid = oldest.valid & second.valid
        m.d.comb += self.held.eq(oldest.valid + next_.valid)

        halves = Array(first.data.word_select(i, 16) for i in range(4))
        after = Array([*(first.data.word_select(i, 16) for i in range(1, 4)), second.data[:16]])
        failed = Signal()
        long = Signal()
        straddles = Signal()
        last = Signal()
        m.d.comb += [
            expander.halves.eq(Cat(halves[first.offset], after[first.offset])),
            failed.eq((first.fault != Fault.NONE) | first.update),
            long.eq(~expander.compressed & ~failed),
            # Only what jumps can be predicted to, so a jump out of the first half of a long
            # instruction was learnt from other code at the same address.
            fetched.refetch.eq(long & first.predicted & (first.slot == first.offset)),
            straddles.eq(long & (first.offset == 3) & ~fetched.refetch),
            self.valid.eq(first.valid & (~straddles | second_valid)),
        ]
        self._describe(m, expander, first, second, straddles, failed)
        m.d.comb += last.eq(
            straddles | failed | fetched.predicted | (first.offset + long >= 3) | fetched.refetch
        )
        self._advance(m, first, second, second_valid, last, straddles, long)
        return m

    def _describe(self, m, expander, first, second, straddles, failed):
        """What is known of the instruction at the front."""
        fetched = self.fetched
        pc = Cat(Const(0, 1), first.offset, first.address)
        second_failed = straddles & ((second.fault != Fault.NONE) | second.update)
        raw = Cat(expander.halves[:16], Mux(expander.compressed, 0, expander.halves[16:]))
        final_slot = (first.offset + ~expander.compressed)[:2]
        ends_in = Mux(straddles, second.predicted, first.predicted)
        m.d.comb += [
            fetched.pc.eq(pc),
            fetched.insn.eq(expander.insn),
            fetched.compressed.eq(expander.compressed),
            fetched.illegal.eq(expander.illegal),
            fetched.raw.eq(Mux(failed | second_failed, 0, raw)),
            fetched.fault.eq(Mux(straddles, second.fault, first.fault)),
            fetched.update.eq(Mux(straddles, second.update, first.update)),
            fetched.fault_va.eq(Mux(straddles, Cat(Const(0, 3), second.address), pc)),
            fetched.predicted.eq(
                ends_in & ~fetched.refetch & (Mux(straddles, second.slot, first.slot) == final_slot)
            ),
            fetched.target.eq(Mux(straddles, second.target, first.target)),
            fetched.id.eq(Cat(first.offset, first.number)),
        ]

    def _advance(self, m, first, second, second_valid, last, straddles, long):
        """What is left of the two words; a third never arrives while two are held."""
        oldest, next_ = self._oldest, self._next

        def keep(slot, word, valid, offset):
            for name in FetchedWord().members:
                m.d.sync += getattr(slot, name).eq(getattr(word, name))
            m.d.sync += [slot.valid.eq(valid), slot.offset.eq(offset)]

        with m.If(self.take & self.valid & last):
            keep(oldest, second, second_valid, Mux(straddles, 1, second.offset))
            m.d.sync += next_.valid.eq(0)
            with m.If(straddles & self.fetched.predicted):
                m.d.sync += oldest.valid.eq(0)
        with m.Else():
            consumed = Mux(self.take & self.valid, 1 + long, 0)
            keep(oldest, first, first.valid, (first.offset + consumed)[:2])
            keep(next_, second, second_valid, second.offset)
        with m.If(self.flush):
            m.d.sync += [oldest.valid.eq(0), next_.valid.eq(0)]
