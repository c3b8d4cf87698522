"""Accesses that the bus answers with an error on command, and what follows without a kernel."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from hdl.arch import Cause, Priv
from sim.injection import read_bus_error
from sim.machine import Machine
from sim.platform.bus import Refusal

__all__ = ["BusErrors", "Injected", "MachineInjector"]

#: As `hdl.memory.port.Source` numbers them, which a run does without: fetches, and walks.
_FETCH, _WALK = 0, 2
_ACCESS_FAULTS = (Cause.FETCH_ACCESS, Cause.LOAD_ACCESS, Cause.STORE_ACCESS)


@dataclass
class Injected:
    """A fault on command.

    Members
    -------
    option : str
        What has asked for it, as on a command line.
    cycle : int or None
        When it happened, of what the kernel does that in which it was rung; None if it has not.
    pid : int
        The process that was on the hart then; 0 is none.
    what : str
        What was done, or why nothing was.
    followed : str
        The first that came of it, as far as the kernel has noticed; "" if nothing.
    followed_cycle : int or None
        When that was.
    """

    option: str
    cycle: int | None = None
    pid: int = 0
    what: str = ""
    followed: str = ""
    followed_cycle: int | None = None


class BusErrors:
    """The accesses of `machine` that are to go wrong."""

    def __init__(self, machine: Machine):
        self._machine = machine
        self._all: list[tuple[Injected, Refusal]] = []

    def add(self, text: str) -> Injected:
        """Lets one more go wrong; the run has not begun. Raises InjectionError."""
        wanted = read_bus_error(text)
        refusal, injected = Refusal(wanted.address, wanted.nth), Injected(f"--bus-error {text}")
        self._machine.bus.refusals.append(refusal)
        self._all.append((injected, refusal))
        return injected

    def news(self) -> Iterator[tuple[Injected, str, int]]:
        """Those that have gone wrong and are not known to have: what was done, and the cycle."""
        for injected, refusal in self._all:
            if injected.cycle is None and refusal.cycle is not None:
                what = f"the bus answers {_access(refusal)} at {refusal.address:#x} with an error"
                yield injected, what, refusal.cycle

    def finish(self) -> None:
        """The run is over: says of those that have not happened how near it was."""
        for injected, refusal in self._all:
            if injected.cycle is None:
                seen = refusal.seen
                injected.what = f"only {seen:,} access{'es' * (seen != 1)} went there"


class MachineInjector:
    """Bus errors of a run whose kernel is none of ours; a watcher of the machine.

    Members
    -------
    told : list of function
        Each takes every `Injected` when it happens, and again when an exception has followed.
    unnoticed : str
        What is said of one that was not followed by anything.
    """

    unnoticed = "no access fault has followed"

    def __init__(self, machine: Machine, wanted: Sequence[str]):
        self.told: list[Callable[[Injected], object]] = []
        self._machine = machine
        self._errors = BusErrors(machine)
        self._all = [self._errors.add(text) for text in wanted]

    def injected(self) -> tuple[Injected, ...]:
        """All of them as they are now, in the order in which they were given."""
        return tuple(replace(each) for each in self._all)

    def finish(self) -> None:
        """The run is over."""
        self.look(self._machine)
        self._errors.finish()

    def next_stop(self, cycle: int) -> int | None:
        """None: see `sim.machine.Watcher`."""
        return None

    def look(self, machine: Machine) -> None:
        """Takes over what has gone wrong, and what has followed."""
        for injected, what, cycle in self._errors.news():
            injected.cycle, injected.what = cycle, what
            self._tell(injected)
        for each in self._all:
            if each.cycle is not None and not each.followed:
                self._follow(each, each.cycle)

    def _follow(self, injected: Injected, cycle: int) -> None:
        for trap in self._machine.engine.log.traps:
            if trap.cycle >= cycle and trap.cause in _ACCESS_FAULTS:
                cause = Cause(trap.cause)
                name = f"{cause.name.lower().replace('_', ' ')} fault"
                where = f"{Priv(trap.mode).name}-mode at {trap.pc:#x}"
                injected.followed = f"{name}, cause {cause:d}, in {where}, stval {trap.tval:#x}"
                injected.followed_cycle = trap.cycle
                self._tell(injected)
                return

    def _tell(self, injected: Injected) -> None:
        for tell in self.told:
            tell(injected)


def _access(refusal: Refusal) -> str:
    if refusal.source == _WALK:
        return "the write of a page-table entry" if refusal.write else "a page-table walk"
    if refusal.source == _FETCH:
        return "a fetch"
    return "a store" if refusal.write else "a load"
