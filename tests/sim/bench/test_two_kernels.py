"""The same jobs under both kernels: what they say, and what was charged for them."""

import pytest

from kernel_model.facts.costs import TABLE, Step
from sim.bench.runs import BenchError
from sim.bench.two_kernels import _times, run_model


def test_the_jobs_say_when_they_begin_and_end():
    assert _times(bytearray(b"hello\n@ a 5 70\n@ b 71 90\n")) == {"a": (5, 70), "b": (71, 90)}


def test_a_run_that_says_nothing_has_failed():
    with pytest.raises(BenchError, match="calibrate has not come to its end"):
        _times(bytearray(b"$ "))


def test_what_a_job_was_charged_is_that_of_its_steps():
    (job,) = run_model(["calls"]).values()
    assert job.counts[Step.SYSCALL] >= 160
    assert job.charged == sum(n * TABLE[step] for step, n in job.counts.items())
    assert job.charged < job.cycles
