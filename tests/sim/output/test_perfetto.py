"""Perfetto reads a trace as it is meant: it complains of nothing, and finds each slice."""

from collections import Counter

import pytest

from sim.cli import main as cli
from tests import chromium, perfetto
from tests.sim.output import trace_events

chromium.require()

RUNS = {
    "sh": ["sh", "-c", "lazy | wc; badaccess guard; sleep 1"],
    "preempted": ["--quantum", "3000", "usertests", "preempt"],
    "cut in an answer": ["--max-cycles", "3400", "lazy"],
    "cut in a call": ["--max-cycles", "20300", "sh", "-c", "lazy | wc"],
}
#: Nanoseconds of Perfetto's in a microsecond of the trace, which is a cycle.
CYCLE = 1_000


@pytest.mark.parametrize("arguments", RUNS.values(), ids=RUNS.keys())
def test_it_finds_what_a_strict_reader_finds(page, tmp_path, arguments):
    path = tmp_path / "trace.json"
    cli.main(["run", "--quiet", "--memory", "8", "--chrome-trace", str(path), *arguments])
    trace = trace_events.read(path)
    slices = [(each.name, each.start, each.cycles, each.depth) for each in trace.slices]
    instants = [(each["name"], each["ts"], 0, 0) for each in trace.instants]
    counted = [(name, *each) for name, samples in trace.counters.items() for each in samples]

    with perfetto.opened(page, path):
        complaints = perfetto.ask(
            page, "select name, value from stats where value > 0 and severity != 'info'"
        )
        found = perfetto.ask(page, "select name, ts, dur, depth from slice")
        counters = perfetto.ask(page, "select ts, value from counter order by ts")
        names = perfetto.ask(page, "select pid, name from process where name is not null")

    assert complaints == []
    assert Counter((name, *map(int, rest)) for name, *rest in found) == Counter(
        (name, start * CYCLE, cycles * CYCLE, depth)
        for name, start, cycles, depth in slices + instants
    )
    assert [(int(ts), int(float(value))) for ts, value in counters] == [
        (ts * CYCLE, args["used"]) for _, ts, args in counted
    ]
    assert {int(pid): name for pid, name in names} == trace.processes
