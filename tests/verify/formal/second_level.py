"""The second-level TLB: never a stale or wrong page, seen from one symbolic address.

As in `tests.verify.formal.tlb` the proof remembers what was last said about the address: the last
page of 4 KiB that a walk has filled with it, unless a fence has named it since. In place of its
memory it has registers, which are read and written in the same cycles: so the proof can speak of
what they hold.
"""

from amaranth.hdl import Array, Cat, Mux, Signal, Value

from hdl.mmu.permission import needs_update
from hdl.mmu.second_level import SecondLevelTlb
from hdl.mmu.vocabulary import Side, Translation
from tests.verify.formal.proof import Proof, assumes, constant, free, free_inputs, invariant, proves

__all__ = ["SecondLevelProof"]


class _InRegisters(SecondLevelTlb):
    """One whose sets are registers."""

    def __init__(self, *, sets, ways):
        super().__init__(sets=sets, ways=ways)
        self.rows = [Signal(self.layout, name=f"row{i}", reset_less=True) for i in range(sets)]

    def _store(self, m):
        m.d.sync += self.row.eq(Array(self.rows)[self.read_set])
        for number, row in enumerate(self.rows):
            for way in range(self._ways):
                with m.If(self.write_ways[way] & (self.write_set == number)):
                    m.d.sync += row[way].eq(self.write_row[way])


class SecondLevelProof(Proof):
    """A second-level TLB of 2 sets with 2 ways, with ASIDs, G and all forms of `sfence.vma`."""

    depth = 7

    def dut(self):
        """What is proven; mutants bend it."""
        return _InRegisters(sets=2, ways=2)

    def build(self, m):
        m.submodules.second = self.second = second = self.dut()
        free_inputs(m, second, but=("fetch_key", "data_key"))
        # A walk is wanted for what its port asks for; there is no fourth side.
        wanted = second.wanted
        for key, side in ((second.fetch_key, Side.FETCH), (second.data_key, Side.DATA)):
            wants = (wanted.side == side) | (wanted.side.as_value() == 3)
            other = free(len(wanted.key.as_value()))
            m.d.comb += key.as_value().eq(Mux(wants, wanted.key.as_value(), other))
        self.walked, self.sfence = second.walked, second.sfence
        self.vpn, self.asid = Signal(27), Signal(16)
        m.d.comb += [self.vpn.eq(constant(27)), self.asid.eq(constant(16))]
        #: What is found here, and fills a TLB in this cycle; for the address.
        self.found = second.fill.valid & ~self.walked.valid
        entry = second.fill.entry
        self.found_ours = self.found & (entry.vpn == self.vpn) & (entry.asid == self.asid)
        self._remember(m)

    def _concerns(self, entry):
        """Whether `entry` is a page of 4 KiB with the address."""
        owned = entry.page.flags.g | (entry.asid == self.asid)
        return owned & (entry.vpn == self.vpn) & (entry.page.level == 0)

    def _remember(self, m):
        sfence = self.sfence
        self.known, self.page = Signal(), Signal(Translation)
        self.named = (
            sfence.valid
            & (~sfence.has_va | (sfence.va[12:39] == self.vpn))
            & (~sfence.has_asid | (~self.page.flags.g & (sfence.asid == self.asid)))
        )
        self.filled = self.walked.valid & self._concerns(self.walked.entry)
        with m.If(sfence.valid):
            m.d.sync += self.known.eq(self.known & ~self.named)
        with m.Elif(self.filled):
            m.d.sync += [self.known.eq(1), self.page.eq(self.walked.entry.page)]
        self.walked_before = self.past(m, self.walked.valid)

    def _holds(self, way, tag_from=1):
        """Whether a way, if valid, is for the address."""
        return (way.tag == self.vpn[tag_from:]) & (way.flags.g | (way.asid == self.asid))

    def matching(self):
        """A bit for each way, set after set, that holds the address."""
        second = self.second
        return Cat(
            second.valid[2 * number + way]
            & (self.vpn[0] == number)
            & self._holds(second.rows[number][way])
            for number in range(2)
            for way in range(2)
        )

    @assumes
    def walked_pages_are_apart(self, m):
        """The walker fills nothing in the cycle after a fill."""
        return ~(self.walked_before & self.walked.valid)

    @invariant
    def ways_are_the_known_page(self, m):
        """At most one way holds the address: the last that was filled, or one to be overwritten."""
        matching = self.matching()
        overwritten = self.second.writes & self._concerns(self.second.new)
        ways = [self.second.rows[number][way] for number in range(2) for way in range(2)]
        right = [
            ~bit
            | overwritten
            | (self.known & (way.ppn == self.page.ppn) & (way.flags == self.page.flags))
            for bit, way in zip(matching, ways, strict=True)
        ]
        return Cat(right).all() & ((matching & (matching - 1)) == 0)

    @invariant
    def row_is_that_of_the_set(self, m):
        """What was read is still what its set holds, while it is compared."""
        second, row = self.second, Value.cast(self.second.row)
        looked_up = row == Array(map(Value.cast, second.rows))[second.key.vpn[0]]
        to_write = row == Array(map(Value.cast, second.rows))[second.new.vpn[0]]
        exclusive = ~(second.asked & second.writes) & (~second.writes | self.walked_before)
        return (~second.asked | looked_up) & (~second.writes | to_write) & exclusive

    @invariant
    def what_is_written_is_the_known_page(self, m):
        """A page with the address that is about to be written is the last that was filled."""
        second = self.second
        ours = second.writes & self._concerns(second.new)
        small = ~second.writes | (second.new.page.level == 0)
        same = self.known & (second.new.page == self.page)
        known_small = ~self.known | (self.page.level == 0)
        return (~ours | same) & small & known_small

    @invariant
    def l2_victim_is_one(self, m):
        """One way's turn to be replaced is next."""
        turn = self.second.turn
        return turn.any() & ((turn & (turn - 1)) == 0)

    @proves
    def l2_never_stale_or_wrong(self, m):
        """What is found is the page of 4 KiB that was last walked, and not fenced since."""
        page = self.second.fill.entry.page
        return self.found_ours, self.known & (page == self.page)

    @proves
    def l2_never_two(self, m):
        """No two ways hold one address."""
        matching = self.matching()
        return matching.any(), (matching & (matching - 1)) == 0

    @proves
    def l2_fenced_page_is_gone(self, m):
        """After an `sfence.vma` that names it the address is not found, nor being written."""
        second = self.second
        writes = second.writes & self._concerns(second.new)
        fenced = self.past(m, self.named & self.known)
        return fenced, ~self.matching().any() & ~self.found_ours & ~writes

    @proves
    def l2_fence_of_all_empties(self, m):
        """After an `sfence.vma` without an address nothing is valid."""
        sfence = self.sfence
        everything = sfence.valid & ~sfence.has_va & self.second.valid.any()
        return self.past(m, everything), self.second.valid == 0

    @proves
    def l2_written_page_is_there(self, m):
        """A page that is written in a cycle without a fence is there in the next one."""
        second = self.second
        wrote = second.writes & self._concerns(second.new) & ~self.sfence.valid
        return self.past(m, wrote), self.matching().any()

    @proves
    def l2_page_is_found(self, m):
        """A look-up finds what is there, if the access needs no update."""
        second = self.second
        key = second.key
        ours = second.asked & (key.vpn == self.vpn) & (key.asid == self.asid)
        there = ours & self.matching().any() & ~needs_update(self.page.flags, key.access)
        return there, second.hit

    @proves
    def l2_found_pages_need_no_update(self, m):
        """What is found has A set, and D if the access writes."""
        flags = self.second.fill.entry.page.flags
        return self.found, ~needs_update(flags, self.second.key.access)

    @proves
    def l2_squashed_requests_fill_nothing(self, m):
        """A request that is squashed in the cycle of its look-up or in the next fills nothing."""
        second = self.second
        fetch = second.side == Side.FETCH
        now = Mux(fetch, second.squash_fetch, second.squash_data)
        before = Mux(fetch, self.past(m, second.squash_fetch), self.past(m, second.squash_data))
        return now | before, ~self.found

    @proves
    def l2_walks_begin_after_a_miss(self, m):
        """Only an update begins a walk without a look-up of its address before that."""
        second = self.second
        start = second.start
        looked_up = (second.asked | second.missed) & (start.key.vpn == second.key.vpn)
        ours = looked_up & (start.key.asid == second.key.asid) & (start.side == second.side)
        return start.valid & (start.side != Side.UPDATE), ours & second.wanted.valid & ~second.hit

    @proves
    def l2_updates_do_not_wait(self, m):
        """An update is asked for in the cycle in which it is wanted."""
        wanted = self.second.wanted
        return wanted.valid & (wanted.side == Side.UPDATE), self.second.start.valid

    @proves
    def l2_misses_do_not_wait(self, m):
        """What is still wanted after its look-up has missed is asked for at once."""
        second = self.second
        wanted = second.wanted
        same = (wanted.key.vpn == second.key.vpn) & (wanted.key.asid == second.key.asid)
        again = wanted.valid & same & (wanted.side == second.side)
        return second.asked & ~second.hit & again, second.start.valid
