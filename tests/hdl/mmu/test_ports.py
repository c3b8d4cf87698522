"""The MMU's ports: who drives what, how wide it is, and when an address is refused."""

from itertools import product

import pytest
from amaranth.hdl import Elaboratable, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.memory.port import ID_BITS
from hdl.mmu.ports import (
    AddressSignature,
    ContextSignature,
    SfenceSignature,
    TranslationSignature,
    UpdateSignature,
)
from hdl.mmu.vocabulary import Fault
from tests.support import simulate

ADDRESS = {"va": (Out, 64), "fault": (Out, 2), "update": (Out, 1)}
CONTEXT = {
    "sv39": (Out, 1),
    "asid": (Out, 16),
    "root": (Out, 44),
    "sum_": (Out, 1),
    "mxr": (Out, 1),
    "adue": (Out, 1),
}
SFENCE = {
    "valid": (Out, 1),
    "has_va": (Out, 1),
    "va": (Out, 64),
    "has_asid": (Out, 1),
    "asid": (Out, 16),
}
#: What a request for a translation and one for an update have in common.
REQUEST = {"valid": (Out, 1), "va": (Out, 64), "priv": (Out, 2), "access": (Out, 3)}
RESPONSE = {"done": (In, 1), "fault": (In, 2)}
UPDATE = {**REQUEST, "id": (Out, ID_BITS), **RESPONSE}
TRANSLATION = {
    **UPDATE,
    "squash": (Out, 1),
    "size": (Out, 2),
    "pa": (In, 56),
    "device": (In, 1),
    "narrow": (In, 1),
    "update": (In, 1),
}
PORTS = {
    AddressSignature: ADDRESS,
    ContextSignature: CONTEXT,
    SfenceSignature: SFENCE,
    TranslationSignature: TRANSLATION,
    UpdateSignature: UPDATE,
}


@pytest.mark.parametrize("signature", PORTS)
def test_members(signature):
    members = {
        path: (member.flow, len(Value.cast(value)))
        for (path,), member, value in signature().flatten(signature().create())
    }
    assert members == PORTS[signature]


@pytest.mark.parametrize("signature", PORTS)
def test_both_sides_connect(signature):
    one, other = signature().create(path=("a",)), signature().flip().create(path=("b",))
    wiring.connect(Module(), one, other)


class Refused(Elaboratable):
    def __init__(self):
        self.address = AddressSignature().create()
        self.refused = Signal()

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.refused.eq(self.address.is_refused())
        return m


def test_an_address_is_refused_by_a_fault_and_until_its_bits_are_written():
    dut = Refused()

    async def testbench(ctx):
        for fault, update in product(Fault, (0, 1)):
            ctx.set(dut.address.fault, fault)
            ctx.set(dut.address.update, update)
            accepted = fault is Fault.NONE and not update
            assert ctx.get(dut.refused) == (not accepted), (fault, update)

    simulate(dut, testbench)
