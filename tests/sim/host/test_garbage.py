import gc

import pytest

from sim.host.garbage import collect_seldom, seldom_collected


@pytest.fixture(autouse=True)
def usual():
    """Afterwards it is as often as before."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.parametrize(
    "before, then", [((700, 10, 10), 500_000), ((900_000, 5, 5), 900_000), ((0, 10, 10), 0)]
)
def test_it_is_less_often_and_never_more(before, then):
    gc.set_threshold(*before)
    with seldom_collected():
        assert gc.get_threshold() == (then, *before[1:])
    assert gc.get_threshold() == before

    collect_seldom()
    assert gc.get_threshold() == (then, *before[1:])
