"""The same kernel on two harts: output, status, every trap, every fault and all memory agree."""

import dataclasses
import re
from types import SimpleNamespace

import pytest

from hdl.arch import Cause
from kernel_model import trap
from kernel_model.mm.served import Decision
from tests import spike
from tests.verify.samekernel import record, spike_hart, wild
from tests.verify.samekernel.cases import CASES, Case
from tests.verify.samekernel.record import difference
from tests.verify.samekernel.silicon import run_on_silicon
from tests.verify.samekernel.spike_hart import run_kernel, run_on_spike
from tests.verify.samekernel.wild import WildBench, end_that_differs

spike.require()

#: Wild programs, by their seeds.
WILD = 60
#: Two of them: one that ends, and one that has to be cut off.
ENDED, ENDLESS = 3, 0
LAZY = Case("lazy", "lazy")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_harts_do_the_same(case):
    silicon, on_spike = run_on_silicon(case), run_on_spike(case)

    assert difference(silicon, on_spike) is None
    assert silicon.output
    assert len(silicon.traps) > 1


@pytest.mark.parametrize("svadu", [False, True])
def test_the_pages_of_lazy_come_one_fault_at_a_time_on_spike(svadu):
    run = run_on_spike(dataclasses.replace(LAZY, svadu=svadu))

    assert run.status == 0
    assert run.output.endswith(b"lazy: every value as expected\n")
    assert len(run.faults) == 12
    assert {fault.outcome.decision for fault in run.faults} == {Decision.MAPPED}


def test_turns_end_after_so_many_traps():
    case = Case("loops", "sh", ("-c", "ls | cat | wc"))
    orders = [
        [trapped.pid for trapped in run_on_spike(dataclasses.replace(case, turn=turn)).traps]
        for turn in (0, 2)
    ]

    assert orders[0] != orders[1]


def test_wild_programs_meet_the_same_traps():
    benches = WildBench(), WildBench(svadu=True)
    results = {seed: benches[seed % 2].compare(seed) for seed in range(WILD)}

    assert {seed: r.difference for seed, r in results.items() if r.difference} == {}
    assert sum(r.traps for r in results.values()) > 20 * WILD
    assert sum(r.ended for r in results.values()) > WILD // 2


def test_of_wild_programs_only_what_both_have_come_to_is_compared(monkeypatch):
    """A Spike that falls silent early is a difference, whether the program has ended or not."""
    bench = WildBench()
    traps = {seed: bench.compare(seed).traps for seed in (ENDED, ENDLESS)}
    # A trap and its way back take more instructions than a step has here.
    monkeypatch.setattr(spike_hart, "_CHUNK", 50)
    monkeypatch.setattr(spike_hart, "_QUIET", 20_000)
    monkeypatch.setattr(wild, "run_kernel", lambda make, most: run_kernel(make, 1))

    for seed, most in traps.items():
        comparison = bench.compare(seed)
        assert comparison.difference == f"Spike stopped after 2 of {most} traps"
        assert comparison.traps == 2
        assert not comparison.ended


@pytest.mark.parametrize(
    "silicon, on_spike, found",
    [
        ((3, True), (3, True), None),
        # The hart was cut off, so Spike went on.
        ((3, False), (3, False), None),
        ((3, False), (5, False), None),
        ((3, False), (5, True), None),
        ((3, False), (2, False), "Spike stopped after 2 of 3 traps"),
        ((3, True), (2, True), "Spike stopped after 2 of 3 traps"),
        ((3, True), (3, False), "after 3 traps: ended on the hart True, on Spike False"),
        ((3, False), (3, True), "after 3 traps: ended on the hart False, on Spike True"),
        ((3, True), (4, True), "ended after 3 traps on the hart, not on Spike"),
    ],
)
def test_ends_that_differ(silicon, on_spike, found):
    kernels = [
        SimpleNamespace(traps=[0] * traps, halted=halted) for traps, halted in (silicon, on_spike)
    ]

    assert end_that_differs(*kernels) == found


# A difference is found wherever it is.


@pytest.fixture(scope="module")
def on_silicon():
    return run_on_silicon(LAZY)


def changed(run, **members):
    return dataclasses.replace(run, **members)


def test_every_part_of_a_run_is_compared(on_silicon):
    pa, page = next(iter(on_silicon.memory.items()))
    spoilt = {**on_silicon.memory, pa: b"\xff" * 8 + page[8:]}
    fewer = dict(list(on_silicon.memory.items())[:-1])
    frame = {**on_silicon.traps[3].frame, "s3": 12345}
    traps = [*on_silicon.traps[:3], record.Trap(2, frame), *on_silicon.traps[4:]]

    assert difference(on_silicon, on_silicon) is None
    for other, where in [
        (changed(on_silicon, output=b"other"), "output"),
        (changed(on_silicon, status=7), "status"),
        (changed(on_silicon, faults=on_silicon.faults[1:]), "faults"),
        (changed(on_silicon, traps=traps), "trap 3: .* s3 .* 0x3039"),
        (changed(on_silicon, traps=on_silicon.traps[:-1]), "traps on the hart"),
        (changed(on_silicon, memory=spoilt), "memory at 0x80000000"),
        (changed(on_silicon, memory=fewer), "frames on the hart"),
    ]:
        found = difference(on_silicon, other)
        assert found is not None
        assert re.search(where, found), found


def test_what_the_kernel_does_wrong_for_one_hart_is_found(monkeypatch, on_silicon):
    """A kernel that serves no store is another kernel."""
    monkeypatch.delitem(trap._ACCESS, Cause.STORE_PAGE)

    assert "Spike" in difference(on_silicon, run_on_spike(LAZY))
