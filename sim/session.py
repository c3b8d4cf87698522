"""The one place where runs are built: machine, guest, kernel and console, from a configuration."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Self

from kernel_model.dev.state import Console
from kernel_model.kernel import Kernel
from sim.config import MachineConfig, RunConfig
from sim.guests.bare_guest import BareGuest
from sim.guests.disk import Disk
from sim.guests.kernel_guest import KernelGuest
from sim.guests.kernel_setup import make_kernel
from sim.guests.loader import load_bare
from sim.limit import run_within
from sim.machine import End, Machine, Snapshot, Watcher
from sim.platform.device import Device
from sim.platform.devices.doorbell import DoorbellPage
from sim.platform.devices.htif import Htif
from sim.result import STATUS, Result

__all__ = ["BareSession", "KernelSession", "Session"]


class Session:
    """A run: built, and then driven as far as one likes.

    With `with` it is closed at the end.

    Members
    -------
    config : MachineConfig
        What it was built from.
    machine, guest
        Its parts.
    watchers : list of Watcher
        What looks at the machine whenever it stands still.
    end : End
        Why it stands, at first because somebody stopped it.
    """

    def __init__(self, config: MachineConfig, machine: Machine, guest: KernelGuest | BareGuest):
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
        self.end = run_within(self.machine, self.guest, max_cycles, interactive,
                              watchers=self.watchers, progress=progress)  # fmt: skip
        return self.end

    def step(self, cycles: int = 1) -> End:
        """Runs for so many cycles, unless the run ends before."""
        return self.run(self.cycle + cycles)

    def snapshot(self) -> Snapshot:
        """The run as it is now: the machine, the guest and all that watches."""
        return self.machine.snapshot(self.guest, self.watchers, self)

    def restore(self, snapshot: Snapshot) -> None:
        """Returns to a snapshot of this run, in place; as often as one likes."""
        self.machine.restore(snapshot)

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
        What serves its page faults.
    """

    guest: KernelGuest

    def __init__(self, config: MachineConfig, kernel: Kernel, *, hart=None):
        devices: list[Device] = [DoorbellPage(kernel.doorbell)]
        if isinstance(kernel.console, Device):
            devices.append(kernel.console)
        machine = Machine(config, kernel.memory, devices=devices, hart=hart)
        super().__init__(config, machine, KernelGuest(kernel))
        self.kernel = kernel

    @classmethod
    def of_program(
        cls,
        config: RunConfig,
        elf: bytes,
        argv: Sequence[str],
        console: Console,
        disk: Disk | None = None,
        *,
        hart=None,
    ) -> Self:
        """A run of `elf`, whose name is `argv[0]`.

        `disk` is what `read_files` reads if it has not been read yet. Raises ExecError,
        HostFileError, FsError or OSError.
        """
        kernel = make_kernel(config, Machine.make_ram(config), console, disk)
        kernel.exec(elf, list(argv))
        return cls(config, kernel, hart=hart)

    def result(self) -> Result:
        """What has come of it so far."""
        kernel, engine, end = self.kernel, self.machine.engine, self.end
        status = kernel.exit_status & 0xFF if end is End.FINISHED else STATUS[end]
        accounts = [replace(account) for account in kernel.take_accounts(engine.cycle)]
        printed = getattr(kernel.console, "printed", None)
        return Result(
            config=self.config,
            end=end,
            exit_status=status,
            cycles=engine.cycle,
            instructions=engine.log.instructions,
            engine=engine.name,
            output=None if printed is None else bytes(printed),
            pages_promised=kernel.pages_promised,
            heap_frames_used=kernel.heap_frames_used,
            frames_used=kernel.frames_used,
            faults=self.guest.faults,
            processes=accounts,
            boot_cycles=kernel.ledger.boot,
            idle_cycles=kernel.ledger.idle,
            abi=kernel.first.abi.value,
        )


class BareSession(Session):
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
        hart=None,
    ):
        ram = Machine.make_ram(config)
        self.image = load_bare(elf, ram, config.reset_pc)
        guest = BareGuest(Htif(self.image.tohost, self.image.fromhost, write))
        super().__init__(config, Machine(config, ram, devices=[guest.htif], hart=hart), guest)

    def result(self) -> Result:
        """What has come of it so far."""
        engine, code = self.machine.engine, self.guest.htif.exit_code
        return Result(
            config=self.config,
            end=self.end,
            exit_status=STATUS[self.end] if code is None else min(code, 255),
            cycles=engine.cycle,
            instructions=engine.log.instructions,
            engine=engine.name,
        )
