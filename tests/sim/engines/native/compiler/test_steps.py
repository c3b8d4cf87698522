"""The functions of a cycle: which there are, what each begins with, and where their state lies."""

import re

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.emit import PRELUDE
from sim.engines.native.compiler.rarely import Rarely
from sim.engines.native.compiler.translation import TranslatedDesign


class Unit(wiring.Component):
    """What a tag says of an input, and a state machine that writes the tag."""

    start: In(1)
    value: In(32)
    found: Out(32)

    def elaborate(self, platform):
        m = Module()
        tag, state = Signal(32, name="tag"), Signal(2, name="state")
        m.d.comb += self.found.eq((tag * tag)[:32] ^ self.value)
        with m.Switch(state):
            with m.Case(0):
                with m.If(self.start):
                    m.d.sync += state.eq(1)
            with m.Case(1):
                m.d.sync += state.eq(2)
            with m.Default():
                m.d.sync += [state.eq(0), tag.eq(self.value)]
        return m


def translated(*, rarely=False, resting=()):
    dut = Unit()
    often = frozenset({"state"})
    modules = frozenset({"top"}) if rarely else frozenset()
    hint = Rarely(modules, often, resting=frozenset(resting))
    return TranslatedDesign(dut, [dut.found], rarely=hint)


def source_of(design):
    """The functions, without what they are declared as before."""
    return design.source().removeprefix(PRELUDE)


def beginnings(source):
    """The names of the functions, and the tests that each begins with."""
    functions = re.findall(r"void (native_\w+)\(u64 \*s, u64 \*o\) \{\n((?:if .*\n)*)", source)
    return {
        name: re.findall(r"if \((.*?)\) \{.*?(native_\w+)\(s, o\)", text)
        for name, text in functions
    }


@pytest.mark.parametrize(
    "rarely, resting, functions",
    [
        (False, (), ["native_step"]),
        (True, (), ["native_step", "native_whole_refresh"]),
        (False, ("top.state",), ["native_step", "native_resting"]),
    ],
)
def test_functions_that_nobody_needs_are_not_there(rarely, resting, functions):
    assert [*beginnings(source_of(translated(rarely=rarely, resting=resting)))] == functions


def test_each_step_has_a_refresh_and_a_bit_of_its_own():
    design = translated(rarely=True, resting=["top.state"])
    found = beginnings(source_of(design))
    (state,) = [word for piece, word in design.layout.registers.items() if piece.width == 2]
    stale = f"s[{design.layout.stale}]"

    assert found == {
        "native_step": [
            (f"!(s[{state}])", "native_resting"),
            (f"{stale} & 1", "native_whole_refresh"),
        ],
        "native_whole_refresh": [],
        "native_resting": [(f"{stale} & 2", "native_resting_refresh")],
        "native_resting_refresh": [],
    }


def test_all_that_is_kept_has_a_word_of_its_own():
    design = translated(rarely=True, resting=["top.state"])
    source = source_of(design)
    size = design.layout.size
    refreshes = re.findall(r"void native_\w+_refresh.*?\n\}", source, re.DOTALL)
    kept = [set(re.findall(r"^s\[(\d+)\] = v", text, re.MULTILINE)) for text in refreshes]

    assert all(kept)
    assert not set.intersection(*kept)
    assert max(int(word) for words in kept for word in words) == size - 1
    assert len(design.layout.initial(design.circuit)) == size


def test_state_lies_where_the_whole_step_has_it():
    """A state machine that nobody reads at rest is written, though, when it is started."""
    design = translated(resting=["top.state"])
    text = source_of(design).partition("void native_resting(")[2]
    cells = design.circuit.cells
    words = {
        word
        for piece, word in design.layout.registers.items()
        if cells[piece.cell].data is not None
    }

    assert all(isinstance(cells[piece.cell], c.FlipFlop) for piece in design.layout.registers)
    written = {int(word) for word in re.findall(r"s\[(\d+)\] =", text)}
    (state,) = [word for piece, word in design.layout.registers.items() if piece.width == 2]
    assert written & words == {state}
