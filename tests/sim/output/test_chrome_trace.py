"""A run over time: a trace that a strict reader takes, and that says what JSON does."""

import json
from itertools import pairwise

import pytest

from sim.cli import main as cli
from tests.sim.output import trace_events

RUNS = {
    "lazy": ["lazy"],
    "sh": ["sh", "-c", "lazy | wc"],
    "copies": ["lazytests", "readwrite"],
    "killed": ["badaccess", "guard"],
    "idle": ["sleep", "2"],
    "preempted": ["--quantum", "3000", "usertests", "preempt"],
    "cut": ["--max-cycles", "5000", "lazy"],
    "cut in a fault": ["--max-cycles", "3220", "lazy"],
    "cut in an answer": ["--max-cycles", "3400", "lazy"],
    "cut in the answer to a call": ["--max-cycles", "20300", "sh", "-c", "lazy | wc"],
    "cut at boot": ["--max-cycles", "100", "lazy"],
    "cut in a call": ["--max-cycles", "20000", "sleep", "100"],
    "svadu": ["--svadu", "--latency", "9", "lazy"],
}


@pytest.fixture(scope="module", params=RUNS.values(), ids=RUNS.keys())
def traced(request, tmp_path_factory):
    """A run's trace, and its JSON."""
    return run(tmp_path_factory.mktemp("trace"), *request.param)


def run(folder, *arguments):
    paths = folder / "trace.json", folder / "result.json"
    files = ["--chrome-trace", str(paths[0]), "--json", str(paths[1])]
    cli.main(["run", "--quiet", "--memory", "8", *files, *arguments])
    return trace_events.read(paths[0]), json.loads(paths[1].read_text())


def test_the_hart_does_one_thing_after_the_other_without_a_gap(traced):
    trace, result = traced
    modes = trace.on(0, "mode")

    assert modes[0].start == 0
    for before, after in pairwise(modes):
        assert before.end == after.start
    assert modes[-1].end == result["cycles"]
    assert {mode.name for mode in modes} <= {"boot", "user", "kernel", "idle"}


def test_nothing_is_behind_the_end_of_the_run(traced):
    trace, result = traced
    counted = [cycle for samples in trace.counters.values() for cycle, _ in samples]
    ends = [each.end for each in trace.slices] + [each["ts"] for each in trace.instants]

    assert max(ends + counted) <= result["cycles"]


def test_cycles_are_those_of_the_accounts(traced):
    """But for the few between `sret`, or the trap, and where the trampoline reads the time."""
    trace, result = traced
    for process in result["processes"]:
        if process["pid"] not in trace.processes:
            continue  # it never ran
        slices = trace.on(process["pid"], "on the hart")
        turns = sum(each.name == "user" for each in slices)
        for name in ("user", "kernel"):
            cycles = sum(each.cycles for each in slices if each.name == name)
            assert abs(cycles - process[f"{name}_cycles"]) <= 200 * (turns + 1), name
        modes = [each for each in trace.on(0, "mode") if each.args["pid"] == process["pid"]]
        assert [each[1:4] for each in modes] == [each[1:4] for each in slices]


def test_every_system_call_is_there_and_none_twice(traced):
    trace, result = traced
    for process in result["processes"]:
        if process["pid"] in trace.processes:
            assert len(trace.on(process["pid"], "system calls")) == process["syscalls"]


def test_every_fault_has_its_phases_and_the_kernels_steps(traced):
    trace, result = traced
    for fault in result["faults"]:
        track = "page fault", hex(fault["number"]), fault["pid"]
        *parts, whole = sorted(
            (each for each in trace.slices if each.track == track), key=lambda each: -each.depth
        )
        assert whole.depth == 0
        assert whole.start == fault["begin"]
        assert whole.args["stval"] == fault["stval"]
        phases = [each for each in parts if each.depth == 1]
        assert whole.cycles == sum(each.cycles for each in phases)
        assert sums(phases) == fault["phases"]
        assert sums(each for each in parts if each.depth == 2) == fault["kernel_steps"]


def sums(slices):
    cycles = {}
    for each in slices:
        name = each.name.replace(" ", "_")
        cycles[name] = cycles.get(name, 0) + each.cycles
    return cycles


def test_processes_have_the_names_of_what_they_ran_last(traced):
    trace, result = traced
    names = {process["pid"]: process["name"] for process in result["processes"]}

    assert trace.processes.pop(0) == "hart"
    assert trace.processes.items() <= names.items()


def test_a_call_has_its_arguments_and_its_result(tmp_path):
    trace, _ = run(tmp_path, "hello")
    write = next(each for each in trace.on(2, "system calls") if each.name == "write")

    assert write.args["arguments"][0] == "1"
    assert '"hello from user mode' in write.args["arguments"][1]
    assert int(write.args["result"]) > 0


def test_a_call_that_waits_lasts_until_the_kernel_lets_it_go_on(tmp_path):
    trace, _ = run(tmp_path, "sleep", "2")
    (call,) = [each for each in trace.on(2, "system calls") if each.name == "sleep"]
    idle = [each for each in trace.on(0, "mode") if each.name == "idle"]

    assert call.start < idle[0].start
    assert idle[-1].end < call.end
    assert call.cycles > 10_000


def test_switches_and_frames_are_told(tmp_path):
    trace, result = run(tmp_path, "sh", "-c", "lazy | wc")
    chain = [each["args"] for each in trace.instants]

    assert chain[0] == {"from": None, "to": 2}
    assert all(one["to"] == other["from"] for one, other in pairwise(chain))
    assert {each["to"] for each in chain} >= {2, 3, 4}
    used = [args["used"] for _, args in trace.counters["frames"]]
    assert used[0] + 10 < max(used) <= result["frames_used"]


def test_a_full_disk_is_told_of_and_no_success(capsys):
    options = ["--quiet", "--memory", "8", "--chrome-trace", "/dev/full"]
    assert cli.main(["run", *options, "lazy"]) == 2
    told = capsys.readouterr().err
    assert (
        told
        == "trapline: error: --chrome-trace /dev/full: No space left on device; it is not whole\n"
    )


@pytest.mark.parametrize(
    "broken",
    [
        lambda events: events.pop(),
        lambda events: events.pop(0),
        lambda events: events[-1].update(ts=0),
        lambda events: events[-1].update(name="other"),
        lambda events: events[-1].update(unheard_of=1),
        lambda events: events.append(events[-1]),
        lambda events: _first(events, "X").update(dur=-1),
        lambda events: _first(events, "X").update(dur=10_000),
        lambda events: events.append(_first(events, "e")),
        lambda events: _first(events, "b").update(id="0x77"),
        lambda events: events.append(_first(events, "X") | {"ph": "s", "id": "0x1"}),
    ],
    ids=[
        *("no end", "no name", "back in time", "other end", "other key", "two ends"),
        *("negative", "overlap", "two ends of a fault", "no beginning of a fault", "half a flow"),
    ],
)
def test_a_broken_trace_is_noticed(tmp_path, broken):
    """Else the reader above would show nothing."""
    path = tmp_path / "trace.json"
    cli.main(["run", "--quiet", "--memory", "8", "--chrome-trace", str(path), "lazy"])
    trace_events.read(path)
    content = json.loads(path.read_text())
    events = content["traceEvents"]
    while events[-1]["ph"] != "E":
        events.pop()

    broken(events)
    path.write_text(json.dumps(content))

    with pytest.raises((AssertionError, IndexError, KeyError)):
        trace_events.read(path)


def _first(events, phase):
    return next(event for event in events if event["ph"] == phase)


def test_the_order_of_the_file_is_no_part_of_it(tmp_path):
    """A viewer puts events in the order of their time: those of a fault come when it is over."""
    path = tmp_path / "trace.json"
    options = ["--quiet", "--memory", "8", "--chrome-trace", str(path)]
    cli.main(["run", *options, "sh", "-c", "lazy | wc; badaccess guard"])
    as_written = trace_events.read(path)

    content = json.loads(path.read_text())
    content["traceEvents"].sort(key=lambda event: event.get("ts", -1))
    path.write_text(json.dumps(content))

    def told(trace):
        return sorted(trace.slices, key=lambda each: (*map(str, each.track), each[1:5]))

    assert told(trace_events.read(path)) == told(as_written)
