"""Whatever shares frames and whatever maps them, each process reads what it has stored."""

from random import Random

import pytest

from hdl.arch import PAGE_SIZE, page_round_up
from kernel_model.invariants import MemoryCheck
from kernel_model.mm.policy import make_policy
from tests.kernel_model.support import make_hart
from tests.kernel_model.under import UNDER

MIB2 = 2 << 20
STEPS = 250


class Family:
    """Processes that fork, grow, shrink, store and load; of each is known what it has stored."""

    def __init__(self, seed, policy):
        self.random = Random(seed)
        self.hart = make_hart(size=24 << 20, policy=make_policy(policy), svadu=bool(seed % 2))
        self.hart.kernel.checks.append(MemoryCheck(self.hart.kernel))
        self.hart.sbrk(3 * MIB2 // (3 if policy == "eager" else 1))
        self.stored = {self.hart.proc.pid: {}}
        self.loads = 0

    @property
    def mine(self):
        return self.stored[self.hart.proc.pid]

    def step(self):
        pick = self.random.choice
        pick([self.fork, self.resize, self.give_way, *[self.store] * 3, *[self.load] * 3])()

    def fork(self):
        if len(self.hart.kernel.procs) < 6:
            pid = self.hart.call("fork")
            if pid > 0:
                self.stored[pid] = dict(self.mine)

    def resize(self):
        hart = self.hart
        change = self.random.choice([PAGE_SIZE, 5000, -1, -3 * PAGE_SIZE, -MIB2 // 2, MIB2 // 2])
        if hart.proc.sz + change >= hart.heap and hart.sbrk(change) != -1 and change < 0:
            end, mine = page_round_up(hart.proc.sz), self.mine
            self.stored[hart.proc.pid] = {va: mine[va] for va in mine if va < end}

    def give_way(self):
        if self.hart.proc is not self.hart.kernel.first and self.random.random() < 0.3:
            self.hart.call("exit", 0)
        else:
            self.hart.timer()

    def address(self):
        """Somewhere in the heap, again and again in the same few pages."""
        heap, pages = self.hart.heap, (self.hart.proc.sz - self.hart.heap) // PAGE_SIZE
        page = self.random.choice([0, self.random.randrange(pages + 1), pages * 3 // 4])
        return min(
            heap + page * PAGE_SIZE + self.random.randrange(PAGE_SIZE), self.hart.proc.sz - 1
        )

    def store(self):
        if self.hart.proc.sz == self.hart.heap:
            return
        va, byte, proc = self.address(), self.random.randrange(1, 256), self.hart.proc
        self.hart.store(va, byte)
        assert self.hart.proc is proc, "killed for want of memory, which there is"
        self.mine[va] = byte

    def load(self):
        if self.hart.proc.sz > self.hart.heap:
            va = self.random.choice(
                [self.address(), *[va for va in self.mine if va < self.hart.proc.sz]]
            )
            assert self.hart.load(va) == self.mine.get(va, 0)
            self.loads += 1


@pytest.mark.parametrize("policy", [*UNDER, "cow+superpage"])
@pytest.mark.parametrize("seed", range(2))
def test_a_process_reads_what_it_has_stored(policy, seed):
    family = Family(seed, policy)
    for _ in range(STEPS):
        family.step()
    assert family.loads > 50
    assert len(family.stored) > 3
    assert family.hart.kernel.panicked is None
