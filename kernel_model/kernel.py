"""The kernel: what is global in xv6, and the doorbell's other side."""

from collections.abc import Callable

from hdl.arch import PAGE_SIZE, Pte, make_satp
from kernel_model.calls.exec import ExecError, kexec
from kernel_model.calls.lifecycle import makeinit
from kernel_model.dev.console import procdump, uartintr
from kernel_model.dev.printf import print_pagetable, printf
from kernel_model.dev.state import Cons, Console
from kernel_model.facts.abi import AUTO, Abi
from kernel_model.facts.accounts import Account, Ledger
from kernel_model.facts.costs import IDEAL, Costs, Meter, Step
from kernel_model.facts.doorbell import Action, Doorbell, Reason, Register
from kernel_model.facts.memlayout import KERNBASE, TRAPFRAME
from kernel_model.facts.panic import PANIC_STATUS, KernelPanic
from kernel_model.facts.param import MIN_QUANTUM, QUANTUM, ROOTINO, TICK, USERSTACK
from kernel_model.fs.disk import Contents, Geometry
from kernel_model.fs.file import filedup, openconsole
from kernel_model.fs.inode import iget
from kernel_model.fs.mapped import filepage
from kernel_model.fs.names import fsinit, resize
from kernel_model.fs.state import File, FileSystem
from kernel_model.mm.areas import Backing, tables_wanted
from kernel_model.mm.kalloc import Kmem
from kernel_model.mm.kvm import kvmmake
from kernel_model.mm.memory import AccessFault, PhysicalMemory
from kernel_model.mm.policy import LAZY, POLICIES
from kernel_model.mm.served import Decision, ServedFault
from kernel_model.mm.space import AreaUse, HeapUse
from kernel_model.mm.state import Policy, User
from kernel_model.proc.proc import addproc, allocproc, freeproc, take_account
from kernel_model.proc.sleep import TICKS, wakeup
from kernel_model.proc.state import Clock, Cpu, KernelWatcher, Proc, ProcState, ProcTable
from kernel_model.scheduler import schedule
from kernel_model.trap import kerneltrap, machinetrap, usertrap

__all__ = ["Kernel"]

#: Frames below which not even the kernel's page table fits.
_MIN_FRAMES = 16

# What every trap needs, found once: to find a member in its class takes as long as a call.
_USER_TRAP, _PANICS = int(Reason.USER_TRAP), (Reason.KERNEL_PANIC, Reason.MACHINE_PANIC)
_DISPATCH, _RUN, _MAPPED = Step.DISPATCH, Action.RUN, Decision.MAPPED
_ACTION, _QUANTUM, _SATP, _FENCE_I = map(
    int, (Register.ACTION, Register.QUANTUM, Register.SATP, Register.FENCE_I)
)


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
    policy : Policy
        When the pages of a process get their frames: one of `mm.policy.POLICIES`.
    stack_pages : int
        Pages that the stack of a process may grow to; one has its frame from the start.
    vmprint_exec : bool
        The page table of the first program is printed on the console when it has been loaded.

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
    kmem : Kmem
        The frames of RAM.
    procs : ProcTable
        The processes that are not free, by pid; the first is init.
    backings : dict of Backing
        What areas of `mmap` come from, by a key.
    ftable, fs, cons
        Open files, what is on the disk, and console input that nobody has read.
    cpu : Cpu
        Who is on the hart, and until when.
    clock : Clock
        What time it was when the hart trapped or rang last.
    accounts : list of Account
        What each process has used, by pid; those that are gone included.
    ledger : Ledger
        Whose each cycle was: with the accounts' cycles, its own are those of the run.
    watchers : list of KernelWatcher
        Who is told what happens.
    checks : list of callable
        What is called when a ring has been served, and panics if something is not as it must be.
    answered_at : int
        The cycle in which the hart has the answer to its last ring; whoever rings sets it.
    faults : list of ServedFault
        Every page fault of a process, and every page that a system call faulted in, in order, that
        nobody has taken with `take_faults`.
    """

    def __init__(
        self,
        memory: PhysicalMemory,
        trampoline: bytes,
        console: Console,
        *,
        svadu: bool = False,
        costs: Costs = IDEAL,
        quantum: int = QUANTUM,
        least_turn: int = MIN_QUANTUM,
        tick: int = TICK,
        abi: str = AUTO,
        files: Callable[[], Contents] = dict,
        geometry: Geometry | None = None,
        policy: Policy = POLICIES[LAZY],
        stack_pages: int = USERSTACK,
        vmprint_exec: bool = False,
    ):
        _check(memory, trampoline, quantum, tick)
        self.memory = memory
        self.meter = Meter(costs)
        self.charge = self.meter.charge
        self.abi = None if abi == AUTO else Abi(abi)
        self.leaf_flags = 0 if svadu else int(Pte.A | Pte.D)
        self.wrote_code = False
        self.zero_frame = 0
        self.heap = HeapUse()
        self.areas = AreaUse()
        self.policy = policy
        self.stack_pages = stack_pages
        self._vmprint_exec = vmprint_exec
        self.procs = ProcTable()
        self.cpu = Cpu(quantum, least_turn)
        self.clock = Clock(tick)
        self.console: Console = console
        self.cons = Cons()
        self.ftable: list[File] = []
        self.fs = FileSystem(files, geometry)
        self.backings: dict[int, Backing] = {}
        self.faults: list[ServedFault] = []
        self.accounts: list[Account] = []
        self.ledger = Ledger()
        self.watchers: list[KernelWatcher] = []
        self.checks: list[Callable[[], None]] = []
        self.doorbell = Doorbell()
        self.answered_at = 0
        #: The first program's process: the run ends with it.
        self.first: Proc | None = None
        self.halted = False
        self.exit_status = 0
        self.panicked: KernelPanic | None = None
        self._boot(trampoline, svadu)
        fsinit(self)
        if self.abi is not None:
            resize(self, self.abi)
        makeinit(self)

    def _boot(self, trampoline: bytes, svadu: bool) -> None:
        """Trampoline, page table, and what reset code reads in the doorbell."""
        memory = self.memory
        self.kmem = Kmem(memory.base, memory.base + memory.size, self.charge)
        self.trampoline = self.kmem.kalloc()  # the first frame: the hart starts there
        memory.zero(self.trampoline, PAGE_SIZE)
        memory.write(self.trampoline, trampoline)
        self.satp = make_satp(kvmmake(self, self.trampoline))
        self.policy.boot(self)
        #: Frames that are the kernel's for good.
        self.own_frames = self.kmem.used
        self.doorbell.registers[Register.KERNEL_SATP] = self.satp
        self.doorbell.registers[Register.ADUE] = int(svadu)

    @property
    def frames_used(self) -> int:
        """The most frames that were ever in use at once: pages, page tables, the kernel's own."""
        return self.kmem.used_max

    @property
    def proc(self) -> Proc | None:
        """The process on the hart."""
        return self.cpu.proc

    @property
    def promised(self) -> int:
        """Frames that all processes that live may still want: for pages that wait for theirs, and
        for page tables below their sizes and for their areas."""
        alive = [proc.space for proc in self.procs[1:] if proc.state is not ProcState.ZOMBIE]
        tables = sum(tables_wanted(self, space, space.root) for space in alive)
        return tables + sum(space.waiting for space in alive)

    @property
    def pages_promised(self) -> int:
        """The most pages of a heap that a process's size ever covered; see `HeapUse`."""
        return self.heap.promised

    @property
    def heap_frames_used(self) -> int:
        """Frames that heap pages have got by being touched; see `HeapUse`."""
        return self.heap.frames

    @property
    def cycles(self) -> int:
        """What the kernel's work has cost since the hart rang last."""
        return self.meter.cycles

    def file_page(self, file: File, offset: int) -> bytes:
        """What the file has in the page at `offset`: fewer bytes at its end, none behind it."""
        return filepage(self, file, offset)

    def record(self, proc: User, fault: ServedFault) -> None:
        """Take a page fault of the process into the books."""
        self.faults.append(fault)
        if fault.outcome.decision is _MAPPED:
            proc.account.minor_faults += 1
        else:
            proc.account.fatal_faults += 1
        for watcher in self.watchers:
            watcher.fault(proc, fault, self.clock.now)

    def take_faults(self) -> list[ServedFault]:
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
        addproc(self, proc, self.procs.init)
        self.first = proc
        resize(self, proc.abi)
        if self._vmprint_exec:
            print_pagetable(self, proc.space)

    def ring(self, reason: int) -> int:
        """Serve the hart, which stored `reason` to the doorbell; return what that costs in cycles.

        The answer is in the doorbell's registers. A panic ends the run: it is printed with what the
        kernel looks like, `panicked` keeps it, and the hart is told to halt.
        """
        self.meter.reset()
        self.charge(_DISPATCH)
        try:
            self._serve(reason)
            self._answer(*schedule(self))
            for check in self.checks:
                check()
        except KernelPanic as panic:
            self._panic(panic)
        except AccessFault as fault:
            # Of a page table or a trap frame that is not as the kernel has left it.
            self._panic(KernelPanic(f"kerneltrap: {fault}"))
        return self.meter.cycles

    def halt(self, status: int) -> None:
        """The run has ended."""
        self.halted = True
        self.exit_status = status

    def _serve(self, reason: int) -> None:
        if reason in _PANICS:
            (kerneltrap if reason == Reason.KERNEL_PANIC else machinetrap)(self)
        if self.first is None:
            raise KernelPanic("ring: there is no process")
        clock = self.clock
        ticks = clock.ticks
        self._tell_time(reason)
        if clock.ticks != ticks:
            wakeup(self, TICKS)
        uartintr(self)
        if reason == _USER_TRAP:
            usertrap(self, self._running())

    def _tell_time(self, reason: int) -> None:
        """Find out what time it is, and who has to pay for what has passed."""
        if reason == _USER_TRAP:
            proc = self._running()
            frame, account = proc.trapframe, proc.account
            now = frame.time
            self.ledger.hand_over(frame.resumed, account, "user_cycles")
            self.ledger.hand_over(now, account, "kernel_cycles")
            self.clock.now = now
        elif reason == Reason.IDLE:
            self.ledger.hand_over(self.answered_at, self.ledger, "idle")
            self.clock.now = self.doorbell.registers[Register.TIME]
            self.ledger.close(self.clock.now)
        elif reason == Reason.BOOT:
            self.clock.now = self.doorbell.registers[Register.TIME]
        else:
            raise KernelPanic(f"ring: no reason {reason}")

    def _running(self) -> Proc:
        """The process on the hart, which has trapped."""
        if self.cpu.proc is None:
            raise KernelPanic("ring: there is no process")
        return self.cpu.proc

    def _close(self, cycle: int) -> None:
        """Bring the ledger from the last trap or ring up to `cycle`, wherever the hart is then."""
        action = self.doorbell.registers[Register.ACTION]
        if action == Action.IDLE and self.clock.now < self.answered_at < cycle:
            self.ledger.hand_over(self.answered_at, self.ledger, "idle")
        proc = self.cpu.proc
        if proc is not None and proc.trapframe.resumed > self.clock.now:
            frame, account = proc.trapframe, proc.account
            self.ledger.hand_over(frame.resumed, account, "user_cycles")
            if frame.time >= frame.resumed:  # it is on its way into the kernel
                self.ledger.hand_over(frame.time, account, "kernel_cycles")
        self.ledger.close(cycle)

    def _answer(self, action: Action, cycles: int) -> None:
        """Tell the hart what to do, and for how many cycles at most."""
        registers = self.doorbell.registers
        registers[_ACTION] = action
        registers[_QUANTUM] = cycles
        if action is _RUN:
            registers[_SATP] = make_satp(self._running().space.root)
            registers[_FENCE_I] = int(self.wrote_code)
            self.wrote_code = False

    def _panic(self, panic: KernelPanic) -> None:
        self.panicked = panic
        printf(self, f"panic: {panic}\n")
        procdump(self)
        printf(self, f"{self.kmem.used} frames in use, {self.kmem.free} free\n")
        self.halt(PANIC_STATUS)
        self._answer(Action.HALT, 0)


def _check(memory: PhysicalMemory, trampoline: bytes, quantum: int, tick: int) -> None:
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
