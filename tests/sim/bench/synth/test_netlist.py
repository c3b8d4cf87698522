"""Netlists of Yosys and nextpnr: names of Amaranth's, and how deep a wire lies."""

import pytest

from sim.bench.synth.netlist import Netlist, Routed
from tests.rooms import ROOT

HERE = f"{ROOT}/hdl/mmu/tlb.py"


def wire(*bits, src=""):
    return {"bits": list(bits), "attributes": {"src": src} if src else {}}


def cell(kind, inputs, output):
    ports = {f"I{number}": [bit] for number, bit in enumerate(inputs)} | {"O": [output]}
    directions = dict.fromkeys(ports, "input") | {"O": "output"}
    return {"type": kind, "port_directions": directions, "connections": ports}


def netlist(cells, netnames):
    top = {"attributes": {"top": "1"}, "cells": cells, "netnames": netnames}
    return {"modules": {"LUT4": {"attributes": {}, "cells": {"x": {}}}, "top": top}}


#: a -> 10 -> 11 -> y, past a register: b -> 12 -> 13, and 11 -> 13 -> z.
CHAIN = netlist(
    {
        "one": cell("LUT4", [1, "0"], 10),
        "two": cell("LUT4", [10, 2], 11),
        "kept": cell("TRELLIS_FF", [2], 12),
        "three": cell("PFUMX", [11, 12], 13),
    },
    {
        "a": wire(1, src=f"{HERE}:7"),
        "b": wire(2),
        "y": wire(10, 11),
        "z": wire(13),
        "part.entry0": wire(5, 12, src=f"{HERE}:3|/usr/x.v:9|{HERE}:12"),
        "part.entry0.page": wire(12, src=f"{HERE}:99"),
        "yosys": wire(12, src="/share/cells.v:1.2-3.4"),
    },
)


def test_depth_is_that_of_the_longest_way():
    chain = Netlist(CHAIN)

    assert chain.depth(["a"], ["y"]) == 2
    assert chain.depth(["a"], ["z"]) == 3
    assert chain.depth(["a", "b"], ["y", "z"]) == 3
    assert chain.depth(["a"], ["a"]) == 0


def test_no_way_leads_through_a_register():
    chain = Netlist(CHAIN)

    assert chain.depth(["b"], ["z"]) == 2, "not by way of the register"
    with pytest.raises(ValueError, match="no way leads there"):
        chain.depth(["z"], ["y"])


def test_cells_are_counted_by_their_type():
    assert [Netlist(CHAIN).count(kind) for kind in ("LUT4", "PFUMX", "CCU2C")] == [2, 1, 0]


def test_an_unknown_wire_is_a_mistake():
    with pytest.raises(KeyError, match="nothing"):
        Netlist(CHAIN).depth(["a"], ["nothing"])


def test_a_bit_is_called_by_the_shortest_name_that_amaranth_gave():
    chain = Netlist(CHAIN)

    assert chain.signal("part.entry0[1]") == ("part.entry0", "hdl/mmu/tlb.py:12")
    assert chain.signal("yosys") == ("part.entry0", "hdl/mmu/tlb.py:12")
    assert chain.signal("a") == ("a", "hdl/mmu/tlb.py:7")
    assert chain.signal("b") is None
    assert chain.signal("nothing[3]") is None


def test_a_cell_without_a_signal_has_that_after_which_it_is_called():
    routed = netlist(
        {
            "kept": {"connections": {"Q": [70]}},
            "a_LUT4_B_Z_PFUMX_C0": {"connections": {"F": [71], "OFX": []}},
            "x": {"connections": {"F": [71]}},
        },
        {"yosys": wire(70), "b": wire(71)},
    )
    placed = Routed(routed, Netlist(CHAIN))

    assert placed.signal("kept", "Q") == ("part.entry0", "hdl/mmu/tlb.py:12")
    assert placed.signal("a_LUT4_B_Z_PFUMX_C0", "F") == ("a", "hdl/mmu/tlb.py:7")
    assert placed.signal("a_LUT4_B_Z_PFUMX_C0", "OFX") == ("a", "hdl/mmu/tlb.py:7")
    assert placed.signal("x", "F") is None
    assert placed.signal("gone", "F") is None
