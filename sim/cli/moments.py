"""Moments of a run, as `--at` names them, and how to get there."""

from dataclasses import dataclass
from typing import Any

import click

from sim.cli.counts import parse_count
from sim.machine import End, Machine
from sim.session import KernelSession

__all__ = ["Moment", "MomentError", "MomentType", "reach"]


class MomentError(Exception):
    """The run has no such moment; one line that says why."""


@dataclass(frozen=True)
class Moment:
    """When: `kind` is "fault" or "cycle", and `number` which; or "exit", the end of the run."""

    kind: str
    number: int = 0

    def __str__(self) -> str:
        return self.kind if self.kind == "exit" else f"{self.kind}:{self.number}"


class MomentType(click.ParamType[Moment]):
    """fault:N, cycle:N or exit."""

    name = "when"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Moment:
        """The moment."""
        kind, _, text = str(value).partition(":")
        number = parse_count(text)
        if value == "exit":
            return Moment("exit")
        if kind == "cycle" and number is not None:
            return Moment(kind, number)
        if kind == "fault" and number:
            return Moment(kind, number)
        return self.fail(f"{value!r} is none of fault:N, cycle:N, exit", param, ctx)


def reach(session: KernelSession, moment: Moment, max_cycles: int | None = None) -> None:
    """Runs to the moment. That of a fault is the cycle in which the hart raised it.

    That of "exit" is the cycle of the last exception: the program's last system call, whose memory
    is still there. Raises MomentError if the run ends before, or has not come to it within
    `max_cycles`.
    """
    if moment.kind == "cycle":
        _run_to(session, moment, moment.number)
        return
    start = session.snapshot()
    stop = _Stop(session, moment.number)
    if moment.kind == "fault":
        session.watchers.append(stop)
    session.run(max_cycles)
    if session.end is End.LIMIT:
        raise MomentError(f"the run has not come to {moment} by cycle {session.cycle:,}")
    cycle = session.machine.engine.log.traps[-1].cycle
    if moment.kind == "fault":
        if stop.cycle is None:
            count = len(session.guest.faults)
            raise MomentError(f"the run has {count:,} page fault{'s' * (count != 1)} only")
        cycle = stop.cycle
    session.restore(start)
    _run_to(session, moment, cycle)


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
