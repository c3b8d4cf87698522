"""What looks at every cycle: records, cycles that are kept, waveforms, and all of them at once."""

import pytest
from amaranth.hdl import Signal

from hdl.pipeline.retire import RetirePort
from sim.engines.base import CYCLE_FS
from sim.engines.native.machine.compiled import CompiledHart
from sim.engines.native.machine.engine import NativeEngine
from sim.host.toolchain import cache_directory
from sim.platform.bus import Bus
from sim.platform.events import Budget
from sim.platform.ram import Ram
from tests.sim.scripted import ScriptedHart
from tests.sim.vcd import read_vcd

#: Records after which the compiled code returns to Python, as watch.cpp has it.
RECORDS = 4096


class RestlessHart(ScriptedHart):
    """Retires something in every cycle; its number is the cycle's."""

    def elaborate(self, platform):
        m = super().elaborate(platform)
        order = Signal(64)
        m.d.sync += order.eq(order + 1)
        m.d.comb += [self.retire.valid.eq(1), self.retire.order.eq(order)]
        return m


@pytest.fixture
def engine():
    ram = Ram(0x8000_0000, 0x1000)
    return NativeEngine(CompiledHart.of(RestlessHart(), cache_directory(), traced=True), Bus(ram))


def observe(engine):
    """The records that come from now on, as (cycle, number)."""
    seen = []
    engine.observe(lambda cycle, fields: seen.append((cycle, fields["order"])))
    return seen


def cycles_in(path):
    """The cycles that a waveform shows, by the numbers of what retires in them."""
    return [int(value, 2) for value in read_vcd(path).of("bench.top.order").values()]


def kept(engine, path, first=0, last=1 << 60):
    """The cycles from `first` to `last` that are kept."""
    return cycles_in(path) if engine.write_recent(path, first, last) else []


class TestRecords:
    def test_more_than_are_kept_at_once_all_arrive(self, engine):
        cycles = 2 * RECORDS + 1000
        seen = observe(engine)

        assert engine.run(cycles) == Budget()

        assert seen == [(number, number) for number in range(cycles)]
        assert engine.log.instructions == cycles

    def test_no_more_than_that_wait_to_be_fetched(self, engine):
        waited = []
        engine.observe(lambda cycle, fields: waited.append(engine.cycle - cycle))
        engine.run(RECORDS + 1000)
        assert max(waited) <= RECORDS + 1

    def test_who_comes_later_sees_what_comes_later(self, engine):
        engine.run(10)
        first = observe(engine)
        engine.run(10)
        second = observe(engine)
        engine.run(10)

        assert first == [(number, number) for number in range(10, 30)]
        assert second == first[10:]

    def test_they_have_all_that_the_retire_port_says(self, engine):
        seen = []
        engine.observe(lambda cycle, fields: seen.append(dict(fields)))
        engine.run(3)

        assert [set(fields) for fields in seen] == 3 * [set(RetirePort().members)]
        assert [(fields["valid"], fields["trap"]) for fields in seen] == 3 * [(1, 0)]


class TestKept:
    def test_the_cycle_in_which_it_begins_is_the_first(self, engine, tmp_path):
        engine.run(20)
        engine.keep_recent(50)
        engine.run(10)
        assert kept(engine, tmp_path / "kept.vcd") == list(range(20, 31))

    @pytest.mark.parametrize("number", [1, 2, 7])
    def test_older_ones_make_room(self, engine, tmp_path, number):
        engine.keep_recent(number)
        for cycles in (1, 60, 39):
            engine.run(cycles)
        assert kept(engine, tmp_path / "kept.vcd") == list(range(101 - number, 101))

    @pytest.mark.parametrize("first, last", [(0, 92), (93, 93), (95, 200), (91, 100)])
    def test_those_that_are_wanted_are_written(self, engine, tmp_path, first, last):
        engine.keep_recent(10)
        engine.run(100)
        wanted = [cycle for cycle in range(91, 101) if first <= cycle <= last]
        assert kept(engine, tmp_path / "kept.vcd", first, last) == wanted

    def test_others_are_not(self, engine, tmp_path):
        path = tmp_path / "kept.vcd"
        assert not engine.write_recent(path, 0, 100)
        engine.keep_recent(10)
        engine.run(100)
        assert not engine.write_recent(path, 0, 90)
        assert not engine.write_recent(path, 101, 200)
        assert not engine.write_recent(path, 95, 94)
        assert not path.exists()

    def test_to_keep_others_forgets_these(self, engine, tmp_path):
        engine.keep_recent(50)
        engine.run(100)
        engine.keep_recent(10)
        engine.run(5)
        assert kept(engine, tmp_path / "kept.vcd") == list(range(100, 106))

    def test_so_does_to_keep_none_and_a_return_to_a_snapshot(self, engine, tmp_path):
        start = engine.snapshot()
        for forget in (lambda: engine.keep_recent(0), lambda: engine.restore(start)):
            engine.keep_recent(10)
            engine.run(20)
            assert kept(engine, tmp_path / "kept.vcd")
            forget()
            engine.run(20)
            assert kept(engine, tmp_path / "kept.vcd") == []

    def test_a_file_that_cannot_be_written_loses_none(self, engine, tmp_path):
        engine.keep_recent(10)
        engine.run(20)
        with pytest.raises(IsADirectoryError):
            engine.write_recent(tmp_path, 0, 100)
        assert kept(engine, tmp_path / "kept.vcd") == list(range(11, 21))


class TestTrace:
    def test_it_begins_and_ends_where_it_is_told(self, engine, tmp_path):
        path = tmp_path / "trace.vcd"
        engine.run(5)
        engine.start_trace(path)
        engine.run(6)
        engine.stop_trace()
        engine.run(7)
        engine.stop_trace()
        assert cycles_in(path) == list(range(5, 12))
        assert min(read_vcd(path).changes) == 5 * CYCLE_FS

    def test_the_next_one_ends_it(self, engine, tmp_path):
        first, second = tmp_path / "first.vcd", tmp_path / "second.vcd"
        engine.start_trace(first)
        engine.run(5)
        engine.start_trace(second)
        assert cycles_in(first) == list(range(6))
        engine.run(5)
        engine.stop_trace()
        assert cycles_in(second) == list(range(5, 11))

    @pytest.mark.parametrize("meanwhile", ["it goes on", "it has ended", "another one"])
    def test_it_returns_with_the_run(self, engine, tmp_path, meanwhile):
        path, other = tmp_path / "trace.vcd", tmp_path / "other.vcd"
        engine.start_trace(path)
        engine.run(10)
        snapshot = engine.snapshot()
        engine.run(5)
        if meanwhile == "it has ended":
            engine.stop_trace()
        elif meanwhile == "another one":
            engine.start_trace(other)
        engine.run(3)
        engine.restore(snapshot)
        engine.run(4)
        engine.stop_trace()

        assert cycles_in(path) == list(range(15))
        assert not other.exists() or cycles_in(other) == list(range(15, 19))

    def test_one_that_has_begun_since_ends_with_a_return(self, engine, tmp_path):
        snapshot = engine.snapshot()
        engine.run(5)
        engine.start_trace(tmp_path / "trace.vcd")
        engine.run(5)
        engine.restore(snapshot)
        engine.run(20)

        assert cycles_in(tmp_path / "trace.vcd") == list(range(5, 11))

    def test_a_file_that_cannot_grow_ends_the_run(self, engine, tmp_path, no_growth):
        path = tmp_path / "trace.vcd"
        engine.start_trace(path)
        no_growth(path.stat().st_size + 100)
        with pytest.raises(OSError, match="File too large.*trace.vcd"):
            engine.run(10_000)


def test_who_looks_for_records_later_takes_none_away(engine):
    first = observe(engine)
    engine.run(5)
    second = observe(engine)
    engine.run(5)

    assert [cycle for cycle, _ in first] == list(range(10))
    assert [cycle for cycle, _ in second] == list(range(5, 10))


def test_all_of_them_see_every_cycle(engine, tmp_path):
    cycles, path = RECORDS + 300, tmp_path / "trace.vcd"
    engine.keep_recent(500)
    seen = observe(engine)
    engine.start_trace(path)
    for part in (1, 299, RECORDS):
        engine.run(part)
    engine.stop_trace()

    assert [cycle for cycle, _ in seen] == list(range(cycles))
    assert cycles_in(path) == list(range(cycles + 1))
    assert kept(engine, tmp_path / "kept.vcd") == list(range(cycles - 499, cycles + 1))
