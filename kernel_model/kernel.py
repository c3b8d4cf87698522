"""The kernel: what is global in xv6, and the doorbell's other side."""

from collections.abc import Callable

from hdl.arch import PAGE_SIZE, Pte, make_satp
from kernel_model.calls.exec import ExecError, kexec
from kernel_model.calls.lifecycle import makeinit
from kernel_model.dev.console import Cons, Console, procdump, uartintr
from kernel_model.dev.printf import printf
from kernel_model.facts.abi import AUTO, Abi
from kernel_model.facts.accounts import Account, Ledger
from kernel_model.facts.costs import TABLE, Costs, Step
from kernel_model.facts.doorbell import Action, Doorbell, Reason, Register
from kernel_model.facts.memlayout import KERNBASE, TRAPFRAME
from kernel_model.facts.panic import PANIC_STATUS, KernelPanic
from kernel_model.facts.param import MIN_QUANTUM, QUANTUM, ROOTINO, TICK
from kernel_model.facts.served import Fault
from kernel_model.fs.disk import Contents, Geometry
from kernel_model.fs.file import File, filedup, openconsole
from kernel_model.fs.inode import FileSystem, iget
from kernel_model.fs.names import fsinit, resize
from kernel_model.mm.kalloc import Kmem
from kernel_model.mm.kvm import kvmmake
from kernel_model.mm.memory import PhysicalMemory
from kernel_model.proc.proc import Proc, addproc, allocproc, freeproc, take_account
from kernel_model.proc.sleep import TICKS, wakeup
from kernel_model.scheduler import schedule
from kernel_model.trap import kerneltrap, machinetrap, usertrap

__all__ = ["Kernel"]

#: Frames below which not even the kernel's page table fits.
_MIN_FRAMES = 16


class Kernel:
    """A kernel over `memory`, to be rung by the trampoline.

    The constructor puts the trampoline into the first frame and builds the kernel's page table;
    `exec` loads the first program. From then on the hart, which starts at KERNBASE, rings, and
    `ring` serves it. The run ends, `halted`, with the first program or with a panic.

    Parameters
    ----------
    memory : PhysicalMemory
        RAM, from KERNBASE on.
    trampoline : bytes
        Machine code of `trampoline.S`, at most a page.
    console : Console
        The host's side of the console.
    svadu : bool
        The hart updates the A and D bits of page-table entries; else the kernel sets them.
    costs : Costs
        Cycles for each step of the kernel's work.
    quantum : int
        Cycles of a process's turn, after which the timer interrupts it; 0 = for ever.
    least_turn : int
        Cycles that the timer leaves at least to who returns to user mode, though its turn should
        end before: so many that an instruction retires. It depends on how slow memory is.
    tick : int
        Cycles of one tick of `uptime` and `sleep`.
    abi : str
        Whose `sbrk` it is: a value of `Abi`, or AUTO, and then each program has that of the release
        which its symbols tell of. One without symbols has that of the program which it replaces.
    files : callable
        What the disk is filled with when a path is looked up for the first time.
    geometry : Geometry
        How large the disk is.

    Attributes
    ----------
    doorbell : Doorbell
        The registers between trampoline and kernel.
    halted : bool
        The run has ended.
    exit_status : int
        The first program's status, a C `int`: -1 if it was killed; PANIC_STATUS after a panic,
        STUCK_STATUS if nobody could ever run again.
    panicked : KernelPanic or None
        The broken invariant that ended the run.
    procs : list of Proc
        The processes that are not free, by pid; the first is init.
    proc : Proc or None
        The one on the hart.
    accounts : list of Account
        What each process has used, by pid; those that are gone included.
    ledger : Ledger
        Whose each cycle was: with the accounts' cycles, its own are those of the run.
    watchers : list
        Objects that are told what happens. Each may have any of these methods:
        `syscall_begin(proc, number, args, now)`, `syscall_waits(proc, number, now)`,
        `syscall_end(proc, number, result, now)`, `fault(proc, fault, now)`,
        `unexpected(proc, now)`, of a trap for which it is killed, and `exited(proc, now)`.
    answered_at : int
        The cycle in which the hart has the answer to its last ring; whoever rings sets it.
    now : int
        The clock, in cycles, when the hart trapped or rang last.
    faults : list of Fault
        Every page fault of a process, and every page that a system call faulted in, in order, that
        nobody has taken with `take_faults`.
    pages_promised : int
        The most pages of a heap that a process's size ever covered, touched or not; a page that is
        covered in part counts.
    heap_frames_used : int
        Frames that heap pages have got by being touched. A page that is given back and touched
        again takes a frame again and counts again; a copy made by `fork` does not count.
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
        least_turn: int = MIN_QUANTUM,
        tick: int = TICK,
        abi: str = AUTO,
        files: Callable[[], Contents] = dict,
        geometry: Geometry | None = None,
    ):
        _check(memory, trampoline, quantum, tick)
        self.memory = memory
        self.console = console
        self.costs = costs
        self.quantum = quantum
        self.least_turn = least_turn
        self.tick = tick
        self.abi = None if abi == AUTO else Abi(abi)
        self.leaf_flags = 0 if svadu else int(Pte.A | Pte.D)
        self._reset()
        self._boot(trampoline, svadu)
        self.fs = FileSystem(files, geometry)
        self.ftable: list[File] = []
        self.cons = Cons()
        fsinit(self)
        if self.abi is not None:
            resize(self, self.abi)
        self.init = makeinit(self)

    def _reset(self):
        """What changes as the kernel runs."""
        self.cycles = 0
        self.now = 0
        self.doorbell = Doorbell()
        self.halted = False
        self.exit_status = 0
        self.panicked: KernelPanic | None = None
        self.faults: list[Fault] = []
        self.watchers: list[object] = []
        self.pages_promised = 0
        self.heap_frames_used = 0
        #: A page that can be executed was written: the next return to user mode fences.
        self.wrote_code = False
        self.procs: list[Proc] = []
        self.accounts: list[Account] = []
        #: The first program's process.
        self.first: Proc | None = None
        self.proc: Proc | None = None
        self._last_pid = 0
        #: Who had the last turn, and when it ends.
        self.last_pid = 0
        self.turn_ends = 0
        self.ledger = Ledger()
        self.answered_at = 0

    def _boot(self, trampoline, svadu):
        """Trampoline, page table, and what reset code reads in the doorbell."""
        memory = self.memory
        self.kmem = Kmem(memory.base, memory.base + memory.size, self.charge)
        self.trampoline = self.kmem.kalloc()  # the first frame: the hart starts there
        memory.zero(self.trampoline, PAGE_SIZE)
        memory.write(self.trampoline, trampoline)
        self.satp = make_satp(kvmmake(self, self.trampoline))
        #: Frames that are the kernel's for good.
        self.own_frames = self.kmem.used
        self.doorbell.registers[Register.KERNEL_SATP] = self.satp
        self.doorbell.registers[Register.ADUE] = int(svadu)

    @property
    def frames_used(self) -> int:
        """The most frames that were ever in use at once: pages, page tables, the kernel's own."""
        return self.kmem.used_max

    @property
    def ticks(self) -> int:
        """Ticks of the clock since reset."""
        return self.now // self.tick

    @property
    def turn_is_over(self) -> bool:
        """The process on the hart has had its quantum."""
        return self.quantum > 0 and self.now >= self.turn_ends

    def charge(self, step: Step, n: int = 1) -> None:
        """Count what doing `step` `n` times costs."""
        self.cycles += self.costs[step] * n

    def allocpid(self) -> int:
        """A process identifier that was never used."""
        self._last_pid += 1
        return self._last_pid

    def tell(self, event: str, *what: object) -> None:
        """Tell the watchers that want to know of it."""
        for watcher in self.watchers:
            hook = getattr(watcher, event, None)
            if hook is not None:
                hook(*what)

    def record(self, proc: Proc, fault: Fault) -> None:
        """Take a page fault of the process into the books."""
        self.faults.append(fault)
        if fault.outcome == "mapped":
            proc.account.minor_faults += 1
        self.tell("fault", proc, fault, self.now)

    def take_faults(self) -> list[Fault]:
        """The page faults since the last call. They are not kept: a run may have millions."""
        faults, self.faults = self.faults, []
        return faults

    def take_accounts(self, cycle: int) -> list[Account]:
        """What each process has used by `cycle`, init excepted: it uses nothing.

        Their cycles and those of `ledger` are `cycle` in all.
        """
        self._close(cycle)
        for proc in self.procs[1:]:
            take_account(self, proc)
        return self.accounts[1:]

    def exec(self, elf: bytes, argv: list[str]) -> None:
        """Make the first process, running the program `elf`; `argv[0]` is its name.

        Raises ExecError, with one line that says why, if the program cannot be run; then no frame
        is lost. Raises FsError if the files need more than the disk of the program's release has.
        """
        if self.first is not None:
            raise RuntimeError("the first process exists already")
        proc = allocproc(self)
        if proc is None:
            raise ExecError("no frame left for a process")
        arguments = [argument.encode(errors="surrogateescape") for argument in argv]
        try:
            path = arguments[0] if arguments else b""
            proc.trapframe.a0 = kexec(self, proc, elf, arguments, path)
        except ExecError:
            freeproc(self, proc)
            raise
        console = openconsole(self)
        proc.ofile[:3] = console, filedup(console), filedup(console)
        proc.cwd = iget(self, ROOTINO)
        addproc(self, proc, self.init)
        self.first = proc
        resize(self, proc.abi)

    def ring(self, reason: int) -> int:
        """Serve the hart, which stored `reason` to the doorbell; return what that costs in cycles.

        The answer is in the doorbell's registers. A panic ends the run: it is printed with what the
        kernel looks like, `panicked` keeps it, and the hart is told to halt.
        """
        self.cycles = 0
        self.charge(Step.DISPATCH)
        try:
            self._serve(reason)
            self._answer(*schedule(self))
        except KernelPanic as panic:
            self._panic(panic)
        return self.cycles

    def halt(self, status: int) -> None:
        """The run has ended."""
        self.halted = True
        self.exit_status = status

    def _serve(self, reason):
        if reason == Reason.KERNEL_PANIC:
            kerneltrap(self)
        if reason == Reason.MACHINE_PANIC:
            machinetrap(self)
        if self.first is None:
            raise KernelPanic("ring: there is no process")
        ticks = self.ticks
        self._tell_time(reason)
        if self.ticks != ticks:
            wakeup(self, TICKS)
        uartintr(self)
        if reason == Reason.USER_TRAP:
            usertrap(self, self.proc)

    def _tell_time(self, reason):
        """Find out what time it is, and who has to pay for what has passed."""
        if reason == Reason.USER_TRAP:
            if self.proc is None:
                raise KernelPanic("ring: there is no process")
            frame, account = self.proc.trapframe, self.proc.account
            self.ledger.hand_over(frame.resumed, account, "user_cycles")
            self.ledger.hand_over(frame.time, account, "kernel_cycles")
            self.now = frame.time
        elif reason == Reason.IDLE:
            self.ledger.hand_over(self.answered_at, self.ledger, "idle")
            self.now = self.doorbell.registers[Register.TIME]
            self.ledger.close(self.now)
        elif reason == Reason.BOOT:
            self.now = self.doorbell.registers[Register.TIME]
        else:
            raise KernelPanic(f"ring: no reason {reason}")

    def _close(self, cycle):
        """Bring the ledger from the last trap or ring up to `cycle`, wherever the hart is then."""
        action = self.doorbell.registers[Register.ACTION]
        if action == Action.IDLE and self.now < self.answered_at < cycle:
            self.ledger.hand_over(self.answered_at, self.ledger, "idle")
        if self.proc is not None and self.proc.trapframe.resumed > self.now:
            frame, account = self.proc.trapframe, self.proc.account
            self.ledger.hand_over(frame.resumed, account, "user_cycles")
            if frame.time >= frame.resumed:  # it is on its way into the kernel
                self.ledger.hand_over(frame.time, account, "kernel_cycles")
        self.ledger.close(cycle)

    def _answer(self, action, cycles):
        """Tell the hart what to do, and for how many cycles at most."""
        registers = self.doorbell.registers
        registers[Register.ACTION] = action
        registers[Register.QUANTUM] = cycles
        if action is Action.RUN:
            registers[Register.SATP] = make_satp(self.proc.pagetable)
            registers[Register.FENCE_I] = int(self.wrote_code)
            self.wrote_code = False

    def _panic(self, panic):
        self.panicked = panic
        printf(self, f"panic: {panic}\n")
        procdump(self)
        printf(self, f"{self.kmem.used} frames in use, {self.kmem.free} free\n")
        self.halt(PANIC_STATUS)
        self._answer(Action.HALT, 0)


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
