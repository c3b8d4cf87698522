"""Looks into the TLBs see what is there, however long a run lasts."""

import pytest
from amaranth.hdl import Const

from hdl.mmu.tlb import TlbEntry
from sim import start
from sim.debug.hart_state import HartState
from sim.report import tlbs
from sim.report.tlbs import MOST, Page, TlbWatch


def watched(session):
    watch = TlbWatch(session.kernel)
    session.watchers.append(watch)
    return watch


def test_a_look_sees_what_the_debugger_sees():
    with start("lazy", traced=True) as session:
        watch = watched(session)
        for cycle in (1_600, 3_200, 20_000):
            session.run(cycle)
            session.run(cycle + watch.interval)
            cycle, *counts = watch.samples[-1]
            assert cycle == session.cycle
            state = HartState(session)
            assert counts == [len(state.table(name)) for name in ("itlb", "dtlb", "walk_cache")]
            for side in ("itlb", "dtlb"):
                there = {(entry.va, entry.size) for entry in state.table(side)}
                assert there <= {(page.va, page.size) for page in watch._cycles[side]}


@pytest.mark.parametrize("engine", ["native", "pysim"])
def test_it_looks_every_so_many_cycles_on_each_engine(engine):
    with start("hello", traced=True, engine=engine, memory_mib=2) as session:
        watch = watched(session)
        session.run(2_000)
    assert [row[0] for row in watch.samples] == [*range(16, 2_001, 16)]
    assert max(row[2] for row in watch.samples) > 0


def test_of_a_longer_run_it_looks_less_often(monkeypatch):
    monkeypatch.setattr(tlbs, "MOST", 64)
    with start("lazy", traced=True) as session:
        watch = watched(session)
        session.run()
    assert 32 <= len(watch.samples) < 64 < MOST
    cycles = [row[0] for row in watch.samples]
    assert cycles == [*range(cycles[0], session.cycle, watch.interval)]
    assert cycles[0] == watch.interval


def test_the_cycles_of_a_page_are_those_of_the_looks_that_saw_it():
    with start("lazy", traced=True) as session:
        watch = watched(session)
        session.run()
        cycles = session.cycle
    pages = watch.hot_pages()
    names = {page["name"] for page in pages}
    assert {"trampoline", "trap frame", "doorbell"} <= names
    assert {page["pid"] for page in pages} == {0, 2}
    assert all(0 <= page[side] <= cycles for page in pages for side in ("itlb", "dtlb"))
    totals = [page["itlb"] + page["dtlb"] for page in pages]
    assert totals == sorted(totals, reverse=True)
    heap = [page for page in pages if page["pid"] == 2 and 0x4000 <= page["va"] < 0x44000]
    assert heap
    assert not any(page["itlb"] for page in heap)


def test_looking_changes_nothing():
    results = []
    for looks in (False, True):
        with start("sh", "-c", "lazy | wc", traced=True) as session:
            if looks:
                watched(session)
            session.run()
            results.append((session.cycle, session.machine.engine.log.instructions))
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("vpn", "level", "va", "size"),
    [
        (0x12345, 0, 0x12345000, 1 << 12),
        (0x12345, 1, 0x12200000, 1 << 21),
        (0x2FFFFFF, 2, 0x2FC0000000, 1 << 30),
        ((1 << 26) - 1, 0, (1 << 38) - (1 << 12), 1 << 12),
        (1 << 26, 0, 0xFFFFFFC000000000, 1 << 12),
        ((1 << 27) - 1, 0, 0xFFFFFFFFFFFFF000, 1 << 12),
    ],
)
def test_an_address_has_its_sign(vpn, level, va, size):
    """Bits 63 to 39 of an address are as bit 38 (Privileged specification, Sv39)."""
    entry = TlbEntry.const({"vpn": vpn, "page": {"level": level}})
    assert tlbs._page(Const.cast(entry).value, 3) == Page(3, va, size)
