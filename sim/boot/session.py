"""A kernel that is booted on the devices of QEMU's `virt`, as a run."""

from kernel_model.dev.state import Console
from sim.config import BootConfig
from sim.engines.hart import HartPorts
from sim.guests.boot_guest import BootGuest
from sim.guests.boot_image import Booted
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
    booted : Booted
        The kernel in RAM, and the disk; see `read_boot`.
    console : Console
        What the UART is connected to.
    until : bytes
        If not empty, a text with which the run ends when it has been printed.
    """

    config: BootConfig
    guest: BootGuest

    def __init__(
        self,
        booted: Booted,
        console: Console,
        *,
        until: bytes = b"",
        hart: HartPorts | None = None,
    ):
        config = booted.config
        self.image, self.disk, self.elf = booted.image, booted.disk, booted.elf
        self._console = console
        end = Until(console, until) if until else None
        version, rom = config.virtio_version, self.image.rom
        self.virt = make_virt(end or console, self.disk, version=version, rom=rom)
        devices = [*self.virt.devices] if end is None else [*self.virt.devices, end]
        guest = BootGuest(self.virt.finisher, end)
        super().__init__(config, Machine(config, booted.ram, devices=devices, hart=hart), guest)
        self.watchers.append(guest)

    @property
    def exit_code(self) -> int | None:
        """The status with which it has powered off; 0 if it has printed what ends the run."""
        code = self.virt.finisher.exit_code
        return 0 if code is None and self.guest.finished else code

    @property
    def output(self) -> bytes | None:
        return bytes(self._console.printed) if isinstance(self._console, Captured) else None
