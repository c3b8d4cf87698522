"""What a run of the kernel leaves behind, on whichever hart, to be compared."""

from dataclasses import dataclass, field

from hdl.arch import PAGE_SIZE
from kernel_model.facts.doorbell import Action, Reason, Register
from kernel_model.facts.memlayout import KERNBASE
from kernel_model.facts.param import MIN_QUANTUM
from kernel_model.kernel import Kernel
from kernel_model.mm.policy import make_policy
from kernel_model.mm.served import ServedFault
from kernel_model.proc.state import Cpu
from kernel_model.proc.trapframe import OFFSETS
from sim.host.programs import assemble_trampoline, bundled_files
from tests.kernel_model.support import Console
from tests.programs.expected import Expected
from tests.verify.samekernel.cases import Case

__all__ = [
    "TIMED",
    "Memory",
    "RecordedKernel",
    "Run",
    "Trap",
    "difference",
    "first_trap_that_differs",
    "make_kernel",
]

#: Slots of a trap frame that hold times. They are all that differs: on Spike the clock stands.
TIMED = ("time", "resumed")
#: Cycles of the kernel's clock that a trap takes: a tenth of a tick.
_TRAP = 1_000
_FRAME_SIZE = 8 * len(OFFSETS)


class Memory:
    """The first pages of a larger RAM, as the only memory that the kernel knows of."""

    def __init__(self, ram, pages: int):
        self.base, self.size = KERNBASE, pages * PAGE_SIZE
        self.read, self.write, self.zero = ram.read, ram.write, ram.zero
        self.read_u64, self.write_u64 = ram.read_u64, ram.write_u64


@dataclass(frozen=True)
class Trap:
    """A trap from user mode, as the trampoline handed it over."""

    pid: int
    #: scause, sepc, stval, sstatus and all registers, by name.
    frame: dict[str, int]

    def __str__(self):
        cause, pc, tval = (self.frame[name] for name in ("scause", "sepc", "stval"))
        return f"pid {self.pid}: cause {cause:#x} at pc {pc:#x} with stval {tval:#x}"


@dataclass
class Run:
    """The result of a run, and all that led to it."""

    output: bytes
    status: int
    traps: list[Trap]
    faults: list[ServedFault]
    #: Pages of RAM that were ever handed out, by address, with 0 where a time was.
    memory: dict[int, bytes] = field(repr=False, default_factory=dict)


class _TurnsOfTraps(Cpu):
    """Whose turn it is, where a turn is so many of `traps`; 0 = it lasts until it waits."""

    def __init__(self, turn: int, traps: list[Trap]):
        super().__init__(quantum=0, least_turn=MIN_QUANTUM)
        self._turn, self._traps, self._began = turn, traps, (0, 0)

    def turn_is_over(self, now: int) -> bool:
        """The process on the hart has trapped as often as it may."""
        pid, began = self._began
        if pid != self.last_pid:
            self._began = self.last_pid, len(self._traps)
            return False
        if self._turn == 0 or len(self._traps) - began < self._turn:
            return False
        self._began = 0, 0
        return True


class RecordedKernel(Kernel):
    """A kernel that writes down every trap, and whose clock counts them.

    A trap takes `_TRAP` cycles, idling as long as it is meant to, and all else no time. So what the
    kernel does depends on what the hart does, and not on when. `turn` is the length of a process's
    turn in traps; 0 = until it waits. The timer never interrupts a process.
    """

    def __init__(self, memory, *, turn: int, **options):
        self.traps: list[Trap] = []
        self.recorded: list[ServedFault] = []
        self._frames: set[int] = set()
        super().__init__(memory, assemble_trampoline(), quantum=0, **options)
        self.cpu = _TurnsOfTraps(turn, self.traps)

    def ring(self, reason: int) -> int:
        """Writes down the trap, and serves it."""
        if reason == Reason.USER_TRAP:
            pa = self.proc.trapframe.pa
            frame = self.memory.read(pa, _FRAME_SIZE)
            self.traps.append(
                Trap(
                    self.proc.pid,
                    {
                        name: int.from_bytes(frame[offset : offset + 8], "little")
                        for name, offset in OFFSETS.items()
                        if name not in TIMED
                    },
                )
            )
        cycles = super().ring(reason)
        registers = self.doorbell.registers
        if registers[Register.ACTION] == Action.RUN:
            registers[Register.QUANTUM] = 0
        self._frames |= {proc.trapframe.pa for proc in self.procs[1:]}
        return cycles

    def record(self, proc, fault: ServedFault) -> None:
        """Keeps the fault, whoever takes it."""
        super().record(proc, fault)
        self.recorded.append(fault)

    def _tell_time(self, reason):
        if reason == Reason.USER_TRAP:
            self.clock.now += _TRAP
        elif reason == Reason.IDLE:
            self.clock.now += self.doorbell.registers[Register.QUANTUM]

    def result(self) -> Run:
        """What the run has left behind, which has to be over."""
        memory = {}
        for pa in range(
            self.memory.base, self.memory.base + self.frames_used * PAGE_SIZE, PAGE_SIZE
        ):
            page = bytearray(self.memory.read(pa, PAGE_SIZE))
            if pa in self._frames:
                for name in TIMED:
                    page[OFFSETS[name] : OFFSETS[name] + 8] = bytes(8)
            memory[pa] = bytes(page)
        return Run(self.console.printed, self.exit_status, self.traps, self.recorded, memory)


def make_kernel(case: Case, ram) -> RecordedKernel:
    """A kernel in `ram` whose first process is that of the case."""
    kernel = RecordedKernel(
        Memory(ram, case.pages),
        turn=case.turn,
        console=Console(case.input),
        svadu=case.svadu,
        policy=make_policy(case.policy),
        files=bundled_files,
    )
    program = Expected(case.program, "").build()
    kernel.exec(program.read_bytes(), [case.program, *case.arguments])
    return kernel


def difference(silicon: Run, spike: Run) -> str | None:
    """The first thing in which two runs differ, in words; None if there is none."""
    found = first_trap_that_differs(silicon.traps, spike.traps)
    if found is not None:
        return found
    for what in ("status", "output", "faults"):
        ours, theirs = getattr(silicon, what), getattr(spike, what)
        if ours != theirs:
            return f"{what}: hart {ours!r}, Spike {theirs!r}"
    if len(silicon.traps) != len(spike.traps):
        return f"{len(silicon.traps)} traps on the hart, {len(spike.traps)} on Spike"
    if silicon.memory.keys() != spike.memory.keys():
        return f"{len(silicon.memory)} frames on the hart, {len(spike.memory)} on Spike"
    for pa, page in silicon.memory.items():
        for offset in range(0, PAGE_SIZE, 8):
            ours, theirs = (content[offset : offset + 8] for content in (page, spike.memory[pa]))
            if ours != theirs:
                words = f"hart {ours[::-1].hex()}, Spike {theirs[::-1].hex()}"
                return f"memory at {pa + offset:#x}: {words}"
    return None


def first_trap_that_differs(silicon: list[Trap], spike: list[Trap]) -> str | None:
    """The first one of those that both lists have, in words; None if there is none."""
    for index, (ours, theirs) in enumerate(zip(silicon, spike, strict=False)):
        if ours != theirs:
            names = [name for name in ours.frame if ours.frame[name] != theirs.frame[name]]
            details = (f"{name} {ours.frame[name]:#x} / {theirs.frame[name]:#x}" for name in names)
            return f"trap {index}: hart {ours}, Spike {theirs}: {', '.join(details)}"
    return None
