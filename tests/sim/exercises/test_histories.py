"""Exercises about accesses that follow each other differ in what they are about."""

from random import Random

import pytest

from hdl.arch import PAGE_SIZE
from sim.exercises.histories import cost, crossing, tlb
from sim.exercises.mmu import Access, Fence, Put, answers

SEEDS = range(60)


def made(maker):
    return [maker(Random(seed)) for seed in SEEDS]


@pytest.mark.parametrize("maker", [tlb, crossing, cost])
def test_the_same_seed_makes_the_same(maker):
    assert maker(Random(7)) == maker(Random(7))
    assert len({repr(each) for each in made(maker)}) == len(SEEDS)


def test_about_a_tlb_an_entry_is_changed_between_two_accesses():
    for exercise in made(tlb):
        first, change, *fences, last = exercise.steps
        assert isinstance(first, Access)
        assert isinstance(last, Access)
        assert isinstance(change, Put)
        assert all(isinstance(each, Fence) for each in fences)
        assert change.value != exercise.memory.get(change.address, 0)
    fenced = [any(isinstance(step, Fence) for step in each.steps) for each in made(tlb)]
    assert 0.2 < sum(fenced) / len(fenced) < 0.9


def test_a_crossing_is_at_the_end_of_a_page():
    for exercise in made(crossing):
        last = exercise.steps[-1]
        first = exercise.steps[0]
        end = last.va + last.size
        assert first.va // PAGE_SIZE != (end - 1) // PAGE_SIZE or end % PAGE_SIZE == 0
        assert all(step.size == 2 for step in exercise.steps if step.kind == "fetch")


def test_of_the_costs_some_are_those_of_a_walk_and_some_are_not():
    for exercise in made(cost):
        cycles = {answer.cycles for _, answer in answers(exercise.memory, exercise.steps, 1)}
        assert len(cycles) > 1
    assert {exercise.latency for exercise in made(cost)} == {1, 2, 3}
