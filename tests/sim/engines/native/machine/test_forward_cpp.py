"""When machine.cpp passes over idle cycles, and when it must not."""

import pytest

from sim.engines.native.machine.structs import BUDGET, DEVICE
from sim.platform.bus import DATA, FETCH
from tests.sim.engines.native.machine.handmade import (
    BASE,
    COMPARE,
    COUNTER,
    INPUTS,
    OTHER,
    TIME,
    WINDOW,
    WORDS,
    Bench,
)

NEVER = (1 << 64) - 1


def outcome(hart, forward, *, cycles=3000, compare=NEVER, counts=1, **fields):
    """The bench after `cycles`, and all that must be the same if idle cycles are computed."""
    bench = Bench(hart, forward=int(forward), **fields)
    bench.state[COMPARE], bench.counts, bench.notes = compare, counts, []
    bench.run(cycles)
    state = bench.state
    return bench, (
        bench.notes,
        bench.cycle,
        list(state[:WORDS]),
        list(bench.ram),
        bench.machine.instructions,
        bench.machine.event,
    )


def alike(hart, **options):
    """How many cycles were passed over; whether the runs are otherwise alike is checked."""
    bench, forward = outcome(hart, True, **options)
    whole, computed = outcome(hart, False, **options)
    assert forward == computed
    assert whole.machine.skipped == 0
    assert len(bench.seen) + bench.machine.skipped == len(whole.seen) == computed[1]
    return bench.machine.skipped


def note(bench):
    bench.notes.append((bench.cycle, bench.state[TIME], bench.state[COUNTER]))


def idle(bench):
    """Does nothing for ever."""


class TestIdle:
    def test_a_hart_that_does_nothing_is_passed_over_to_the_end(self):
        # The first look is in cycle 16, the second a cycle later.
        assert alike(idle) == 3000 - 17

    @pytest.mark.parametrize("cycles", [15, 16, 17, 18, 31, 32, 33, 34])
    def test_budgets_end_where_they_end(self, cycles):
        assert alike(idle, cycles=cycles) == max(0, cycles - 17)

    def test_work_is_what_is_computed(self):
        bench = Bench(idle, forward=1)
        bench.run(3000, 18)
        assert (bench.cycle, len(bench.seen)) == (3000, 17)
        whole = Bench(idle, forward=0)
        whole.run(3000, 18)
        assert (whole.cycle, len(whole.seen)) == (18, 18)

    def test_every_run_looks_anew(self):
        bench = Bench(idle, forward=1)
        for _ in range(4):
            bench.run(25)
        assert bench.cycle == bench.state[TIME] == bench.state[COUNTER] == 100
        assert bench.machine.skipped == 4 * (25 - 17)

    @pytest.mark.parametrize("counts", [0, 1])
    def test_a_counter_counts_or_stands_still(self, counts):
        assert alike(idle, counts=counts) > 2900

    @pytest.mark.parametrize("counts", [2, 3, NEVER])
    def test_a_counter_that_does_something_else_is_computed(self, counts):
        assert alike(idle, counts=counts) == 0

    @pytest.mark.parametrize("place", [OTHER, WORDS - 1, 5])
    def test_so_is_every_state_that_changes(self, place):
        def hart(bench):
            bench.state[place] = bench.cycle // 16

        # It stands still within each 16 cycles, which is too short.
        assert alike(hart) < 3000 * 15 // 16
        assert alike(lambda bench: bench.state.__setitem__(place, bench.cycle % 7)) == 0

    def test_unless_it_must_not(self):
        bench, _ = outcome(idle, False)
        assert bench.machine.skipped == 0

    def test_what_looks_at_every_cycle_sees_every_cycle(self):
        seen = []
        bench = Bench(idle, forward=1)
        bench.look(lambda: seen.append(bench.cycle))
        bench.run(100)
        assert seen == list(range(1, 101))
        assert bench.machine.skipped == 0

    def test_a_hart_that_retires_is_computed(self):
        assert alike(lambda bench: bench.retire(pc=4)) == 0

    @pytest.mark.parametrize("period", [2, 15, 16, 40])
    @pytest.mark.parametrize("trap", [0, 1])
    def test_now_and_then(self, period, trap):
        def hart(bench):
            if bench.cycle % period == 0:
                note(bench)
                bench.retire(trap=trap, mode=3)

        # Nothing tells that it will, such as a timer: what is passed over is not done.
        bench, _ = outcome(hart, True)
        assert (bench.machine.skipped == 0) == (period <= 16)

    @pytest.mark.parametrize("port", [FETCH, DATA])
    @pytest.mark.parametrize("latency", [1, 5])
    def test_requests_are_computed(self, port, latency):
        assert alike(lambda bench: bench.request(port, BASE + 8), latency=latency) == 0


class TestTimer:
    """A hart that sleeps until `time` reaches `stimecmp`, notes it and sets it anew."""

    @staticmethod
    def sleeper(lengths):
        naps = iter(lengths)

        def hart(bench):
            state = bench.state
            if state[TIME] >= state[COMPARE]:
                note(bench)
                bench.retire()
                state[COMPARE] = state[TIME] + next(naps, 1 << 40)

        return hart

    @pytest.mark.parametrize("first", range(1, 70))
    def test_it_wakes_in_its_cycle(self, first):
        results = [
            outcome(self.sleeper([50, 3, 40]), forward, cycles=400, compare=first)
            for forward in (True, False)
        ]
        assert results[0][1] == results[1][1]
        assert [cycle for cycle, *_ in results[0][1][0]] == [
            first,
            first + 50,
            first + 53,
            first + 93,
        ]
        assert results[0][0].machine.skipped > 200

    def test_sleeps_of_all_lengths(self):
        lengths = range(1, 120)
        results = [
            outcome(self.sleeper(lengths), forward, cycles=9000, compare=20)
            for forward in (True, False)
        ]
        assert results[0][1] == results[1][1]
        assert len(results[0][1][0]) == len(lengths) + 1

    @pytest.mark.parametrize("begin", range(12, 40))
    def test_from_then_on_it_is_busy(self, begin):
        def hart(bench):
            if bench.state[TIME] >= begin:
                bench.retire()

        alike(hart, compare=begin, cycles=100)

    @pytest.mark.parametrize("cycles", range(60, 70))
    def test_a_budget_beside_the_time(self, cycles):
        results = [
            outcome(self.sleeper([]), forward, cycles=cycles, compare=64)
            for forward in (True, False)
        ]
        assert results[0][1] == results[1][1]

    @pytest.mark.parametrize("compare", [0, 5, 16])
    def test_a_time_that_is_over_wakes_nobody(self, compare):
        assert alike(idle, compare=compare) == 3000 - 17

    @pytest.mark.parametrize("compare", range(14, 40))
    def test_it_is_computed_when_it_comes(self, compare):
        bench, _ = outcome(idle, True, compare=compare, cycles=100)
        computed = {seen[2] for seen in bench.seen}
        # Where it was passed over in the cycle before, the hart sees that it has come.
        assert compare in computed


class TestResponses:
    @pytest.mark.parametrize("latency", [1, 2, 15, 16, 17, 18, 100, 333])
    @pytest.mark.parametrize("port", [FETCH, DATA])
    def test_they_come_in_their_cycle(self, latency, port):
        def hart(bench):
            if bench.state[INPUTS + 4 * port + 1] or not bench.cycle:
                note(bench)
                bench.request(port, BASE + 8 * (bench.cycle % 32))

        skipped = alike(hart, latency=latency, cycles=2000)
        assert skipped == 0 or latency > 2
        assert skipped > 0 or latency < 33

    def test_the_earliest_of_both_ports(self):
        def hart(bench):
            if bench.cycle in (0, 5):
                bench.request(bench.cycle // 5, BASE)
            if any(bench.state[place] for place in (23, 27)):
                note(bench)

        assert alike(hart, latency=60, cycles=200, compare=70) > 40

    @pytest.mark.parametrize("latency", [1, 10])
    @pytest.mark.parametrize("count", [1, 2, 3])
    @pytest.mark.parametrize("port", [FETCH, DATA])
    def test_each_is_seen_though_it_is_as_the_one_before(self, latency, count, port):
        for first in range(24):

            def hart(bench, first=first):
                if first <= bench.cycle < first + count:
                    bench.request(port, BASE)
                if bench.state[INPUTS + 4 * port + 1]:
                    note(bench)

            # Nothing else may be passed over before the requests.
            bench, outcomes = outcome(hart, True, latency=latency, cycles=100, compare=first)
            assert outcomes == outcome(hart, False, latency=latency, cycles=100, compare=first)[1]
            assert len(bench.notes) == count

    @pytest.mark.parametrize("port", [FETCH, DATA])
    def test_requests_that_are_taken_are_computed_before_the_first_answer(self, port):
        def hart(bench):
            if bench.cycle >= 10:
                bench.request(port, BASE)
            if bench.state[INPUTS + 4 * port + 1]:
                note(bench)

        # When sixteen wait there is nothing to do but to wait.
        assert alike(hart, latency=40, cycles=200) > 0

    def test_they_are_counted_in_state_alone(self):
        """A request that its port does not take keeps nobody awake."""

        def hart(bench):
            if bench.cycle == 0:
                bench.request(DATA, BASE, lock=1)
            bench.request(FETCH, BASE)

        assert alike(hart, cycles=1000) > 900

    def test_the_answer_of_the_kernel(self):
        def hart(bench):
            if bench.cycle == 3:
                bench.request(DATA, WINDOW + 32, write=1, data=1, strobe=255)
            if bench.state[27]:
                note(bench)

        ends = []
        for forward in (0, 1):
            bench = Bench(hart, forward=forward, latency=2)
            bench.notes = []
            assert bench.run(1000) == DEVICE
            bench.finish()
            bench.answer(500)
            assert bench.run(1000) == BUDGET
            ends.append((bench.notes, bench.cycle, list(bench.state)))
        assert ends[0] == ends[1]
        assert ends[0][0] == [(3 + 2 + 1 + 500, 506, 507)]
        assert bench.machine.skipped > 900

    def test_the_hart_that_waits_for_it_is_passed_over_at_once(self):
        def hart(bench):
            if bench.cycle == 3:
                bench.request(DATA, WINDOW + 32, write=1, data=1, strobe=255)

        bench = Bench(hart, forward=1)
        assert bench.run(1000) == DEVICE
        bench.finish()
        bench.answer(500)
        bench.run(500)
        assert bench.machine.skipped == 500 - 3
        bench.run(40)  # no answer since then: the first look is when it always is
        assert bench.machine.skipped == 500 - 3 + 40 - 17


@pytest.mark.parametrize("deadline", [30, 31, 47, 1000])
def test_the_deadline_of_a_device_is_not_passed_over(deadline):
    ends = []
    for forward in (0, 1):
        bench = Bench(forward=forward, deadline=deadline)
        assert bench.run(5000) == BUDGET
        assert (bench.cycle, bench.machine.open) == (deadline, 1)
        bench.machine.deadline = (1 << 64) - 1
        bench.finish()
        bench.run(5000 - deadline)
        ends.append((bench.cycle, list(bench.state)))
    assert ends[0] == ends[1]
    assert bench.machine.skipped > 4000
