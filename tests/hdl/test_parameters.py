"""The parameters of `make verilog`: what they set, and what is refused in one line."""

import re

import pytest

from hdl.bus.attach import OnBus
from hdl.bus.axi import AxiLiteAdapter, AxiLiteSignature
from hdl.bus.wishbone import WishboneSignature
from hdl.parameters import PARAMETERS, ParameterError, build


def test_without_any_both_parts_are_built_with_their_defaults():
    parts = build([])

    assert list(parts) == ["mmu", "hart"]
    for mmu in (parts["mmu"], parts["hart"].mmu):
        assert len(mmu.fetch_side.tlb.entries) == len(mmu.data_side.tlb.entries) == 8
        assert len(mmu.walk_cache.entries) == 4
        assert mmu.walker.checker is None
        assert repr(mmu._pma) == "Pma(ram_base=0x80000000, ram_size=0x8000000)"


def test_what_they_set_reaches_both():
    given = "TLB=16 DTLB=32 WALK_CACHE=2 PMP=4 RAM=0x40000000:512M ROM=0x10000:64K"
    parts = build([*given.split(), "BTB=64", "RESET_PC=0x10000"])

    for mmu in (parts["mmu"], parts["hart"].mmu):
        assert len(mmu.fetch_side.tlb.entries) == 16
        assert len(mmu.data_side.tlb.entries) == 32
        assert len(mmu.walk_cache.entries) == 2
        assert mmu.walker.checker is not None
        place = "ram_base=0x40000000, ram_size=0x20000000, rom_base=0x10000, rom_size=0x10000"
        assert repr(mmu._pma) == f"Pma({place})"


def test_the_one_for_a_side_counts_more_wherever_it_stands():
    (mmu,) = build(["PART=mmu", "ITLB=2", "TLB=4"]).values()

    assert len(mmu.fetch_side.tlb.entries) == 2
    assert len(mmu.data_side.tlb.entries) == 4


@pytest.mark.parametrize("part", ["mmu", "hart"])
def test_one_part_is_enough(part):
    assert list(build([f"PART={part}"])) == [part]


@pytest.mark.parametrize("bus, pipelined", [("wishbone", False), ("wishbone-pipelined", True)])
def test_memory_ports_become_buses(bus, pipelined):
    parts = build([f"BUS={bus}", "TLB=2"])

    for part, port in (("mmu", "port"), ("hart", "fetch_port"), ("hart", "data_port")):
        assert isinstance(parts[part], OnBus)
        signature = parts[part].signature.members[port].signature
        assert isinstance(signature, WishboneSignature)
        assert ("stall" in signature.members) == pipelined
    assert len(parts["mmu"].part.data_side.tlb.entries) == 2


@pytest.mark.parametrize("bus, alone", [("axi4-lite", False), ("axi4-lite-alone", True)])
def test_who_is_alone_on_a_bus_without_locks_says_so(bus, alone):
    mmu = build(["PART=mmu", f"BUS={bus}"])["mmu"]

    assert isinstance(mmu.signature.members["port"].signature, AxiLiteSignature)
    (adapter,) = mmu.adapters.values()
    assert isinstance(adapter, AxiLiteAdapter)
    assert adapter._alone == alone


@pytest.mark.parametrize("text, size", [("0:4096", 4096), ("0:4K", 4096), ("0x0:0x1000", 4096)])
def test_sizes_have_units(text, size):
    assert build(["PART=mmu", f"RAM={text}"])["mmu"]._pma.ram_size == size


@pytest.mark.parametrize("name", PARAMETERS)
def test_no_parameter_takes_a_word(name):
    with pytest.raises(ParameterError, match=rf"{name} must be .*, not 'many'"):
        build([f"{name}=many"])


@pytest.mark.parametrize(
    "assignments, said",
    [
        ("TLB=0", "TLB must be 1 to 256, not '0'"),
        ("TLB=-1", "TLB must be 1 to 256, not '-1'"),
        ("TLB=8.0", "TLB must be 1 to 256, not '8.0'"),
        ("PMP=17", "PMP must be 0 to 16, not '17'"),
        ("BTB=3", "BTB must be a power of two, 2 to 4096, not '3'"),
        ("RESET_PC=0x80000001", "RESET_PC must be an even address below 1 << 56, not '0x80000001'"),
        ("RAM=0x80000000", "RAM must be BASE:SIZE, .* not '0x80000000'"),
        ("RAM=0x80000000:0", "RAM must be BASE:SIZE, .* not '0x80000000:0'"),
        ("RAM=0x80000001:4K", "RAM must be BASE:SIZE, .* not '0x80000001:4K'"),
        ("RAM=0x80000000:1000", "RAM must be .* in pages of 4096 bytes .* not '0x80000000:1000'"),
        ("RAM=0xfffffffffff000:8K", "RAM must be .* below 1 << 56, not '0xfffffffffff000:8K'"),
        ("RAM=0:4X", "RAM must be BASE:SIZE, .* not '0:4X'"),
        ("PART=cpu", "PART must be mmu or hart, not 'cpu'"),
        ("BUS=ahb", "BUS must be wishbone or wishbone-pipelined or axi4-lite or .*, not 'ahb'"),
        ("PART=mmu BTB=8", "BTB is of the hart, and PART is mmu"),
        ("TLB", "TLB has no value: write TLB=VALUE"),
        ("TLB=", "TLB has no value: write TLB=VALUE"),
        ("TLB=8 TLB=9", "TLB is given twice"),
        ("TLBS=8", "there is no parameter 'TLBS', but there are PART, BUS, TLB, .*"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(assignments, said):
    with pytest.raises(ParameterError) as caught:
        build(assignments.split())
    assert re.fullmatch(said, str(caught.value))
