"""Lines that tell of faults on command: when each happens, and what followed."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sim.guests.bus_errors import Injected, MachineInjector
from sim.guests.injector import Injector
from sim.guests.lives import NEVER
from sim.host.terminals import visible_line
from sim.output.timeline import Stretch
from sim.output.traces import Emit

__all__ = ["Injections", "happened", "stretches", "told"]


def told(injected: Injected) -> str:
    """One of them in a line, which begins with the option that has asked for it."""
    if injected.cycle is None:
        return f"{injected.option}: {injected.what or 'it has not happened'}"
    where = f", pid {injected.pid}" if injected.pid else ""
    line = f"{injected.option}: cycle {injected.cycle:,}{where}: {injected.what}"
    if injected.followed:
        line += f"; cycle {injected.followed_cycle:,}: {injected.followed}"
    return line


def happened(injected: Injected) -> list[str]:
    """A line for what has happened, if it has, and one for what has followed."""
    if injected.cycle is None:
        return []
    lines = [told(replace(injected, followed=""))]
    if injected.followed:
        cycle = f"cycle {injected.followed_cycle:,}"
        lines.append(f"{injected.option}: {cycle}, then: {injected.followed}")
    return lines


def stretches(injected: Iterable[Injected]) -> Iterator[Stretch[str]]:
    """Each that has happened, from then on; from where something has followed with that, too."""
    for each in injected:
        if each.cycle is None:
            continue
        line = f"{each.option}: {each.what}"
        yield Stretch(each.cycle, NEVER, line)
        if each.followed_cycle is not None:
            yield Stretch(each.followed_cycle, NEVER, f"{line}; then: {each.followed}")


class Injections:
    """Tells of the faults of `injector` as they happen, and at the end what has become of each."""

    def __init__(self, injector: Injector | MachineInjector, emit: Emit):
        self._injector, self._emit = injector, emit
        injector.told.append(self._tell)

    def finish(self) -> None:
        """The run is over: tells of those that have not happened, and of those without sequel."""
        for each in self._injector.injected():
            if each.cycle is None:
                self._line(f"{each.option}: {each.what}")
            elif not each.followed:
                self._line(f"{each.option}: {self._injector.unnoticed}")

    def _tell(self, injected: Injected) -> None:
        """It has happened, or something has followed."""
        self._line(happened(injected)[-1])

    def _line(self, line: str) -> None:
        self._emit(visible_line(f"trapline: {line}"))
