"""What paging policies cost a program is what its runs have cost, in parts that add up."""

from pathlib import Path

import pytest

from sim import run
from sim.config import RunConfig
from sim.report.policies import GROUPS, Trial, measure, parts, verdict

WORKLOADS = sorted(Path("programs/bench/policies").glob("*.c"))
CONFIG = RunConfig(memory_mib=8, svadu=True)


@pytest.fixture(scope="module")
def trials():
    return measure(CONFIG, ("lazy", "eager", "batch:8", "zero-page"), "lazy", ())


def test_the_runs_are_those_of_the_policies_in_their_order(trials):
    assert [each.policy for each in trials] == ["lazy", "eager", "batch:8", "zero-page"]
    for each in trials:
        alone = run("lazy", config=CONFIG, policy=each.policy)
        assert (each.cycles, each.did) == (alone.cycles, (alone.output, 0))
        assert each.frames == alone.frames_used


def test_the_cycles_of_processes_are_user_mode_trap_path_and_steps(trials):
    for each in trials:
        alone = run("lazy", config=CONFIG, policy=each.policy)
        (account,) = alone.processes
        cycles = each.measures["cycles"]
        assert cycles["user mode"] == account.user_cycles
        assert sum(cycles.values()) == account.user_cycles + account.kernel_cycles
        assert cycles["trap path"] > 0


def test_page_faults_and_pages_are_counted_by_kind(trials):
    lazy, eager, batch, zeros = (each.measures for each in trials)
    assert lazy["page faults"]["first touches"] == batch["page faults"]["first touches"] == 12
    assert sum(eager["page faults"].values()) == 0
    assert zeros["page faults"]["reads of zeros"] == 6
    assert [each["memory"]["pages mapped ahead"] for each in (lazy, batch)] == [0, 76]
    # One in 16 pages is touched, of which one of four has been given back; the guard page is not
    # the user's.
    unused = [each["memory"]["pages never touched"] for each in (lazy, eager)]
    assert unused[1] - unused[0] == 64 - 8


def test_a_fork_that_shares_lets_both_go_on_sooner():
    (server,) = (path for path in WORKLOADS if path.stem == "server")
    lazy, cow = (
        each.measures["fork, on average"] for each in measure(CONFIG, ("lazy", "cow"), server, ())
    )
    for name in lazy:
        assert 1000 < cow[name] < lazy[name] / 5


def test_a_program_without_forks_has_no_time_of_theirs(trials):
    assert parts(trials, "fork, on average") == []


def test_walks_are_counted(trials):
    for each in trials:
        counts = each.measures["translation"]
        assert min(counts.values()) > 0
        assert counts["entries read by walks"] > counts["data TLB misses"]


def test_what_was_not_touched_is_known_only_where_the_hart_sets_the_bits():
    (trial,) = measure(CONFIG.changed(svadu=False), ("lazy",), "hello", ())
    assert trial.measures["memory"]["pages never touched"] is None


@pytest.mark.parametrize("path", WORKLOADS, ids=lambda path: path.stem)
def test_every_workload_comes_to_its_end(path):
    lazy, other = measure(CONFIG, ("lazy", "cow+superpage+zero-page"), path, ())
    assert lazy.did == other.did == (b"", 0)
    assert path.read_text().startswith("// ")


def test_there_are_nine_workloads():
    assert len(WORKLOADS) == 9


def test_a_run_that_is_ended_before_its_end_is_named_and_not_the_best():
    trials = measure(CONFIG, ("lazy", "eager"), "lazy", (), 35_000)
    assert verdict(trials) == [
        "Under eager: not finished after 35,000 cycles.",
        "Fewest cycles: lazy, 31,294.",
        "Fewest frames: lazy, 25 at most.",
    ]
    assert verdict(trials[1:]) == ["Under eager: not finished after 35,000 cycles."]
    # It was charged for all frames at once, and that is not over yet.
    cycles = measure(CONFIG, ("eager",), "lazy", (), 20_000)[0].measures["cycles"]
    assert cycles["trap path"] is None


def test_a_status_that_is_not_0_is_said_though_it_is_the_same_under_each():
    trials = [made("lazy", 7, 1, status=255), made("cow", 9, 2, status=255)]
    assert verdict(trials)[-1] == ("The program has not ended well: the status is 255 under each.")


def made(policy, cycles, frames, *, copying=0, output=b"", status=0):
    measures = {group: {} for group in GROUPS}
    measures["cycles"] = {"copying": copying, "clearing": 5}
    measures["memory"] = {"frames at most": frames, "pages never touched": None}
    return Trial(policy, cycles, status, output, measures)


def test_what_is_nothing_everywhere_is_left_out():
    trials = [made("lazy", 10, 5), made("cow", 10, 5, copying=3)]
    assert parts(trials, "cycles") == ["copying", "clearing"]
    assert parts(trials[:1], "cycles") == ["clearing"]
    assert parts(trials, "memory") == ["frames at most"]


def test_the_best_is_said_with_its_reason():
    trials = [made("lazy", 1000, 50, copying=400), made("cow", 750, 60, copying=100)]
    assert verdict(trials) == [
        "Fewest cycles: cow, 750, 25.0% fewer than lazy; the largest part is copying, 300 fewer.",
        "Fewest frames: lazy, 50 at most.",
    ]


def test_those_that_are_as_good_are_all_named():
    trials = [made("lazy", 7, 3), made("cow", 7, 2), made("eager", 7, 2), made("batch:2", 8, 2)]
    assert verdict(trials)[:2] == [
        "Fewest cycles: lazy, cow and eager, 7.",
        "Fewest frames: cow, eager and batch:2, 2 at most.",
    ]


def test_a_program_that_ends_badly_is_said_to_whatever_it_prints():
    trials = [made("lazy", 7, 3, output=text, status=255) for text in (b"a", b"b")]
    assert "The program has not ended well: the status is 255 under each." in verdict(trials)


def test_the_first_may_be_the_best():
    assert verdict([made("lazy", 7, 1), made("cow", 9, 2)])[0] == "Fewest cycles: lazy, 7."


def test_what_does_something_else_is_named_and_not_the_best():
    trials = [made("lazy", 1000, 50, output=b"a\n"), made("cow", 1, 1, output=b"a\nx" + 99 * b"y")]
    assert verdict(trials) == [
        "Fewest cycles: lazy, 1,000.",
        "Fewest frames: lazy, 50 at most.",
        f'Not alike: line 2 of the output is "x{59 * "y"}…" under cow, "" under lazy.',
    ]
