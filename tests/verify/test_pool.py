"""Tasks on several processes."""

import os
import signal
import subprocess
import sys
import time
from itertools import count, islice

import pytest

from tests.verify.pool import AHEAD, Pool


def slow_first(task):
    time.sleep(0.3 if task == 0 else 0)
    return task * task


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_tasks(jobs):
    pool = Pool(slow_first, jobs)
    with pool.running():
        assert list(pool.results(range(30))) == [(task, task * task) for task in range(30)]


def test_or_as_they_are_done():
    pool = Pool(slow_first, 2)
    with pool.running():
        results = list(pool.results(range(30), in_order=False))

    assert results[0] == (1, 1)
    assert sorted(results) == [(task, task * task) for task in range(30)]


def test_tasks_without_end_are_drawn_as_they_are_needed():
    drawn = []

    def tasks():
        for task in count():
            drawn.append(task)
            yield task

    pool = Pool(slow_first, 2)
    with pool.running():
        list(islice(pool.results(tasks()), 50))

    assert len(drawn) <= 50 + 2 * AHEAD


def test_one_job_is_this_process():
    pool = Pool(lambda task: os.getpid(), 1)
    with pool.running():
        assert list(pool.results([0])) == [(0, os.getpid())]


def test_an_error_of_a_task_ends_the_others():
    def fail(task):
        if task == 1:
            raise ValueError("one")
        time.sleep(60)

    pool, start = Pool(fail, 2), time.monotonic()
    with pytest.raises(ValueError, match="one"), pool.running():
        list(pool.results(range(4)))

    assert time.monotonic() - start < 30


SCRIPT = """
import os, sys, time
from tests.verify.pool import Pool
def work(task):
    os.write(1, b"%d\\n" % os.getpid())
    time.sleep(60)
pool = Pool(work, 2)
try:
    with pool.running():
        list(pool.results(range(2)))
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_ctrl_c_reaches_all_and_is_told_once():
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdout=subprocess.PIPE,
        text=True,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    children = [int(process.stdout.readline()) for _ in range(2)]
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)

    assert (process.returncode, errors) == (130, "")
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)
