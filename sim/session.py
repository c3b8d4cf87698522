"""The one place where runs are built: machine, guest, kernel and console, from a configuration."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Self

from kernel_model.dev.state import Console
from kernel_model.invariants import MemoryCheck
from kernel_model.kernel import Kernel
from sim.config import MachineConfig, RunConfig
from sim.engines.hart import HartPorts
from sim.guests.bare_guest import BareGuest
from sim.guests.bus_errors import MachineInjector
from sim.guests.counters import Attribution
from sim.guests.disk import Disk
from sim.guests.drops import Drops
from sim.guests.injector import Injector
from sim.guests.kernel_guest import KernelGuest
from sim.guests.kernel_setup import make_kernel
from sim.guests.loader import load_bare
from sim.guests.symbols import Symbols
from sim.guests.tlb_check import TlbCheck
from sim.limit import run_within
from sim.machine import End, Guest, Machine, Snapshot, Watcher
from sim.platform.device import Device
from sim.platform.devices.captured import Captured
from sim.platform.devices.doorbell import DoorbellPage
from sim.platform.devices.htif import Htif
from sim.platform.ram import Ram
from sim.result import STATUS, Result

__all__ = ["BareSession", "KernelSession", "MachineSession", "Session"]


class Session(ABC):
    """A run: built, and then driven as far as one likes.

    With `with` it is closed at the end.

    Members
    -------
    config : MachineConfig
        What it was built from.
    machine, guest
        Its parts.
    elf : bytes
        What runs first.
    watchers : list of Watcher
        What looks at the machine whenever it stands still.
    end : End
        Why it stands, at first because somebody stopped it.
    """

    elf: bytes = b""

    def __init__(self, config: MachineConfig, machine: Machine, guest: Guest):
        self.config = config
        self.machine = machine
        self.guest = guest
        self.watchers: list[Watcher] = []
        self.end = End.STOPPED

    @property
    def cycle(self) -> int:
        """Cycles since reset."""
        return self.machine.engine.cycle

    def run(
        self,
        max_cycles: int | None = None,
        *,
        interactive: Callable[[], bool] = lambda: False,
        progress: Callable[[int], None] = lambda cycle: None,
    ) -> End:
        """Runs until the guest has finished, or there is no point in going on.

        `max_cycles` is a bound on `cycle`; without one see `sim.limit.run_within`, and for
        `progress`, `Machine.run`.
        """
        self.end = run_within(
            self.machine,
            self.guest,
            max_cycles,
            interactive,
            watchers=self.watchers,
            progress=progress,
        )
        if self.end is End.FINISHED:
            self.finish()
        return self.end

    def step(self, cycles: int = 1) -> End:
        """Runs for so many cycles, unless the run ends before."""
        return self.run(self.cycle + cycles)

    def snapshot(self, like: Snapshot | None = None) -> Snapshot:
        """The run as it is now: the machine, the guest and all that watches.

        With `like`, another one, memory that has not changed takes no room.
        """
        return self.machine.snapshot(self.guest, self.watchers, self, like=like)

    def restore(self, snapshot: Snapshot) -> None:
        """Returns to a snapshot of this run, in place; as often as one likes."""
        self.machine.restore(snapshot)

    @property
    @abstractmethod
    def exit_code(self) -> int | None:
        """What the program has exited with, or None as long as it has not."""

    @abstractmethod
    def result(self) -> Result:
        """What has come of it so far."""

    @abstractmethod
    def finish(self) -> None:
        """Says that it goes on no more: what has not ended yet, such as a page fault, ends here."""

    def close(self) -> None:
        """Ends what runs beside the simulation, such as a waveform."""
        self.machine.engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class KernelSession(Session):
    """A program under the kernel model.

    Members
    -------
    kernel : Kernel
        What serves its page faults. Its memory must be a `Ram`, which the hart shares; else
        TypeError is raised.
    disk : Disk or None
        What else may be run, if anything was read for that.
    injector : Injector
        The faults that it is given on command.
    """

    guest: KernelGuest
    disk: Disk | None = None

    def __init__(self, config: MachineConfig, kernel: Kernel, *, hart: HartPorts | None = None):
        devices: list[Device] = [DoorbellPage(kernel.doorbell)]
        if isinstance(kernel.console, Device):
            devices.append(kernel.console)
        ram = kernel.memory
        if not isinstance(ram, Ram):
            raise TypeError(f"the kernel's memory must be a Ram, not {ram!r}")
        machine = Machine(config, ram, devices=devices, hart=hart)
        super().__init__(config, machine, KernelGuest(kernel))
        self.kernel = kernel
        self.injector = Injector(kernel, machine)

    @classmethod
    def of_program(
        cls,
        config: RunConfig,
        elf: bytes,
        argv: Sequence[str],
        console: Console,
        disk: Disk | None = None,
        *,
        hart: HartPorts | None = None,
    ) -> Self:
        """A run of `elf`, whose name is `argv[0]`.

        `disk` is what `read_files` reads if it has not been read yet. Raises ExecError,
        HostFileError, FsError or OSError.
        """
        kernel = make_kernel(config, Machine.make_ram(config), console, disk)
        kernel.exec(elf, list(argv))
        session = cls(config, kernel, hart=hart)
        session.injector.install(config)
        if config.drop_tlb:
            session.watchers.append(Drops(config.drop_tlb))
        if config.check:
            session.check()
        session.elf, session.disk = elf, disk
        return session

    def check(self) -> None:
        """From now on all page tables and TLBs are looked through after every entry of the kernel.

        The machine is one that was made `traced`.
        """
        tlbs = TlbCheck(self.kernel, self.machine)
        self.kernel.checks += [MemoryCheck(self.kernel), tlbs]
        self.watchers.append(tlbs)

    def symbols(self) -> Symbols:
        """What is known of the programs that may run, of a session `of_program`."""
        first = self.kernel.first
        assert first is not None
        return Symbols(first.name, self.elf, self.disk)

    def finish(self) -> None:
        self.guest.finish(self.machine)
        self.injector.finish()

    @property
    def exit_code(self) -> int | None:
        return self.kernel.exit_status if self.kernel.halted else None

    def result(self) -> Result:
        kernel, engine, end = self.kernel, self.machine.engine, self.end
        status = kernel.exit_status & 0xFF if end is End.FINISHED else STATUS[end]
        accounts = [replace(account) for account in kernel.take_accounts(engine.cycle)]
        console = kernel.console
        return Result(
            config=self.config,
            end=end,
            exit_status=status,
            cycles=engine.cycle,
            instructions=engine.log.instructions,
            engine=engine.name,
            output=bytes(console.printed) if isinstance(console, Captured) else None,
            pages_promised=kernel.pages_promised,
            heap_frames_used=kernel.heap_frames_used,
            frames_used=kernel.frames_used,
            area_pages_promised=kernel.areas.promised,
            area_frames_used=kernel.areas.frames,
            superpages=kernel.heap.superpages,
            faults=self.guest.faults,
            processes=accounts,
            boot_cycles=kernel.ledger.boot,
            idle_cycles=kernel.ledger.idle,
            injected=self.injector.injected(),
            abi=None if kernel.first is None else kernel.first.abi.value,
            counters=self.guest.attribution.shares(engine.counts),
        )


class MachineSession(Session):
    """What serves its page faults itself: of them is told what the hart raised, and no more.

    Members
    -------
    injector : MachineInjector
        The faults that it is given on command.
    """

    def __init__(self, config: MachineConfig, machine: Machine, guest: Guest):
        super().__init__(config, machine, guest)
        self.injector = MachineInjector(machine, config.bus_error)
        if config.bus_error:
            self.watchers.append(self.injector)
        if config.drop_tlb:
            self.watchers.append(Drops(config.drop_tlb))

    def finish(self) -> None:
        self.injector.finish()

    def result(self) -> Result:
        """What has come of it so far."""
        engine, code = self.machine.engine, self.exit_code
        return Result(
            config=self.config,
            end=self.end,
            exit_status=STATUS[self.end] if code is None else min(code, 255),
            cycles=engine.cycle,
            instructions=engine.log.instructions,
            engine=engine.name,
            output=self.output,
            injected=self.injector.injected(),
            counters=Attribution().shares(engine.counts),
        )

    @property
    def output(self) -> bytes | None:
        """What was printed, if it was kept."""
        return None


class BareSession(MachineSession):
    """A bare-metal program, which ends through HTIF.

    Members
    -------
    image : BareImage
        Where its symbols are.

    Parameters
    ----------
    config : MachineConfig
        The machine.
    elf : bytes
        The program. LoadError is raised if it cannot be run.
    write : function
        Takes what it prints.
    """

    guest: BareGuest

    def __init__(
        self,
        config: MachineConfig,
        elf: bytes,
        write: Callable[[bytes], object] = lambda data: None,
        *,
        hart: HartPorts | None = None,
    ):
        ram = Machine.make_ram(config)
        self.elf = elf
        self.image = load_bare(elf, ram, config.reset_pc)
        guest = BareGuest(Htif(self.image.tohost, self.image.fromhost, write))
        super().__init__(config, Machine(config, ram, devices=[guest.htif], hart=hart), guest)

    @property
    def exit_code(self) -> int | None:
        return self.guest.htif.exit_code
