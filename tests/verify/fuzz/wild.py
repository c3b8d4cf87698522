"""Runs wild programs on the hart, and watches the memory that they may not touch."""

import random
from dataclasses import dataclass

from hdl.arch import PAGE_BITS, PAGE_SIZE, PPN_BITS, Pte
from kernel_model.calls.lifecycle import kkill
from kernel_model.facts.costs import ZERO
from kernel_model.facts.memlayout import KERNBASE
from kernel_model.kernel import Kernel
from sim.config import MachineConfig
from sim.guests.kernel_guest import KernelGuest
from sim.host.programs import assemble_trampoline
from sim.machine import Machine
from sim.platform.devices.doorbell import DoorbellPage
from sim.platform.events import Budget
from tests.kernel_model.support import Console
from tests.verify.fuzz.guard import Misbehaved, bounded
from tests.verify.fuzz.ownership import audit, frames_written_by, kernel_frames, page_tables
from tests.verify.fuzz.programs import make

__all__ = ["Bench", "Outcome", "Watch"]

#: Frames that the kernel has: few, so that they run out.
_FRAMES = (64, 256)
_CANARY = b"\xca" * PAGE_SIZE
#: Memory behind the kernel's, which nobody may touch.
_BEHIND = 16
_CYCLES = 20_000
#: Within these it must have died after it was killed; processes of a turn of a quantum each.
_MORE_CYCLES = 2_000_000
_QUANTUM = 1_000
#: Rings from one look at all page tables to the next.
_AUDIT_EVERY = 16
_AD, _V, _RWX = int(Pte.A | Pte.D), int(Pte.V), int(Pte.R | Pte.W | Pte.X)


@dataclass(frozen=True)
class Outcome:
    """What became of a wild program."""

    kind: str
    rings: int
    faults: int
    processes: int
    killed: bool
    exhausted: bool


class _Memory:
    """The first part of RAM, as the only memory that the kernel knows of."""

    def __init__(self, ram, size):
        self.base, self.size = ram.base, size
        self.read, self.write, self.zero = ram.read, ram.write, ram.zero
        self.read_u64, self.write_u64 = ram.read_u64, ram.write_u64


class Watch(KernelGuest):
    """A guest that compares memory between a return to user mode and the next trap.

    In between only the running process's writable pages and its trap frame may change; with Svadu
    also A and D, which may be set in leaves of its page table and of the kernel's.
    """

    def __init__(self, kernel, ram):
        super().__init__(kernel)
        self.ram = ram
        self.rings = 0
        self._before = None
        self._allowed = frozenset()

    def handle(self, machine, event):
        """Looks at memory, serves the ring, and remembers memory."""
        if self._before is not None:
            self.compare()
        super().handle(machine, event)
        if self.kernel.panicked is not None:
            raise Misbehaved(f"the kernel panicked: {self.kernel.panicked}")
        self.rings += 1
        if self.rings % _AUDIT_EVERY == 0:
            audit(self.kernel)
        self.remember()

    def remember(self):
        """Takes memory as it is, and what may change of it."""
        kernel, proc = self.kernel, self.kernel.proc
        self._before = self._content()
        self._allowed = frames_written_by(kernel, proc) if proc is not None else frozenset()

    def compare(self):
        """Fails if a frame has changed that may not."""
        before, after, marked = self._before, self._content(), None
        if before == after:
            return
        for start in range(0, len(after), PAGE_SIZE):
            old, new = before[start : start + PAGE_SIZE], after[start : start + PAGE_SIZE]
            frame = KERNBASE + start
            if old == new or frame in self._allowed:
                continue
            if marked is None:
                marked = self._marked(before)
            if frame not in marked or not _only_ad(old, new):
                raise Misbehaved(
                    f"frame {frame:#x} changed while {self.kernel.cpu.last_pid} ran, "
                    f"which does not own it"
                )

    def _marked(self, before):
        """The page tables in which the hart may set A and D, as they were in memory `before`."""
        kernel = self.kernel
        if kernel.leaf_flags:
            return set()
        memory = _Snapshot(before)
        roots = [(kernel.satp & (1 << PPN_BITS) - 1) << PAGE_BITS]
        if kernel.proc is not None:
            roots.append(kernel.proc.pagetable)
        return {table for root in roots for table in page_tables(memory, root)}

    def _content(self):
        return bytes(self.ram.bytes[: self.kernel.memory.size + _BEHIND * PAGE_SIZE])


@dataclass(frozen=True)
class _Snapshot:
    """RAM as it was."""

    content: bytes

    def read(self, pa, n):
        return self.content[pa - KERNBASE : pa - KERNBASE + n]


def _only_ad(old, new):
    """Whether a page table has changed by nothing but A and D, set in leaves."""
    words = zip(memoryview(old).cast("Q"), memoryview(new).cast("Q"), strict=True)
    return all(
        a == b or (a | _AD == b | _AD and a & b == a and a & _V and a & _RWX) for a, b in words
    )


class Bench:
    """A machine that runs one wild program after the other."""

    def __init__(self, *, svadu: bool = False):
        config = MachineConfig(engine="native")
        self._ram = Machine.make_ram(config)
        self._trampoline = assemble_trampoline()
        self._svadu = svadu
        self._frames = 0
        self._machine = self._at_reset = None

    def run(self, seed: int) -> Outcome:
        """Runs the program of `seed`. Raises `Misbehaved`, or whatever breaks."""
        source = random.Random(f"wild {seed}")
        program = make(source)
        kernel = self._boot(program, source.choice(_FRAMES))
        with bounded():
            guest = Watch(kernel, self._ram)
            killed = self._run(kernel, guest)
        self._check_end(kernel)
        pids = {account.pid for account in kernel.accounts}
        exhausted = kernel.frames_used == kernel.memory.size // PAGE_SIZE
        return Outcome(
            program.kind, guest.rings, len(guest.faults), len(pids) - 1, killed, exhausted
        )

    def _boot(self, program, frames):
        size = frames * PAGE_SIZE
        for page in range(max(self._frames, frames) + _BEHIND):
            self._ram.write(KERNBASE + page * PAGE_SIZE, _CANARY)
        self._frames = frames
        kernel = Kernel(
            _Memory(self._ram, size),
            self._trampoline,
            Console(program.input),
            svadu=self._svadu,
            costs=ZERO,
            quantum=_QUANTUM,
            tick=_QUANTUM,
            files=lambda: program.files,
        )
        kernel.exec(program.elf, ["wild", "a"])
        return kernel

    def _run(self, kernel, guest):
        """Runs it for a while, then kills it; whether that was needed."""
        self._reset(kernel)
        self._go_on(guest, _CYCLES)
        killed = not guest.finished
        if killed:
            audit(kernel)
            kkill(kernel, kernel.first.pid)
            self._go_on(guest, _CYCLES + _MORE_CYCLES)
        if not guest.finished:
            raise Misbehaved("it has not ended though it was killed")
        return killed

    def _reset(self, kernel):
        devices = [DoorbellPage(kernel.doorbell)]
        if self._machine is None:
            # To make a hart takes longer than to run a program.
            self._machine = Machine(MachineConfig(engine="native"), self._ram, devices=devices)
            self._at_reset = self._machine.engine.snapshot()
        # What reset reads in the doorbell is the same for every kernel of this bench.
        self._machine.bus.devices = devices
        self._machine.engine.restore(self._at_reset)

    def _go_on(self, guest, limit):
        engine = self._machine.engine
        while not guest.finished and engine.cycle < limit:
            event = engine.run(limit - engine.cycle)
            if not isinstance(event, Budget):
                guest.handle(self._machine, event)

    def _check_end(self, kernel):
        """No frame is lost, and none that was never handed out has been touched."""
        if sorted(kernel.kmem._taken) != kernel_frames(kernel):
            raise Misbehaved(
                f"{kernel.kmem.used} frames in use at the end, not {kernel.own_frames}"
            )
        fresh = range(kernel.frames_used, kernel.memory.size // PAGE_SIZE + _BEHIND)
        for page in fresh:
            if self._ram.read(KERNBASE + page * PAGE_SIZE, PAGE_SIZE) != _CANARY:
                raise Misbehaved(f"page {page} of RAM was never handed out, but has changed")
