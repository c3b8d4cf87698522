"""The whole MMU: while a page table stays as it is, every response is the specification's.

One virtual address is any one, and so are the three PTEs on the way to it, which stay as they are.
All else is free: other addresses and their PTEs, both ports at once, squashes and fences in every
cycle, the CSRs that a translation obeys, and when memory responds. Whatever the TLBs, the walk
cache and the walker have come to hold, a response for that address is what a walk would say now.

That a fence ends what a changed page table has left behind is shown part by part, in
`tests.verify.formal`'s `tlb`, `walk_cache` and `walker`; updates in the last.
"""

from amaranth.hdl import Cat, Const, Mux, Signal

from hdl.arch import Priv
from hdl.memory.pma import Pma
from hdl.mmu.mmu import Mmu
from hdl.mmu.ram_bits import placed
from hdl.mmu.vocabulary import Access, Fault, Side, WalkKey, assign_key
from tests.verify.formal.proof import Proof, assumes, constant, free_inputs, invariant, proves
from tests.verify.formal.sv39 import LEVELS, Walk
from tests.verify.formal.tlb import covers
from tests.verify.formal.walk_cache import sides_are_alike
from tests.verify.formal.watched_walker import S

__all__ = ["MmuProof"]


class MmuProof(Proof):
    """The MMU with two entries in each TLB and in the walk cache, and a page table that stays."""

    depth = 8

    def dut(self):
        """What is proven; mutants bend it."""
        return Mmu(itlb_entries=2, dtlb_entries=2, walk_cache_entries=2)

    def build(self, m):
        m.submodules.mmu = self.mmu = mmu = self.dut()
        free_inputs(m, mmu)
        self.walker, self.cache = mmu.walker, mmu.walk_cache
        self.response, self.request = mmu.port.response, mmu.port.request
        self.vpn, self.asid, self.root = Signal(27), Signal(16), Signal(44)
        self.ptes = {level: Signal(64, name=f"pte{level}") for level in LEVELS}
        self.errors = {level: Signal(name=f"error{level}") for level in LEVELS}
        for signal in (self.vpn, self.asid, self.root, *self.ptes.values(), *self.errors.values()):
            m.d.comb += signal.eq(constant(len(signal)))
        #: What each port asks, and what the walker works on; only its VPN is taken as the one.
        self.data, self.data_walk = self._asked(m, mmu.data)
        self.fetch, self.fetch_walk = self._asked(m, mmu.fetch)
        self.result_walk = self._walk(m, self.walker.result.key)
        self._watch_memory(m)

    def _walk(self, m, key):
        """The specification's walk for the access of `key`, but to the address of this proof."""
        own_key = Signal(WalkKey)
        m.d.comb += [own_key.eq(key), own_key.vpn.eq(self.vpn)]
        return Walk(m, own_key, self.root, self.ptes, self.errors, Pma().is_ram)

    def _asked(self, m, port):
        """Whether `port` asks for the address of this proof, and the walk that says which."""
        key, asked = Signal(WalkKey), Signal()
        m.d.comb += assign_key(key, port, self.mmu.context)
        canonical = port.va[39:] == Mux(port.va[38], (1 << 25) - 1, 0)
        translates = self.mmu.context.sv39 & (port.priv != Priv.M)
        m.d.comb += asked.eq(port.valid & translates & canonical & (port.va[12:39] == self.vpn))
        return asked, self._walk(m, key)

    def _watch_memory(self, m):
        """What memory owes, and whether that is one of the three PTEs."""
        accepted = self.request.valid & self.request.ready
        self.owed, self.asked_level, self.asked_address = Signal(), Signal(2), Signal(56)
        m.d.sync += self.owed.eq(accepted | (self.owed & ~self.response.valid))
        with m.If(accepted):
            m.d.sync += [
                self.asked_level.eq(self.request.level),
                self.asked_address.eq(self.request.address),
            ]

    @assumes
    def page_table_stays(self, m):
        """Memory responds as it owes, and for a PTE of this address always the same."""
        responses = [~self.response.valid | self.owed]
        walk = self.result_walk
        for level in LEVELS:
            this = (
                self.response.valid
                & (self.asked_level == level)
                & walk.pointed[level]
                & (self.asked_address == walk.address[level])
            )
            responses.append(
                ~this
                | (
                    (self.response.error == self.errors[level])
                    & (self.errors[level] | (self.response.data == self.ptes[level]))
                )
            )
        return Cat(responses).all()

    @assumes
    def one_address_space(self, m):
        """satp holds one root and ASID throughout; the rest of the context is free."""
        context = self.mmu.context
        return (context.asid == self.asid) & (context.root == self.root)

    @assumes
    def requests_are_legal(self, m):
        """The ports ask for accesses of their kind from U, S or M, and no update is asked for."""
        data, fetch = self.mmu.data, self.mmu.fetch
        access = data.access.as_value()
        legal = (access != 0b000) & (access != 0b011) & (access != 0b100)
        modes = (data.priv != 2) & (fetch.priv != 2)
        return legal & modes & (fetch.access == Access.FETCH) & ~self.mmu.update.valid

    def _shares(self, vpn, level):
        """Whether `vpn` reaches the PTE of `level` through the same PTEs as the address."""
        upper = {2: Const(1), 1: vpn[18:] == self.vpn[18:], 0: vpn[9:] == self.vpn[9:]}
        return upper[level]

    @invariant
    def cached_tables_are_ram(self, m):
        """The walk cache knows tables in RAM only, and tells both sides of the same."""
        return (
            sides_are_alike(self.cache)
            & Cat(
                ~self.cache.valid[i] | Pma().is_ram(Cat(Const(0, 12), entry.ppn))
                for i, entry in enumerate(self.cache.entries)
            ).all()
        )

    @invariant
    def entries_are_the_leaf(self, m):
        """A TLB entry for the address holds the leaf of its walk."""
        walk, checks = self.result_walk, []
        leaf = walk.leaf
        for side in (self.mmu.fetch_side, self.mmu.data_side):
            ours = []
            for i, entry in enumerate(side.tlb.entries):
                page = entry.page
                right = (
                    walk.found
                    & (page.level == walk.level)
                    & (page.ppn == leaf[10:54])
                    & (page.flags.as_value() == (leaf[1:8] | walk.g << 4))
                )
                ours.append(side.tlb.valid[i] & covers(self.vpn, entry.vpn, page.level))
                checks += [
                    ~ours[-1] | right,
                    ~side.tlb.valid[i] | ((page.level != 3) & (entry.asid == self.asid)),
                    ~side.tlb.valid[i]
                    | (side.tlb.placed[i] == placed(Pma(), page.ppn, page.level)),
                ]
            checks.append(self._at_most_one(ours))
        return Cat(checks).all()

    @invariant
    def victims_are_one(self, m):
        """Each table has one entry whose turn to be replaced is next."""
        tables = (self.mmu.fetch_side.tlb, self.mmu.data_side.tlb, self.cache)
        return Cat(table.turn.any() & self._at_most_one(table.turn) for table in tables).all()

    @invariant
    def pointers_are_the_tables(self, m):
        """A walk-cache entry for the address points to the level-0 table of its walk."""
        walk, checks, ours = self.result_walk, [], []
        for i, entry in enumerate(self.cache.entries):
            right = (
                walk.pointed[0] & (entry.ppn == walk.address[0][12:]) & (entry.g == walk.g_above[0])
            )
            ours.append(self.cache.valid[i] & (entry.vpn == self.vpn[9:]))
            checks += [~ours[-1] | right, ~self.cache.valid[i] | (entry.asid == self.asid)]
        checks.append(self._at_most_one(ours))
        return Cat(checks).all()

    def _at_most_one(self, bits):
        bits = Cat(bits)
        return (bits & (bits - 1)) == 0

    @invariant
    def walk_is_on_its_way(self, m):
        """A walk that shares PTEs with the address is where the specification's walk is."""
        walker, walk = self.walker, self.result_walk
        key = walker.result.key
        reading = Cat(walker.state == state for state in (S.OFFER, S.READ)).any()
        checks = [walker.level != 3]
        for level in LEVELS:
            right = (
                walk.pointed[level]
                & walk.wanted[level]
                & (walker.table_ppn == walk.address[level][12:])
                & (walker.g == walk.g_above[level])
            )
            checks.append(~((walker.level == level) & self._shares(key.vpn, level)) | right)
        field = key.vpn.word_select(walker.level, 9)
        asked = (self.asked_level == walker.level) & (
            self.asked_address == Cat(Const(0, 3), field, walker.table_ppn)
        )
        checks.append((walker.state != S.READ) | asked)
        return ~reading | Cat(checks).all()

    @invariant
    def walker_is_legal(self, m):
        """Walks are for the two ports only, and memory owes responses in their states."""
        walker = self.walker
        result, state = walker.result, walker.state
        side, access = result.side, result.key.access.as_value()
        waits = Cat(state == wanted for wanted in (S.READ, S.DRAIN)).any()
        known = Cat(state == legal for legal in (S.IDLE, S.OFFER, S.READ, S.DRAIN, S.DONE)).any()
        ours = (result.key.asid == self.asid) & (result.key.root == self.root)
        kind = Mux(side == Side.FETCH, access == 0, (side == Side.DATA) & (access != 0))
        legal = kind & (access != 0b011) & (access != 0b100) & ~result.key.priv[1]
        return known & (self.owed == waits) & ((state == S.IDLE) | (ours & legal))

    @invariant
    def result_is_the_specified(self, m):
        """A result about the address is that of the specification's walk."""
        result, walk = self.walker.result, self.result_walk
        same = (result.fault == walk.fault) & (result.update == walk.update)
        ours = self.walker.result_valid & (result.key.vpn == self.vpn)
        return ~ours | same

    def _answers(self, port, walk):
        """Whether the response of `port` is that of `walk`: fault, update, or physical address."""
        offsets = {level: 12 + 9 * level for level in LEVELS}
        composed = {
            level: Cat(port.va[:bits], walk.leaf[bits - 2 : 54]) for level, bits in offsets.items()
        }
        pa = walk.of(composed, walk.level)
        ram_only = Cat(
            port.access == kind for kind in (Access.FETCH, Access.LR, Access.SC, Access.AMO)
        ).any()
        good = (walk.fault == Fault.NONE) & ~walk.update
        refused = good & ram_only & ~Pma().is_ram(pa)
        fault = Mux(refused, Fault.ACCESS.value, walk.fault.as_value())
        right = (port.fault.as_value() == fault) & (port.update == walk.update)
        return right & (~good | refused | (port.pa == pa))

    @proves
    def data_response_as_specified(self, m):
        """Every response of the data port is the specified fault, update or physical address."""
        port = self.mmu.data
        return self.data & port.done, self._answers(port, self.data_walk)

    @proves
    def fetch_response_as_specified(self, m):
        """Every response of the fetch port is the specified fault, update or physical address."""
        port = self.mmu.fetch
        return self.fetch & port.done, self._answers(port, self.fetch_walk)

    @proves
    def responses_by_hit_and_by_walk(self, m):
        """A hit and a walk's result for one address response both ports alike, in one cycle."""
        both = self.data & self.mmu.data.done & self.fetch & self.mmu.fetch.done
        used = self.walker.result_used & self.mmu.data_side.tlb.hit
        agree = self._answers(self.mmu.data, self.data_walk) & self._answers(
            self.mmu.fetch, self.fetch_walk
        )
        return both & used, agree

    @proves
    def data_is_served_first(self, m):
        """Where both ports need a walk the data port's begins, unless a fetch has waited."""
        start = self.walker.start
        both = self.mmu.data_side.miss & self.mmu.fetch_side.miss & ~self.mmu.fetch_waited
        return both, start.valid & (start.side == Side.DATA) & (start.id == self.mmu.data.id)

    @proves
    def fetches_wait_for_a_cycle(self, m):
        """A fetch that needs a walk waits for no more than one cycle in which data needs none."""
        mmu, start = self.mmu, self.walker.start
        waits = mmu.fetch_side.miss & ~mmu.fetch.squash & ~mmu.data_side.miss
        waits &= ~mmu.update.valid
        begins = start.valid & (start.side == Side.FETCH)
        return self.past(m, waits & ~begins) & waits, begins

    @proves
    def walks_begin_where_they_may(self, m):
        """A walk begins at the root, or where the walk cache points for its very address."""
        start, ends = self.walker.start, []
        origin = start.origin
        for side, lookup in ((Side.DATA, self.cache.data), (Side.FETCH, self.cache.fetch)):
            asked = (lookup.vpn == start.key.vpn[9:]) & (lookup.asid == start.key.asid)
            pointed = lookup.hit & asked & (origin.table == lookup.ppn) & (origin.g == lookup.g)
            ends.append((start.side == side) & pointed)
        at_the_root = ~origin.cached & (origin.table == start.key.root)
        in_ram = Pma().is_ram(Cat(Const(0, 12), origin.table))
        right = at_the_root | (origin.cached & Cat(ends).any())
        return start.valid, right & (origin.in_ram == in_ram)

    @proves
    def translations_never_write(self, m):
        """Without an update the MMU only reads memory, and never locks it."""
        return self.request.valid, ~self.request.write & ~self.request.lock
