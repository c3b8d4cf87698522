"""Each step of the kernel's work has its cost, and it is the one that the page says."""

from hdl.arch import PAGE_SIZE
from kernel_model.facts.costs import NO_WORK, TABLE, ZERO, Meter, Step
from tests.kernel_model.pages import table_under

#: The steps of each row of the page's table, in its order.
ROWS = [
    {Step.DISPATCH},
    {Step.SYSCALL},
    {Step.ALLOCATE, Step.FREE},
    {Step.ZERO_PAGE},
    {Step.PTE},
    {Step.COPY},
    {Step.CONSOLE_CHAR},
]


def test_every_step_has_a_cost():
    assert set(TABLE) == set(ZERO) == set(Step)
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
        int(cycles.replace(",", "")) for _, cycles in table_under("What the kernel's work costs")
    ]
    assert [{cycles} for cycles in told] == [{TABLE[step] for step in row} for row in ROWS]
    assert set.union(*ROWS) == set(Step)


def test_to_clear_eight_bytes_is_to_copy_them_without_the_load():
    assert TABLE[Step.ZERO_PAGE] == PAGE_SIZE // 8 * (TABLE[Step.COPY] - 1)


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
