"""Whatever processes do, and whenever memory lacks: nothing leaks and nothing breaks."""

import random

import pytest

from hdl.arch import PAGE_SIZE, Pte, page_round_down
from kernel_model.facts.memlayout import TRAPFRAME
from kernel_model.mm.peek import mapped
from kernel_model.mm.policy import POLICIES
from kernel_model.proc.state import ProcState
from tests.kernel_model.support import R, X, elf_file, make_hart, segment

PROGRAM = elf_file(segment(0, b"\x13\0\0\0", R | X))
STEPS = 400


class Chaos:
    """A source of system calls and accesses, of which many are mistakes."""

    def __init__(self, seed, size=640 << 10, **options):
        self.random = random.Random(seed)
        # Little memory, so that it runs out.
        self.hart = make_hart(size=size, files=lambda: {"new": PROGRAM}, **options)
        self.hart.sbrk(16 * PAGE_SIZE)
        kmem = self.hart.kernel.kmem
        kmem.kalloc, kmem.kalloc_run = map(self.failing, (kmem.kalloc, kmem.kalloc_run))

    def failing(self, take):
        return lambda *count: 0 if self.random.random() < 0.03 else take(*count)

    def map(self, fd, length):
        prot, flags = self.random.choice([1, 3, 3, 5, 7]), self.random.choice([1, 2, 0x21, 0x22])
        self.hart.call("mmap", 0, length, prot, flags, fd, self.random.choice([0, 0, PAGE_SIZE]))

    def address(self):
        """Mostly somewhere in the heap or in an area, if there is one."""
        proc = self.hart.proc
        areas = proc.space.regions.areas
        if areas and self.random.random() < 0.4:
            area = self.random.choice(areas)
            return self.random.randrange(area.start, area.end)
        if proc.sz > proc.space.regions.heap and self.random.random() < 0.8:
            return self.random.randrange(proc.space.regions.heap, proc.sz)
        heap = proc.space.regions.heap
        edges = [0, proc.sz - 8, proc.sz - 1, proc.sz, heap - 8, heap - 3, heap + PAGE_SIZE - 2]
        return self.random.choice([*edges, heap + (1 << 29), 1 << 38])

    def step(self):
        if self.hart.proc is self.hart.kernel.first:
            self.careful_step()
        else:
            self.careless_step()

    def careful_step(self):
        """The first process makes no mistake and does not wait for ever: the run goes on."""
        hart = self.hart
        zombies = any(
            proc.parent is hart.proc and proc.state is ProcState.ZOMBIE
            for proc in hart.kernel.procs
        )
        if zombies and self.random.random() < 0.5:
            assert hart.call("wait", 0) > 2
        else:
            self.random.choice([lambda: hart.call("fork"), hart.timer, hart.timer])()

    def careless_step(self):
        hart, pick, page = self.hart, self.random.choice, page_round_down
        fd = self.random.randrange(-1, 8)
        calls = [
            lambda: hart.call("fork"),
            lambda: hart.call("exit", 1),
            lambda: hart.call("wait", pick([0, self.address()])),
            lambda: hart.call("kill", self.random.randrange(3, 40)),
            lambda: hart.call("sbrk", pick([1, 5000, -3000, 1 << 30, -(1 << 30)]), pick([1, 2])),
            lambda: hart.call("pipe", self.address()),
            lambda: hart.call("write", fd, self.address(), pick([1, 300, 5000])),
            lambda: hart.call("read", fd, self.address(), pick([1, 300, 5000])),
            lambda: hart.call("dup", fd),
            lambda: hart.call("close", pick([fd, 3, 4, 5, 6])),
            lambda: hart.call("sleep", pick([0, 1, 3])),
            lambda: self.exec(),
            lambda: hart.call("open", self.address(), pick([0x200, 0x202])),
            lambda: hart.call("pgaccess", self.address(), pick([-1, 1, 9, 600]), self.address()),
            lambda: self.map(fd, pick([1, 3]) * PAGE_SIZE),
            lambda: hart.call("munmap", page(self.address()), pick([1, 5000, 1 << 40])),
            lambda: hart.call("madvise", page(self.address()), pick([1, 5000, 1 << 40]), 4),
            lambda: hart.call("mincore", page(self.address()), pick([1, 9000]), self.address()),
            lambda: hart.trap(15, stval=self.address()),
            lambda: hart.trap(13, stval=self.address()),
            lambda: hart.timer(),
        ]
        pick(calls)()

    def exec(self):
        proc, sp = self.hart.proc, self.hart.proc.space.regions.heap - 64
        if not self.hart.pte(sp) & Pte.W:
            self.hart.trap(15, stval=sp)
        if self.hart.proc is not proc:
            return  # it has been killed for that, and another one has its turn
        self.hart.put(sp, b"new\0")
        self.hart.call("exec", sp, self.address())

    def check(self):
        """Every frame in use has an owner, and what is counted is what is mapped."""
        kernel = self.hart.kernel
        for proc in kernel.procs[1:]:
            found = mapped(kernel.memory, proc.pagetable, TRAPFRAME)
            assert proc.space.resident == sum(size for *_, size in found) // PAGE_SIZE
            assert (proc.cwd is None) == (proc.state is ProcState.ZOMBIE)
        references = sum(file.ref for file in kernel.ftable)
        held = sum(file is not None for proc in kernel.procs for file in proc.ofile)
        held += sum(backing.file is not None for backing in kernel.backings.values())
        assert references == held


def run(chaos):
    """Let it go on for a while, and end; nothing must be left."""
    kernel = chaos.hart.kernel
    for _ in range(STEPS):
        chaos.step()
        chaos.check()
    while chaos.hart.proc is not kernel.first:
        chaos.hart.call("exit", 0)
    chaos.hart.exit()
    assert len(kernel.accounts) > 10  # not only one process that never got anywhere
    assert kernel.panicked is None
    assert kernel.halted
    assert kernel.kmem.used == kernel.own_frames
    assert (kernel.ftable, kernel.backings) == ([], {})
    assert [ip.ref for ip in kernel.fs.inodes if ip and ip.ref] == []
    return sum(account.minor_faults for account in kernel.accounts)


@pytest.mark.parametrize("abi", ["lab", "2025"])
@pytest.mark.parametrize("seed", range(6))
def test_any_sequence_of_calls(seed, abi):
    assert run(Chaos(seed, abi=abi)) > 5


@pytest.mark.parametrize("seed", range(3))
def test_so_it_is_where_pages_wait_only_after_madvise(seed):
    run(Chaos(seed, policy=POLICIES["eager"]))
