"""The walker with free inputs, and beside it a record of what it asked and what memory said.

Each read may return anything, also something else than the last read of the same PTE: what counts
is what the walk has read. The time that memory takes is free as well.
"""

from amaranth.hdl import Cat, Mux, Signal

from hdl.memory.pma import Pma
from hdl.mmu.vocabulary import Side, WalkKey
from hdl.mmu.walker import Walker, WalkerState
from tests.verify.formal.proof import Proof, free, free_inputs
from tests.verify.formal.sv39 import LEVELS, Walk

__all__ = ["S", "WatchedWalker"]

S = WalkerState


class WatchedWalker(Proof):
    """The walker, its request, the PTEs that it has read, and the walk that follows from them."""

    def dut(self):
        """What is proven; mutants bend it."""
        return Walker(pma=Pma())

    def build(self, m):
        m.submodules.walker = self.walker = walker = self.dut()
        self.request, self.response = walker.port.request, walker.port.response
        free_inputs(m, walker)
        self._watch_port(m)
        self._watch_walk(m)
        self._remember_ptes(m)
        self._watch_update(m)
        self._watch_time(m)

    def is_in(self, *states):
        """Whether the walker is in one of `states`."""
        return Cat(self.walker.state == state for state in states).any()

    def _watch_port(self, m):
        """What memory owes, and in what order it was asked."""
        request, response = self.request, self.response
        self.accepted, self.owed = Signal(), Signal()
        #: The last request that was accepted.
        self.last_address, self.last_level = Signal(56), Signal(2)
        self.last_lock, self.last_write = Signal(), Signal()
        #: The last response was an error.
        self.last_error = Signal()
        #: A locked read got its response, and nothing was accepted since: memory waits for us.
        self.holding = Signal()
        m.d.comb += [
            self.accepted.eq(request.valid & request.ready),
            self.holding.eq(self.last_lock & ~self.owed & ~self.last_error),
        ]
        m.d.sync += self.owed.eq(self.accepted | (self.owed & ~response.valid))
        with m.If(response.valid):
            m.d.sync += self.last_error.eq(response.error)
        with m.If(self.accepted):
            m.d.sync += [
                self.last_address.eq(request.address),
                self.last_level.eq(request.level),
                self.last_lock.eq(request.lock),
                self.last_write.eq(request.write),
            ]

    def _watch_walk(self, m):
        """The request, and whether its response is still wanted. All with the current cycle."""
        walker, start = self.walker, self.walker.start
        self.active = self.is_in(S.OFFER, S.READ, S.REREAD, S.COMPARE, S.WRITE, S.CONFIRM)
        self.begins, self.cached = Signal(), Signal()
        self.key, self.side = Signal(WalkKey), Signal(Side)
        self.killed, self.dead = Signal(), Signal()
        self.kept_key, self.kept_side = Signal(WalkKey), Signal(Side)
        self.dead_before = Signal()
        m.d.comb += [
            self.begins.eq(start.valid & self.is_in(S.IDLE, S.DONE)),
            self.cached.eq(self.begins & start.origin.cached),
            self.key.eq(Mux(self.begins, start.key.as_value(), self.kept_key.as_value())),
            self.side.eq(Mux(self.begins, start.side, self.kept_side)),
            self.killed.eq(
                walker.fence
                | (walker.squash_fetch & (self.side == Side.FETCH))
                | (walker.squash_data & (self.side == Side.DATA))
            ),
            self.dead.eq((self.dead_before & ~self.begins) | self.killed),
        ]
        m.d.sync += [
            self.kept_key.eq(self.key),
            self.kept_side.eq(self.side),
            self.dead_before.eq(self.dead),
        ]

    def _remember_ptes(self, m):
        """What the walk has read, and the walk that follows: with this cycle, and before it."""
        walker, response = self.walker, self.response
        arrives = self.owed & response.valid & ~self.last_lock & ~self.last_write
        root, self.old_root, self.cached_root = Signal(44), Signal(44), Signal(44)
        self.seen, self.old_seen = Signal(3), Signal(3)
        #: Pointers through which the walk cache's entry was once found, from `cached_root`.
        self.cached_ptes = {level: Signal(64, name=f"cached{level}") for level in (2, 1)}
        m.d.comb += [
            self.cached_root.eq(free(44)),
            *(pte.eq(free(64)) for pte in self.cached_ptes.values()),
            root.eq(
                Mux(
                    self.cached,
                    self.cached_root,
                    Mux(self.begins, walker.start.key.root, self.old_root),
                )
            ),
            self.seen.eq(
                Mux(self.begins, Mux(self.cached, 0b110, 0), self.old_seen)
                | Mux(arrives, 1 << self.last_level, 0)
            ),
        ]
        m.d.sync += [self.old_root.eq(root), self.old_seen.eq(self.seen)]
        with m.If(self._restarts()):
            m.d.sync += self.old_seen.eq(0)
        ptes, errors, old_ptes, old_errors = {}, {}, {}, {}
        for level in LEVELS:
            pte, error = Signal(64, name=f"pte{level}"), Signal(name=f"error{level}")
            old_pte, old_error = Signal.like(pte), Signal.like(error)
            m.d.comb += [pte.eq(old_pte), error.eq(old_error & ~self.begins)]
            if level:
                with m.If(self.cached):
                    m.d.comb += pte.eq(self.cached_ptes[level])
            with m.If(arrives & (self.last_level == level)):
                m.d.comb += [pte.eq(response.data), error.eq(response.error)]
            m.d.sync += [old_pte.eq(pte), old_error.eq(error)]
            ptes[level], errors[level] = pte, error
            old_ptes[level], old_errors[level] = old_pte, old_error
        is_ram = Pma().is_ram
        self.spec = Walk(m, self.key, root, ptes, errors, is_ram)
        self.before = Walk(m, self.kept_key, self.old_root, old_ptes, old_errors, is_ram)

    def _restarts(self):
        """An update finds that its PTE is not what it was, and walks again."""
        same = self.response.data == self.walker.pte.as_value()
        return self.is_in(S.COMPARE) & self.response.valid & ~self.response.error & ~same

    def _watch_update(self, m):
        """What the locked read and the write of an update met."""
        response = self.response
        self.locked_data, self.refused, self.written = Signal(64), Signal(), Signal()
        with m.If(self.begins):
            m.d.sync += [self.refused.eq(0), self.written.eq(0)]
        with m.Elif(self.owed & response.valid & (self.last_lock | self.last_write)):
            m.d.sync += [
                self.refused.eq(response.error),
                self.written.eq(self.last_write & ~response.error),
            ]
            with m.If(self.last_lock):
                m.d.sync += self.locked_data.eq(response.data)
        writes = self.kept_key.access.as_value()[1]
        self.new_leaf = Signal(64)
        m.d.comb += self.new_leaf.eq(self.before.leaf | 1 << 6 | Mux(writes, 1 << 7, 0))

    def _watch_time(self, m):
        """Cycles of this walk in which memory did not keep it waiting."""
        self.age = Signal(5)
        waits = (self.request.valid & ~self.request.ready) | (self.owed & ~self.response.valid)
        with m.If(self.begins):
            m.d.sync += self.age.eq(~waits)
        with m.Elif(self._restarts()):
            m.d.sync += self.age.eq(0)
        with m.Elif(self.active):
            m.d.sync += self.age.eq(self.age + ~waits)
