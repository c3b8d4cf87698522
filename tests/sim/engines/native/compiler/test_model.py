"""From a component to a loaded library, and the second time from the cache."""

import ctypes
from pathlib import Path

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.mmu.walk_cache import WalkCache
from sim.engines.native.compiler import extract, model
from sim.engines.native.compiler.circuit import Unsupported
from sim.engines.native.compiler.model import Model


class Counter(wiring.Component):
    """Adds `step` every cycle, from 7 on; `total` is what comes next, `unused` is not read."""

    def __init__(self):
        super().__init__({"step": In(8), "unused": In(64), "total": Out(8)})
        self.count = Signal(8, init=7)

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.count.eq(self.count + self.step)
        m.d.comb += self.total.eq(self.count + self.step)
        return m


class Limited(wiring.Component):
    """Compares with a constant that is data."""

    below: Out(1)

    def __init__(self, limit):
        super().__init__()
        self.limit = Signal(8, init=limit)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.below.eq(self.limit > 100)
        return m


def make(directory, **options):
    counter = Counter()
    places = {name: getattr(counter, name) for name in ("step", "unused", "count")}
    return Model.of(counter, [counter.total], directory, places=places, **options)


def run(model, step, cycles):
    state, step_word = model.state, model.places["step"]
    state[step_word] = step
    for _ in range(cycles):
        model.library.native_step(_pointer(model), _pointer(model))
    return state[model.places["count"]]


def _pointer(model):
    return ctypes.c_void_p(model.address)


def test_it_computes_what_the_component_says(tmp_path):
    assert run(make(tmp_path), step=3, cycles=5) == 7 + 15


def test_an_input_that_nothing_reads_has_a_word_of_its_own(tmp_path):
    model = make(tmp_path)

    model.state[model.places["unused"]] = (1 << 64) - 1

    assert run(model, step=1, cycles=1) == 8


def hart_unit(directory, entries=2, **options):
    """A component of `hdl/`, which can be told apart without elaborating it."""
    cache = WalkCache(entries=entries)
    return Model.of(cache, [cache.data.hit], directory, places={"flush": cache.flush}, **options)


def test_the_second_time_it_elaborates_nothing(tmp_path, monkeypatch):
    first = hart_unit(tmp_path)
    monkeypatch.setattr(extract, "prepare", lambda top: pytest.fail("elaborated"))

    second = hart_unit(tmp_path)

    assert (first.cached, second.cached) == (False, True)
    assert second.places == first.places


def test_other_parameters_are_another_model(tmp_path):
    models = [hart_unit(tmp_path, entries) for entries in (2, 3, 2)]

    assert [model.cached for model in models] == [False, False, True]
    assert len(models[1].state) > len(models[0].state)


def test_what_cannot_be_described_is_elaborated_each_time(tmp_path):
    models = [make(tmp_path) for _ in range(2)]

    # The same C++, and so the same library, but no image.
    assert [model.cached for model in models] == [False, True]
    assert not list(tmp_path.glob("*.json"))


def test_a_model_from_the_cache_can_still_be_looked_into(tmp_path):
    hart_unit(tmp_path)

    assert hart_unit(tmp_path).circuit.signals


@pytest.mark.parametrize("limit", [4, 200])
def test_one_library_serves_all_values_of_data(tmp_path, limit):
    limited = Limited(limit)
    model = Model.of(limited, [limited.below], tmp_path, data={"limit": limited.limit})
    pointer = ctypes.c_void_p(model.address)
    model.library.native_step(pointer, pointer)

    assert model.state[0] == (limit > 100)
    other = Limited(7)
    assert Model.of(other, [other.below], tmp_path, data={"limit": other.limit}).cached


def test_a_signal_that_is_no_word_of_the_state_is_refused(tmp_path):
    counter = Counter()

    with pytest.raises(Unsupported, match="the signal total is not one word of the state"):
        Model.of(counter, [], tmp_path, places={"total": counter.total})


def test_the_last_two_translations_are_kept(monkeypatch):
    monkeypatch.setattr(model, "_translations", {})
    made = []

    def translated(name):
        return model._recent(Path(name), lambda: made.append(name) or f"{name} {len(made)}")()

    assert [translated(name) for name in "abaab"] == ["a 1", "b 2", "a 1", "a 1", "b 2"]
    assert translated("c") == "c 3"
    assert [translated(name) for name in "bc"] == ["b 2", "c 3"], "the oldest has gone"
    assert translated("a") == "a 4"
