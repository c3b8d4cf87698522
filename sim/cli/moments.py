"""How to get to a moment of a run, as `--at` names it."""

from sim.cli.counts import Moment
from sim.limit import DEFAULT_CYCLES
from sim.machine import End, Machine
from sim.session import KernelSession

__all__ = ["MomentError", "reach"]


class MomentError(Exception):
    """The run has no such moment; one line that says why."""


def reach(session: KernelSession, moment: Moment, max_cycles: int | None = None) -> None:
    """Runs to the moment. That of a fault is the cycle in which the hart raised it.

    That of "exit" is the cycle of the last exception: the program's last system call, whose memory
    is still there. Raises MomentError if the run ends before, or has not come to it within
    `max_cycles`.
    """
    if moment.kind == "cycle":
        if max_cycles is not None and max_cycles < moment.number:
            session.run(max_cycles)
            _check_limit(session, moment)
        _run_to(session, moment, moment.number)
        return
    start = session.snapshot()
    stop = _Stop(session, moment.number)
    if moment.kind == "fault":
        session.watchers.append(stop)
    session.run(max_cycles or DEFAULT_CYCLES)
    _check_limit(session, moment)
    cycle = session.machine.engine.log.traps[-1].cycle
    if moment.kind == "fault":
        if stop.cycle is None:
            count = len(session.guest.faults)
            raise MomentError(f"the run has {count:,} page fault{'s' * (count != 1)} only")
        cycle = stop.cycle
    session.restore(start)
    _run_to(session, moment, cycle)


def _check_limit(session: KernelSession, moment: Moment) -> None:
    if session.end is End.LIMIT:
        raise MomentError(f"the run has not come to {moment} by cycle {session.cycle:,}")


class _Stop:
    """A watcher that stops the machine at a fault, and notes in which cycle it was raised."""

    def __init__(self, session: KernelSession, number: int):
        self.cycle: int | None = None
        self._faults = session.guest.faults
        self._number = number

    def next_stop(self, cycle: int) -> None:
        """None: see `sim.machine.Watcher`."""

    def look(self, machine: Machine) -> None:
        """Called behind each answer of the kernel, and so for each fault."""
        if self.cycle is None and len(self._faults) >= self._number:
            self.cycle = self._faults[self._number - 1].trap.cycle
            machine.stop()


def _run_to(session: KernelSession, moment: Moment, cycle: int) -> None:
    session.run(cycle)
    if session.cycle < cycle:
        raise MomentError(f"the run has ended at cycle {session.cycle:,}, before {moment}")
