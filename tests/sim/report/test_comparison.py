"""Two runs beside each other: numbers, settings, averages, and which fault is which."""

from pathlib import Path

import pytest

from sim import run
from sim.cli import main as cli
from sim.output.story import average
from sim.report.comparison import Measure, measures, names_of, pairs, phases, settings
from sim.report.runs import Run, read_run


def fault(pid=2, stval=0x4000, retired=100, outcome="mapped", **phases):
    return {"pid": pid, "stval": stval, "retired_cycle": retired, "outcome": outcome} | {
        "phases": phases
    }


def made(*faults, name="a.json", **facts):
    process = {"user_cycles": 3, "kernel_cycles": 4, "syscalls": 5}
    plain = dict.fromkeys(
        ("cycles", "instructions", "boot_cycles", "idle_cycles", "pages_promised"), 10
    )
    plain |= {"heap_frames_used": 1, "frames_used": 2, "exit_status": 0}
    plain |= {"area_pages_promised": 0, "area_frames_used": 0, "superpages": 0}
    plain |= {"processes": [process, process], "config": {"latency": 1}, "versions": {}}
    return Run(Path(name), plain | facts, list(faults))


def named(found):
    return {each.name: each for each in found}


def test_numbers_are_those_of_the_runs():
    one = made(fault(), fault(outcome="killed"))
    found = named(measures(one, made(cycles=15, processes=[])))
    assert found["cycles"] == Measure("cycles", 10, 15)
    assert (found["cycles"].difference, found["cycles"].share) == (5, 0.5)
    assert found["user mode"][1:] == (6, 0)
    assert found["processes killed by one"][1:] == (1, 0)
    assert found["processes killed by one"].share == -1
    assert found["page faults"][1:] == (2, 0)


def test_nothing_has_no_share():
    assert Measure("x", 0, 3).share is None
    assert Measure("x", None, 3).difference is None
    assert Measure("x", None, 3).share is None


def test_counters_are_compared_if_there_are_any():
    counters = {"dtlb_miss_4k": 7, "data_walk": 0, "pte_update": 0}
    other = {"dtlb_miss_4k": 5, "data_walk": 3, "pte_update": 0}
    found = named(measures(made(counters=counters), made(counters=other)))
    assert found["dtlb miss 4k"][1:] == (7, 5)
    assert found["data walk"][1:] == (0, 3)
    assert "pte update" not in found
    found = named(measures(made(counters=counters), made(counters=None)))
    assert found["dtlb miss 4k"][1:] == (7, None)


def test_settings_are_told_if_they_differ():
    one = made(config={"latency": 1, "policy": "lazy"}, versions={"python": "3.11"})
    other = made(config={"latency": 9, "policy": "lazy"}, versions={"python": "3.12", "new": "1"})
    assert settings(one, other) == [
        ("latency", 1, 9),
        ("python", "3.11", "3.12"),
        ("new", None, "1"),
    ]


def test_averages_are_of_faults_that_retried():
    one = made(
        fault(walk=2, kernel=10),
        fault(walk=4),
        fault(retired=None, walk=1000),
        fault(walk=1000) | {"via": "copyin"},
    )
    assert phases(one, made(fault(walk=5))) == [
        ("walk", 3, 5),
        ("kernel", 5, None),
        ("cycles", 8, 5),
    ]
    assert phases(made(), made()) == []
    assert phases(made(), made(fault(walk=5))) == [("walk", None, 5), ("cycles", None, 5)]


def test_they_are_what_the_terminal_shows(tmp_path):
    path = tmp_path / "x.json"
    cli.main(["run", "--quiet", "--json", str(path), "lazy"])
    one = read_run(path)
    lines = [*average(run("lazy").faults)][1:]
    shown = [(line[2:14].strip(), line[14:23].strip()) for line in lines]
    assert [(each.name, f"{each.first:,.1f}") for each in phases(one, one)] == shown


def test_faults_of_the_same_page_belong_together():
    one = made(fault(stval=0x4008), fault(stval=0x5000), fault(stval=0x4000))
    touched = [(2, 0x4000), (3, 0x5000), (2, 0x4FFF), (2, 0x4100)]
    other = made(*(fault(pid, stval) for pid, stval in touched))
    assert pairs(one, other) == [(0, 0), (1, None), (2, 2), (None, 1), (None, 3)]


def test_a_run_is_paired_with_itself_fault_by_fault(tmp_path):
    path = tmp_path / "x.json"
    cli.main(["run", "--quiet", "--json", str(path), "sh", "-c", "lazy | wc"])
    one = read_run(path)
    assert pairs(one, one) == [(place, place) for place in range(len(one.faults))]


@pytest.mark.parametrize(
    "paths, names",
    [
        (("a/x.json", "b/y.json"), ("x.json", "y.json")),
        (("a/x.json", "b/x.json"), ("a/x.json", "b/x.json")),
    ],
)
def test_names_tell_the_runs_apart(paths, names):
    assert names_of(*(made(name=path) for path in paths)) == names
