"""The table of page faults: what silicon raised, joined with what the kernel did about it."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple, overload

from hdl.arch import Cause, Priv
from kernel_model.mm.served import Decision, FaultOutcome, ServedFault, Why
from kernel_model.proc.state import KernelWatcher, Proc
from sim.engines.story import Passage
from sim.engines.traps import TrapRecord
from sim.guests.lives import NEVER, NO_ANSWER, NO_PASSAGE, Answer, Life, Lives

__all__ = ["PageFault", "FaultTable", "JoinError", "cause_name"]

#: What became of the access, as the report says it.
OUTCOMES = {
    Decision.MAPPED: "mapped",
    Decision.REFUSED: "killed",
    Decision.UNSERVED: "unfinished",
}


class JoinError(Exception):
    """The hart and its trap frame disagree about a fault: a bug in the silicon."""


class PageFault(NamedTuple):
    """A page fault: of a process, or of the kernel on a process's behalf (`via` a system call)."""

    #: From 1 on.
    number: int
    #: From the look-up to the retry.
    life: Life

    @property
    def served(self) -> ServedFault:
        """What the kernel did about it."""
        return self.life.served

    @property
    def trap(self) -> TrapRecord:
        """What the hart raised: the fault itself, or the `ecall` of the system call."""
        return self.life.trap

    @property
    def cause_name(self) -> str:
        """The cause in a word: fetch, load or store."""
        return cause_name(self.served.cause)

    @property
    def retired_cycle(self) -> int | None:
        """Cycle in which the instruction succeeded; None if it never did."""
        return self.trap.retried_at

    def as_json(self) -> dict[str, int | str | None]:
        """The fault as an entry of the report's `faults`."""
        served = self.served
        pc = {"pc": served.pc} if served.via is None else {}
        via = {"via": served.via.value} if served.via is not None else {}
        return {
            "number": self.number,
            "cycle": self.trap.cycle,
            "pid": served.pid,
            **pc,
            "cause": int(served.cause),
            "stval": served.stval,
            "outcome": OUTCOMES[served.outcome.decision],
            "retired_cycle": self.retired_cycle,
            **via,
        }


class FaultTable(Sequence[PageFault], KernelWatcher):
    """All faults of a run, in the order in which the kernel served them.

    Its length is their number. Of very many the first `FIRST`, the last `LAST`, and up to `PINNED`
    of those that `pinned` chooses are kept: an iteration gives these. An index of one of the first
    or last is its place among all; another raises IndexError.

    Members
    -------
    pinned : function
        Whether a fault is needed though it is neither of the first nor of the last.
    settled : list of function
        Each takes every fault once, in order, when it has retired or never will.
    """

    FIRST, LAST, PINNED = 1_000, 10_000, 1_000

    def __init__(self) -> None:
        self.pinned: Callable[[PageFault], bool] = lambda fault: False
        self.settled: list[Callable[[PageFault], None]] = []
        self._count = 0
        self._first: list[PageFault] = []
        self._chosen: list[PageFault] = []
        self._last: deque[PageFault] = deque()
        self._raised: dict[int, TrapRecord] = {}
        self._unsettled: deque[PageFault] = deque()
        self._exited: list[int] = []
        self._lives = Lives()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[PageFault]:
        return chain(self._first, self._chosen, self._last)

    @overload
    def __getitem__(self, index: int) -> PageFault: ...

    @overload
    def __getitem__(self, index: slice) -> list[PageFault]: ...

    def __getitem__(self, index: int | slice) -> PageFault | list[PageFault]:
        if isinstance(index, slice):
            return [self[number] for number in range(self._count)[index]]
        number = range(self._count)[index]
        if number < len(self._first):
            return self._first[number]
        number -= self._count - len(self._last)
        if number < 0:
            raise IndexError(f"fault {index} is not kept any more")
        return self._last[number]

    def trapped(self, pid: int, traps: Sequence[TrapRecord]) -> None:
        """The last of `traps` is an exception that the process `pid` raised.

        What the kernel serves for this process is due to it, until it raises another one. Raises
        `JoinError` if there was no exception in user mode.
        """
        if not traps or traps[-1].mode != Priv.U:
            raise JoinError(
                "the kernel has served an exception, but the hart's last trap is none of user mode"
            )
        self._raised[pid] = traps[-1]

    def exited(self, proc: Proc, now: int) -> None:
        """The process raises nothing any more; a watcher of the kernel."""
        self._exited.append(proc.pid)

    def raised_at(self, pid: int) -> int:
        """Cycle of the last exception of the process `pid`, which must have raised one."""
        return self._raised[pid].cycle

    def waits(self, pid: int) -> bool:
        """A fault of the process `pid` has been served, and not been seen retried."""
        return self._lives.waits(pid)

    def went_on(self, pid: int, passage: Passage) -> None:
        """The process `pid` has run, and has come to the trap of `passage`."""
        self._lives.trapped(pid, passage)

    def resumed(self, pid: int, answered: int) -> None:
        """The process `pid` runs from the kernel's answer of cycle `answered` on."""
        self._lives.resumed(pid, answered)

    def join(self, served: list[ServedFault], answer: Answer = NO_ANSWER, rung: int = 0) -> None:
        """Appends what the kernel has `served` since the last time; called after each trap.

        `rung` is the cycle of the ring: what was answered before is over.

        Raises `JoinError` if the process has not raised what the kernel found in the trap frame.
        """
        for fault in served:
            life = Life(_trap_of(fault, self._raised), fault, answer)
            self._lives.begin(life)
            self._append(PageFault(self._count + 1, life))
        for pid in self._exited:
            self._raised.pop(pid, None)
            self._lives.exited(pid)
        self._exited.clear()
        while self._unsettled and self._is_settled(self._unsettled[0], rung):
            self._settle(self._unsettled.popleft())

    def finish(
        self, cycle: int = NEVER, passage: Passage = NO_PASSAGE, satp_written: int = 0
    ) -> None:
        """The run is over in `cycle`: what has not retired never will.

        `passage` and the last write of `satp` are how far the hart came.
        """
        self._lives.finish(cycle, passage, satp_written)
        while self._unsettled:
            fault = self._unsettled.popleft()
            fault.life.run_ended = cycle
            self._settle(fault)

    def unserved(self, pid: int, name: str, trap: TrapRecord, passage: Passage) -> None:
        """Appends the page fault of the process `pid`, which runs `name`, that a run ends in.

        `passage` is how far the hart has come with it. `finish` follows.
        """
        outcome = FaultOutcome(decision=Decision.UNSERVED, why=Why.RUN_ENDED, size=0, region=None)
        served = ServedFault(
            pid=pid, name=name, pc=trap.pc, cause=trap.cause, stval=trap.tval, outcome=outcome
        )
        entered = passage.entered if passage.entered > passage.raised else NEVER
        left = passage.left if passage.left > entered else NEVER
        way = Passage(raised=passage.raised, entered=entered, left=left)
        self._append(PageFault(self._count + 1, Life(trap, served, Answer(way, NEVER, NEVER, 0))))

    def _append(self, fault: PageFault) -> None:
        self._count += 1
        self._unsettled.append(fault)
        if len(self._first) < self.FIRST:
            self._first.append(fault)
            return
        self._last.append(fault)
        if len(self._last) > self.LAST:
            oldest = self._last.popleft()
            if len(self._chosen) < self.PINNED and self.pinned(oldest):
                self._chosen.append(oldest)

    def _settle(self, fault: PageFault) -> None:
        for take in self.settled:
            take(fault)

    def _is_settled(self, fault: PageFault, cycle: int) -> bool:
        """It has been answered by `cycle`, and has retired, or its process has gone or has come to
        another exception elsewhere."""
        trap, served = fault.life.trap, fault.life.served
        if fault.life.answer.answered > cycle:
            return False
        if trap.retried_at is not None or served.via is not None:
            return True
        last = self._raised.get(served.pid)
        return last is None or last.pc != trap.pc


def cause_name(cause: int) -> str:
    """The cause of a page fault in a word: fetch, load or store."""
    return Cause(cause).name.removesuffix("_PAGE").lower()


def _trap_of(fault: ServedFault, raised: Mapping[int, TrapRecord]) -> TrapRecord:
    """The last of the process's exceptions, which must be the one that was served."""
    trap = raised.get(fault.pid)
    if trap is None:
        raise JoinError(
            f"the kernel served a fault of process {fault.pid}, for which the hart raised none"
        )
    if fault.via is None:
        agree = (trap.pc, trap.cause, trap.tval) == (fault.pc, fault.cause, fault.stval)
    else:
        agree = trap.cause == Cause.ECALL_U
    if not agree:
        raise JoinError(
            f"the hart raised cause {trap.cause} at pc {trap.pc:#x} with tval {trap.tval:#x}, "
            f"but the trap frame of process {fault.pid} says cause {fault.cause} "
            f"at pc {fault.pc or 0:#x} with stval {fault.stval:#x}"
        )
    return trap
