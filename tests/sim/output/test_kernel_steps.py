from types import SimpleNamespace

from sim.guests.kernel_steps import FaultSteps
from sim.output.kernel_steps import average_steps, tell_steps

STEPS = {"usertrap": 90, "kalloc\n": 10}


def test_a_fault_is_told_by_the_functions_of_the_kernel():
    fault = FaultSteps(3, 1_234, 0x44, 15, 0x4FF8, STEPS, retry=20, ended=1_354, served=True)
    assert [*tell_steps(fault)] == [
        "fault 3: store page fault at 0x4ff8, pc 0x44, cycle 1,234",
        "  usertrap            90  " + "█" * 36,
        "  kalloc^J            10  ████",
        "  retry               20  ████████",
        "  cycles             120",
    ]


def test_it_is_said_if_something_else_came_after_it():
    fault = FaultSteps(1, 9, 0x44, 13, 0, {}, retry=5, ended=14)
    assert [*tell_steps(fault)][-1].startswith("  another instruction came after it")


def test_the_average_is_of_those_that_were_served():
    steps = SimpleNamespace(served=4, sums={"trap": 10, "clear": 400}, retries=8)
    assert [*average_steps(steps)] == [
        "Average of 4 page faults of user mode, from the trap to the retry",
        "  trap               2.5  ▉",
        "  clear            100.0  " + "█" * 36,
        "  retry              2.0  ▊",
        "  cycles           104.5",
    ]
    one = SimpleNamespace(served=1, sums={}, retries=8)
    assert next(average_steps(one)).startswith("Average of page fault of")
    assert [*average_steps(SimpleNamespace(served=0, sums={}, retries=0))] == []
