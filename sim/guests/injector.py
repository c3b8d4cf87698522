"""Faults that a run is given on command: they are made to happen, and what follows is noted.

Each is done where the real one would be: the allocator finds no frame, the kernel leaves a fence
out of its trampoline, memory holds another entry, the bus answers an error.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from hdl.arch import LEVELS, PAGE_BITS, PAGE_SIZE, PTE_SIZE, PTES_PER_PAGE, VPN_BITS, Pte, pte_to_pa
from kernel_model.facts.abi import Syscall
from kernel_model.kernel import Kernel
from kernel_model.mm.memory import PhysicalMemory, is_memory
from kernel_model.mm.served import Decision, ServedFault, Why
from kernel_model.mm.state import User
from kernel_model.proc.state import KernelWatcher, Proc
from sim.config import RunConfig
from sim.guests.bus_errors import BusErrors, Injected
from sim.guests.fences import Fences
from sim.injection import FailedKalloc, FlippedBit, read_fail, read_skipped
from sim.machine import Machine

__all__ = ["Injected", "Injector"]

_FAILED = (1 << 64) - 1
_V, _RWX = int(Pte.V), int(Pte.R | Pte.W | Pte.X)


class Injector(KernelWatcher):
    """Makes the faults happen that `install` is given.

    Members
    -------
    told : list of function
        Each takes every `Injected` when it happens, and again when something has followed.
    unnoticed : str
        What is said of one that was not followed by anything.
    """

    unnoticed = "the kernel has noticed nothing of it"

    def __init__(self, kernel: Kernel, machine: Machine):
        self._kernel, self._machine = kernel, machine
        self.told: list[Callable[[Injected], object]] = []
        self._all: list[Injected] = []
        self._flips: dict[int, list[tuple[Injected, FlippedBit]]] = {}
        self._due: list[tuple[Injected, FlippedBit, User]] = []
        self._bus_errors = BusErrors(machine)
        self._skips: list[tuple[Injected, int]] = []
        self._fences: Fences | None = None
        self._faults = self._before = 0

    def install(self, config: RunConfig) -> None:
        """Makes those of `config` happen, once; the run has not begun."""
        for text in config.fail:
            self._fail(text)
        self._all += map(self._bus_errors.add, config.bus_error)
        skipped: set[int] = set()
        for text in config.skip_fence:
            fences = read_skipped(text)
            skipped |= {*range(fences.first, fences.last + 1)}
            self._skips.append((self._add("--skip-fence", text), fences.first))
        if skipped:
            self._fences = Fences(self._kernel, frozenset(skipped))
        if self._all:
            self._before = self._kernel.kmem.calls
            self._kernel.watchers.append(self)
            self._kernel.checks.insert(0, self._answered)

    def injected(self) -> tuple[Injected, ...]:
        """All of them as they are now, in the order in which they were given."""
        return tuple(replace(each) for each in self._all)

    def finish(self) -> None:
        """The run is over: says of those that have not happened how near it was."""
        if not self._all:
            return
        self._look()
        panic = self._kernel.panicked
        if panic is not None:
            self._follow(0, f"the kernel panics: {panic}")
        self._bus_errors.finish()
        for each in self._all:
            if each.cycle is None and not each.option.startswith("--bus-error"):
                each.what = self._short_of(each)

    def _short_of(self, injected: Injected) -> str:
        """How near the run came to one that has not happened, and is no bus error."""
        option, _, value = injected.option.partition(" ")
        if self._fences is not None and option == "--skip-fence":
            return f"only {self._fences.passed:,} fences were come to"
        if value.startswith("kalloc"):
            count = self._kernel.kmem.calls - self._before
            return f"only {count:,} {'was' if count == 1 else 'were'} asked for"
        count = self._faults
        return f"only {count:,} page fault{'s' * (count != 1)} came"

    def fault(self, proc: User, fault: ServedFault, now: int) -> None:
        """Counts page faults, and takes note of one that is refused."""
        self._look()
        self._faults += 1
        self._due += [(*each, proc) for each in self._flips.get(self._faults, ())]
        if fault.outcome.decision is Decision.REFUSED:
            why = fault.outcome.why.name.lower().replace("_", " ")
            what = f"the page fault at {fault.stval:#x} is refused ({why})"
            self._follow(proc.pid, what)
        if fault.outcome.why is Why.NOT_ACCESSED:
            self._follow(proc.pid, f"the page fault at {fault.stval:#x} sets A, and D, again")

    def syscall_end(self, proc: Proc, number: int, result: int, now: int) -> None:
        """A system call that fails may be what follows."""
        self._look()
        if result & _FAILED == _FAILED:
            self._follow(proc.pid, f"{Syscall(number).name.lower()} returns -1")

    def unexpected(self, proc: Proc, now: int) -> None:
        """The process is killed, and the trap frame says why."""
        self._look()
        frame = proc.trapframe
        self._follow(proc.pid, f"it is killed: scause {frame.scause:#x}, stval {frame.stval:#x}")

    def exited(self, proc: Proc, now: int) -> None:
        """Whatever happened to it before: see whether anything has."""
        self._look()

    def _add(self, option: str, text: str) -> Injected:
        injected = Injected(f"{option} {text}")
        self._all.append(injected)
        return injected

    def _fail(self, text: str) -> None:
        wanted, injected = read_fail(text), self._add("--fail", text)
        if isinstance(wanted, FailedKalloc):
            kmem = self._kernel.kmem
            kmem.failing[kmem.calls + wanted.nth] = partial(self._no_frame, injected)
        else:
            self._flips.setdefault(wanted.fault, []).append((injected, wanted))

    def _no_frame(self, injected: Injected) -> None:
        self._happen(injected, f"kalloc finds no frame, though {self._kernel.kmem.free:,} are free")

    def _happen(self, injected: Injected, what: str, cycle: int | None = None) -> None:
        proc = self._kernel.proc
        injected.cycle = self._machine.engine.cycle if cycle is None else cycle
        injected.pid = 0 if proc is None else proc.pid
        injected.what = what
        for tell in self.told:
            tell(injected)

    def _follow(self, pid: int, what: str) -> None:
        """Something has happened to the process `pid`; 0 is the kernel."""
        for each in self._all:
            if each.cycle is None or each.followed or pid not in (0, each.pid):
                continue
            each.followed, each.followed_cycle = what, self._machine.engine.cycle
            for tell in self.told:
                tell(each)

    def _look(self) -> None:
        """Takes over what the bus has refused."""
        for injected, what, cycle in self._bus_errors.news():
            self._happen(injected, what, cycle)

    def _answered(self) -> None:
        """The kernel has answered: what is due is done before anything else looks."""
        self._look()
        for injected, wanted, proc in self._due:
            self._flip(injected, wanted, proc)
        self._due.clear()
        if self._fences is not None:
            self._fences.rung()
            self._tell_skipped(self._fences.passed)
            self._fences.answered()
            self._tell_skipped(self._fences.passed)

    def _tell_skipped(self, passed: int) -> None:
        """So many fences have been come to: some for the first time."""
        for injected, first in self._skips:
            if injected.cycle is None and first <= passed:
                self._happen(injected, "sfence.vma is left out")

    def _flip(self, injected: Injected, wanted: FlippedBit, proc: User) -> None:
        memory = self._kernel.memory
        address, level = _entry_of(memory, proc.space.root, wanted.va)
        before = memory.read_u64(address)
        after = before ^ 1 << wanted.bit
        memory.write_u64(address, after)
        done = "set" if after >> wanted.bit & 1 else "cleared"
        what = f"{wanted.name} is {done} at level {level} for {wanted.va:#x}"
        self._happen(injected, f"{what}: {before:#x} -> {after:#x}")
        injected.pid = proc.pid


def _entry_of(memory: PhysicalMemory, root: int, va: int) -> tuple[int, int]:
    """Where the entry lies in which the translation of `va` ends, a leaf or a hole; its level."""
    table = root
    for level in range(LEVELS - 1, -1, -1):
        index = va >> PAGE_BITS + VPN_BITS * level & PTES_PER_PAGE - 1
        address = table + PTE_SIZE * index
        pte = memory.read_u64(address)
        table = pte_to_pa(pte)
        if level == 0 or not pte & _V or pte & _RWX or not is_memory(memory, table, PAGE_SIZE):
            break
    return address, level
