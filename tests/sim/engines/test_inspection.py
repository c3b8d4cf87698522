"""What a debugger looks at is the same on both engines, and is what the records say."""

import itertools
import random
import re

import pytest

from sim import start
from sim.engines.base import EngineError

CYCLES = 700


@pytest.fixture
def runs():
    with start("hello", traced=True) as native, start("hello", engine="pysim") as pysim:
        yield native, pysim


def look(session):
    engine = session.machine.engine
    return engine.inspect(engine.inspectable)


def test_both_engines_show_the_same(runs):
    for _ in range(CYCLES):
        native, pysim = map(look, runs)
        assert native == pysim
        for session in runs:
            session.step()


def test_it_shows_of_a_cycle_what_its_record_says():
    with start("hello", traced=True) as session:
        records = {}
        session.machine.engine.observe(lambda cycle, fields: records.update({cycle: dict(fields)}))
        seen = {}
        for cycle in range(3000):
            shown = look(session)
            if shown["retire.valid"]:
                seen[cycle] = shown
            session.step()
    assert seen.keys() == records.keys()
    for cycle, shown in seen.items():
        for name, value in records[cycle].items():
            assert shown.get(f"retire.{name}", value) == value


def test_who_observes_no_more_gets_nothing():
    with start("hello", traced=True) as session:
        engine, seen, others = session.machine.engine, [], []

        def note(cycle, fields):
            seen.append(cycle)

        engine.observe(note)
        engine.observe(lambda cycle, fields: others.append(cycle))
        session.run(100)
        assert seen == others
        engine.stop_observing(note)
        count = len(seen)
        session.run(1_000)
        assert len(seen) == count < len(others)


@pytest.mark.parametrize("engine, end", [(None, 20_000), ("pysim", 1_500)])
def test_who_wants_some_records_gets_these(engine, end):
    rules = [("trap", 1, 1), ("mem_addr", 0x3000, 0x3FFF)]
    with start("hello", traced=True, engine=engine) as session:
        every, some, alone = [], [], []
        session.machine.engine.observe(lambda cycle, fields: every.append((cycle, dict(fields))))
        session.machine.engine.observe(lambda cycle, fields: some.append(cycle), rules)
        session.run(end)
    with start("hello", traced=True, engine=engine) as session:
        session.machine.engine.observe(lambda cycle, fields: alone.append(cycle), rules)
        session.run(end)
    wanted = [
        cycle
        for cycle, fields in every
        if fields["trap"] == 1 or 0x3000 <= fields["mem_addr"] <= 0x3FFF
    ]
    assert some == alone == wanted
    assert 0 < len(wanted) < len(every)


def test_who_observes_records_does_not_hinder_idle_cycles_from_being_passed_over():
    found = []
    for fast_forward in (True, False):
        with start("sleep", "3", traced=True, fast_forward=fast_forward) as session:
            records = []
            session.machine.engine.observe(
                lambda cycle, fields, records=records: records.append((cycle, dict(fields)))
            )
            session.run()
            found.append((records, session.machine.engine.skipped > 0))
    assert found[0][0] == found[1][0]
    assert [skipped for _, skipped in found] == [True, False]


def test_an_engine_that_is_not_traced_says_so():
    with start("hello") as session, pytest.raises(EngineError, match="traced"):
        session.machine.engine.inspect(["retire.valid"])


def everything(session):
    """All that a run is, as values."""
    engine, kernel = session.machine.engine, session.kernel
    registers = [engine.read_register(number) for number in range(32)]
    processes = re.sub("0x[0-9a-f]+", "", repr(kernel.procs))
    return look(session), registers, session.machine.ram.snapshot(), processes, engine.log


def test_pysim_returns_to_a_snapshot():
    choose = random.Random(3)
    with start("hello", engine="pysim") as session, start("hello", engine="pysim") as other:
        moments = sorted(choose.sample(range(600), 8))
        taken = []
        for cycle in moments:
            session.run(cycle)
            taken.append((cycle, session.snapshot(), everything(session)))
        for (cycle, snapshot, then), (later, _, at_last) in itertools.pairwise(
            choose.choices(taken, k=6)
        ):
            session.restore(snapshot)
            assert session.cycle == cycle
            assert everything(session) == then
            if later > cycle:
                session.run(later)
                assert everything(session) == at_last
        session.restore(taken[0][1])
        session.run(1500)
        other.run(1500)
        assert everything(session) == everything(other)


def test_pysim_takes_back_nothing_that_is_written(tmp_path):
    with start("hello", engine="pysim") as session:
        session.machine.engine.start_trace(tmp_path / "x.vcd")
        with pytest.raises(NotImplementedError, match="cannot take back"):
            session.snapshot()
