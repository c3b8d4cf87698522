"""Which designs are the same: known without elaborating them, and never wrongly."""

import enum
import subprocess
import sys

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

import hdl.memory.pma
import hdl.mmu.mmu
from hdl.hart import Hart
from hdl.memory.pma import Pma
from hdl.mmu.mmu import Mmu
from hdl.mmu.walk_cache import WalkCache
from hdl.units.alu import Alu
from sim.engines.native.compiler import identity
from sim.engines.native.compiler.identity import identify

KB = 1024


@pytest.mark.parametrize("make", [Hart, Mmu, lambda: Hart(hart_id=3, dtlb_entries=2)])
def test_two_of_a_kind_are_the_same(make):
    assert identify(make()) == identify(make()) is not None


@pytest.mark.parametrize(
    "parameters",
    [
        {"reset_pc": 0x8000_0100},
        {"hart_id": 1},
        {"pmp_entries": 8},
        {"pmp_csrs": True},
        {"misaligned": True},
        {"itlb_entries": 16},
        {"dtlb_entries": 16},
        {"walk_cache_entries": 2},
        {"pma": Pma(ram_base=0x4000_0000)},
        {"pma": Pma(ram_size=64 * KB)},
    ],
    ids=lambda parameters: next(iter(parameters)),
)
def test_every_parameter_of_the_hart_makes_another(parameters):
    assert identify(Hart(**parameters)) != identify(Hart())


def test_a_part_that_was_exchanged_makes_another():
    mmu = Mmu()
    mmu.walk_cache = WalkCache(entries=5)

    assert identify(mmu) == identify(Mmu(walk_cache_entries=5)) != identify(Mmu())


def test_slots_are_called_as_they_are_from_outside():
    class Plain:
        __slots__ = "one"

    class _Private(Plain):
        __slots__ = ("__dict__", "__two", "three")

    assert sorted(identity._slots(_Private)) == ["_Private__two", "one", "three"]


def test_what_is_data_makes_no_difference():
    small, large = (Hart(pma=Pma(ram_size=size, adjustable=True)) for size in (64 * KB, 128 * KB))

    assert identify(small, [small.ram_end]) == identify(large, [large.ram_end])


def test_places_count_by_what_they_are_not_by_their_names():
    alu, other = Alu(), Alu()
    first, second = [name for name, port in alu.signature.members.items() if port.flow is In][:2]

    def places(component, name):
        return identify((component, [getattr(component, name)]))

    assert places(alu, first) == places(other, first)
    assert places(alu, first) != places(alu, second)


def test_a_constant_that_was_changed_makes_another(monkeypatch):
    before = identify(Mmu())
    monkeypatch.setattr(hdl.memory.pma, "PA_BITS", 40)

    assert identify(Mmu()) != before


class Foreign(wiring.Component):
    """Says nothing of what it will elaborate to."""

    y: Out(1)

    def __init__(self, **parameters):
        super().__init__()

    def elaborate(self, platform):
        return Module()


def test_foreign_code_is_not_described():
    assert identify(Foreign()) is None


def test_a_design_with_a_foreign_part_is_not_described():
    mmu = Mmu()
    mmu.walker = Foreign()

    assert identify(mmu) is None


@pytest.mark.parametrize("held", [{(1, 2)}, pytest, enum.Enum("Foreign", "A").A])
def test_a_part_that_holds_something_foreign_is_not_described(held):
    mmu = Mmu()
    mmu.note = held

    assert identify(mmu) is None


@pytest.mark.parametrize("owner, name", [(Mmu, "elaborate"), (hdl.mmu.mmu, "assign_key")])
def test_code_that_was_replaced_is_not_described(monkeypatch, owner, name):
    monkeypatch.setattr(owner, name, lambda *arguments: [])

    assert identify(Mmu()) is None


def test_a_property_that_was_replaced_is_not_described(monkeypatch):
    monkeypatch.setattr(Pma, "ram_size", property(lambda self: 4096))

    assert identify(Mmu()) is None


def test_a_class_that_was_replaced_is_not_described(monkeypatch):
    monkeypatch.setattr(hdl.mmu.mmu, "Walker", Foreign)

    assert identify(Mmu()) is None


def test_plain_signals_are_told_apart():
    a, b = Signal(8, name="a"), Signal(8, name="b")

    assert identify((a, b, a)) != identify((a, b, b))
    assert identify([Signal(8, name="a", init=1)]) != identify([Signal(8, name="a", init=2)])


def test_another_process_says_the_same():
    code = (
        "import sys, warnings; warnings.simplefilter('ignore');"
        "from hdl.mmu.mmu import Mmu; import hdl.hart, hdl.units.alu;"
        "from sim.engines.native.compiler.identity import identify;"
        "print(identify(Mmu()))"
    )
    names = {subprocess.check_output([sys.executable, "-c", code], text=True) for _ in range(2)}

    assert len(names) == 1
