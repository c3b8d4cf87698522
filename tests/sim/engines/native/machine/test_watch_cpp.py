"""What watch.cpp keeps: a ring of states, and records of the retire port."""

import ctypes

import pytest

from sim.engines.native.machine.structs import BUDGET, DEVICE
from sim.platform.bus import DATA
from tests.sim.engines.native.machine.handmade import (
    COUNTER,
    RETIRE,
    WINDOW,
    WORDS,
    Bench,
    library,
    u64,
)
from tests.sim.engines.native.machine.tracer import Tracer

#: As watch.cpp has them.
RECORDS, FULL = 4096, 5
_pointer = ctypes.c_void_p


class Watch(ctypes.Structure):
    _fields_ = [(name, _pointer) for name in ("trace", "ring", "records")]


def configured():
    found = library(traced=True)
    found.watch_set.argtypes = (_pointer, _pointer)
    found.ring_new.restype = found.ring_state.restype = found.records_new.restype = _pointer
    found.ring_count.restype = found.records_fetch.restype = u64
    found.ring_new.argtypes = (u64, u64, u64)
    found.ring_state.argtypes = (_pointer, u64, _pointer)
    found.ring_keep.argtypes = (_pointer, _pointer, u64)
    found.ring_count.argtypes = found.ring_free.argtypes = found.records_free.argtypes = (_pointer,)
    found.ring_write.argtypes = (_pointer, _pointer, u64, u64)
    found.records_new.argtypes = (u64,)
    found.records_fetch.argtypes = (_pointer, _pointer)
    return found


@pytest.fixture
def native():
    return configured()


def watching(bench, **parts):
    """Lets `parts` look at the machine of `bench`."""
    bench.watch = Watch(**parts)
    configured().watch_set(ctypes.byref(bench.machine), ctypes.byref(bench.watch))


def states(native, ring, first, size):
    """(cycle, words) of all that is kept, from the oldest."""
    found = []
    for number in range(native.ring_count(ring)):
        cycle = u64()
        address = native.ring_state(ring, number, ctypes.byref(cycle))
        words = (u64 * size).from_address(address + 8 * first)
        found.append((cycle.value, list(words)))
    return found


class TestRing:
    @pytest.mark.parametrize("first, size", [(0, 4), (3, 1), (7, 5)])
    @pytest.mark.parametrize("capacity", [1, 2, 5])
    @pytest.mark.parametrize("kept", [0, 1, 2, 4, 5, 6, 12])
    def test_the_last_states_are_kept(self, native, first, size, capacity, kept):
        ring = native.ring_new(first, size, capacity)
        expected = []
        for number in range(kept):
            words = (u64 * 12)(*(100 * number + word for word in range(12)))
            native.ring_keep(ring, ctypes.addressof(words), 7 * number)
            expected.append((7 * number, list(words[first : first + size])))
        assert states(native, ring, first, size) == expected[-capacity:]
        native.ring_free(ring)

    def test_there_is_room_for_all_of_many(self, native):
        rings = [native.ring_new(3, 40, 2000) for _ in range(2)]
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
    ring = native.ring_new(0, WORDS, 4)
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
    ring, records = native.ring_new(0, WORDS, 8), native.records_new(6)
    bench = Bench(lambda bench: bench.retire(), traced=True, forward=1)
    watching(bench)
    assert not bench.machine.watch
    for parts in ({"ring": ring}, {"records": records}, {"ring": ring, "records": records}):
        watching(bench, **parts)
        assert bench.machine.watch
        bench.run(3)
    watching(bench)
    bench.run(3)
    assert [cycle for cycle, _ in states(native, ring, 0, WORDS)] == [1, 2, 3, 7, 8, 9]


def test_the_cycle_that_a_device_ends_is_looked_at_once(native):
    ring = native.ring_new(0, WORDS, 50)
    bench = Bench(lambda bench: bench.cycle == 2 and bench.request(DATA, WINDOW), traced=True)
    watching(bench, ring=ring)
    bench.run(10)
    bench.serve(3)
    bench.run(4)
    kept = states(native, ring, 0, WORDS)
    assert [(cycle, words[COUNTER]) for cycle, words in kept] == [(n, n) for n in range(1, 8)]
    assert kept[2][1][RETIRE] == 0
