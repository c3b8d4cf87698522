"""What the kernel in C takes for the steps of the kernel model's table."""

import pytest

from hdl.arch import Cause
from kernel_model.facts.costs import Step
from sim.bench.calibrate import ITEMS, PAGES, Measured, measure, print_items
from sim.guests.kernel_steps import FaultSteps


def trap(cause, **steps):
    return FaultSteps(1, 0, 0, int(cause), 0, steps)


#: Two faults, a call that does nothing, pages given back, forks with the pages and without, a line.
FOLLOWED = Measured(
    [
        trap(Cause.STORE_PAGE, memset=700, walk=30, getpte=6, mappages=24, kalloc=9, acquire=5),
        trap(Cause.STORE_PAGE, memset=700, walk=30, getpte=6, mappages=24, kalloc=9, acquire=5),
    ],
    [
        trap(Cause.ECALL_U, usertrap=50, syscall=11, sys_getpid=2, killed=4),
        trap(Cause.ECALL_U, usertrap=50, sys_sbrk=9, kfree=10 * PAGES, release=5 * PAGES),
        trap(Cause.ECALL_U, usertrap=50, sys_sbrk=9),
        trap(Cause.ECALL_U, kfork=7, memcpy=1000 + PAGES * 512 * 3),
        trap(Cause.ECALL_U, kfork=7, memcpy=1000),
        trap(Cause.ECALL_U, sys_write=3, consolewrite=64, uartputc=640),
    ],
)


@pytest.mark.parametrize(
    "step, cycles",
    [
        (Step.DISPATCH, 54),
        (Step.SYSCALL, 13),
        (Step.ALLOCATE, 14),
        (Step.FREE, 15),
        (Step.ZERO_PAGE, 700),
        (Step.PTE, 10),
        (Step.COPY, 3),
        (Step.CONSOLE_CHAR, 11),
    ],
)
def test_cycles_of_a_step_are_those_of_its_functions(step, cycles):
    (item,) = (item for item in ITEMS if item.step is step)
    assert item.cycles(item, FOLLOWED) == cycles


def test_all_steps_of_the_table_are_measured_on_the_kernel_in_c(capsys):
    measured = measure()
    print_items(measured)

    assert {item.step for item in ITEMS} == {*Step, None}
    assert all(item.cycles(item, measured) > 0 for item in ITEMS)
    # Clearing a page is 512 stores, and copying 8 bytes a load and a store.
    by_step = {item.step: item.cycles(item, measured) for item in ITEMS if item.step is not None}
    assert by_step[Step.ZERO_PAGE] > 512
    assert by_step[Step.COPY] > 2
    assert "clearing a page" in capsys.readouterr().out
