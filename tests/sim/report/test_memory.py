"""What a page says of memory over time is what page tables and the allocator said in each cycle."""

from collections import Counter

import pytest

from hdl.arch import PAGE_SIZE, pte_to_pa
from kernel_model.facts.memlayout import TRAPFRAME
from kernel_model.mm.peek import mapped
from sim import start
from sim.report.blocks import Blocks
from sim.report.memory import (
    FRAMES,
    GONE,
    MAP,
    PROMISED,
    SHARED,
    SIZES,
    TOUCHED,
    MemoryWatch,
)

RUNS = {
    "lazy": ["lazy"],
    "processes": ["sh", "-c", "lazy | wc"],
    "growing and shrinking": ["usertests", "sbrkbasic"],
    "no frame left": ["lazytests", "oom"],
    "killed": ["badaccess", "guard"],
    "areas": ["labtests", "mmapfamily"],
}


class Rows(list):
    """Takes the rows of blocks."""

    add = list.append


class Told:
    """A watched run, and what has been told of it so far."""

    def __init__(self, session):
        self.sizes, self.frames, self.changes = Rows(), Rows(), Rows()
        self.kernel = session.kernel
        watch = MemoryWatch(session.kernel, self.sizes, self.frames, self.changes)
        session.kernel.watchers.append(watch)
        session.guest.watchers.append(watch.rang)
        self._states, self._read = {}, 0

    def states(self, pid):
        """Of each page of the process that has one, its state."""
        for _, its, page, count, state in self.changes[self._read :]:
            pages = self._states.setdefault(its, {})
            pages |= dict.fromkeys(range(page, page + count), state)
        self._read = len(self.changes)
        return {page: its for page, its in self._states.get(pid, {}).items() if its != GONE}


def truth(kernel, proc):
    pages = dict.fromkeys(range(-(-proc.sz // PAGE_SIZE)), PROMISED)
    for area in proc.space.regions.areas:
        pages |= dict.fromkeys(range(area.start // PAGE_SIZE, area.end // PAGE_SIZE), PROMISED)
    users = Counter(pte_to_pa(pte) for each in kernel.procs[1:] for _, pte in leaves(kernel, each))
    for va, pte in leaves(kernel, proc):
        pages[va // PAGE_SIZE] = SHARED if users[pte_to_pa(pte)] > 1 else TOUCHED
    return pages


def leaves(kernel, proc):
    """Where the process's own pages are, none of them a superpage, and their entries."""
    for va, pte, size in mapped(kernel.memory, proc.pagetable, TRAPFRAME):
        assert size == PAGE_SIZE
        yield va, pte


@pytest.mark.parametrize("policy", ["lazy", "eager"])
@pytest.mark.parametrize("arguments", RUNS.values(), ids=RUNS.keys())
def test_the_map_is_right_after_each_answer(arguments, policy):
    with start(*arguments, memory_mib=2, policy=policy) as session:
        told, looks = Told(session), []

        def rang(rung):
            if told.kernel.halted:
                return
            looks.append(rung)
            if len(looks) > 60 and len(looks) % 10:
                return  # to look through a large process takes long
            for proc in told.kernel.procs[1:]:
                assert told.states(proc.pid) == truth(told.kernel, proc)
            pages, resident = {row[1]: row[2:] for row in told.sizes}.get(proc.pid, (0, 0))
            assert (pages, resident) == (proc.space.pages, proc.space.resident)
            assert told.frames[-1][1] == told.kernel.kmem.free
            living = {proc.pid for proc in told.kernel.procs}
            gone = {row[1] for row in told.sizes} - living
            assert not any(told.states(pid) for pid in gone)

        session.guest.watchers.append(rang)
        session.run()
    assert looks
    for rows in (told.sizes, told.frames, told.changes):
        assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert all(count > 0 for _, _, _, count, _ in told.changes)


def test_a_fault_is_told_without_a_look_through_the_page_table(monkeypatch):
    with start("lazy") as session:
        told = Told(session)
        looks = []
        monkeypatch.setattr(
            "sim.report.memory.mapped", lambda *args: looks.append(args) or mapped(*args)
        )
        session.run()
        assert len(session.guest.faults) == 12
    # At the start, and for each of the four times that the size was changed.
    assert len(looks) <= 5
    assert sum(row[4] == TOUCHED for row in told.changes) == 13


def test_frames_that_others_have_too_are_told_apart():
    with start("lazy") as session:
        told = Told(session)
        session.run(5_000)
        (proc,) = session.kernel.procs[1:]
        _, pte, _ = next(mapped(session.kernel.memory, proc.pagetable, PAGE_SIZE))
        session.kernel.kmem.share(frame := pte >> 10 << 12)
        session.run(7_000)
        assert told.states(proc.pid)[0] == SHARED
        session.kernel.kmem.kfree(frame)
        session.run(9_000)
        assert told.states(proc.pid)[0] == TOUCHED


def test_rows_fit_their_columns():
    with start("lazy") as session:
        text = []
        blocks = [Blocks("x", columns, text.append) for columns in (SIZES, FRAMES, MAP)]
        watch = MemoryWatch(session.kernel, *blocks)
        session.guest.watchers.append(watch.rang)
        session.run(10_000)
        for block in blocks:
            block.flush()
    assert len(text) == 3
