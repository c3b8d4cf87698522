"""A kernel that is booted on the devices of QEMU's `virt`, as a run."""

from kernel_model.dev.state import Console
from sim.config import BootConfig
from sim.engines.hart import HartPorts
from sim.guests.boot_guest import BootGuest
from sim.guests.boot_image import load_boot, read_disk
from sim.machine import Machine
from sim.platform.devices.captured import Captured
from sim.platform.devices.until import Until
from sim.platform.virt import make_virt
from sim.session import MachineSession

__all__ = ["BootSession"]


class BootSession(MachineSession):
    """A kernel, which ends by the test finisher.

    Members
    -------
    image : BootImage
        Where it was loaded.
    virt : Virt
        The devices.
    disk : Disk or None
        What the block device has.

    Parameters
    ----------
    config : BootConfig
        The machine, and the files besides the kernel.
    kernel : bytes
        The kernel: an ELF, or what lies at `config.raw`. LoadError is raised if it cannot be
        booted, OSError if another file cannot be read.
    console : Console
        What the UART is connected to.
    until : bytes
        If not empty, a text with which the run ends when it has been printed.
    """

    guest: BootGuest

    def __init__(
        self,
        config: BootConfig,
        kernel: bytes,
        console: Console,
        *,
        until: bytes = b"",
        hart: HartPorts | None = None,
    ):
        ram = Machine.make_ram(config)
        self.disk = None if config.disk is None else read_disk(config.disk)
        self.image = load_boot(ram, config, kernel)
        self.elf = kernel if config.raw is None else b""
        self._console = console
        end = Until(console, until) if until else None
        self.virt = make_virt(end or console, self.disk, version=config.virtio_version)
        devices = [*self.virt.devices] if end is None else [*self.virt.devices, end]
        guest = BootGuest(self.virt.finisher, end)
        super().__init__(config, Machine(config, ram, devices=devices, hart=hart), guest)
        self.watchers.append(guest)

    @property
    def exit_code(self) -> int | None:
        """The status with which it has powered off; 0 if it has printed what ends the run."""
        code = self.virt.finisher.exit_code
        return 0 if code is None and self.guest.finished else code

    @property
    def output(self) -> bytes | None:
        return bytes(self._console.printed) if isinstance(self._console, Captured) else None
