"""The devices of QEMU's machine `virt`, connected as there; see docs/platform.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from kernel_model.dev.state import Console
from sim.platform.device import Device
from sim.platform.devices.clint import Clint
from sim.platform.devices.disk import Disk
from sim.platform.devices.finisher import Finisher
from sim.platform.devices.plic import Plic
from sim.platform.devices.rom import Rom
from sim.platform.devices.uart import Uart
from sim.platform.devices.virtio_block import VirtioBlock

__all__ = ["UART_SOURCE", "VIRTIO_SOURCE", "Virt", "make_virt"]

#: Sources of the PLIC.
VIRTIO_SOURCE, UART_SOURCE = 1, 10


@dataclass(frozen=True)
class Virt:
    """The devices; `block` is None without a disk, `rom` where the hart starts elsewhere."""

    finisher: Finisher
    clint: Clint
    plic: Plic
    uart: Uart
    block: VirtioBlock | None
    rom: Rom | None = None

    @property
    def devices(self) -> Sequence[Device]:
        """All of them, for a bus."""
        own = (self.finisher, self.clint, self.plic, self.uart)
        return (*own, *(each for each in (self.block, self.rom) if each is not None))


def make_virt(
    console: Console,
    disk: Disk | None = None,
    *,
    version: int = 2,
    divisor: int = 1,
    rom: bytes = b"",
) -> Virt:
    """New devices, with the UART at `console`.

    Parameters
    ----------
    console : Console
        Where bytes of the UART go to and come from.
    disk : Disk or None
        What the virtio block device has, if there is to be one.
    version : int
        Of that device: 1 is a legacy one, 2 one of today.
    divisor : int
        Cycles of a tick of the CLINT's `mtime`.
    rom : bytes
        What the ROM has, if there is to be one.
    """
    plic = Plic()
    block = None
    if disk is not None:
        block = VirtioBlock(disk, partial(plic.signal, VIRTIO_SOURCE), version=version)
    uart = Uart(console, partial(plic.signal, UART_SOURCE))
    return Virt(Finisher(), Clint(divisor), plic, uart, block, Rom(rom) if rom else None)
