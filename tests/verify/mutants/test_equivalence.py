"""Proofs of equivalence: of what is, and none of what is not."""

import inspect

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Elaboratable, Module, Signal

from hdl.hart import Hart
from tests.verify.formal.solver import require
from tests.verify.mutants.equivalence import WRITE_RTLIL, equivalent


class Design(Elaboratable):
    """A register that takes `step(register, inputs)`, and what a submodule makes of it."""

    def __init__(self, step, *, width=4, init=0, inner=lambda x: x + 3, passed=lambda x: x):
        self.ports = [Signal(4, name=name) for name in ("a", "b", "out")]
        self._parameters = step, width, init, inner, passed

    def elaborate(self, platform):
        step, width, init, inner, passed = self._parameters
        m = Module()
        m.submodules.inner = box = Module()
        given, made = Signal(4, name="given"), Signal(4, name="made")
        box.d.comb += made.eq(inner(given))
        a, b, out = self.ports
        register = Signal(width, name="register", init=init)
        m.d.sync += register.eq(step(register, a, b))
        m.d.comb += [given.eq(passed(register)), out.eq(made ^ a)]
        return m


def text(step=lambda r, a, b: r ^ (a & b), **options):
    """RTLIL of a design."""
    design = Design(step, **options)
    return rtlil.convert(design, ports=design.ports, name="top", emit_src=False)


SAME = {
    "the same": {},
    "another form": {"step": lambda r, a, b: r ^ ~(~a | ~b)},
    "another form in a submodule": {"inner": lambda x: 3 + x},
    "another form before a submodule": {"passed": lambda x: ~~x},
}
OTHER = {
    "another function": {"step": lambda r, a, b: r ^ (a | b)},
    "another initial value": {"init": 1},
    "another width": {"width": 3},
    "another submodule": {"inner": lambda x: x + 2},
    "another input of a submodule": {"passed": lambda x: x + 1},
}


@pytest.mark.parametrize("options", SAME.values(), ids=SAME)
def test_what_is_equivalent_is_proven(options):
    require()
    assert equivalent(text(), text(**options), {})


@pytest.mark.parametrize("options", OTHER.values(), ids=OTHER)
def test_what_is_not_equivalent_is_not_proven(options):
    require()
    assert not equivalent(text(), text(**options), {})


def test_no_part_of_the_hart_is_left_out_of_the_proof():
    """What is in no design would be the same hardware, however it is broken."""
    parameters = set(inspect.signature(Hart).parameters)
    assert {name for name in parameters if f"{name}=" not in WRITE_RTLIL} == set()


def test_designs_with_other_modules_are_not_equivalent():
    assert not equivalent(text(), text().replace("top.inner", "top.other"), {})
