"""The walker equals the unrolled walk of `tests.verify.formal.sv39`, whatever memory responds.

Memory may return anything at any time, so the proof holds for unbounded time. Where the walk cache
helps, the pointers that it once read are free, but such as `tests.verify.formal.walk_cache` shows.
"""

from amaranth.hdl import Cat, Const, Mux

from hdl.memory.pma import Pma
from hdl.mmu.vocabulary import Fault, PteFlags, Side
from tests.verify.formal.permission import broken
from tests.verify.formal.proof import assumes, invariant, proves
from tests.verify.formal.sv39 import LEVELS
from tests.verify.formal.watched_walker import S, WatchedWalker

__all__ = ["WalkerProof"]


def _legal(side, key):
    """Whether one of the three ports asks for one of the six accesses, from U or S."""
    access = key.access.as_value()
    return (side.as_value() != 3) & (access != 0b011) & (access != 0b100) & ~key.priv[1]


def _table_in_ram(ppn):
    return Pma().is_ram(Cat(Const(0, 12), ppn))


class WalkerProof(WatchedWalker):
    """The page-table walker, for fetches, data and updates, with Svade and Svadu."""

    depth = 11

    @assumes
    def request_is_legal(self, m):
        """A walk is wanted by one of the three ports, for one of the six accesses, from U or S."""
        start = self.walker.start
        return ~start.valid | _legal(start.side, start.key)

    @assumes
    def memory_responds_as_it_owes(self, m):
        """Memory responds only to what it has accepted in an earlier cycle, and once."""
        return ~self.response.valid | self.owed

    @assumes
    def begins_where_it_may(self, m):
        """A walk begins at the root, or at a table once found through two good pointers."""
        upper, lower = self.cached_ptes[2], self.cached_ptes[1]
        start = self.walker.start
        origin = start.origin
        good = [
            ~broken(pte, Const(level, 2)) & ~pte[1:4].any()
            for level, pte in self.cached_ptes.items()
        ]
        at_the_root = ~origin.cached & (origin.table == start.key.root)
        known = (
            origin.cached
            & (start.side != Side.UPDATE)
            & Cat(good).all()
            & _table_in_ram(self.cached_root)
            & _table_in_ram(upper[10:54])
            & (lower[10:54] == origin.table)
            & ((upper[5] | lower[5]) == origin.g)
        )
        right = (at_the_root | known) & (origin.in_ram == _table_in_ram(origin.table))
        return ~start.valid | right

    # What the induction has to know of the walker's registers.

    @invariant
    def key_is_latched(self, m):
        """The walker works on the key with which it began."""
        result = self.walker.result
        same = (result.key.as_value() == self.kept_key.as_value()) & (result.side == self.kept_side)
        known = self.walker.state.as_value() <= S.DONE.value
        known &= (self.kept_side != Side.UPDATE) | (self.old_root == self.kept_key.root)
        return known & same & _legal(self.kept_side, self.kept_key)

    @invariant
    def memory_owes_by_state(self, m):
        """Memory owes a response in the states that wait for one, and to what they have asked."""
        plain = ~self.last_lock & ~self.last_write
        waits = self.is_in(S.READ, S.COMPARE, S.CONFIRM, S.DRAIN)
        return (
            (self.owed == waits)
            & (~self.is_in(S.READ, S.DRAIN) | plain)
            & (~self.is_in(S.COMPARE) | (self.last_lock & ~self.last_write))
            & (~self.is_in(S.CONFIRM) | (self.last_write & ~self.last_lock))
            & (~self.holding | (self.is_in(S.WRITE, S.OFFER) & (self.kept_side == Side.UPDATE)))
        )

    @invariant
    def walk_is_under_way(self, m):
        """The table that is read was reached through pointers that this walk has read."""
        walker, before = self.walker, self.before
        level = walker.level
        reached = (
            (level != 3)
            & before.of(before.wanted, level)
            & (walker.table_ppn == before.of(before.address, level)[12:])
            & (walker.g == before.of(before.g_above, level))
            & self._seen_above(self.old_seen, level)
        )
        same_level = ~self.is_in(S.READ) | (self.last_level == level)
        return ~self.is_in(S.OFFER, S.READ) | (reached & same_level)

    @invariant
    def leaf_is_held(self, m):
        """An update holds the leaf that it has found, then the one that it writes."""
        walker, before = self.walker, self.before
        found = (
            before.update
            & (before.fault == Fault.NONE)
            & (self.kept_side == Side.UPDATE)
            & (walker.level == before.level)
            & (walker.table_ppn == before.of(before.address, before.level)[12:])
            & (walker.g == before.of(before.g_above, before.level))
            & self._complete(before, self.old_seen)
        )
        read = ~self.is_in(S.REREAD, S.COMPARE) | (walker.pte.as_value() == before.leaf)
        changed = ~self.is_in(S.WRITE, S.CONFIRM) | (walker.pte.as_value() == self.new_leaf)
        address = before.of(before.address, before.level)
        asked = ~self.is_in(S.COMPARE, S.WRITE) | (self.last_address == address)
        locked = ~self.is_in(S.WRITE) | (
            self.last_lock & ~self.last_error & (self.locked_data == before.leaf)
        )
        updating = self.is_in(S.REREAD, S.COMPARE, S.WRITE, S.CONFIRM)
        return ~updating | (found & read & changed & asked & locked)

    @invariant
    def killed_by_state(self, m):
        """A fetch or data walk that was killed is idle or drained; an update is marked stale."""
        update, dead = self.kept_side == Side.UPDATE, self.dead_before
        return Mux(
            update,
            ~self.is_in(S.DRAIN) & (~self.active | (self.walker.stale == dead)),
            (~dead | self.is_in(S.IDLE, S.DRAIN))
            & (~self.is_in(S.DRAIN) | dead)
            & (~self.active | ~self.walker.stale),
        )

    @invariant
    def age_by_state(self, m):
        """How many cycles a walk has had by the time that it is so far."""
        state_limits = {S.REREAD: 4, S.COMPARE: 5, S.WRITE: 6, S.CONFIRM: 7}
        limits = [~self.is_in(state) | (self.age <= limit) for state, limit in state_limits.items()]
        return Cat(
            *limits,
            ~self.is_in(S.OFFER) | (self.age + self.walker.level <= 2),
            ~self.is_in(S.READ) | (self.age + self.walker.level <= 3),
            self.age <= Mux(self.kept_side == Side.UPDATE, 8, 4),
        ).all()

    @invariant
    def result_is_complete(self, m):
        """In DONE every PTE that the walk needs was read, and an update has been tried."""
        tried = ~self.before.update | (self.kept_side != Side.UPDATE) | self.written | self.refused
        untouched = ~self.written | ~self.refused
        early = ~self.is_in(S.OFFER, S.READ, S.REREAD, S.COMPARE, S.WRITE) | (
            ~self.written & ~self.refused
        )
        complete = self._complete(self.before, self.old_seen)
        return (~self.is_in(S.DONE) | (tried & complete)) & untouched & early

    def _seen_above(self, seen, level):
        return Mux(level == 2, 1, Mux(level == 1, seen[2], seen[1] & seen[2]))

    def _complete(self, walk, seen):
        """Whether every PTE that `walk` needs was read."""
        return Cat(~walk.wanted[level] | seen[level] for level in LEVELS).all()

    # What it asks of memory.

    @proves
    def pte_addresses(self, m):
        """Every PTE is read and written where the root, the PTEs above it and the VPN say."""
        request, spec = self.request, self.spec
        expected = spec.of(spec.address, request.level)
        return request.valid, (request.level != 3) & (request.address == expected)

    @proves
    def starts_at_the_root(self, m):
        """A walk that the walk cache does not help reads its first PTE in the root page table."""
        first = self.request.valid & self.begins & ~self.cached
        return first, self.request.address[12:] == self.walker.start.key.root

    @proves
    def reads_no_more_than_needed(self, m):
        """A PTE is read only after a good pointer to its table was read without an error."""
        spec, level = self.spec, self.request.level
        needed = spec.of(spec.wanted, level) & self._seen_above(self.seen, level)
        return self.request.valid & (level != 2), needed

    @proves
    def stays_in_ram(self, m):
        """No request leaves RAM; each is for 8 aligned bytes."""
        request = self.request
        aligned = (request.address[:3] == 0) & (request.size == 3)
        return request.valid, Pma().is_ram(request.address) & aligned

    @proves
    def one_request_at_a_time(self, m):
        """Nothing is asked while memory owes a response."""
        return self.request.valid, ~self.owed | self.response.valid

    @proves
    def killed_walks_ask_nothing(self, m):
        """After a squash or a fence a fetch or data walk asks for nothing more."""
        over = self.dead_before & (self.kept_side != Side.UPDATE) & ~self.begins
        return over, ~self.request.valid

    @proves
    def only_updates_write(self, m):
        """Translating never writes or locks memory, nor does anything under Svade."""
        translates = (self.side != Side.UPDATE) | ~self.key.adue
        return self.request.valid & translates, ~self.request.write & ~self.request.lock

    @proves
    def writes_what_it_compared(self, m):
        """A write sets A, for a write D too, in a leaf just read again under lock and unchanged."""
        request, before = self.request, self.before
        permitted = before.update & (before.fault == Fault.NONE)
        locked = self.last_lock & ~self.last_error & (self.last_address == request.address)
        same = self.locked_data == before.leaf
        data = (request.data == self.new_leaf) & (request.strobe == 0xFF)
        return request.valid & request.write, permitted & locked & same & data

    @proves
    def lock_is_released(self, m):
        """After a locked read the next request is offered at once and until it is accepted."""
        return self.holding, self.request.valid

    @proves
    def changed_pte_restarts(self, m):
        """An update whose leaf has changed reads the root next."""
        root = self.request.valid & ~self.request.write & (self.request.level == 2)
        return self.past(m, self._restarts()), root

    # How it ends.

    @proves
    def fault_as_specified(self, m):
        """A fetch or data walk ends with just the specified fault or need of an update."""
        result, before = self.walker.result, self.before
        shown = self.walker.result_valid & (self.kept_side != Side.UPDATE)
        return shown, (result.fault == before.fault) & (result.update == before.update)

    @proves
    def update_as_specified(self, m):
        """An update ends with the walk's fault, an access fault if refused, or else has written."""
        result, before = self.walker.result, self.before
        shown = self.walker.result_valid & (self.kept_side == Side.UPDATE)
        refused = Mux(self.refused, Fault.ACCESS.value, Fault.NONE.value)
        fault = Mux(before.update, refused, before.fault.as_value())
        done = ~before.update | (self.refused ^ self.written)
        return shown, (result.fault.as_value() == fault) & done & ~result.update

    @proves
    def fills_are_apart(self, m):
        """Nothing is filled in the cycle after a fill."""
        fill = self.walker.fill
        return self.past(m, fill.valid), ~fill.valid

    @proves
    def fill_as_specified(self, m):
        """The TLB gets the specified leaf: level, PPN, flags, G of all PTEs, ASID and VPN."""
        spec, entry = self.spec, self.walker.fill.entry
        written = self.is_in(S.CONFIRM)
        flags = PteFlags(Mux(written, self.new_leaf, spec.leaf)[1:8])
        right = (
            (entry.vpn == self.key.vpn)
            & (entry.asid == self.key.asid)
            & (entry.page.level == spec.level)
            & (entry.page.ppn == spec.leaf[10:54])
            & (entry.page.flags.as_value() == (flags.as_value() | spec.g << 4))
        )
        good = (spec.fault == Fault.NONE) & (spec.update == written)
        return self.walker.fill.valid, right & good & self._complete(spec, self.seen)

    @proves
    def pointer_as_specified(self, m):
        """The walk cache gets only the pointers to level 0 of walks that were not killed."""
        spec, fill = self.spec, self.walker.pointer
        right = (
            (fill.pointer.vpn == self.key.vpn[9:])
            & (fill.pointer.asid == self.key.asid)
            & (fill.pointer.ppn == spec.address[0][12:])
            & (fill.pointer.g == spec.g_above[0])
        )
        good = spec.pointed[0] & ~self.dead_before & (self.seen[1:] == 0b11)
        return fill.valid, right & good

    @proves
    def ends_in_one_way(self, m):
        """A fetch or data walk that is not killed ends with a fill or a result, never both."""
        wanted = (self.active | self.begins) & ~self.dead & (self.side != Side.UPDATE)
        ended = self.past(m, wanted) & ~self.active
        filled = self.past(m, self.walker.fill.valid)
        return ended, self.walker.result_valid ^ filled

    @proves
    def fault_never_fills(self, m):
        """No walk that ends with a fault has filled the TLB."""
        faulted = self.walker.result_valid & (self.walker.result.fault != Fault.NONE)
        return faulted, ~self.past(m, self.walker.fill.valid)

    @proves
    def ends_in_time(self, m):
        """A walk has at most 4 cycles, an update's attempt 8, in which it waits for no memory."""
        limit = Mux(self.kept_side == Side.UPDATE, 8, 4)
        return self.age == limit, ~self.active

    @proves
    def starts_at_once(self, m):
        """A walk wanted of a free walker is under way, or over, in the next cycle."""
        begun = self.past(m, self.begins & ~self.killed)
        return begun, self.active | self.walker.result_valid

    @proves
    def killed_walks_fill_nothing(self, m):
        """A walk during which a squash or a fence came, or an update with a fence, fills no TLB."""
        return self.dead, ~self.walker.fill.valid

    @proves
    def killed_walks_deliver_nothing(self, m):
        """A fetch or data walk during which a squash or a fence came delivers no result."""
        over = self.dead_before & (self.kept_side != Side.UPDATE)
        return over, ~self.walker.result_valid

    @proves
    def unused_result_goes(self, m):
        """A result that nobody uses is gone in the next cycle, unless another walk begins."""
        walker = self.walker
        unused = walker.result_valid & ~walker.result_used & ~walker.start.valid
        return self.past(m, unused), ~walker.result_valid

    @proves
    def result_stands(self, m):
        """A result that is used stands until it is killed or the walker is needed."""
        walker = self.walker
        shown = walker.result_valid & walker.result_used & ~walker.start.valid & ~self.killed
        same = walker.result.as_value() == self.past(m, walker.result.as_value())
        return self.past(m, shown), walker.result_valid & same
