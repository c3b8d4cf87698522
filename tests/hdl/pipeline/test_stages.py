"""`copy` moves every member, however deep, and only between equals."""

import random

import pytest
from amaranth.hdl import Cat, Module, ResetInserter, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.mmu.vocabulary import Fault
from hdl.pipeline.stages import Decoded, Executed, FetchedWord, Forward, copy, payload
from hdl.units.btb import TARGET_BITS
from tests.support import simulate


class Copier(wiring.Component):
    def __init__(self, signature):
        super().__init__({"source": In(signature), "target": Out(signature)})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += copy(self.target, self.source)
        return m


def bits(interface):
    """All members of an interface as one value."""
    members = interface.signature.flatten(interface)
    return Cat(value for _, _, value in members)


@pytest.mark.parametrize("signature", [Decoded(), Executed(), Forward()])
def test_copies_every_bit(signature):
    dut = Copier(signature)
    source, target = bits(dut.source), bits(dut.target)
    rng = random.Random(1)

    async def testbench(ctx):
        for _ in range(50):
            value = rng.getrandbits(len(source))
            ctx.set(source, value)
            assert ctx.get(target) == value

    simulate(dut, testbench)


#: Addresses, data and numbers of registers, by their widths.
WIDTHS = {
    64: {"pc", "next_pc", "address", "va", "result", "rs1_data", "rs2_data", "data"},
    32: {"insn"},
    TARGET_BITS: {"target"},
    5: {"rs1", "rs2", "rd"},
    4: {"interrupt_cause"},
    3: {"funct3"},
}


@pytest.mark.parametrize("signature", [Decoded(), Executed(), Forward()])
def test_nothing_loses_a_bit_on_the_way(signature):
    flat = signature.flatten(signature.create())
    members = {path[-1]: len(Value.cast(value)) for path, _, value in flat}
    known = {name: width for width, names in WIDTHS.items() for name in names if name in members}
    assert {name: members[name] for name in known} == known
    assert len(known) > 1


def test_other_signatures_do_not_match():
    with pytest.raises(ValueError, match="argument 2 is"):
        copy(Executed().create(), Forward().create())


def test_a_reset_of_what_a_stage_holds_takes_its_valid_bit_alone():
    reset, m, source = Signal(), Module(), FetchedWord().create()
    held = payload(FetchedWord(), "held")
    m.d.sync += copy(held, source)
    dut = ResetInserter(reset)(m)

    async def testbench(ctx):
        ctx.set(bits(source), (1 << len(bits(source))) - 1)
        ctx.set(source.fetch.fault, Fault.PAGE)
        await ctx.tick()
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        assert not ctx.get(held.valid)
        assert ctx.get(held.data) == (1 << 64) - 1
        assert ctx.get(held.fetch.fault) is Fault.PAGE

    simulate(dut, testbench)


def test_control_is_part_of_a_decoded_instruction():
    names = {".".join(path) for path, _, _ in Decoded().flatten(Decoded().create())}
    assert {"control.unit", "control.rd", "control.illegal", "fetch.fault", "fetch.second"} <= names
