"""Names, which are what waveforms and Verilog show: each signal has one, and one of its own."""

import ast
import importlib
import pkgutil
from functools import partial
from pathlib import Path

import pytest
from amaranth.hdl import MemoryInstance, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from amaranth.sim import Simulator

import hdl
from hdl.bus.attach import OnBus
from hdl.bus.axi import AxiLiteAdapter
from hdl.bus.wishbone import WishboneAdapter
from hdl.hart import Hart
from hdl.mmu.mmu import Mmu


def mmu_on_wishbone():
    return OnBus(Mmu(), WishboneAdapter)


def mmu_on_axi():
    return OnBus(Mmu(), AxiLiteAdapter)


DESIGNS = (
    Hart,
    Mmu,
    partial(Hart, pmp_entries=2, misaligned=True),
    mmu_on_wishbone,
    mmu_on_axi,
)


def fragments(component):
    """Of each module of the design: its path, its names by signal, itself, and its design."""
    design = Simulator(component)._design
    for fragment, info in design.fragments.items():
        yield ".".join(info.name), info, fragment, design


def ports(component):
    """The signals of a component's interface."""
    leaves = (Value.cast(value) for _path, _member, value in component.signature.flatten(component))
    return {id(leaf) for leaf in leaves if isinstance(leaf, Signal)}


def unnamed_calls(source):
    """Lines with a `Signal(...)` that is neither told its name nor all that a plain name is given.

    Amaranth takes a name from the bytecode after the call, so that it depends on Python's version
    whether `a, b = Signal(), Signal()` names none of them or one.
    """
    tree = ast.parse(source)
    given = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and not any(isinstance(target, ast.Tuple | ast.List) for target in node.targets)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name("Signal") | ast.Attribute(ast.Name("Signal"), "like")):
                named = any(keyword.arg == "name" for keyword in node.keywords)
                if not named and id(node) not in given:
                    yield node.lineno


def nameless(component):
    """Every signal, memory and module of a design that has no name of its own choice."""
    for path, info, fragment, _design in fragments(component):
        if "$" in path.rpartition(".")[2]:
            yield path
        if isinstance(fragment, MemoryInstance):
            assert fragment._data.name == "" or not fragment._data.name.startswith("$"), path
        for signal in info.used_signals:
            if not signal.name or signal.name.startswith("$"):
                yield f"{path}: a signal of {signal.src_loc[0]}:{signal.src_loc[1]}"


def ambiguous(component):
    """Every signal that a module makes for itself and that shares its name with another there."""
    for path, info, fragment, design in fragments(component):
        parts = {f: e for e, f in design.elaboratables.items() if isinstance(e, wiring.Component)}
        outside = set()
        for child, _name, _where in fragment.subfragments:
            if child in parts:
                outside |= ports(parts[child])
        if fragment in parts:
            outside |= ports(parts[fragment])
        names = [signal.name for signal in info.signal_names]
        for signal in info.signal_names:
            if id(signal) not in outside and names.count(signal.name) > 1:
                yield f"{path}: {signal.name}"


@pytest.mark.parametrize("design", DESIGNS)
def test_every_signal_and_every_module_has_a_name(design):
    assert list(nameless(design())) == []


def test_no_name_depends_on_the_version_of_python():
    sources = sorted(Path(hdl.__path__[0]).rglob("*.py"))
    assert len(sources) > 30
    found = [f"{path.name}:{line}" for path in sources for line in unnamed_calls(path.read_text())]
    assert found == []


@pytest.mark.parametrize("design", DESIGNS)
def test_only_ports_share_a_name(design):
    """Of two signals of a name one is shown as `x$3`: which is the register, which the port?"""
    assert list(ambiguous(design())) == []


def test_these_designs_hold_every_component():
    names = (info.name for info in pkgutil.walk_packages(hdl.__path__, "hdl."))
    classes = {
        value
        for name in names
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, type) and issubclass(value, wiring.Component)
    }
    used = {
        type(elaboratable)
        for design in DESIGNS
        for elaboratable in Simulator(design())._design.elaboratables
    }
    assert classes - used - {wiring.Component} == set()


class Planted(wiring.Component):
    """A pair that loses its names, a submodule without one, and a register called like a port."""

    port: In(1)

    def elaborate(self, platform):
        m = Module()
        # Amaranth takes names from the bytecode, where only the last of a tuple is beside its own.
        first, second = Signal(), Signal(name="second")
        port = Signal()
        m.d.sync += [first.eq(second), port.eq(self.port)]
        m.submodules += (part := Module())
        part.d.sync += second.eq(port)
        return m


def test_a_lost_name_is_noticed():
    lost = list(nameless(Planted()))
    assert sum("test_names.py" in line for line in lost) == 1
    assert "top.U$0" in lost
    assert list(ambiguous(Planted())) == ["top: port"]
    lines = """
a = b = Signal()
c, d = Signal(), Signal(name="d")
e = [Signal() for _ in range(2)]
f, g = h = Signal(2)
self.i = Signal.like(a)
print(Signal.like(b))
"""
    assert sorted(unnamed_calls(lines)) == [3, 4, 5, 7]
