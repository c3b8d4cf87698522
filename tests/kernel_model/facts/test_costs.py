"""Each step of the kernel's work has its cost, and it is the one that the page says."""

from hdl.arch import PAGE_SIZE
from kernel_model.facts.costs import IDEAL, NO_WORK, TABLE, ZERO, Meter, Step
from tests.kernel_model.pages import table_under


def test_every_step_has_a_cost():
    assert set(TABLE) == set(IDEAL) == set(ZERO) == set(Step)
    assert min(TABLE.values()) > 0
    assert set(ZERO.values()) == {0}


def test_no_two_steps_are_one():
    assert [step.name for step in Step] == list(Step.__members__)
    assert list(Step) == list(range(len(Step)))


def test_no_work_has_no_step():
    assert (NO_WORK.steps, NO_WORK.cycles) == ((), 0)


def test_a_new_meter_has_counted_nothing():
    assert Meter().cycles == 0


def test_the_page_says_what_is_charged():
    told = [
        [int(cycles.replace(",", "")) for cycles in row[-2:]]
        for row in table_under("What the kernel's work costs")
    ]
    assert told == [[TABLE[step], IDEAL[step]] for step in Step]


def test_ideally_to_clear_eight_bytes_is_to_copy_them_without_the_load():
    assert IDEAL[Step.ZERO_PAGE] == PAGE_SIZE // 8 * (IDEAL[Step.COPY] - 1)


class TestMeter:
    def test_what_was_done_costs_what_the_table_says(self):
        meter = Meter(TABLE)
        meter.charge(Step.PTE, 3)
        meter.charge(Step.ZERO_PAGE)
        assert meter.cycles == 3 * TABLE[Step.PTE] + TABLE[Step.ZERO_PAGE]

    def test_begins_anew_with_each_ring(self):
        meter = Meter(TABLE)
        meter.charge(Step.FREE)
        meter.reset()
        assert (meter.cycles, set(meter.counts)) == (0, {0})

    def test_what_is_taken_back_was_not_done(self):
        meter = Meter(TABLE)
        meter.charge(Step.PTE)
        before = meter.mark()
        meter.charge(Step.DISK, 7)
        meter.back_to(before)
        assert meter.mark() == before

    def test_a_part_of_the_work_is_what_was_done_since(self):
        meter = Meter(TABLE)
        meter.charge(Step.PTE, 5)
        before = meter.mark()
        meter.charge(Step.PTE, 2)
        meter.charge(Step.ALLOCATE)

        work = meter.since(before)
        meter.charge(Step.PTE, 9)  # is none of it

        assert work.steps == (
            (Step.ALLOCATE, 1, TABLE[Step.ALLOCATE]),
            (Step.PTE, 2, 2 * TABLE[Step.PTE]),
        )
        assert work.cycles == TABLE[Step.ALLOCATE] + 2 * TABLE[Step.PTE]
        assert work.begun == 5 * TABLE[Step.PTE]

    def test_work_that_costs_nothing_is_work(self):
        meter = Meter(ZERO)
        begin = meter.mark()
        meter.charge(Step.PTE, 2)
        work = meter.since(begin)
        assert (work.steps, work.cycles) == (((Step.PTE, 2, 0),), 0)
        assert (NO_WORK.steps, NO_WORK.cycles) == ((), 0)
