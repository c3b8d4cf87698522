"""From a component to a loaded library, and the second time from the cache."""

import ctypes

import pytest
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from sim.engines.native import extract
from sim.engines.native.circuit import Unsupported
from sim.engines.native.model import Model


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


def make(directory, **options):
    counter = Counter()
    places = {name: getattr(counter, name) for name in ("step", "unused", "count")}
    return Model(counter, [counter.total], directory, places=places, **options)


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


def test_the_second_time_it_elaborates_nothing(tmp_path, monkeypatch):
    first = make(tmp_path, identity="counter")
    monkeypatch.setattr(extract, "prepare", lambda top: pytest.fail("elaborated"))

    second = make(tmp_path, identity="counter")

    assert (first.cached, second.cached) == (False, True)
    assert second.places == first.places
    assert run(second, step=3, cycles=5) == 22


def test_another_identity_is_another_model(tmp_path):
    make(tmp_path, identity="counter")

    assert len(list(tmp_path.glob("*.json"))) == 1
    make(tmp_path, identity="another counter")
    assert len(list(tmp_path.glob("*.json"))) == 2
    # The same C++ though.
    assert len(list(tmp_path.glob("*.so"))) == 1


def test_a_model_from_the_cache_can_still_be_looked_into(tmp_path):
    make(tmp_path, identity="counter")

    assert make(tmp_path, identity="counter").circuit.signals


def test_a_signal_that_is_no_word_of_the_state_is_refused(tmp_path):
    counter = Counter()

    with pytest.raises(Unsupported, match="the signal total is not one word of the state"):
        Model(counter, [], tmp_path, places={"total": counter.total})
