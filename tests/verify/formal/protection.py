"""Physical memory protection: what is decided, and that nothing forbidden is asked.

That no access leaves the hart which protection forbids follows from these together: `pmp` says that
the checker decides as the specification does; `pmp_translator` that no address is answered which
the checker forbids, `pmp_walker` that no PTE is read or written which S-mode must not; and
`pmp_fetch`, `execute.access_uses_its_translation` and `trap_stage.amo_writes_what_it_read` that
the ports are asked for nothing else than what was answered.

Privileged specification, "Physical Memory Protection", with a case for each size of region, where
`hdl/memory/pmp.py` makes a mask.
"""

from amaranth.hdl import Cat, Const, Mux, Signal, Value

from hdl.arch import Priv
from hdl.memory.pma import Pma
from hdl.memory.pmp import PmpChecker
from hdl.mmu.translator import Translator
from hdl.mmu.vocabulary import Access, Fault, Side
from hdl.mmu.walker import Walker, WalkerState
from hdl.pipeline.fetch import Fetch
from tests.verify.formal.proof import (
    Proof,
    assumes,
    constant,
    free_inputs,
    invariant,
    proves,
)
from tests.verify.formal.translator import AnyTlb

__all__ = [
    "PmpProof",
    "PmpFetchProof",
    "PmpTranslatorProof",
    "PmpWalkerProof",
]

OFF, TOR, NA4 = range(3)
ADDRESS_BITS = 54


def matches(entries, number, grain):
    """Whether an entry matches the 4 bytes at `grain`, bits 55:2 of an address."""
    entry = entries[number]
    address = entry.address
    below = entries[number - 1].address if number else Const(0, ADDRESS_BITS)
    # "NAPOT range encoding": yyyy...y01 is a region of 16 bytes, yyyy...011 of 32, and so on.
    napot = Const(1, 1)
    for ones in reversed(range(ADDRESS_BITS)):
        ends = address[: ones + 1] == (1 << ones) - 1
        napot = Mux(ends, address[ones + 1 :] == grain[ones + 1 :], napot)
    match = Value.cast(entry.match)
    tor = (below <= grain) & (grain < address)
    return Mux(match == OFF, 0, Mux(match == TOR, tor, Mux(match == NA4, grain == address, napot)))


class Judgement:
    """What the specification says of an aligned access; `double` if it has 8 bytes, else fewer.

    Attributes
    ----------
    hits : list of Signal
        The entries that match any byte of it.
    permitted : Signal
        It may happen.
    """

    def __init__(self, m, entries, address, double, *, reads, writes, executes, machine):
        count = len(entries)
        self.hits = [Signal(name=f"hit{i}") for i in range(count)]
        self.permitted = Signal()
        verdict = machine
        for i in reversed(range(count)):
            entry = entries[i]
            first, second = Signal(name=f"first{i}"), Signal(name=f"second{i}")
            m.d.comb += [
                first.eq(matches(entries, i, Cat(address[2] & ~double, address[3:]))),
                second.eq(matches(entries, i, Cat(address[2] | double, address[3:]))),
                self.hits[i].eq(first | second),
            ]
            allowed = (entry.r | ~reads) & (entry.w | ~writes) & (entry.x | ~executes)
            granted = first & second & Mux(machine & ~entry.locked, 1, allowed)
            verdict = Mux(self.hits[i], granted, verdict)
        m.d.comb += self.permitted.eq(verdict)


class PmpProof(Proof):
    """The checker of physical memory protection with 3 entries: a function without state."""

    base = 1
    depth = 1

    def dut(self):
        """What is proven; mutants bend it."""
        return PmpChecker(entries=3)

    def build(self, m):
        m.submodules.checker = self.checker = checker = self.dut()
        free_inputs(m, checker)
        needs = {name: getattr(checker, name) for name in ("reads", "writes", "executes")}
        double = checker.size == 3
        self.judged = Judgement(
            m, checker.entries, checker.address, double, machine=checker.machine, **needs
        )
        far = Cat(Const(0, 2), ~checker.address[2], checker.address[3:])
        self.far = Judgement(m, checker.entries, far, Const(0, 1), machine=checker.machine, **needs)

    def _aligned(self):
        return (self.checker.address & ((1 << self.checker.size) - 1)) == 0

    @assumes
    def accesses_are_aligned(self, m):
        """An access is naturally aligned, and so lies in 8 aligned bytes."""
        return self._aligned()

    @proves
    def lowest_entry_decides(self, m):
        """The lowest entry that matches a byte decides, and refuses what it matches in part."""
        any_hit = Cat(self.judged.hits).any()
        return any_hit, self.checker.permitted == self.judged.permitted

    @proves
    def without_a_match_only_machine_mode_may(self, m):
        """An access that no entry matches is permitted in M-mode, and in no other."""
        missed = ~Cat(self.judged.hits).any()
        return missed, self.checker.permitted == self.checker.machine

    @proves
    def other_half_likewise(self, m):
        """What is said of the other half of the 8 bytes is what the specification says of it."""
        return Const(1, 1), self.checker.far_permitted == self.far.permitted

    @proves
    def no_permission_beyond_the_entries(self, m):
        """Below M-mode nothing is permitted that no entry permits."""
        checker = self.checker
        needs = (checker.reads, checker.writes, checker.executes)
        some = [
            Cat((has | ~need) for has, need in zip((e.r, e.w, e.x), needs, strict=True)).all()
            for e in (checker.entries[i] for i in range(3))
        ]
        return checker.permitted & ~checker.machine, Cat(some).any()


class PmpTranslatorProof(Proof):
    """One translation port under physical memory protection with 2 entries."""

    base = 1
    depth = 2

    def dut(self):
        """What is proven; mutants bend it."""
        return Translator(pma=Pma(), entries=1, pmp_entries=2)

    def build(self, m):
        self.part = part = self.dut()
        part.tlb = AnyTlb()
        m.submodules.translator = part
        free_inputs(m, part)
        self.request = request = part.request
        access = request.access
        fetches = access == Access.FETCH
        reads = (access == Access.LOAD) | (access == Access.LR) | (access == Access.AMO)
        writes = (access == Access.STORE) | (access == Access.SC) | (access == Access.AMO)
        needs = dict(reads=reads, writes=writes, executes=fetches, machine=request.priv == Priv.M)
        self.asked = Judgement(m, part.context.pmp, request.pa, request.size == 3, **needs)
        other = Cat(Const(0, 2), ~request.pa[2], request.pa[3:])
        self.other = Judgement(m, part.context.pmp, other, Const(0, 1), **needs)
        self.fetches = fetches
        good = request.fault == Fault.NONE
        self.answered = request.done & good & ~request.update & ~part.result_used

    @assumes
    def requests_are_aligned(self, m):
        """The access is one of six, the privilege legal, a portion aligned; fetches have size 0."""
        request = self.request
        access = request.access.as_value()
        legal = (access != 0b011) & (access != 0b100) & (request.priv != 2)
        aligned = (request.pa & ((1 << request.size) - 1)) == 0
        return legal & aligned & (~self.fetches | (request.size == 0))

    @proves
    def answers_nothing_forbidden(self, m):
        """No address is answered that protection forbids to this access of this mode."""
        return self.answered, self.asked.permitted

    @proves
    def narrow_where_the_other_half_is_forbidden(self, m):
        """A fetch may have all of its aligned 8 bytes exactly if it may have the other half."""
        return self.answered & self.fetches, self.request.narrow == ~self.other.permitted

    @proves
    def refusals_are_immediate(self, m):
        """Where no translation applies, what is forbidden is an access fault in its cycle."""
        request, context = self.request, self.part.context
        bare = ~context.sv39 | (request.priv == Priv.M)
        refused = request.valid & bare & ~request.va[56:].any() & ~self.asked.permitted
        return refused, request.done & (request.fault == Fault.ACCESS)

    @proves
    def refused_hits_do_not_walk(self, m):
        """A hit is answered in its cycle, forbidden or not, unless A or D has to be set."""
        request, tlb = self.request, self.part.tlb
        fresh = tlb.page.flags.a & tlb.page.flags.d
        translates = self.part.context.sv39 & (request.priv != Priv.M)
        hit = request.valid & translates & tlb.hit & fresh
        return hit & ~self.asked.permitted, request.done & ~self.part.miss


class PmpWalkerProof(Proof):
    """The page-table walker under physical memory protection with 2 entries."""

    base = 6
    depth = 9

    def dut(self):
        """What is proven; mutants bend it."""
        return Walker(pma=Pma(), pmp_entries=2)

    def build(self, m):
        m.submodules.walker = self.walker = walker = self.dut()
        free_inputs(m, walker, but=("pmp",))
        # They stand: a write of one squashes both ports, which a test shows
        # (`tests/hdl/pipeline/trap/test_csr_instructions.py`), and waits for an update that it is
        # not the instruction of.
        m.d.comb += walker.pmp.eq(constant(walker.pmp.shape().size))
        self.request = walker.port.request
        needs = dict(executes=Const(0, 1), machine=Const(0, 1))
        address = self.request.address
        self.read = Judgement(
            m, walker.pmp, address, Const(1, 1), reads=Const(1, 1), writes=Const(0, 1), **needs
        )
        self.write = Judgement(
            m, walker.pmp, address, Const(1, 1), reads=Const(1, 1), writes=Const(1, 1), **needs
        )

    def _is_in(self, *states):
        return Cat(self.walker.state == state for state in states).any()

    @invariant
    def leaf_may_be_written(self, m):
        """Once the memory is locked for it, the leaf is one that may be written."""
        locked = self._is_in(WalkerState.COMPARE, WalkerState.WRITE)
        offers = self.walker.read
        return ~locked | offers | self.write.permitted

    @proves
    def reads_nothing_forbidden(self, m):
        """No PTE is read, also not again, that S-mode must not read."""
        return self.request.valid & ~self.request.write, self.read.permitted

    @proves
    def writes_nothing_forbidden(self, m):
        """No PTE is written, nor memory locked for it, that S-mode must not read and write."""
        return self.request.valid & (self.request.write | self.request.lock), self.write.permitted

    @proves
    def forbidden_ptes_are_access_faults(self, m):
        """A walk that comes to a PTE which must not be read ends with an access fault."""
        walker = self.walker
        refused = walker.read & ~walker.killed & ~self.read.permitted
        ended = walker.result_valid & (walker.result.fault == Fault.ACCESS)
        return self.past(m, refused), ended

    @proves
    def forbidden_updates_are_access_faults(self, m):
        """So does an update of a leaf which must not be written, without a lock."""
        walker = self.walker
        updates = self._is_in(WalkerState.REREAD) & (walker.result.side == Side.UPDATE)
        refused = updates & ~self.write.permitted
        ended = walker.result_valid & (walker.result.fault == Fault.ACCESS)
        return self.past(m, refused), ended


class PmpFetchProof(Proof):
    """The fetch stage under physical memory protection."""

    base = 3
    depth = 5

    def dut(self):
        """What is proven; mutants bend it."""
        return Fetch(btb_entries=2, protected=True)

    def build(self, m):
        m.submodules.fetch = self.fetch = fetch = self.dut()
        free_inputs(m, fetch)
        self.request, self.translation = fetch.port.request, fetch.translation

    @assumes
    def offsets_are_kept(self, m):
        """The offset in its page is the same of an address and of what it is translated to."""
        return self.translation.pa[:12] == self.translation.va[:12]

    @proves
    def fetches_what_is_answered(self, m):
        """A fetch reads the word of an address that was answered, or as much as is permitted."""
        request, translation = self.request, self.translation
        answered = translation.valid & translation.done & (translation.fault == Fault.NONE)
        word = (request.address[3:] == translation.pa[3:]) & ~request.address[:2].any()
        half = (request.size == 2) & (request.address[2] == translation.pa[2])
        whole = (request.size == 3) & ~request.address[2]
        read = ~request.write & ~request.strobe.any()
        right = answered & ~translation.update & word & read
        return request.valid, right & Mux(translation.narrow, half, whole)

    @proves
    def halves_are_cut(self, m):
        """A word of which only the lower half was read says that the upper one is kept back."""
        read = self.request.valid & self.request.ready
        lower = read & (self.request.size == 2) & ~self.request.address[2]
        asked = self.past(m, lower & ~self.fetch.redirect.valid)
        return asked & self.fetch.word.valid, self.fetch.word.cut
