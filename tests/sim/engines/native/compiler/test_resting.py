"""A step of its own for what mostly rests: which bits count, what becomes of the circuit, and that
a cycle does the same by either step."""

import ctypes
import random

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from sim.engines.internals import SignalDict
from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.layout import Layout
from sim.engines.native.compiler.model import Model
from sim.engines.native.compiler.rarely import Rarely
from sim.engines.native.compiler.resting import at_rest, resting_nets, unrest
from tests.sim.engines.native.compiler.cells import (
    assign,
    circuit,
    flip_flop,
    operator,
    out,
    split_for,
)


class Worker(wiring.Component):
    """Adds up what comes in, unless it is busy, which an order makes it for some cycles.

    A mode that an order sets, and that a table of two rows depends on, outlives the work.
    """

    order: In(1)
    amount: In(8)
    failed: In(1)
    total: Out(16)
    shown: Out(8)

    def elaborate(self, platform):
        m = Module()
        left, mode = Signal(3, name="left"), Signal(1, name="mode")
        m.d.comb += self.shown.eq((mode ^ 1) * 3 + self.total[4:])
        with m.If(self.failed):
            m.d.sync += self.total.eq(0)
        with m.Elif(left == 0):
            m.d.sync += self.total.eq(self.total + self.amount)
            with m.If(self.order):
                m.d.sync += [left.eq(self.amount), mode.eq(self.amount[3])]
        with m.Else():
            m.d.sync += [left.eq(left - 1), self.total.eq(self.total ^ self.amount << mode)]
        return m


LEFT = "top.left"
FAILED = "top.failed"
MODE = "top.mode"
#: While there is none, the mode stays what it is, which need not be what it was after reset.
ORDER = "top.order"


def run(directory, *resting, modules=()):
    """Drives a worker at random; returns the model, and the outputs of all cycles."""
    dut = Worker()
    rarely = Rarely(modules=frozenset(modules), resting=frozenset(resting))
    model = Model.of(dut, [dut.total, dut.shown], directory, rarely=rarely, level="-O1")
    places = [model.word_of(signal) for signal in (dut.order, dut.amount, dut.failed)]
    rng, seen = random.Random(3), []
    state = ctypes.c_void_p(model.address)
    for _ in range(2_000):
        values = (rng.random() < 0.1, rng.getrandbits(8), rng.random() < 0.02)
        for word, value in zip(places, values, strict=True):
            model.state[word] = int(value)
        model.library.native_step(state, state)
        seen.append(tuple(model.state[:2]))
    return model, seen


@pytest.mark.parametrize("modules", [(), ("top",)], ids=["alone", "beside what rarely changes"])
@pytest.mark.parametrize(
    "resting",
    [(LEFT,), (LEFT, FAILED), (LEFT, FAILED, MODE), (MODE,), ("top.total",), (ORDER,)],
)
def test_a_hint_changes_no_result(resting, modules, tmp_path):
    _, plain = run(tmp_path)
    model, hinted = run(tmp_path, *resting, modules=modules)

    assert hinted == plain
    assert len(set(plain)) > 500
    assert model.library.native_resting


def test_without_a_hint_there_is_one_step(tmp_path):
    model, _ = run(tmp_path, "top.nothing", "elsewhere.left")

    assert not hasattr(model.library, "native_resting")


def text_of(function, source):
    return source.partition(f"void {function}(u64 *s, u64 *o) {{")[2].partition("\n}")[0]


def test_what_would_be_done_is_not_in_it(tmp_path):
    model, _ = run(tmp_path, LEFT, FAILED)
    source = model.translation.source()
    whole, resting = text_of("native_step", source), text_of("native_resting", source)

    # Twice the amount, which is only of interest while the worker is busy.
    assert "<<" in whole
    assert "<<" not in resting
    assert len(resting) < 0.8 * len(whole)


class TestCircuit:
    """Register 3, which takes input 1 if input 2 says so, and the sum of the two."""

    def cells(self, init=0):
        held = assign(out(3, 0, 2), (c.net(2, 0), 0, out(1, 0, 2)))
        registers = [flip_flop(2), flip_flop(1), flip_flop(2, data=out(4, 0, 2), init=init)]
        return circuit(*registers, held, operator("+", 2, out(3, 0, 2), out(1, 0, 2)))

    def test_readers_see_constants_and_a_register_itself(self):
        design = self.cells()
        resting = at_rest(design, {c.net(3, 0): 1, c.net(3, 1): 0, c.net(2, 0): 0})

        assert resting.cells[5].inputs == ((1, 0), out(1, 0, 2))
        assert resting.cells[4].default == out(3, 0, 2)
        assert resting.cells[4].assignments == ()
        assert design.cells[5].inputs[0] == out(3, 0, 2)
        assert [each.condition for each in design.cells[4].assignments] == [c.net(2, 0)]

    def test_its_test_reads_the_bits_that_count(self):
        pieces, live = split_for(self.cells(), out(5, 0, 2))
        layout = Layout.of(pieces, live)

        def test(nets):
            return unrest(nets, pieces, layout)

        register = next(word for piece, word in layout.registers.items() if piece.cell == 3)
        assert test({}) == ""
        assert test({c.net(3, 0): 0, c.net(3, 1): 0}) == f"s[{register}]"
        assert test({c.net(3, 0): 0, c.net(3, 1): 1}) == f"(s[{register}] ^ 2ull)"
        assert test({c.net(3, 1): 1}) == f"((s[{register}] ^ 2ull) & 2ull)"
        assert test({c.net(3, 0): 0, c.net(2, 0): 0}).count(" | ") == 1

    def test_values_are_those_after_reset(self):
        design = self.cells(init=2)
        design.cells[3].module = ("top", "unit")
        name = Signal(2, name="busy")
        design.signals = SignalDict([(name, out(3, 0, 2))])

        found = resting_nets(design, Rarely(resting=frozenset({"unit.busy"})))
        assert found == {c.net(3, 0): 0, c.net(3, 1): 1}
        assert resting_nets(design, Rarely(resting=frozenset({"top.busy", "busy"}))) == {}
