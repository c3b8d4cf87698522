"""Caching of what depends only on rarely changing state: what is kept, and that it is right."""

import ctypes
import random

import pytest
from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from sim.engines.native.compiler import circuit as c
from sim.engines.native.compiler.caching import rare_bits, rare_cells, separate
from sim.engines.native.compiler.model import Model
from sim.engines.native.compiler.rarely import Rarely
from sim.engines.native.compiler.statements import Compute, Keep, Update, make_nodes
from tests.sim.engines.native.compiler.cells import (
    assign,
    circuit,
    flip_flop,
    operator,
    out,
    split_for,
)


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


def separated(width, *logic, rarely=(), upper=None):
    """What is kept of some logic behind register 2, which is told what input 3 is if 1 says so."""
    held = assign(out(2, 0, width), (c.net(1, 0), 0, out(3, 0, width)))
    registers = [flip_flop(1), flip_flop(width, data=out(4, 0, width)), flip_flop(width), held]
    roots = [out(5 + n, cell.width - 1) for n, cell in enumerate(logic)]
    pieces, live = split_for(circuit(*registers, *logic), *roots)
    nodes = make_nodes(pieces, live, list(enumerate(roots)))
    parts = separate(pieces, nodes, rarely, upper or {})
    done_once = {node.piece for node in parts.refresh if isinstance(node, Compute)}
    done_always = {node.piece for node in parts.rest if isinstance(node, Compute)}
    assert not done_once & done_always
    assert {n.piece for n in nodes if isinstance(n, Compute)} == done_once | done_always
    return [(piece.cell, piece.width) for piece in parts.kept], parts


def doubled(cell, width, low=0):
    """Bits of a cell and themselves, added: the highest one depends on all of them."""
    return operator("+", width, *[out(cell, low, low + width)] * 2)


def test_what_is_kept_fits_a_word():
    for width in (8, 63, 64):
        assert separated(width, doubled(2, width), rarely={2})[0] == [(5, width)]
    assert separated(65, doubled(2, 65), rarely={2})[0] == []


def test_what_follows_from_other_state_is_not_kept():
    assert separated(8, doubled(2, 8))[0] == []
    assert separated(8, doubled(3, 8), rarely={2, 3})[0] == []  # nobody writes an input
    both = operator("+", 8, out(2, 0, 8), out(3, 0, 8))
    assert separated(8, both, rarely={2})[0] == []
    # What follows from something kept is computed with it, and alone kept.
    assert separated(8, doubled(2, 8), doubled(5, 8), rarely={2})[0] == [(5, 8), (6, 8)]
    assert [*separated(8, doubled(2, 8), rarely={2})[1].rare.values()] == [0xFF]


@pytest.mark.parametrize("low, kept", [(4, [(5, 4)]), (3, [])])
def test_of_some_bits_what_follows_from_those_alone(low, kept):
    found, parts = separated(8, doubled(2, 8 - low, low), doubled(2, 8), upper={2: 0xF0})
    assert found == kept
    assert sum(mask.bit_count() for mask in parts.rare.values()) == 4


def rare_of(rarely, upper):
    """The bits that count of an input (1), of two registers that it is written to under bits of
    input 2 (3, of two words, and 4), and of one that is written always (5)."""
    cells = [flip_flop(100), flip_flop(2)]
    cells += [flip_flop(100, data=out(6, 0, 100)), flip_flop(8, data=out(7, 0, 8))]
    cells += [flip_flop(8, data=out(1, 0, 8))]
    cells += [assign(out(3, 0, 100), (c.net(2, 0), 0, out(1, 0, 100)))]
    cells += [assign(out(4, 0, 8), (c.net(2, 1), 0, out(1, 0, 8)))]
    roots = [out(3, 0, 64), out(3, 64, 100), out(4, 0, 8), out(5, 0, 8)]
    pieces, live = split_for(circuit(*cells), *roots)
    nodes = make_nodes(pieces, live, list(enumerate(roots)))
    return {
        (p.cell, p.low): mask for p, mask in separate(pieces, nodes, rarely, upper).rare.items()
    }


def test_which_bits_count():
    assert rare_of({3}, {}) == {(3, 0): (1 << 64) - 1, (3, 64): (1 << 36) - 1}
    assert rare_of((), {3: 0xF << 62}) == {(3, 0): 3 << 62, (3, 64): 3}
    assert rare_of({4}, {3: 1}) == {(3, 0): 1, (4, 0): 0xFF}
    assert rare_of({4}, {4: 1}) == {(4, 0): 0xFF}
    # An input is set from outside, which nobody notices; one register never rests as a whole.
    assert rare_of({1, 5}, {}) == {}
    assert rare_of({5}, {1: 7, 5: 0xF0}) == {(5, 0): 0xF0}


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
