import pytest

from sim.output.page_runs import runs


@pytest.mark.parametrize(
    "pages, found",
    [
        ([], []),
        ([0], [(0, 1)]),
        ([7, 5, 6], [(5, 3)]),
        ([1, 2, 4, 8, 9], [(1, 2), (4, 1), (8, 2)]),
    ],
)
def test_pages_that_follow_each_other_are_a_run(pages, found):
    assert list(runs(pages)) == found
