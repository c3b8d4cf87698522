"""A debugger in a run that is known beforehand: where motions lead, and by which way."""

import random

import pytest

from hdl.arch import Cause, Priv
from sim.debug import debugger as module
from sim.debug import history
from sim.debug.conditions import AtCycle, AtPc, Kind, OfKind
from sim.debug.debugger import DebugError, Debugger, Stop
from sim.limit import DEFAULT_CYCLES
from sim.machine import End
from tests.sim.debug.scripted import Scripted, record

RETIRED = record()
THERE = record(pc_wdata=0x44)
ECALL = record(trap=1, cause=int(Cause.ECALL_U))
FAULT = record(trap=1, cause=int(Cause.LOAD_PAGE), mode=int(Priv.U))
#: Of which kinds each of these is; AtPc(0x44) besides is THERE.
KINDS = {
    Kind.INSTRUCTION: (RETIRED, THERE),
    Kind.TRAP: (ECALL, FAULT),
    Kind.SYSCALL: (ECALL,),
    Kind.FAULT: (FAULT,),
}


@pytest.fixture
def small(monkeypatch):
    """All distances are short, so that a short run has them all."""
    monkeypatch.setattr(module, "_NEAR", 8)
    monkeypatch.setattr(module, "_WINDOW", 16)
    monkeypatch.setattr(module, "_GROWTH", 2)
    monkeypatch.setattr(module, "SPACING", 150)
    monkeypatch.setattr(history, "SPACING", 150)


def script(choose, length, density):
    """Records in some of so many cycles."""
    kinds = [RETIRED] * 6 + [THERE, ECALL, FAULT]
    return {cycle: choose.choice(kinds) for cycle in range(1, length) if choose.random() < density}


class Known:
    """Where a motion leads, found by looking at the whole script."""

    def __init__(self, records, end, most):
        self.records, self.end, self.most = records, end, most

    def happens(self, condition, cycle):
        match condition:
            case AtCycle(at):
                return at == cycle
            case AtPc(pc):
                return self.records.get(cycle, RETIRED)["pc_wdata"] == pc
            case OfKind(kind):
                return self.records.get(cycle) in KINDS[kind]

    def search(self, cycles, wanted, count, breakpoints):
        """The first cycle with a breakpoint, or what is wanted often enough; what holds there."""
        for cycle in cycles:
            met = []
            if wanted is not None and self.happens(wanted, cycle):
                count -= 1
                met = [wanted] if count == 0 else []
            met += [each for each in breakpoints if self.happens(each, cycle)]
            if met:
                return cycle, tuple(met)
        return None

    def forward(self, here, *what):
        last = min(self.end, here + self.most)
        return self.search(range(here + 1, last + 1), *what) or (last, ())

    def back(self, here, *what):
        return self.search(range(here - 1, -1, -1), *what) or (0, ())


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("density", [0.9, 0.1, 0.01])
@pytest.mark.parametrize("seed", range(4))
def test_a_random_walk_leads_to_where_the_script_says(density, seed):
    choose = random.Random(f"{density} {seed}")
    records, end, most = script(choose, 1_500, density), 1_400, 700
    known, run = Known(records, end, most), Scripted(records, end=end)
    debugger = Debugger(run, max_cycles=most)
    for turn in range(120):
        if turn % 20 == 0:
            at = [AtCycle(choose.randrange(1, end)) for _ in range(choose.randrange(3))]
            pcs = [AtPc(0x44)] * choose.randrange(2)
            debugger.breakpoints = dict(enumerate([*at, *pcs]))
        here, breakpoints = debugger.cycle, list(debugger.breakpoints.values())
        kind, count = choose.choice([*KINDS, None]), choose.choice([1, 1, 2, 7, 40])
        wanted = None if kind is None else OfKind(kind)
        motion = choose.choice(["forward", "back", "run_to", "back_to", "cycles", "go_to"])
        match motion:
            case "forward" | "back":
                expected = getattr(known, motion)(here, wanted, count, breakpoints)
                stop = getattr(debugger, motion)(kind, count)
            case "run_to" | "back_to":
                condition, passing = choose.choice([AtPc(0x44), OfKind(Kind.FAULT)]), count > 1
                conditions = [condition] if passing else [condition, *breakpoints]
                way = known.forward if motion == "run_to" else known.back
                expected = way(here, None, 1, conditions)
                stop = getattr(debugger, motion)(condition, passing=passing)
            case "cycles":
                count *= choose.choice([1, -1])
                expected = min(end, max(0, here + count)), ()
                kind = Kind.CYCLE
                stop = (debugger.forward if count > 0 else debugger.back)(kind, abs(count))
            case "go_to":
                cycle = choose.randrange(min(end, here + most))
                expected = cycle, ()
                stop = debugger.go_to(cycle)
        assert (run.cycle, stop.cycle, stop.met) == (expected[0], *expected), (turn, motion)
        assert debugger.stop is stop


def test_a_motion_to_a_kind_says_what_it_has_come_to():
    debugger = Debugger(Scripted({10: RETIRED, 20: FAULT}))
    assert debugger.stop == Stop(0, "the run begins")
    fault = OfKind(Kind.FAULT)
    assert debugger.forward(Kind.FAULT) == Stop(20, "fault", (fault,))
    assert debugger.back(None) == Stop(0, "the run begins", reached=False)


@pytest.mark.parametrize("cycle", [20, 500], ids=["near", "far"])
def test_all_that_is_met_in_a_cycle_is_told_together(cycle):
    fault, breakpoint = OfKind(Kind.FAULT), AtCycle(cycle)
    debugger = Debugger(Scripted({cycle: FAULT}))
    debugger.breakpoints[1] = breakpoint
    assert set(debugger.forward(Kind.FAULT).met) == {fault, breakpoint}
    debugger.go_to(cycle + 5)
    assert set(debugger.back(Kind.FAULT).met) == {fault, breakpoint}


@pytest.mark.parametrize("end", [20, 500], ids=["near", "far"])
def test_what_happens_in_the_last_cycle_is_come_to(end):
    debugger = Debugger(Scripted({end - 1: ECALL, end: ECALL}, end=end))
    stops = [debugger.forward(Kind.TRAP) for _ in range(2)]
    assert [(stop.cycle, stop.reached) for stop in stops] == [(end - 1, True), (end, True)]
    assert debugger.over
    assert not debugger.forward(Kind.TRAP).reached
    assert debugger.back(Kind.TRAP).cycle == end - 1


@pytest.mark.parametrize(
    "ends, why, over",
    [
        (End.FINISHED, "the run has ended, with status 3", True),
        (End.STUCK, f"the run cannot go on: {End.STUCK.value}", True),
    ],
)
def test_the_end_says_why_it_is_one(ends, why, over):
    debugger = Debugger(Scripted(end=500, ends=ends))
    assert debugger.forward(None) == Stop(500, why, reached=False)
    assert debugger.over == over
    assert debugger.go_to(600) == Stop(500, why, reached=False)
    assert debugger.go_to(499) == Stop(499, "")
    assert not debugger.over


def test_no_motion_goes_further_than_it_may():
    debugger = Debugger(Scripted(), max_cycles=300)
    told = "nothing of that kind in 300 cycles"
    assert debugger.forward(Kind.FAULT) == Stop(300, told, reached=False)
    assert debugger.go_to(600).cycle == 600
    with pytest.raises(DebugError, match="no motion goes further than 300 cycles"):
        debugger.go_to(901)
    assert debugger.forward(Kind.CYCLE, 300).cycle == 900
    assert debugger.back(Kind.CYCLE, 1_000).cycle == 0
    with pytest.raises(DebugError, match="no motion goes further"):
        Debugger(Scripted()).go_to(DEFAULT_CYCLES + 1)


def test_a_run_that_begins_later_is_not_gone_back_before_that():
    run = Scripted({90: FAULT, 110: FAULT})
    run.run(100)
    debugger = Debugger(run)
    debugger.forward(Kind.FAULT)
    assert debugger.back(Kind.FAULT) == Stop(100, "the run begins", reached=False)
    debugger.go_to(120)
    assert debugger.back(Kind.CYCLE, 50).cycle == 100
    with pytest.raises(DebugError, match="the run begins in cycle 100"):
        debugger.go_to(99)
    assert debugger.go_to(100) == Stop(100, "")


def test_a_motion_of_some_cycles_passes_breakpoints():
    debugger = Debugger(Scripted())
    debugger.breakpoints[1] = AtCycle(5)
    assert debugger.forward(Kind.CYCLE, 10).cycle == 10
    assert debugger.back(Kind.CYCLE, 9).cycle == 1


def test_by_default_other_breakpoints_are_passed_on_the_way_to_a_condition():
    debugger = Debugger(Scripted({50: FAULT, 90: FAULT}))
    debugger.breakpoints[1] = AtCycle(70)
    debugger.go_to(60)
    assert debugger.run_to(OfKind(Kind.FAULT)).cycle == 90
    assert debugger.back_to(OfKind(Kind.FAULT), passing=False).cycle == 70
    assert debugger.back_to(OfKind(Kind.FAULT)).cycle == 50
    debugger.go_to(80)
    assert debugger.back_to(OfKind(Kind.FAULT)).cycle == 50
    assert debugger.run_to(OfKind(Kind.FAULT), passing=False).cycle == 70


def asked_after(times):
    """Somebody who wants a motion to end when asked once more than so often."""
    answers = iter([False] * times)
    return lambda: next(answers, True)


def test_somebody_ends_a_motion_either_way():
    run = Scripted()
    debugger = Debugger(run)
    debugger.asked = asked_after(3)
    stop = debugger.forward(None)
    assert (stop.why, stop.reached, stop.met) == ("interrupted", False, ())
    assert 0 < stop.cycle < 200
    debugger.asked = lambda: False
    assert debugger.go_to(5_000) == Stop(5_000, "")
    for motion in (debugger.back, debugger.forward):
        debugger.asked = asked_after(3)
        stop = motion(None)
        assert (stop.why, stop.reached) == ("interrupted", False)
    debugger.asked = lambda: False
    assert debugger.forward(Kind.CYCLE).why == ""
    assert not debugger.over


def test_what_is_met_in_the_moment_of_an_interrupt_is_not_gone_to():
    run = Scripted({cycle: FAULT for cycle in range(200, 264)})
    debugger = Debugger(run)
    debugger.go_to(1_000)
    debugger.asked = lambda: True
    for motion in (debugger.back, debugger.forward):
        assert motion(Kind.FAULT).why == "interrupted"


def test_a_far_motion_leaves_snapshots_to_go_back_by():
    debugger = Debugger(Scripted({1_000: FAULT}))
    debugger.forward(Kind.FAULT)
    assert debugger.history.cycles == [0, 128]
    near = Debugger(Scripted({128: FAULT}))
    near.forward(Kind.FAULT)
    assert near.history.cycles == [0]


def test_who_goes_far_leaves_one_each_half_a_million_cycles(monkeypatch):
    monkeypatch.setattr(module, "SPACING", 500)
    monkeypatch.setattr(history, "SPACING", 500)
    debugger = Debugger(Scripted())
    debugger.go_to(1_700)
    assert debugger.history.cycles == [0, 500, 1_000, 1_500]
    there = Debugger(Scripted({1_700: FAULT}))
    there.forward(Kind.FAULT)
    assert there.history.cycles == [0, 128, 628, 1_128, 1_628]


@pytest.mark.parametrize("fault, cost", [(59_990, 3), (10_000, 4)])
def test_on_the_way_back_the_near_past_is_searched_first(fault, cost):
    """In windows of 20,000 cycles and eight times as many; in steps of which each is short."""
    run = Scripted({fault: FAULT})
    debugger = Debugger(run)
    debugger.go_to(60_000)
    debugger.forward(Kind.CYCLE)
    before = run.cycles_run
    assert debugger.back(Kind.FAULT).cycle == fault
    assert run.cycles_run - before < cost * 40_000
    assert 40_001 in debugger.history.cycles


def test_each_window_is_eight_times_as_long_as_the_one_before(monkeypatch):
    monkeypatch.setattr(module, "_WINDOW", 100)
    debugger = Debugger(Scripted())
    debugger.go_to(10_000)
    debugger.back(Kind.FAULT)
    assert debugger.history.cycles == [0, 9_100, 9_900]


def test_what_is_searched_back_is_cut_where_it_is_longer_than_two_windows(monkeypatch):
    monkeypatch.setattr(module, "_WINDOW", 100)
    debugger = Debugger(Scripted())
    debugger.go_to(250)
    debugger.back(Kind.FAULT)
    assert debugger.history.cycles == [0, 150]
    debugger.go_to(300)
    debugger.back(Kind.FAULT)
    assert debugger.history.cycles == [0, 150]


def test_from_a_near_snapshot_on_no_other_is_kept():
    debugger = Debugger(Scripted())
    debugger.go_to(50_000)
    debugger.history.keep()
    debugger.go_to(80_000)
    debugger.go_to(75_000)
    assert debugger.history.cycles == [0, 50_000]


def test_who_goes_on_does_not_begin_anew():
    run = Scripted()
    debugger = Debugger(run)
    debugger.go_to(1_000)
    debugger.go_to(1_100)
    assert run.cycles_run == 1_100


def test_who_goes_back_a_little_can_do_so_again_at_little_cost():
    run = Scripted()
    debugger = Debugger(run)
    debugger.go_to(100_000)
    debugger.back(Kind.CYCLE)
    assert debugger.history.cycles == [0, 79_999]
    before = run.cycles_run
    debugger.back(Kind.CYCLE)
    assert run.cycles_run - before == 99_998 - 79_999


def test_a_distance_of_two_windows_is_near_enough():
    debugger = Debugger(Scripted())
    debugger.go_to(50_000)
    debugger.go_to(40_000)
    assert debugger.history.cycles == [0]
    debugger.go_to(50_000)
    debugger.go_to(40_001)
    assert debugger.history.cycles == [0, 20_001]
