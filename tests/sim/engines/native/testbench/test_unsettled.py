"""Which modules are computed step by step, and that theirs alone are."""

import pytest
from amaranth.hdl import Module, Print, Signal

from sim.engines.internals import PyEngineState
from sim.engines.native.compiler.extract import prepare
from sim.engines.native.testbench.unsettled import processes_of, signals_of, unsettled


class Chain:
    """`last` follows `middle`, that `first`; `beside` follows `middle`, too."""

    def __init__(self):
        self.module, self.inputs = Module(), [Signal(name=name) for name in "abc"]
        driven = [Signal(name=name) for name in ("first", "middle", "last", "beside")]
        self.first, self.middle, self.last, self.beside = driven
        a, b, c = self.inputs
        for name, target, value in (
            *(("first", self.first, ~a), ("middle", self.middle, self.first ^ b)),
            *(("last", self.last, self.middle & c), ("beside", self.beside, ~self.middle)),
        ):
            self.module.submodules[name] = part = Module()
            part.d.comb += [target.eq(value), *([Print(value)] if name == "last" else [])]
        self.fragments = [
            part for part, _name, _place in prepare(self.module).fragment.subfragments
        ]


@pytest.fixture
def chain():
    return Chain()


def test_all_logic_is_found_that_a_module_reads(chain):
    first, middle, last, _beside = chain.fragments
    found = unsettled(chain.fragments, [last])
    assert sorted(map(id, found)) == sorted(map(id, (first, middle, last)))
    assert unsettled(chain.fragments, [first]) == [first]
    assert unsettled(chain.fragments, []) == []


def test_who_drives_another_part_of_a_signal_is_among_them():
    m, whole = Module(), Signal(2)
    for bit in range(2):
        m.submodules[f"part{bit}"] = part = Module()
        part.d.comb += whole[bit].eq(1)
    low, high = [part for part, _name, _place in prepare(m).fragment.subfragments]
    assert {*unsettled([low, high], [low])} == {low, high}


def test_what_is_driven_and_what_is_read(chain):
    last = chain.fragments[2]
    assert [*signals_of(last)] == [chain.last]
    read = {signal.name for signal in signals_of(last, read=True)}
    assert read == {"last", "middle", "c"}


def test_they_run_at_the_start_and_when_something_changes(chain, capsys):
    state = PyEngineState()
    (process,) = processes_of([chain.fragments[2]], state, begun=False)
    assert process.runnable
    process.run()
    assert capsys.readouterr().out == "0\n"
    process.runnable = False
    state.slots[state.get_signal(chain.inputs[2])].update(1)
    state.commit()
    assert process.runnable


def test_in_the_midst_of_a_run_they_have_run(chain):
    (process,) = processes_of([chain.fragments[2]], PyEngineState(), begun=True)
    assert not process.runnable
