"""The branch target buffer: where a fetched word probably continues."""

from amaranth.hdl import Cat, Const, Module, Value, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from hdl.arch import MAXVA_BITS

__all__ = ["BranchTargetBuffer", "BranchUpdate", "SLOT_BITS", "TAG_BITS", "WORD_BITS"]

#: Bits of the address of a fetched word: `pc[63:3]`.
WORD_BITS = 61
#: Number of the lowest of them.
_WORD_LOW = 64 - WORD_BITS
#: Bits of the index of a halfword inside a fetched word.
SLOT_BITS = 2
#: Bits of the address that are compared, above those that select the entry.
TAG_BITS = 14
#: Bits of a target that are remembered, but for bit 0, which is 0; the upper ones are the word's.
_TARGET_BITS = MAXVA_BITS


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
                "taken": Out(1),
                #: Where it went; matters only if `taken`.
                "target": Out(64),
            }
        )


class BranchTargetBuffer(wiring.Component):
    """Remembers the last taken branch of a fetched word, and its target.

    Direct-mapped. A hit is a prediction that the hart checks: the code or the address space behind
    the address may have changed, and only the low bits of an address are compared, and of a target
    remembered. Look-ups are combinational. An update shows in look-ups from the next cycle on: a
    taken branch replaces the entry, one that is not taken removes the entry of its word.

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
    #: A branch in this word was taken last time; `slot` and `target` are valid.
    hit: Out(1)
    #: Index of the last halfword of that branch.
    slot: Out(SLOT_BITS)
    target: Out(64)
    update: In(BranchUpdate())

    def __init__(self, entries: int = 16) -> None:
        if not isinstance(entries, int) or entries < 2 or entries & (entries - 1):
            raise ValueError(f"entries must be a power of two and at least 2, not {entries!r}")
        self._entries = entries
        self._index_bits = exact_log2(entries)
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        layout = data.StructLayout(
            {
                "valid": unsigned(1),
                "tag": unsigned(TAG_BITS),
                "slot": unsigned(SLOT_BITS),
                "target": unsigned(_TARGET_BITS - 1),
            }
        )
        rows = m.submodules.rows = Memory(shape=layout, depth=self._entries, init=[])
        lookup = rows.read_port(domain="comb")
        current = rows.read_port(domain="comb")
        write = rows.write_port()

        index, tag = self._split(self.lookup_word)
        m.d.comb += [
            lookup.addr.eq(index),
            self.hit.eq(lookup.data.valid & (lookup.data.tag == tag)),
            self.slot.eq(lookup.data.slot),
            self.target.eq(
                Cat(Const(0, 1), lookup.data.target, self.lookup_word[_TARGET_BITS - _WORD_LOW :])
            ),
        ]

        update = self.update
        index, tag = self._split(update.word)
        m.d.comb += [
            current.addr.eq(index),
            write.addr.eq(index),
            write.data.valid.eq(update.taken),
            write.data.tag.eq(tag),
            write.data.slot.eq(update.slot),
            write.data.target.eq(update.target[1:]),
            write.en.eq(update.valid & (update.taken | (current.data.tag == tag))),
        ]
        return m

    def _split(self, word: Value) -> tuple[Value, Value]:
        """The entry for `word`, and its tag."""
        return word[: self._index_bits], word[self._index_bits :][:TAG_BITS]
