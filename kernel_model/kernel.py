"""The kernel: what is global in xv6, and the doorbell's other side."""

from hdl.arch import PAGE_SIZE, Pte, make_satp
from kernel_model.console import Console, printf
from kernel_model.costs import TABLE, Costs, Step
from kernel_model.doorbell import Doorbell
from kernel_model.exec import ExecError, kexec
from kernel_model.faults import Fault
from kernel_model.kalloc import Kmem
from kernel_model.layout import (
    KERNBASE,
    MIN_QUANTUM,
    QUANTUM,
    TICK,
    TRAPFRAME,
    Action,
    Reason,
    Register,
)
from kernel_model.memory import PhysicalMemory
from kernel_model.panic import PANIC_STATUS, KernelPanic
from kernel_model.proc import Proc, ProcState, allocproc, freeproc
from kernel_model.trap import kerneltrap, machinetrap, usertrap
from kernel_model.vm import kvmmake

__all__ = ["Kernel"]

#: Frames below which not even the kernel's page table fits.
_MIN_FRAMES = 16


class Kernel:
    """A kernel over `memory`, to be rung by the trampoline.

    The constructor puts the trampoline into the first frame and builds the kernel's page table;
    `exec` loads the first process. From then on the hart, which starts at KERNBASE, rings, and
    `ring` serves it. The run ends, `halted`, with the last process or with a panic.

    Parameters
    ----------
    memory : PhysicalMemory
        RAM, from KERNBASE on.
    trampoline : bytes
        Machine code of `trampoline.S`, at most a page.
    console : Console
        Where `read` and `write`, and the kernel's own messages, go.
    svadu : bool
        The hart updates the A and D bits of page-table entries; else the kernel sets them.
    costs : Costs
        Cycles for each step of the kernel's work.
    quantum : int
        Cycles that a process runs before the timer interrupts it; 0 = for ever.
    tick : int
        Cycles of one tick of `uptime`.

    Attributes
    ----------
    doorbell : Doorbell
        The registers between trampoline and kernel.
    halted : bool
        The run has ended.
    exit_status : int
        The first process's status, a C `int`: -1 if it was killed; PANIC_STATUS after a panic.
    panicked : KernelPanic or None
        The broken invariant that ended the run.
    faults : list of Fault
        Every page fault of a process, and every page that a system call faulted in, in order.
    pages_promised : int
        The most pages above the initial size that the size ever covered, touched or not; a page
        that is covered in part counts.
    heap_frames_used : int
        Frames that heap pages have got: the heap pages touched. A page that is given back and
        touched again takes a frame again and counts again.
    """

    def __init__(
        self,
        memory: PhysicalMemory,
        trampoline: bytes,
        console: Console,
        *,
        svadu: bool = False,
        costs: Costs = TABLE,
        quantum: int = QUANTUM,
        tick: int = TICK,
    ):
        _check(memory, trampoline, quantum, tick)
        self.memory = memory
        self.console = console
        self.costs = costs
        self.quantum = quantum
        self.tick = tick
        self.leaf_flags = 0 if svadu else int(Pte.A | Pte.D)
        self.cycles = 0
        self.now = 0
        self.doorbell = Doorbell()
        self.halted = False
        self.exit_status = 0
        self.panicked: KernelPanic | None = None
        self.faults: list[Fault] = []
        self.pages_promised = 0
        self.heap_frames_used = 0
        self.wrote_code = False
        self.proc: Proc | None = None
        self._last_pid = 0

        self.kmem = Kmem(memory.base, memory.base + memory.size, self.charge)
        self.trampoline = self.kmem.kalloc()  # the first frame: the hart starts there
        memory.zero(self.trampoline, PAGE_SIZE)
        memory.write(self.trampoline, trampoline)
        self.satp = make_satp(kvmmake(self, self.trampoline))
        self._kernel_frames = self.kmem.used
        self.doorbell.registers[Register.KERNEL_SATP] = self.satp
        self.doorbell.registers[Register.ADUE] = int(svadu)

    @property
    def frames_used(self) -> int:
        """The most frames that were ever in use at once: pages, page tables, the kernel's own."""
        return self.kmem.used_max

    def charge(self, step: Step, n: int = 1) -> None:
        """Count what doing `step` `n` times costs."""
        self.cycles += self.costs[step] * n

    def allocpid(self) -> int:
        """A process identifier that was never used."""
        self._last_pid += 1
        return self._last_pid

    def exec(self, elf: bytes, argv: list[str]) -> None:
        """Make the first process, running the program `elf`; `argv[0]` is its name.

        Raises ExecError, with one line that says why, if the program cannot be run; then no frame
        is lost.
        """
        if self.proc is not None:
            raise RuntimeError("the first process exists already")
        proc = allocproc(self)
        if proc is None:
            raise ExecError("no frame left for a process")
        try:
            arguments = [argument.encode(errors="surrogateescape") for argument in argv]
            proc.trapframe.a0 = kexec(self, proc, elf, arguments)
        except ExecError:
            freeproc(self, proc)
            raise
        self.proc = proc

    def ring(self, reason: int) -> int:
        """Serve the hart, which stored `reason` to the doorbell; return what that costs in cycles.

        The answer is in the doorbell's registers. A panic ends the run: it is printed, `panicked`
        keeps it, and the hart is told to halt.
        """
        self.cycles = 0
        self.charge(Step.DISPATCH)
        try:
            self._serve(reason)
            self._schedule()
        except KernelPanic as panic:
            printf(self, f"panic: {panic}\n")
            self.panicked = panic
            self._halt(PANIC_STATUS)
        self._answer()
        return self.cycles

    def _serve(self, reason):
        if reason == Reason.KERNEL_PANIC:
            kerneltrap(self)
        if reason == Reason.MACHINE_PANIC:
            machinetrap(self)
        if self.proc is None:
            raise KernelPanic("ring: there is no process")
        if reason == Reason.USER_TRAP:
            self.now = self.proc.trapframe.time
            usertrap(self, self.proc)
        elif reason in (Reason.BOOT, Reason.IDLE):
            self.now = self.doorbell.registers[Register.TIME]
        else:
            raise KernelPanic(f"ring: no reason {reason}")

    def _schedule(self):
        """It is the process's turn; if it has exited, free it and end the run."""
        proc = self.proc
        if proc.state is not ProcState.ZOMBIE:
            proc.state = ProcState.RUNNING
            return
        self.proc = None
        freeproc(self, proc)
        if self.kmem.used != self._kernel_frames:
            raise KernelPanic(f"freeproc: {self.kmem.used - self._kernel_frames} frames leaked")
        self._halt(proc.xstate)

    def _halt(self, status):
        self.halted = True
        self.exit_status = status

    def _answer(self):
        registers = self.doorbell.registers
        if self.halted:
            registers[Register.ACTION] = Action.HALT
            return
        registers[Register.ACTION] = Action.RUN
        registers[Register.SATP] = make_satp(self.proc.pagetable)
        registers[Register.QUANTUM] = self.quantum
        registers[Register.FENCE_I] = int(self.wrote_code)
        self.wrote_code = False


def _check(memory, trampoline, quantum, tick):
    if memory.base != KERNBASE:
        raise ValueError(f"RAM must start at {KERNBASE:#x}, not {memory.base:#x}")
    least, most = _MIN_FRAMES * PAGE_SIZE, TRAPFRAME - KERNBASE
    if memory.size % PAGE_SIZE or not least <= memory.size <= most:
        raise ValueError(f"RAM must be {least} to {most} bytes in whole pages, not {memory.size}")
    if len(trampoline) > PAGE_SIZE:
        raise ValueError(f"trampoline must fit a page, not take {len(trampoline)} bytes")
    if quantum != 0 and quantum < MIN_QUANTUM:
        raise ValueError(f"quantum must be 0 or at least {MIN_QUANTUM} cycles, not {quantum}")
    if tick < 1:
        raise ValueError(f"tick must be at least 1 cycle, not {tick}")
