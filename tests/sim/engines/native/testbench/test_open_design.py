"""Compiled designs for testbenches: what is refused, and what is kept for the next of its kind."""

import re

import pytest
from amaranth.hdl import Cat, ClockDomain, ClockSignal, Module, Signal
from amaranth.sim import Simulator

from sim.engines.native.compiler.circuit import Unsupported
from sim.engines.native.testbench import open_design
from tests.sim.engines.native.testbench.benches import AtOnce, Circuit, run


def gated():
    m, y = Module(), Signal()
    m.d.sync += y.eq(ClockSignal())
    return m


def divided():
    m, half = Module(), Signal()
    m.d.sync += half.eq(~half)
    m.domains.slow = slow = ClockDomain(reset_less=True)
    m.d.comb += slow.clk.eq(half)
    m.d.slow += Signal().eq(1)
    return m


@pytest.mark.parametrize(
    "make, complaint",
    [
        (gated, r"the clock clk is read in a domain with a clock at .*test_open_design\.py:\d+"),
        (divided, r"the clock slow_clk is made by the design"),
    ],
)
def test_what_cannot_be_computed_is_refused(make, complaint):
    # Every time: a refusal leaves nothing behind that looks like an answer.
    for _ in range(2):
        with pytest.raises(Unsupported, match=complaint):
            Simulator(make(), engine=AtOnce)


def test_the_second_of_a_kind_is_not_translated(tmp_path, monkeypatch):
    class Engine(AtOnce):
        directory = tmp_path

    async def bench(ctx, dut, note):
        ctx.set(Cat(dut.go, dut.step), 0b111)
        note(await ctx.tick().sample(dut.total).repeat(4))

    first = run(Engine, Circuit, bench)
    monkeypatch.setattr(open_design, "Model", None)
    assert run(Engine, Circuit, bench) == first


def test_what_the_cache_lost_is_made_again(tmp_path):
    class Engine(AtOnce):
        directory = tmp_path

    async def bench(ctx, dut, note):
        note(ctx.get(dut.row))

    first = run(Engine, Circuit, bench)
    (library,) = tmp_path.glob("*.so")
    library.unlink()
    (record,) = tmp_path.glob("design-*.json")
    assert run(Engine, Circuit, bench) == first
    record.write_text(re.sub(r"^.*", "{", record.read_text()))
    assert run(Engine, Circuit, bench) == first


def test_a_signal_is_set_where_it_lies_and_nothing_beside_it():
    state = memoryview(bytearray(b"\xff" * 24)).cast("Q")
    open_design.poke(state, [(0, 0xFF, 2, 8), (8, 0xF, 1, 60)], 0x345)

    assert [f"{word:016x}" for word in state] == [
        "ffffffffffffffff",
        "3fffffffffffffff",
        "ffffffffffff45ff",
    ]
