"""A program under the kernel model, as a guest of the machine."""

from collections.abc import Callable
from typing import NamedTuple

from hdl.arch import PAGE_FAULTS, Priv
from kernel_model.facts.costs import Work
from kernel_model.facts.doorbell import Action, Reason, Register
from kernel_model.kernel import Kernel
from kernel_model.proc.state import Proc
from sim.engines.story import Passage
from sim.guests.counters import Attribution
from sim.guests.fault_table import FaultTable
from sim.guests.lives import NO_ANSWER, Answer
from sim.machine import End, Machine
from sim.platform.events import Event, Ring

__all__ = ["PATIENCE", "KernelGuest", "Rung"]

#: Traps from user mode in a row, with no instruction retired there, after which the run is ended.
#: An instruction traps a few times at most before it retires: for its pages, and for the timer.
PATIENCE = 100

# What every ring needs, found once: to find a member in its class takes as long as a call.
_USER_TRAP, _BOOT, _IDLE = int(Reason.USER_TRAP), int(Reason.BOOT), Action.IDLE
_ACTION, _QUANTUM = int(Register.ACTION), int(Register.QUANTUM)


class Rung(NamedTuple):
    """A ring of the doorbell, and its answer."""

    reason: int
    #: The way of the trap that led to it.
    passage: Passage
    #: Cycle in which the store was accepted, and in which it is answered.
    rung: int
    answered: int
    #: The process that was on the hart, and the one that the answer lets run; None is nobody.
    trapped: Proc | None
    running: Proc | None


class KernelGuest:
    """Answers the doorbell through `kernel`; see `sim.machine.Guest`.

    Members
    -------
    faults : FaultTable
        What was raised and served so far.
    attribution : Attribution
        Whose the hart's events are.
    entered_user_at : int or None
        Cycle in which the kernel first let the program run.
    watchers : list of function
        Each takes every `Rung`.

    Parameters
    ----------
    kernel : Kernel
        With its first process made by `Kernel.exec`.
    """

    def __init__(self, kernel: Kernel):
        self.kernel = kernel
        self.faults = FaultTable()
        self.attribution = Attribution()
        self.entered_user_at: int | None = None
        self.watchers: list[Callable[[Rung], object]] = []
        kernel.watchers.append(self.faults)
        self._trapped = 0  # exceptions of the hart that have been looked at
        self._retired = 0  # instructions in user mode, and traps since the last of them
        self._in_vain = 0

    @property
    def finished(self) -> bool:
        """The last process has exited, or the kernel has panicked."""
        return self.kernel.halted

    @property
    def idle_cycles(self) -> int:
        """Cycles in which the hart has nothing to do, with all of a wait that it is in."""
        return self.kernel.ledger.idle + self._wait()

    def handle(self, machine: Machine, event: Event) -> None:
        """Serves a ring of the doorbell."""
        assert isinstance(event, Ring), f"unexpected event {event}"
        kernel, engine = self.kernel, machine.engine
        trapped, log, cycle = kernel.proc, engine.log, engine.cycle
        is_exception = log.trap_count > self._trapped  # and no interrupt: those are not logged
        passage = None  # made where it is wanted, and once
        if trapped is not None and event.reason == _USER_TRAP:
            if self.faults.waits(trapped.pid):
                passage = engine.passage
                self.faults.went_on(trapped.pid, passage)
            if is_exception:
                self.faults.trapped(trapped.pid, log.traps)
        self._look_for_progress(machine, event.reason)
        self._trapped = log.trap_count
        cost = kernel.ring(event.reason)
        if event.reason == _BOOT:
            self.entered_user_at = cycle
        answered = engine.answer(cost)
        served = kernel.take_faults()
        answer = NO_ANSWER
        if served:
            work = Work(tuple(kernel.meter.counts), kernel.meter.costs)
            answer = Answer(passage or engine.passage, cycle - 1, answered, cost, work)
        self.faults.join(served, answer, cycle)
        running = kernel.proc
        if running is not trapped:
            self.attribution.runs(engine.counts, None if running is None else running.pid)
        if running is not None:
            self.faults.resumed(running.pid, answered)
            if running is not trapped:
                engine.switch(running.pid)
        for watcher in self.watchers:
            watcher(Rung(event.reason, engine.passage, cycle - 1, answered, trapped, running))
        kernel.answered_at = cycle + cost
        machine.expect_quiet(cost + self._wait())

    def finish(self, machine: Machine) -> None:
        """The run is over, whether its program has ended or not: the faults end with it, too."""
        engine, proc = machine.engine, self.kernel.proc
        log, passage = engine.log, engine.passage
        if proc is not None and log.trap_count > self._trapped:
            trap = log.traps[-1]
            if trap.mode == Priv.U and trap.cause in PAGE_FAULTS:
                self.faults.unserved(proc.pid, proc.name, trap, passage)
        self._trapped = log.trap_count
        self.faults.finish(engine.cycle, passage, engine.satp_written)

    def _look_for_progress(self, machine: Machine, reason: int) -> None:
        """Ends the run if its traps leave no time for an instruction of any program."""
        retired = machine.engine.log.user_instructions
        if retired != self._retired:
            self._retired, self._in_vain = retired, 0
        elif reason == _USER_TRAP:
            self._in_vain += 1
        if self._in_vain >= PATIENCE:
            machine.stop(End.LIVELOCK)

    def _wait(self) -> int:
        """Cycles that the hart was told to wait for by the last answer."""
        registers = self.kernel.doorbell.registers
        idle = registers[_ACTION] == _IDLE
        return registers[_QUANTUM] if idle else 0
