"""How long a run may take, of a machine that only counts."""

import pytest

from sim.limit import DEFAULT_CYCLES, LAST_CYCLE, run_within
from sim.machine import End


class Machine:
    """Runs up to the limit that it is given; `ends` is the cycle in which the guest has finished.

    Of each call's cycles the guest idles in the `idle` first ones.
    """

    def __init__(self, ends, idle=0):
        self.ends, self.idle = ends, idle
        self.cycle = self.idle_cycles = self.calls = 0

    def run(self, guest, *, max_cycles, watchers, progress):
        assert guest is self
        self.calls += 1
        stop = min(self.ends, max_cycles)
        self.idle_cycles += min(self.idle, stop - self.cycle)
        self.cycle = stop
        return End.FINISHED if stop == self.ends else End.LIMIT


def run(machine, max_cycles=None, interactive=False):
    return run_within(machine, machine, max_cycles, lambda: interactive), machine.cycle


def test_the_limit_that_is_given_is_the_clocks():
    assert run(Machine(500, idle=40), 100, interactive=True) == (End.LIMIT, 100)
    assert run(Machine(99), 100) == (End.FINISHED, 99)


def test_no_run_goes_on_until_time_has_too_many_bits():
    assert run(Machine(10**30), 10**29) == (End.LIMIT, LAST_CYCLE)
    machine = Machine(10**30)
    machine.idle_cycles = 10**20
    assert run(machine) == (End.LIMIT, LAST_CYCLE)


def test_a_wait_that_is_longer_than_the_limit_counts_for_nothing():
    machine = Machine(2 * DEFAULT_CYCLES + 70)
    machine.idle_cycles = 2 * DEFAULT_CYCLES  # those of a wait that has begun
    assert run(machine) == (End.FINISHED, 2 * DEFAULT_CYCLES + 70)
    assert machine.calls == 1


def test_a_run_that_only_computes_ends_by_default():
    assert run(Machine(10**12)) == (End.LIMIT, DEFAULT_CYCLES)


def test_an_interactive_run_does_not_end_while_the_user_types():
    ends = 7 * DEFAULT_CYCLES + 1
    assert run(Machine(ends), interactive=True) == (End.FINISHED, ends)


@pytest.mark.parametrize("ends, end", [(DEFAULT_CYCLES + 70, End.FINISHED), (10**12, End.LIMIT)])
def test_idle_time_counts_for_nothing(ends, end):
    """Once the program idles no more, it has the cycles that were left."""
    machine = Machine(ends, idle=DEFAULT_CYCLES // 4)
    original = machine.run

    def run_and_idle_less(guest, *, max_cycles, **options):
        result = original(guest, max_cycles=max_cycles, **options)
        machine.idle = 40 if machine.calls == 1 else 30 if machine.calls == 2 else 0
        return result

    machine.run = run_and_idle_less
    result, cycle = run(machine)
    assert result is end
    if end is End.LIMIT:
        assert cycle == DEFAULT_CYCLES + DEFAULT_CYCLES // 4 + 70
        assert cycle - machine.idle_cycles == DEFAULT_CYCLES
