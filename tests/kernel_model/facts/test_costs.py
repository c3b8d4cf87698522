"""Each step of the kernel's work has its cost, and it is the one that the page says."""

from hdl.arch import PAGE_SIZE
from kernel_model.facts.costs import TABLE, ZERO, Meter, Step
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
