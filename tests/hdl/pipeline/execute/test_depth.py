"""How deep the logic of the execute stage is where it decides about the clock: bounds.

As in `tests.hdl.mmu.test_depth`, and what must not be on a way at all. The multiplier is a small
one, since nothing here goes through it.
"""

import pytest

from hdl.pipeline.execute import Execute
from hdl.units.muldiv import MulDiv
from tests.hdl.depth import mapped


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """The stage as look-up tables."""
    execute = Execute()
    execute.muldiv = MulDiv(mul_bits=1, div_bits=1)
    return mapped(execute, tmp_path_factory.mktemp("depth"))


@pytest.mark.parametrize(
    "source, sink, cells",
    [
        # A translation begins with the cycle.
        ("held__address", "translation__va", 0),
        ("held__address", "translation__valid", 3),
        ("held__address", "redirect__valid", 9),
        ("held__rs1_data", "redirect__valid", 22),
        ("ready", "accept", 2),
        ("translation__done", "request__valid", 4),
        ("request__ready", "accept", 5),
    ],
)
def test_no_way_is_longer_than_it_was(stage, source, sink, cells):
    assert stage.depth([source], [sink]) <= cells


@pytest.mark.parametrize(
    "source, sink",
    [
        ("translation__done", "redirect__valid"),
        ("translation__pa", "redirect__valid"),
        ("request__ready", "redirect__valid"),
        ("ready", "redirect__valid"),
        # Nor does one from the physical address but to what is accessed there.
        ("translation__pa", "request__valid"),
        ("translation__pa", "accept"),
        ("held__rs1_data", "translation__valid"),
    ],
)
def test_no_way_leads_there(stage, source, sink):
    with pytest.raises(ValueError, match="no way leads there"):
        stage.depth([source], [sink])
