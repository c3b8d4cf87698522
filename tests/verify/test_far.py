"""Checks on a cluster of two workers say what they say on one process, whoever dies."""

import argparse
import pickle
import re

import pytest
from distributed import LocalCluster

from tests.verify import far, runner
from tests.verify.far import Errand
from tests.verify.fuzz.check import CHECK as FUZZ
from tests.verify.sums import CHECK as SUMS


@pytest.fixture(scope="module")
def scheduler():
    import dask

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=60
        ) as cluster,
    ):
        yield cluster.scheduler_address


@pytest.fixture
def run(capfd):
    """The status, output without seconds, and complaints of a run."""

    def run(check, *options):
        status = runner.main(check, options)
        out, err = capfd.readouterr()
        return status, re.sub(r"\d+(\.\d)? s$", "", out, flags=re.MULTILINE), err

    return run


def test_a_run_is_the_same_as_in_one_process(scheduler, run):
    options = ["--seed", "7", "--bad", "34:wrong", "71:wrong"]

    status, output, _ = run(SUMS, *options, "--scheduler", scheduler)

    here = run(SUMS, *options, "--jobs", "1")
    assert status == here[0] == 1
    assert output == "".join(line for line in here[1].splitlines(True) if line != "no answer\n")
    assert "again: python -m tests.verify sums --only even --seed 7 --first 34 --cases 1" in output


def test_what_kills_its_workers_is_a_failure_with_its_seed(scheduler, run):
    options = ["--only", "odd", "--seed", "7", "--bad", "34:deadly", "--scheduler", scheduler]
    status, output, _ = run(SUMS, *options)
    assert status == 1
    assert "DISAGREEMENT: odd, range(30, 40): its worker has died, each time" in output
    assert "again: python -m tests.verify sums --only odd --seed 7 --first 30 --cases 1" in output
    assert "sums: 90 numbers, 1 disagreement, seed 7" in output


def test_a_tool_that_is_missing_there_is_told_here(scheduler, run):
    status, _, complaint = run(SUMS, "--bad", "50:missing", "--scheduler", scheduler)
    # A worker in place of one that was killed may have been started since, and prints here.
    assert (status, complaint.replace("no answer\n", "")) == (2, "sums: 50 is not there\n")


def test_what_needs_signals_has_the_main_thread(scheduler, run):
    """The command line is fuzzed in its own process, and catches what ends it."""
    options = ["--only", "command", "--cases", "3", "--seed", "1", "--scheduler", scheduler]
    status, output, _ = run(FUZZ, *options)
    assert status == 0, output
    assert "fuzz: 3 cases, no disagreement, seed 1" in output


def test_a_worker_keeps_its_process_when_the_errand_is_sent_again():
    options = argparse.Namespace(seed=0, bad=[])
    errand = Errand(SUMS, options, "found out in time")
    for number in range(2):
        _, (tally,) = pickle.loads(pickle.dumps(errand)).do([("even", range(number))], None)
        assert tally.cases == number
    (servant,) = far._idle.pop(errand._start)
    servant.end()
    assert servant.has_ended()


def test_no_scheduler_is_one_line(run, monkeypatch):
    monkeypatch.setattr("sim.spread.cluster.PATIENCE", 0.2)
    status, _, complaint = run(SUMS, "--scheduler", "tcp://127.0.0.1:9")
    assert status == 2
    assert complaint.startswith("sums: --scheduler tcp://127.0.0.1:9: ")
    assert complaint.count("\n") == 1
