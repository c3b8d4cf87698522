"""The align stage: cuts fetched words into instructions and expands the compressed ones."""

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value, ValueLike
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.mmu.vocabulary import Fault
from hdl.pipeline.probe import StageSignature, Stall
from hdl.pipeline.stages import Fetched, FetchedWord, copy, payload
from hdl.units.expand import Expander

__all__ = ["Aligner"]


class Front(data.Struct):
    """Of a word that is the first one: how far the instruction at its front reaches."""

    #: Its fetch failed. Else: it takes 32 bits; and was cut by a prediction of other code.
    failed: 1
    long: 1
    refetch: 1
    #: It goes on in the next word; else it is predicted to jump.
    straddles: 1
    predicted: 1
    #: It is known as a branch.
    known: 1
    #: Nothing in the word follows it.
    last: 1


class Aligner(wiring.Component):
    """Holds up to two words and presents one instruction a cycle.

    An instruction that the decode stage does not take waits as the spare one, so that the words go
    on in any case: what becomes of 300 bits must not depend on `take`, which is late.

    A word is used in the cycle in which it arrives. An instruction that straddles two words waits
    for both. A fault of the first word has priority; a fault of the second one has the address of
    the second word, which is the start of its page if the words lie in two pages. In a word that is
    cut in half what lies in the upper half, or reaches into it, has an access fault there.

    Parameters
    ----------
    protected : bool
        Words may be cut in half.

    Members
    -------
    word : In(FetchedWord())
        From the fetch stage.
    room : Out(1)
        There is a place for a word that is requested in this cycle, and arrives in the next one.
    flush : In(1)
        Drop both words at the end of the cycle.
    valid, fetched
        An instruction is there.
    take : In(1)
        It is taken at the end of the cycle.
    probe : Out(StageSignature())
        The instruction, also while its second half is missing.
    """

    def __init__(self, *, protected: bool = False) -> None:
        word = FetchedWord(protected=protected)
        super().__init__(
            {
                "word": In(word),
                "room": Out(1),
                "flush": In(1),
                "valid": Out(1),
                "fetched": Out(Fetched()),
                "take": In(1),
                "probe": Out(StageSignature()),
            }
        )
        #: The words that are held, and the two that this cycle works on.
        self._oldest, self._next = payload(word, "oldest"), payload(word, "next")
        self._first, self._second = (word.create(path=(name,)) for name in ("first", "second"))
        self._protected = protected
        #: The instruction at the front of the words, and the one cut before it that still waits.
        self._cut = Fetched().create(path=("cut",))
        self._cut_valid = Signal(name="cut_valid")
        self._spare = payload(Fetched(), "spare")
        self._waits = Signal(name="waits")
        #: The first word's fetch failed; so did that of the second half of an instruction.
        self._failed = Signal(name="failed")
        self._second_failed = Signal(name="second_failed")
        #: The instruction takes 32 bits, and lies in both words.
        self._long = Signal(name="long")
        self._straddles = Signal(name="straddles")
        #: Nothing in the first word follows the instruction.
        self._last = Signal(name="last")

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.expander = expander = Expander()
        oldest, next_, first, second = self._oldest, self._next, self._first, self._second
        m.d.comb += [
            *_choose(first, oldest, self.word),
            *_choose(second, next_, self.word),
        ]
        halves = Array(_halves(first))
        after = Array([*_halves(first)[1:], second.data[:16]])
        slot = _slot(first)
        m.d.comb += expander.halves.eq(Cat(halves[slot], after[slot]))
        self._delimit(m)
        self._describe(m, expander)
        if self._protected:
            self._refuse(m)
        self._advance(m)
        self._present(m)
        self._probe(m)
        return m

    def _delimit(self, m: Module) -> None:
        """How far the instruction at the front reaches."""
        first, second, cut = self._first, self._second, self._cut
        # Of both words that may be the first one, while it is found out which of them is.
        held, arriving = (Signal(Front, name=f"{name}_front") for name in ("oldest", "word"))
        self._look_at(m, held, self._oldest)
        self._look_at(m, arriving, self.word)
        front = Signal(Front, name="front")
        m.d.comb += [
            front.eq(Mux(self._oldest.valid, held, arriving)),
            self._failed.eq(front.failed),
            self._second_failed.eq(self._straddles & second.fetch.is_refused()),
            self._long.eq(front.long),
            cut.refetch.eq(front.refetch),
            # The last halfword is the first one of the second word.
            cut.predicted.eq(
                Mux(front.straddles, second.predicted & (second.slot == 0), front.predicted)
            ),
            cut.known.eq(Mux(front.straddles, second.known & (second.slot == 0), front.known)),
            self._straddles.eq(front.straddles),
            self._last.eq(front.last),
            self._cut_valid.eq(
                first.valid & (~self._straddles | (self._oldest.valid & second.valid))
            ),
        ]

    def _look_at(self, m: Module, front: data.View, word: wiring.PureInterface) -> None:
        """Drives `front` for `word`, if that is the first one."""
        slot = _slot(word)
        compressed = Array(half[:2] != 0b11 for half in _halves(word))[slot]
        refused = word.fetch.is_refused()
        if self._protected:
            # It begins in the half of its word that is kept back.
            refused |= word.cut & slot[1]
        ends = word.slot == (slot + front.long)[:2]
        jumps = word.predicted & ends
        m.d.comb += [
            front.failed.eq(refused),
            front.long.eq(~compressed & ~refused),
            # Predictions are made of jumps that were taken, so a jump out of the first half of a
            # long instruction was learnt from other code at the same address.
            front.refetch.eq(front.long & word.predicted & (word.slot == slot)),
            front.straddles.eq(front.long & (slot == 3) & ~front.refetch),
            front.predicted.eq(jumps & ~front.refetch),
            front.known.eq(word.known & ends & ~front.refetch),
            front.last.eq(front.failed | front.refetch | jumps | (slot + front.long >= 3)),
        ]

    def _describe(self, m: Module, expander: Expander) -> None:
        """What is known of the instruction at the front."""
        first, second, cut, straddles = self._first, self._second, self._cut, self._straddles
        pc = Cat(Const(0, 1), first.fetch.va[1:])
        raw = Cat(expander.halves[:16], Mux(expander.compressed, 0, expander.halves[16:]))
        m.d.comb += [
            cut.pc.eq(pc),
            cut.insn.eq(expander.insn),
            cut.compressed.eq(expander.compressed),
            cut.illegal.eq(expander.illegal),
            cut.raw.eq(Mux(self._failed | self._second_failed, 0, raw)),
            cut.fetch.second.eq(self._second_failed),
            cut.fetch.fault.eq(Mux(straddles, second.fetch.fault, first.fetch.fault)),
            cut.fetch.update.eq(Mux(straddles, second.fetch.update, first.fetch.update)),
            cut.strong.eq(Mux(straddles, second.strong, first.strong)),
            cut.target.eq(Mux(straddles, second.target, first.target)),
            cut.id.eq(Cat(_slot(first), first.number)),
        ]

    def _begins_in_cut(self) -> ValueLike:
        """Whether the instruction begins in the half of its word that is kept back."""
        return self._first.cut & _slot(self._first)[1] if self._protected else 0

    def _refuse(self, m: Module) -> None:
        """What lies in the half that is kept back, or reaches into it, has an access fault."""
        first, cut = self._first, self._cut
        reaches = first.cut & self._long & (_slot(first) == 1) & ~cut.refetch
        with m.If(self._begins_in_cut() | reaches):
            m.d.comb += [cut.raw.eq(0), cut.fetch.fault.eq(Fault.ACCESS)]
        with m.If(reaches):
            m.d.comb += cut.fetch.second.eq(1)

    def _advance(self, m: Module) -> None:
        """What is left of the two words; a third never arrives while two are held."""
        oldest, next_, first, second = self._oldest, self._next, self._first, self._second
        taken = self._cut_valid & ~self._waits
        leaves, consumed = Signal(name="leaves"), Mux(taken, 1 + self._long, 0)
        m.d.comb += leaves.eq(taken & self._last)
        # Where there is no first word there is no second one either; what does not count may be
        # anything. So each place has one word to take, or keeps its own.
        with m.If(leaves | ~oldest.valid):
            m.d.sync += copy(oldest, second)
        with m.If(~next_.valid):
            m.d.sync += copy(next_, self.word)
        # Then a word that arrives in the next cycle finds this place.
        m.d.comb += self.room.eq(~oldest.valid | ~second.valid | leaves)
        m.d.sync += next_.valid.eq(~self.room)
        with m.If(leaves):
            jumps = self._straddles & self._cut.predicted
            m.d.sync += [
                oldest.valid.eq(oldest.valid & second.valid & ~jumps),
                oldest.fetch.va[1:3].eq(Mux(self._straddles, 1, _slot(second))),
            ]
        with m.Else():
            m.d.sync += [
                oldest.valid.eq(first.valid),
                oldest.fetch.va[1:3].eq((_slot(first) + consumed)[:2]),
            ]
        with m.If(self.flush):
            m.d.sync += [oldest.valid.eq(0), next_.valid.eq(0)]

    def _present(self, m: Module) -> None:
        """The spare instruction, else the one at the front of the words."""
        for (_, _, to), (_, _, spare), (_, _, cut) in zip(
            *(each.signature.flatten(each) for each in (self.fetched, self._spare, self._cut)),
            strict=True,
        ):
            m.d.comb += to.eq(Mux(self._waits, spare, cut))
        m.d.comb += self.valid.eq(self._waits | self._cut_valid)
        with m.If(~self._waits):
            m.d.sync += copy(self._spare, self._cut)
        m.d.sync += self._waits.eq(self.valid & ~self.take & ~self.flush)

    def _probe(self, m: Module) -> None:
        """The instruction that is presented."""
        probe, fetched = self.probe, self.fetched
        m.d.comb += [
            probe.valid.eq(self._waits | self._first.valid),
            probe.id.eq(fetched.id),
            probe.pc.eq(fetched.pc),
            probe.squash.eq(self.flush),
        ]
        with m.If(~self.valid):
            m.d.comb += probe.stall.eq(Stall.FETCH)
        with m.Elif(~self.take):
            m.d.comb += probe.stall.eq(Stall.NEXT)


def _halves(word: wiring.PureInterface) -> list[Value]:
    """The halfwords of `word`."""
    return [word.data.word_select(i, 16) for i in range(4)]


def _slot(word: wiring.PureInterface) -> Value:
    """The index of the first halfword of `word` that is to be executed; 2 bits."""
    return word.fetch.va[1:3]


def _choose(
    target: wiring.PureInterface, kept: wiring.PureInterface, arriving: wiring.PureInterface
) -> list[object]:
    """Assignments of `kept`, or if there is no such word of the arriving one, to `target`."""
    members = (word.signature.flatten(word) for word in (target, kept, arriving))
    return [
        to.eq(Mux(kept.valid, old, new))
        for (_, _, to), (_, _, old), (_, _, new) in zip(*members, strict=True)
    ]
