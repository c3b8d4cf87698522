"""What the kernel in C takes for the steps of the kernel model's table."""

from collections import Counter

import pytest

from kernel_model.facts.costs import IDEAL, TABLE, Step
from sim.bench.calibrate import FUNCTIONS, difference, measured, print_all
from sim.bench.profile import USER
from sim.bench.two_kernels import InC, Modelled, run_in_c, run_model
from tests.kernel_model.pages import table_under

#: A job that the figures are taken from, and one that they are not.
NAMES = ("faults", "echo")


@pytest.fixture(scope="module")
def in_c():
    return run_in_c(NAMES)


@pytest.fixture(scope="module")
def model():
    return run_model(NAMES)


def job(cycles, **functions):
    return InC(cycles, Counter({USER: 0, **functions}))


def modelled(cycles, charged=0, **counts):
    return Modelled(0, cycles, Counter({Step[name]: n for name, n in counts.items()}), charged)


def test_a_step_takes_the_cycles_of_its_functions_by_how_often_it_was_done():
    in_c = {"faults": job(900, kalloc=600), "forks": job(500, kalloc=200), "ls": job(9, kalloc=9)}
    model = {"faults": modelled(1, ALLOCATE=3), "forks": modelled(1, ALLOCATE=1), "ls": modelled(1)}
    assert measured(Step.ALLOCATE, in_c, model) == (200, 4)
    assert measured(Step.FREE, in_c, model) == (0, 0)


def test_what_the_trampoline_takes_is_not_charged():
    in_c = {"calls": job(1000, usertrap=500, uservec=300, **{USER: 40})}
    model = {"calls": modelled(740, charged=500, DISPATCH=2)}
    assert measured(Step.DISPATCH, in_c, model) == ((800 - (740 - 500 - 40)) / 2, 2)


def test_the_difference_is_a_share_of_what_it_takes_in_c():
    assert difference(modelled(90), job(100)) == pytest.approx(-0.1)


def test_each_step_has_functions_and_each_function_one_step():
    names = [name for step in Step for name in FUNCTIONS[step]]
    assert all(FUNCTIONS[step] for step in Step)
    assert len(names) == len(set(names))


def test_the_page_names_functions_of_the_step():
    for step, row in zip(Step, table_under("What the kernel's work costs"), strict=True):
        told = [name.strip("`") for name in row[1].split(", ")]
        assert {*told} <= {name.split(" > ")[-1] for name in FUNCTIONS[step]}, step


def test_programs_take_as_long_under_the_model_as_under_the_kernel_in_c(in_c, model):
    assert [*in_c] == [*model] == [*NAMES]
    for name in NAMES:
        assert abs(difference(model[name], in_c[name])) < 0.15, name


def test_ideally_they_would_be_much_faster(in_c):
    ideal = run_model(["faults"], "ideal")
    assert difference(ideal["faults"], in_c["faults"]) < -0.3


def test_what_a_fault_consists_of_is_what_the_table_says(in_c, model):
    for step in (Step.FAULT, Step.ALLOCATE, Step.ZERO_PAGE, Step.FREE):
        cycles, times = measured(step, in_c, model)
        assert times >= 128
        assert cycles == pytest.approx(TABLE[step], rel=0.25), step


def test_all_is_printed(in_c, model, capsys):
    print_all(in_c, model)
    printed = capsys.readouterr().out
    for word in ("zero_page", f"{TABLE[Step.ZERO_PAGE]:,}", f"{IDEAL[Step.ZERO_PAGE]:,}", *NAMES):
        assert word in printed
