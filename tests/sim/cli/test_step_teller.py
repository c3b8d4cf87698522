from types import SimpleNamespace

import pytest

from sim.cli.counts import Which
from sim.cli.step_teller import StepTeller
from sim.guests.kernel_steps import FaultSteps, KernelSteps


def told(which, *, average=False):
    """What is said of three page faults, and whether that was all."""
    lines, observers = [], []
    steps = KernelSteps(b"", {})
    engine = SimpleNamespace(observe=observers.append)
    teller = StepTeller(Which(which), steps, engine, lines.append)
    assert observers == [steps.record]
    for number in (1, 2, 3):
        fault = FaultSteps(number, number, 4, 13, 0, {"f": 5}, 2, number + 7, served=True)
        for take in steps.settled:
            take(fault)
        steps.served, steps.sums, steps.retries = number, {"f": 5 * number}, 2 * number
    complete = teller.finish(average=average)
    return [line.partition(":")[0] for line in lines if line[0] != " "], complete


@pytest.mark.parametrize(
    "which, lines, complete",
    [
        (None, ["fault 1", "fault 2", "fault 3"], True),
        (2, ["fault 2"], True),
        (4, ["trapline"], False),
    ],
)
def test_those_that_are_wanted_are_told(which, lines, complete):
    assert told(which) == (lines, complete)


def test_the_average_comes_last():
    heading = "Average of 3 page faults of user mode, from the trap to the retry"
    assert told(3, average=True) == (["fault 3", heading], True)
