"""What is followed of a hart: look-ups in vain, with their walks, and the way of a trap."""

from types import SimpleNamespace

import pytest

from hdl.arch import Csr, Priv
from sim.engines.story import (
    DATA,
    FETCH,
    SIDES,
    Follower,
    Lookup,
    Passage,
    Read,
    lookup_of,
    probed,
)

MISS, PAGE = (1, 0), (0, 1)
QUIET = (0, 0, 0)
SRET, MRET = 0x10200073, 0x30200073


class Script:
    """A follower that is told of one cycle after the other."""

    def __init__(self):
        self.follower = Follower()
        self.cycle = 100
        self.follower.passage = Passage(returned=90)

    def data(self, *asked, va=0x5000, read=None, of=DATA, retired=None):
        """A cycle in which the data side asks for `va`; `read` is an entry's (level, value).

        The entry is read for the side `of`.
        """
        if retired:
            self.follower.handled(self.cycle, {"insn": 0, "intr": 0, "csr_addr": 0,
                                               "csr_wmask": 0, **retired})  # fmt: skip
        level, value = read or (0, 0)
        side = (*asked, va) if asked else QUIET
        probe = (*QUIET, *side, int(read is not None), of, level)
        self.follower.follow(self.cycle, probe, 0x8000_0000 + 8 * level, lambda _: value)
        self.cycle += 1

    @property
    def refused(self):
        return self.refused_at(0x5000)

    def refused_at(self, va):
        return lookup_of(self.follower.refused(va), DATA)

    @property
    def first(self):
        return lookup_of(self.follower.first, DATA)


@pytest.fixture
def script():
    return Script()


def test_a_walk_that_is_refused_is_told_with_its_reads(script):
    script.data(*MISS, read=(2, 21))
    script.data(*MISS, read=(1, 0))
    script.data(*PAGE)
    script.data(*PAGE)  # it waits to be taken

    reads = (Read(100, 0x8000_0010, 21, 2), Read(101, 0x8000_0008, 0, 1))
    assert script.refused == Lookup(100, 102, 0x5000, 1, reads)
    assert script.first is None


def test_a_miss_that_is_answered_is_no_refusal(script):
    script.data(*MISS, read=(0, 7))
    script.data(*MISS)
    script.data()

    assert script.first == Lookup(100, 102, 0x5000, 0, (Read(100, 0x8000_0000, 7, 0),))
    assert script.refused is None


def test_only_the_first_look_up_since_the_return_counts(script):
    for va in (0x5000, 0x6000):
        script.data(*MISS, va=va)
        script.data()

    assert script.first.va == 0x5000


def test_another_address_is_another_look_up(script):
    script.data(*MISS)
    script.data(*MISS, va=0x6000)
    script.data(*PAGE, va=0x6000)

    assert script.first == Lookup(100, 101, 0x5000, 0, ())
    assert script.refused == Lookup(101, 102, 0x6000, 1, ())


def test_the_same_address_after_a_refusal_is_another_look_up(script):
    script.data(*PAGE)
    script.data(*MISS)
    script.follower.trapped(101, Priv.U)
    script.data(*PAGE)

    assert script.refused == Lookup(101, 102, 0x5000, 1, ())


def test_a_younger_instruction_may_be_refused_before_the_exception_is_raised(script):
    script.data(*PAGE)
    script.data(*PAGE, va=0x5FF8)

    assert script.refused_at(0x5000).asked == 100
    assert script.refused_at(0x5FF8).asked == 101


@pytest.mark.parametrize("retired", [{"intr": 1}, {"insn": SRET}, {"insn": MRET}, None])
def test_what_was_refused_before_a_trap_or_return_is_forgotten(script, retired):
    script.data(*PAGE)
    script.data()
    if retired is None:
        script.follower.trapped(102, Priv.S)
    script.data(retired=retired)

    assert script.refused is None


def test_a_walk_that_begins_anew_forgets_what_it_read(script):
    script.data(*MISS, read=(2, 1))
    script.data(*MISS, read=(1, 2))
    script.data(*MISS, read=(2, 3))
    script.data(*MISS, read=(1, 4))
    script.data(*PAGE)

    assert [read.value for read in script.refused.reads] == [3, 4]


def test_so_does_one_that_begins_where_the_cache_points(script):
    script.data(*MISS, read=(0, 1))
    script.data(*MISS, read=(0, 2))
    script.data(*PAGE)

    assert [read.value for read in script.refused.reads] == [2]


def test_what_is_read_while_nothing_is_asked_is_of_no_look_up(script):
    script.data(read=(2, 1))
    script.data(*MISS)
    script.data(*PAGE)

    assert script.refused.reads == ()


def test_what_is_read_for_the_other_side_or_for_none_is_not_told(script):
    script.data(*MISS, read=(2, 1), of=FETCH)
    script.data(*MISS, read=(1, 1), of=SIDES)
    script.data(*PAGE)

    assert script.refused.reads == ()


def test_a_return_to_user_mode_forgets_what_was_looked_up(script):
    script.data(*MISS)
    script.data()
    script.data(retired={"insn": SRET})
    assert script.first is None

    script.data(*MISS, va=0x6000)
    script.data()
    assert script.first.va == 0x6000


def test_a_look_up_from_before_the_return_is_none_of_the_retry(script):
    script.data(*MISS)
    script.data(*MISS, retired={"insn": SRET})
    script.data()

    assert script.first is None


def test_one_of_the_cycle_of_the_return_is(script):
    """The hart goes to user mode in the cycle before the one in which it reports `sret`."""
    script.data(*MISS, va=0x6000, retired={"insn": SRET})
    script.data()

    assert script.first.va == 0x6000


def test_a_look_up_ends_with_its_refusal_though_that_waits_to_be_taken(script):
    script.data(*MISS)
    script.data(*PAGE)
    script.data(*PAGE)
    script.data()

    assert script.first == Lookup(100, 101, 0x5000, 1, ())


class TestPassage:
    def test_is_nothing_before_the_first_trap(self):
        assert Follower().passage == Passage(0, 0, 0, 0, 0)

    def test_the_way_of_a_trap_and_back(self, script):
        follower = script.follower
        follower.trapped(100, Priv.U)
        satp = {"csr_addr": Csr.SATP, "csr_wmask": 1}
        for cycle, retired in ((105, {"intr": 1}), (150, satp), (180, {}), (200, satp), (201, satp),
                               (230, {"insn": SRET})):  # fmt: skip
            script.cycle = cycle
            script.data(retired=retired)

        assert follower.passage == Passage(
            raised=100, entered=105, left=150, back=201, returned=230
        )

    def test_an_interrupt_is_raised_by_the_first_instruction_of_its_handler(self, script):
        script.data(retired={"intr": 1})

        assert script.follower.passage == Passage(raised=100, entered=100, returned=90)

    def test_until_satp_is_written_nothing_is_left(self, script):
        script.follower.passage = Passage(50, 55, 60, 70, 90)
        script.follower.trapped(100, Priv.U)
        script.cycle = 104
        script.data(retired={"intr": 1})

        assert script.follower.passage == Passage(100, 104, 0, 70, 90)

    def test_so_is_the_first_interrupt_of_a_run(self, script):
        script.follower.passage = Passage()
        script.data(retired={"intr": 1})

        assert script.follower.passage == Passage(raised=100, entered=100)

    def test_what_the_kernel_raises_is_no_trap_of_a_process(self, script):
        script.follower.trapped(100, Priv.S)

        assert script.follower.passage == Passage(returned=90)

    def test_only_a_write_of_satp_is_one(self, script):
        script.data(retired={"csr_addr": Csr.SATP})
        script.data(retired={"csr_addr": Csr.SSCRATCH, "csr_wmask": 1})
        script.data(retired={"insn": MRET})

        assert script.follower.passage == Passage(back=0, returned=102)


def test_a_hart_without_a_probe_has_nothing_to_follow():
    assert probed(object()) == []


def test_both_sides_are_followed_and_then_what_is_read():
    fetch, data = (
        SimpleNamespace(miss=f"{side}.miss", fault=f"{side}.fault", va=f"{side}.va")
        for side in ("fetch", "data")
    )
    mmu = SimpleNamespace(fetch=fetch, data=data, read="read", side="side", level="level")

    assert probed(SimpleNamespace(probe=SimpleNamespace(mmu=mmu))) == [
        *("fetch.miss", "fetch.fault", "fetch.va"),
        *("data.miss", "data.fault", "data.va"),
        *("read", "side", "level"),
    ]


def test_a_packed_look_up_has_room_for_a_read_a_level():
    packed = Lookup(1, 4, 0x5000, 2, ()).pack()

    assert len(packed) == 8 * (5 + 3 * 4)
    assert not any(packed[8 * 4 :])


def test_what_is_looked_up_is_kept_packed():
    lookup = Lookup(1, 4, 0x5000, 2, (Read(1, 0x8000_0000, 1 << 63, 2),))
    packed = bytes(len(lookup.pack())) + lookup.pack()

    assert lookup_of(packed, DATA) == lookup
    assert lookup_of(packed, FETCH) is None
    assert lookup_of(b"", DATA) is None
