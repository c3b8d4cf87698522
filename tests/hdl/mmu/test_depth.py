"""How deep the MMU's logic is: a bound, so that no change makes the clock slower unseen.

Cells of four inputs on the longest way, as a quick run of Yosys maps it: half of what the hardware
has in the end, and of TLBs of two entries only. `make synth` measures the clock.
"""

import pytest

from hdl.mmu.mmu import Mmu
from tests.hdl import depth


@pytest.fixture(scope="module")
def mapped(tmp_path_factory):
    """The MMU as look-up tables."""
    mmu = Mmu(itlb_entries=2, dtlb_entries=2, walk_cache_entries=2)
    return depth.mapped(mmu, tmp_path_factory.mktemp("depth"))


@pytest.mark.parametrize(
    "source, sink, cells",
    [
        ("data__va", "data__pa", 11),
        ("fetch__va", "fetch__pa", 10),
        ("data__va", "data__fault", 14),
        ("data__va", "data__done", 11),
        ("data__va", "port__request__valid", 16),
        ("fetch__va", "port__request__valid", 15),
        ("data__va", "port__request__address", 14),
        ("port__response__data", "port__request__valid", 9),
        ("port__response__data", "port__request__address", 2),
    ],
)
def test_no_way_is_longer_than_it_was(mapped, source, sink, cells):
    assert mapped.depth([source], [sink]) <= cells


def test_no_more_cells_than_there_were(mapped):
    assert mapped.count("$lut") <= 2450
