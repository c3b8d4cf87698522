"""How deep the logic of the execute stage is where it decides about the clock: bounds.

As in `tests.hdl.mmu.test_depth`, and what must not be on a way at all. The multiplier is left out,
since nothing here goes through it: beside its depth others would not be kept low.
"""

import pytest
from amaranth.hdl import Module

from hdl.pipeline.execute import Execute
from hdl.units.muldiv import MulDiv
from tests.hdl.depth import mapped


class NoMulDiv(MulDiv):
    """Registers in place of a multiplier and divider, which use all of its ports."""

    def elaborate(self, platform):
        m = Module()
        m.d.sync += [
            self.done.eq(self.start & self.take & ~self.cancel),
            self.result.eq(self.a ^ self.b ^ self.word ^ self.op),
        ]
        return m


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """The stage as look-up tables."""
    execute = Execute()
    execute.muldiv = NoMulDiv()
    return mapped(execute, tmp_path_factory.mktemp("depth"))


@pytest.mark.parametrize(
    "source, sink, cells",
    [
        # A translation begins with the cycle.
        ("held__address", "translation__va", 0),
        ("held__address", "translation__valid", 3),
        ("held__address", "redirect__valid", 9),
        ("held__rs1_data", "redirect__valid", 20),
        ("ready", "accept", 1),
        ("translation__done", "request__valid", 3),
        ("request__ready", "accept", 4),
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
