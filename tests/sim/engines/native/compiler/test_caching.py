"""Caching of what depends only on rarely changing state: what is kept, and that it is right."""

import ctypes
import random

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.caching import rare_bits, rare_cells, separate
from sim.engines.native.compiler.model import Model
from sim.engines.native.compiler.rarely import Rarely
from sim.engines.native.compiler.statements import Compute, Keep, Update, make_nodes


class Tags(wiring.Component):
    """Two tags that are written on demand, and a count that never rests."""

    write: In(1)
    tag: In(70)

    def __init__(self):
        super().__init__()
        self.first, self.count = Signal(70), Signal(8, name="count")

    def elaborate(self, platform):
        m = Module()
        with m.If(self.write):
            m.d.sync += self.first.eq(self.tag)
        with m.If(~self.count.all()):
            m.d.sync += self.count.eq(self.count + 3)
        return m


class Lookup(wiring.Component):
    """Compares an input with what the tags say, by way of logic on the tags alone."""

    key: In(16)
    write: In(1)
    low: In(64)
    hit: Out(1)
    sum: Out(64)

    def elaborate(self, platform):
        m = Module()
        m.submodules.tags = tags = Tags()
        m.d.comb += [tags.write.eq(self.write), tags.tag.eq(Cat(self.low, self.key))]
        folded = Signal(16)
        # A result of more than a word, which cannot be kept, and one that can.
        product = Signal(128)
        m.d.comb += [
            product.eq(tags.first * 3),
            folded.eq((product >> 60) ^ tags.first[:16]),
            self.hit.eq(folded == self.key),
            self.sum.eq((tags.first[:32] ^ tags.first[32:64]) + tags.count),
        ]
        return m


RARELY = Rarely(modules=frozenset({"tags"}), often=frozenset({"count"}))


def run(rarely, directory):
    """Drives the design at random; returns all outputs of all cycles."""
    dut = Lookup()
    model = Model.of(dut, [dut.hit, dut.sum], directory, rarely=rarely)
    rng, seen = random.Random(5), []
    places = [model.word_of(signal) for signal in (dut.key, dut.write, dut.low)]
    state = ctypes.c_void_p(model.address)
    for _ in range(500):
        values = (rng.getrandbits(3), rng.random() < 0.1, rng.getrandbits(64))
        for word, value in zip(places, values, strict=True):
            model.state[word] = int(value)
        model.library.native_step(state, state)
        seen.append(tuple(model.state[:2]))
    return model, seen


def test_a_hint_changes_no_result(tmp_path):
    _, plain = run(Rarely(), tmp_path)
    model, hinted = run(RARELY, tmp_path)
    assert hinted == plain
    assert len(set(plain)) > 100
    assert model.layout.stale is not None
    assert model.layout.kept


def test_a_wrong_hint_changes_no_result(tmp_path):
    _, plain = run(Rarely(), tmp_path)
    _, hinted = run(Rarely(modules=frozenset({"tags"})), tmp_path)
    assert hinted == plain


def test_only_what_the_rest_reads_is_kept(tmp_path):
    model, _ = run(RARELY, tmp_path)
    pieces, live = (
        model.pieces,
        {i: (1 << x.width) - 1 for i, x in enumerate(model.circuit.cells) if x and x.width},
    )
    nodes = make_nodes(pieces, {i: live[i] for i in live}, [])
    parts = separate(pieces, nodes, rare_cells(model.circuit, RARELY))
    computed = {node.piece for node in parts.refresh if isinstance(node, Compute)}
    assert set(parts.kept) <= computed
    assert {n.piece for n in parts.refresh if isinstance(n, Keep)} == set(parts.kept)
    assert all(isinstance(model.circuit.cells[p.cell], c.FlipFlop) for p in parts.rare)
    assert any(isinstance(node, Update) for node in parts.rest)


class Pages(wiring.Component):
    """A counter, and what a table says of its upper half; `jump` sets it."""

    jump: In(1)
    target: In(16)
    found: Out(8)
    near: Out(8)

    def elaborate(self, platform):
        m = Module()
        place = Signal(16, name="place")
        m.d.sync += place.eq(place + 1)
        with m.If(self.jump):
            m.d.sync += place.eq(self.target)
        m.d.comb += [
            self.found.eq(place[8:] * place[8:] ^ 0x5A),
            self.near.eq(self.found + place[:9]),
        ]
        return m


def pages(bit, directory):
    """What the design shows in each cycle if `place` rarely changes from `bit` up."""
    dut = Pages()
    upper = frozenset() if bit is None else frozenset({("place", bit)})
    outputs = [dut.found, dut.near]
    model = Model.of(dut, outputs, directory, rarely=Rarely(upper=upper), level="-O1")
    rng, seen = random.Random(7), []
    places = [model.word_of(signal) for signal in (dut.jump, dut.target)]
    state = ctypes.c_void_p(model.address)
    for _ in range(2_000):
        values = (rng.random() < 0.01, rng.getrandbits(16))
        for word, value in zip(places, values, strict=True):
            model.state[word] = int(value)
        model.library.native_step(state, state)
        seen.append(tuple(model.state[:2]))
    return model, seen


def test_of_an_address_the_number_of_its_page_rarely_changes(tmp_path):
    _, plain = pages(None, tmp_path)
    model, hinted = pages(8, tmp_path)
    assert hinted == plain
    assert len(set(plain)) > 500
    kept = {model.circuit.cells[piece.cell].op for piece in model.layout.kept}
    assert "*" in kept or "^" in kept
    # What the lower bits are needed for, too, is not kept.
    _, useless = pages(9, tmp_path)
    assert useless == plain
    assert not pages(9, tmp_path)[0].layout.kept


def test_bits_that_rarely_change_are_named_for_each_register(tmp_path):
    model, _ = pages(8, tmp_path)
    ((cell, bits),) = rare_bits(model.circuit, Rarely(upper=frozenset({("place", 8)}))).items()
    assert isinstance(model.circuit.cells[cell], c.FlipFlop)
    assert bits == 0xFF00
    # An input is set from outside, which nobody notices.
    assert rare_bits(model.circuit, Rarely(upper=frozenset({("target", 0)}))) == {}
