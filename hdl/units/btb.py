"""The branch target buffer: where a fetched word probably continues."""

from amaranth.hdl import Cat, Const, Module, Mux, Value, unsigned
from amaranth.lib import data, enum, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from hdl.arch import MAXVA_BITS

__all__ = [
    *("BranchKind", "BranchTargetBuffer", "BranchUpdate", "counted"),
    *("COUNTER_BITS", "SLOT_BITS", "TAG_BITS", "TARGET_BITS", "WORD_BITS"),
]

#: Bits of the address of a fetched word: `pc[63:3]`.
WORD_BITS = 61
#: Bits of the index of a halfword inside a fetched word.
SLOT_BITS = 2
#: Bits of the address that are compared, above those that select the entry.
TAG_BITS = 10
#: Bits of a target that are remembered, of which bit 0 is 0; the upper ones are those of the word.
TARGET_BITS = MAXVA_BITS
#: A counter says how often a branch was taken of late: in its upper half it is predicted to be.
COUNTER_BITS = 2


class BranchKind(enum.Enum, shape=2):  # type: ignore[call-arg]
    """What is done with the return stack, as the unprivileged specification recommends.

    See its section "Unconditional Jumps": x1 and x5 hold return addresses.
    """

    OTHER = 0
    #: A jump that writes a return address.
    CALL = 1
    #: Else a jump to one.
    RETURN = 2


def counted(known: Value, before: Value, taken: Value) -> Value:
    """The counter of a branch behind it: up by one or down, and in the middle if it is new."""
    up, down = Mux(before == 3, 3, before + 1), Mux(before == 0, 0, before - 1)
    return Mux(known, Mux(taken, up, down), 2)


class BranchUpdate(wiring.Signature):
    """The outcome of a branch or jump, seen from the hart that reports it."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: There is an outcome in this cycle.
                "valid": Out(1),
                #: Address of the word, and index in it of the halfword, that the branch ends in.
                "word": Out(WORD_BITS),
                "slot": Out(SLOT_BITS),
                #: Its counter from now on.
                "counter": Out(COUNTER_BITS),
                "kind": Out(BranchKind),
                "taken": Out(1),
                #: Where it went; matters only if `taken`.
                "target": Out(TARGET_BITS),
            }
        )


class BranchTargetBuffer(wiring.Component):
    """Remembers of each fetched word the last branch that was taken, its target, and a counter.

    Direct-mapped. A hit is a prediction that the hart checks: the code or the address space behind
    the address may have changed, and only the low bits of an address are compared, and of a target
    remembered. Look-ups are combinational. An update shows in look-ups from the next cycle on: a
    taken branch replaces the entry; one that is not taken sets the counter of the entry of its
    word, which the hart has seen as its own when it was fetched.

    After a reset all counters are 0: nothing is predicted.

    Parameters
    ----------
    entries
        How many words are remembered; a power of two, at least 2.

    Raises
    ------
    ValueError
        If `entries` is not such a number.
    """

    #: Address of the word being fetched.
    lookup_word: In(WORD_BITS)
    #: A branch in this word is remembered; the others below are valid.
    hit: Out(1)
    #: Index of the last halfword of that branch.
    slot: Out(SLOT_BITS)
    counter: Out(COUNTER_BITS)
    kind: Out(BranchKind)
    target: Out(TARGET_BITS)
    update: In(BranchUpdate())

    def __init__(self, entries: int = 64) -> None:
        if not isinstance(entries, int) or entries < 2 or entries & (entries - 1):
            raise ValueError(f"entries must be a power of two and at least 2, not {entries!r}")
        self._entries = entries
        self._index_bits = exact_log2(entries)
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layout = data.StructLayout(
            {
                "tag": unsigned(TAG_BITS),
                "slot": unsigned(SLOT_BITS),
                "kind": BranchKind,
                "target": unsigned(TARGET_BITS - 1),
            }
        )
        rows = m.submodules.rows = Memory(shape=layout, depth=self._entries, init=[])
        counters = m.submodules.counters = Memory(
            shape=unsigned(COUNTER_BITS), depth=self._entries, init=[]
        )
        row = rows.read_port(domain="comb")
        counter = counters.read_port(domain="comb")
        index, tag = self._split(self.lookup_word)
        m.d.comb += [
            row.addr.eq(index),
            counter.addr.eq(index),
            self.hit.eq(row.data.tag == tag),
            self.slot.eq(row.data.slot),
            self.counter.eq(counter.data),
            self.kind.eq(row.data.kind),
            self.target.eq(Cat(Const(0, 1), row.data.target)),
        ]

        update = self.update
        learns = rows.write_port()
        counts = counters.write_port()
        index, tag = self._split(update.word)
        m.d.comb += [
            learns.addr.eq(index),
            learns.data.tag.eq(tag),
            learns.data.slot.eq(update.slot),
            learns.data.kind.eq(update.kind),
            learns.data.target.eq(update.target[1:]),
            learns.en.eq(update.valid & update.taken),
            counts.addr.eq(index),
            counts.data.eq(update.counter),
            counts.en.eq(update.valid),
        ]
        return m

    def _split(self, word: Value) -> tuple[Value, Value]:
        """The entry for `word`, and its tag."""
        return word[: self._index_bits], word[self._index_bits :][:TAG_BITS]
