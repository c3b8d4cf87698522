"""What watch.cpp and ring.cpp keep: records of the retire port, and recent states."""

import ctypes
import gc

import pytest

from sim.engines.native.machine.structs import BUDGET, DEVICE, MachineStruct
from sim.platform.bus import DATA
from tests.sim.engines.native.machine.handmade import (
    BASE,
    COUNTER,
    INPUTS,
    OTHER,
    RETIRE,
    TIME,
    WINDOW,
    WORDS,
    Bench,
    library,
    u64,
)
from tests.sim.engines.native.machine.tracer import Tracer

#: As watch.cpp has them.
RECORDS, FULL = 4096, 5
NEVER = (1 << 64) - 1
_pointer = ctypes.c_void_p


class Watch(ctypes.Structure):
    _fields_ = [*((name, _pointer) for name in ("trace", "ring", "records")), ("touched", u64)]


class _MallInfo(ctypes.Structure):
    """As mallinfo(3) has it."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def configured():
    found = library(traced=True)
    found.watch_set.argtypes = (_pointer, _pointer)
    found.ring_new.restype = found.ring_state.restype = found.records_new.restype = _pointer
    found.ring_copy.restype = _pointer
    found.ring_copy.argtypes = (_pointer,)
    found.ring_count.restype = found.ring_cycle.restype = found.records_fetch.restype = u64
    found.ring_new.argtypes = (_pointer, u64, u64, u64, u64, u64)
    found.ring_state.argtypes = found.ring_cycle.argtypes = (_pointer, u64)
    found.ring_keep.argtypes = (_pointer, _pointer, u64)
    found.ring_count.argtypes = found.ring_free.argtypes = found.records_free.argtypes = (_pointer,)
    found.ring_write.argtypes = (_pointer, _pointer, u64, u64)
    found.records_new.argtypes = (u64,)
    found.records_fetch.argtypes = (_pointer, _pointer)
    return found


@pytest.fixture
def native():
    return configured()


@pytest.fixture
def in_use():
    """A function that says how many bytes have been allocated, by C++ and Python together."""
    mallinfo = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if mallinfo is None:
        pytest.skip("only glibc from 2.33 on tells how much has been allocated")
    mallinfo.restype = _MallInfo

    def bytes_in_use():
        gc.collect()
        found = mallinfo()
        return found.uordblks + found.hblkhd

    return bytes_in_use


def watching(bench, **parts):
    """Lets `parts` look at the machine of `bench`."""
    bench.watch = Watch(**parts)
    configured().watch_set(ctypes.byref(bench.machine), ctypes.byref(bench.watch))


def make_ring(first, size, capacity, *, words=WORDS, stale=NEVER, machine=None):
    machine = ctypes.byref(machine or MachineStruct())
    return configured().ring_new(machine, first, size, words, stale, capacity)


def states(native, ring, first, size):
    """(cycle, words) of all that is kept, from the oldest."""
    found = []
    for number in range(native.ring_count(ring)):
        address = native.ring_state(ring, number)
        words = (u64 * size).from_address(address + 8 * first)
        found.append((native.ring_cycle(ring, number), list(words)))
    return found


class TestStatesThatAreKept:
    """Each by itself: none follows from the one before."""

    @pytest.mark.parametrize("first, size", [(0, 4), (3, 1), (7, 5)])
    @pytest.mark.parametrize("capacity", [1, 2, 5])
    @pytest.mark.parametrize("kept", [0, 1, 2, 4, 5, 6, 12])
    def test_the_last_are_there(self, native, first, size, capacity, kept):
        ring = make_ring(first, size, capacity, words=12)
        expected = []
        for number in range(kept):
            words = (u64 * 12)(*(100 * number + word for word in range(12)))
            native.ring_keep(ring, ctypes.addressof(words), 7 * number)
            expected.append((7 * number, list(words[first : first + size])))
        assert states(native, ring, first, size) == expected[-capacity:]
        native.ring_free(ring)

    def test_there_is_room_for_all_of_many(self, native):
        rings = [make_ring(3, 40, 2000) for _ in range(2)]
        words = (u64 * 43)(*range(43))
        for cycle in range(3000):
            for number, ring in enumerate(rings):
                words[3] = cycle + number
                native.ring_keep(ring, ctypes.addressof(words), cycle)
        for number, ring in enumerate(rings):
            kept = states(native, ring, 3, 40)
            assert [(cycle, found[0] - number) for cycle, found in kept] == [
                (cycle, cycle) for cycle in range(1000, 3000)
            ]
            native.ring_free(ring)

    def test_what_is_no_longer_kept_gives_its_memory_back(self, native, in_use):
        ring, words, used = make_ring(0, 4, 5, words=12), (u64 * 12)(), [in_use()]
        for cycle in range(1000):
            native.ring_keep(ring, ctypes.addressof(words), cycle)
            if cycle < 2:
                used.append(in_use())
        # One more than may be asked for is still there, to be overwritten by the next.
        assert in_use() - used[0] < 6.5 * (used[2] - used[1])
        native.ring_free(ring)
        assert in_use() - used[0] < used[2] - used[1]


class TestCyclesThatAreComputedAgain:
    """Of a hart that is a function of its state and of what the bus drives."""

    RARE, STALE, CACHED = OTHER + 3, OTHER + 4, OTHER + 5
    OWN = (INPUTS, STALE - INPUTS)

    def make(self, capacity):
        """A machine, a ring of it, and of each cycle the state that it begins with."""
        seen = {}

        def hart(bench):
            state = bench.state
            if ctypes.addressof(state) == bench.machine.state:
                seen[bench.cycle] = before(state)
            if state[self.STALE]:
                state[self.STALE], state[self.CACHED] = 0, 3 * state[self.RARE]
            state[OTHER] = state[OTHER] * 0x5851F42D4C957F2D + state[self.CACHED] + 1
            chance = state[OTHER]
            state[OTHER + 1] += state[INPUTS + 2] + state[INPUTS + 7] * state[TIME]
            state[OTHER + 2] ^= state[INPUTS + 6]
            if chance >> 60 == 3:
                state[self.RARE], state[self.STALE] = chance, NEVER
            if chance >> 58 & 3:
                bench.request(DATA, BASE + 8 * (chance >> 40 & 63), write=chance >> 39 & 1)
            if chance >> 56 & 1:
                bench.request(0, (BASE if chance >> 57 & 1 else WINDOW) + 8 * (chance >> 30 & 63))

        def before(state):
            # `mcycle` is counted before the hart is asked.
            words = list(state[INPUTS : self.STALE])
            words[COUNTER - INPUTS] -= 1
            return words

        bench = Bench(hart, traced=True, latency=40)
        ring = make_ring(*self.OWN, capacity, stale=self.STALE, machine=bench.machine)
        watching(bench, ring=ring)
        bench.watch.touched = 1
        return bench, ring, seen

    @pytest.mark.parametrize("capacity", [1, 2, 255, 256, 257, 600, 2000])
    @pytest.mark.parametrize("cycles", [1, 2, 256, 257, 513, 1300])
    def test_they_are_what_they_were(self, native, capacity, cycles):
        bench, ring, seen = self.make(capacity)
        bench.run(cycles)
        bench.run(1)
        kept = states(native, ring, *self.OWN)
        del kept[-1]  # it has not been computed yet
        first = max(1, cycles + 2 - capacity)
        assert [cycle for cycle, _ in kept] == list(range(first, cycles + 1))
        assert kept == [(cycle, seen[cycle]) for cycle, _ in kept]
        native.ring_free(ring)

    def test_in_any_order(self, native):
        bench, ring, seen = self.make(700)
        bench.run(1000)
        for number in (698, 0, 1, 300, 299, 5, 600, 600, 601, 2):
            words = (u64 * self.OWN[1]).from_address(
                native.ring_state(ring, number) + 8 * self.OWN[0]
            )
            assert list(words) == seen[native.ring_cycle(ring, number)]
        bench.run(400)
        assert states(native, ring, *self.OWN)[:-1] == [(n, seen[n]) for n in range(701, 1400)]
        native.ring_free(ring)

    def test_each_from_the_state_kept_before_it(self, native):
        """One of 256 is kept; who asks in their order has each cycle computed once."""
        bench, ring, _ = self.make(2000)
        bench.run(1000)

        def computed(*numbers):
            before = len(bench.seen)
            for number in numbers:
                native.ring_state(ring, number)
            return len(bench.seen) - before

        assert [computed(number) for number in (0, 255, 256, 511)] == [0, 255, 0, 255]
        assert computed(*range(600, 700)) == 600 - 512 + 99
        assert computed(700, 700) == 1
        assert computed(690) == 690 - 512
        native.ring_free(ring)

    def test_what_python_changes_is_told(self, native):
        bench, ring, seen = self.make(400)
        for cycles in (1, 3, 1, 1, 300, 7, 100):
            bench.run(cycles)
            bench.state[OTHER + 1] += cycles
            bench.watch.touched = 1
        bench.run(50)
        # A state shows what has been changed in the cycle after it only.
        kept = states(native, ring, *self.OWN)[:-1]
        changed = {1, 4, 5, 6, 306, 313, 413}
        assert [n for n, words in kept if words != seen[n]] == [
            n for n in sorted(changed) if n > 63
        ]
        assert not bench.watch.touched
        native.ring_free(ring)

    def test_a_copy_goes_its_own_way_from_any_state(self, native):
        bench, ring, seen = self.make(300)
        bench.run(500)
        other = native.ring_copy(ring)
        expected = states(native, ring, *self.OWN)
        watching(bench, ring=other)
        bench.state[OTHER] = 5
        bench.run(100)
        assert states(native, ring, *self.OWN) == expected
        native.ring_free(ring)
        kept = states(native, other, *self.OWN)[:-1]
        assert kept == [*expected[100:], *((n, seen[n]) for n in range(501, 600))]
        native.ring_free(other)


class TestRecords:
    SIZE = 6

    def fetch(self, native, records):
        """(cycle, words) of the records since the last time."""
        place = ctypes.POINTER(u64)()
        count = native.records_fetch(records, ctypes.byref(place))
        words, step = place[:count], self.SIZE + 1
        return [(words[at], words[at + 1 : at + step]) for at in range(0, count, step)]

    def test_they_have_the_cycle_and_the_words_of_the_retire_port(self, native):
        def hart(bench):
            if bench.cycle in (2, 3, 7):
                bench.retire(trap=bench.cycle % 2, pc=4 * bench.cycle, mode=3, tval=9)

        bench, records = Bench(hart, traced=True), native.records_new(self.SIZE)
        watching(bench, records=records)
        assert bench.run(5) == BUDGET
        assert self.fetch(native, records) == [(2, [1, 0, 8, 3, 0, 9]), (3, [1, 1, 12, 3, 0, 9])]
        bench.run(5)
        assert self.fetch(native, records) == [(7, [1, 1, 28, 3, 0, 9])]
        assert self.fetch(native, records) == []

    def test_so_many_end_a_run(self, native):
        bench = Bench(lambda bench: bench.retire(pc=bench.cycle), traced=True)
        records = native.records_new(self.SIZE)
        watching(bench, records=records)
        assert bench.run(10_000) == FULL
        assert bench.cycle == RECORDS + 1
        assert len(self.fetch(native, records)) == RECORDS + 1
        assert bench.run(10_000 - bench.cycle) == FULL
        assert bench.cycle == 2 * RECORDS + 2
        assert len(self.fetch(native, records)) == RECORDS + 1
        assert bench.run(10) == BUDGET

    def test_another_event_comes_first(self, native):
        def hart(bench):
            bench.retire()
            if bench.cycle == RECORDS:
                bench.request(DATA, WINDOW, write=1, data=5, strobe=255)

        bench = Bench(hart, traced=True)
        records = native.records_new(self.SIZE)
        watching(bench, records=records)
        assert bench.run(10_000) == DEVICE
        assert (bench.cycle, bench.machine.device.data) == (RECORDS + 1, 5)


def test_a_waveform_has_every_cycle(tmp_path):
    bench = Bench(lambda bench: None, traced=True)
    with open(tmp_path / "it.vcd", "wb") as file:
        # One variable: `mcycle`, which counts.
        tracer = Tracer(file.fileno(), [[(64 * COUNTER, 64, 0)]], [WORDS])
        tracer.begin(bench.state, 0)
        watching(bench, trace=tracer.address)
        bench.run(3)
        watching(bench)
        bench.run(3)
        assert tracer.end() == 0
    lines = (tmp_path / "it.vcd").read_text().split("\n")
    assert [line for line in lines if line.endswith("v0")] == ["b1 v0", "b10 v0", "b11 v0"]
    assert [line for line in lines if line.startswith("#")] == [
        "#1000000000",
        "#1500000000",
        "#2000000000",
        "#2500000000",
        "#3000000000",
        "#3500000000",
    ]


@pytest.mark.parametrize("first, last", [(0, 4), (1, 3), (2, 2), (3, 4)])
def test_of_what_is_kept_a_part_is_written(native, tmp_path, first, last):
    ring = make_ring(0, WORDS, 4)
    for cycle in range(6):
        words = (u64 * WORDS)(*[cycle] * WORDS)
        native.ring_keep(ring, ctypes.addressof(words), cycle)
    with open(tmp_path / "it.vcd", "wb") as file:
        tracer = Tracer(file.fileno(), [[(0, 64, 0)]], [WORDS])
        tracer.begin([0] * WORDS, 0)
        native.ring_write(ring, tracer.address, first, last)
        tracer.end()
    lines = (tmp_path / "it.vcd").read_text().split("\n")
    # Those of cycles 2 to 5 are kept.
    assert [line for line in lines if line.endswith("v0")] == [
        f"b{2 + number:b} v0" for number in range(first, last)
    ]


def test_only_what_has_something_to_look_for_looks(native):
    bench = Bench(lambda bench: bench.retire(), traced=True, forward=1)
    ring = make_ring(0, WORDS, 8, machine=bench.machine)
    records = native.records_new(6)
    watching(bench)
    assert not bench.machine.watch
    for parts in ({"ring": ring}, {"records": records}, {"ring": ring, "records": records}):
        watching(bench, **parts)
        bench.watch.touched = 1
        assert bench.machine.watch
        bench.run(3)
    watching(bench)
    bench.run(3)
    assert [cycle for cycle, _ in states(native, ring, 0, WORDS)] == [1, 2, 3, 7, 8, 9]


def test_the_cycle_that_a_device_ends_is_looked_at_once(native):
    bench = Bench(
        lambda bench: bench.state[COUNTER] == 3 and bench.request(DATA, WINDOW), traced=True
    )
    ring = make_ring(0, WORDS, 50, machine=bench.machine)
    watching(bench, ring=ring)
    bench.run(10)
    bench.serve(3)
    bench.run(4)
    kept = states(native, ring, 0, WORDS)
    assert [(cycle, words[COUNTER]) for cycle, words in kept] == [(n, n) for n in range(1, 8)]
    assert kept[2][1][RETIRE] == 0
