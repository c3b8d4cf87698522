"""The machine: a hart, RAM, devices and an engine, and the loop that runs them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from hdl.arch import RAM_BASE
from sim.checkpoint import Checkpoint
from sim.config import MachineConfig
from sim.engines.choice import make_engine
from sim.engines.hart import HartPorts
from sim.engines.recipe import real_hart, recipe_of
from sim.engines.traps import TrapLog
from sim.host.garbage import seldom_collected
from sim.platform.bus import Bus
from sim.platform.device import Device
from sim.platform.events import Budget, Event
from sim.platform.ram import Ram

__all__ = [
    "STALL_LIMIT",
    "End",
    "Guest",
    "Machine",
    "Snapshot",
    "Watcher",
]

#: Cycles without an instruction retired after which the hart is taken to be stuck.
STALL_LIMIT = 200_000


class End(Enum):
    """Why a run ended."""

    #: The guest said so.
    FINISHED = "finished"
    #: The cycles it was allowed have passed.
    LIMIT = "limit"
    #: Nothing will ever happen again, as far as one can tell.
    STUCK = "stuck"
    #: Traps come one after the other, and no instruction of a program retires between them.
    LIVELOCK = "livelock"
    #: Someone asked for it with `Machine.stop`.
    STOPPED = "stopped"


class Guest(Protocol):
    """What runs on the machine: takes the events, knows when it is over."""

    @property
    def finished(self) -> bool:
        """The run is over."""

    @property
    def idle_cycles(self) -> int:
        """Cycles in which the hart only waits for time to pass, up to the end of this wait."""

    def handle(self, machine: "Machine", event: Event) -> None:
        """Takes an event."""


class Watcher(Protocol):
    """Looks at the machine whenever it stands still, such as a window for waveforms."""

    def next_stop(self, cycle: int) -> int | None:
        """A later cycle than `cycle` in which the machine has to stand still, or None."""

    def look(self, machine: "Machine") -> None:
        """Called whenever the machine stands still."""


@dataclass(frozen=True)
class Snapshot:
    """A machine and what runs and watches there, at some cycle: the parts of `Machine.snapshot`."""

    engine: object
    ram: dict[int, bytes]
    log: TrapLog
    python: Checkpoint


class Machine:
    """A hart with RAM and devices behind its bus, run by an engine.

    Members
    -------
    ram, bus, engine
        Its parts.

    Parameters
    ----------
    config : MachineConfig
        The parameters.
    ram : Ram
        Its memory; `Machine.make_ram` makes one that fits `config`.
    devices : sequence of Device
        What is on the bus besides RAM.
    hart : HartPorts or None
        By default a `hdl.hart.Hart` for this RAM.
    """

    def __init__(
        self,
        config: MachineConfig,
        ram: Ram,
        *,
        devices: Sequence[Device] = (),
        hart: HartPorts | None = None,
    ):
        self.ram = ram
        self.bus = Bus(ram, latency=config.latency, devices=devices)

        def make_hart() -> HartPorts:
            return real_hart(config, ram) if hart is None else hart

        self.engine = make_engine(
            config.engine,
            make_hart,
            self.bus,
            traced=config.traced,
            counted=config.counters,
            recipe=recipe_of(config, ram) if hart is None else None,
        )
        self.engine.fast_forward = config.fast_forward
        self._quiet_until = STALL_LIMIT
        self._stop_requested: End | None = None
        self._seen_instructions = 0

    @staticmethod
    def make_ram(config: MachineConfig) -> Ram:
        """Zeroed RAM."""
        return Ram(RAM_BASE, config.memory_mib << 20)

    def stop(self, end: End = End.STOPPED) -> None:
        """Ends the run soon, with `end`; safe to call from a signal handler."""
        self._stop_requested = end

    def go_on(self) -> None:
        """Takes back a `stop` that was somebody's wish: the run may go on."""
        if self._stop_requested is End.STOPPED:
            self._stop_requested = None

    def expect_quiet(self, cycles: int) -> None:
        """Says that for so many cycles it is no sign of trouble if nothing retires."""
        self._quiet_until = max(self._quiet_until, self.engine.cycle + cycles + STALL_LIMIT)

    def run(
        self,
        guest: Guest,
        *,
        max_cycles: int | None = None,
        watchers: Sequence[Watcher] = (),
        progress: Callable[[int], None] = lambda cycle: None,
    ) -> End:
        """Runs `guest` until it has finished or there is no point in going on.

        `max_cycles` is a bound on the engine's cycle number; `progress` is called with it now
        and then.
        """
        engine = self.engine
        with seldom_collected():
            while not guest.finished:
                for watcher in watchers:
                    watcher.look(self)
                cycle = engine.cycle
                end = self._reason_to_end(cycle, max_cycles)
                if end is not None:
                    return end
                stop = self._next_stop(cycle, max_cycles, watchers)
                event = engine.run(stop - cycle, engine.chunk)
                if not isinstance(event, Budget):
                    guest.handle(self, event)
                progress(engine.cycle)
        return End.FINISHED

    def snapshot(self, *others: object, like: Snapshot | None = None) -> Snapshot:
        """The machine as it is now, between two calls of `run`.

        `others` are what else has to return to it: the guest, and whatever watches. With `like`,
        another snapshot of it, memory that has not changed takes no room.
        """
        log = self.engine.log
        bus = self.bus
        state = [self, *others, bus.devices, bus.lines, bus.events, log]
        python = Checkpoint(state, (self.ram, bus, self.engine))
        ram = self.ram.snapshot(None if like is None else like.ram)
        return Snapshot(self.engine.snapshot(), ram, log, python)

    def restore(self, snapshot: Snapshot) -> None:
        """Returns to a snapshot of this machine, in place: what refers to its parts still does.

        What has been printed stays printed.
        """
        self.ram.restore(snapshot.ram)
        self.engine.restore(snapshot.engine)
        self.engine.log = snapshot.log
        snapshot.python.put_back()

    def _next_stop(self, cycle: int, max_cycles: int | None, watchers: Sequence[Watcher]) -> int:
        chunk = self.engine.chunk
        # As long as quiet is expected the engine may pass over it at once: then there is nothing to
        # look at.
        chunks = -(-(self._quiet_until - cycle) // chunk)
        stop = cycle + max(1, chunks) * chunk
        if max_cycles is not None and max_cycles < stop:
            stop = max_cycles
        for watcher in watchers:
            wanted = watcher.next_stop(cycle)
            if wanted is not None:
                stop = min(stop, wanted)
        return max(cycle + 1, stop)

    def _reason_to_end(self, cycle: int, max_cycles: int | None) -> End | None:
        if self._stop_requested is not None:
            return self._stop_requested
        instructions = self.engine.log.instructions
        if max_cycles is not None and cycle >= max_cycles:
            return End.LIMIT
        if instructions != self._seen_instructions:
            self._seen_instructions = instructions
            self._quiet_until = max(self._quiet_until, cycle + STALL_LIMIT)
        elif cycle >= self._quiet_until:
            return End.STUCK
        return None
