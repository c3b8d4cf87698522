"""Puts a kernel into RAM, with what it finds: the ROM that enters it, and the device tree.

The tree lies on the last pages of RAM, which are the platform's until the kernel has read it.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hdl.arch import PAGE_SIZE, RAM_BASE
from sim.config import BootConfig
from sim.guests.loader import CompanionError, ElfImage, LoadError, Segment, read_elf
from sim.host.input_files import read_whole
from sim.platform.device_tree import device_tree
from sim.platform.devices.disk import SECTOR, Disk
from sim.platform.ram import Ram

__all__ = ["BootImage", "Booted", "load_boot", "read_boot", "read_disk"]

#: menvcfg.ADUE: the hart sets A and D bits, which kernels take for granted that never set them.
_ADUE = 1 << 61
#: What the hart runs first, in ROM; three words of data stand behind it, 32 bytes from the start.
_START = (
    0x0000_0297,  # auipc t0, 0
    0xF140_2573,  # csrr  a0, mhartid
    0x0202_B583,  # ld    a1, 32(t0)     the device tree
    0x0282_B383,  # ld    t2, 40(t0)
    0x30A3_A073,  # csrs  menvcfg, t2
    0x0302_B303,  # ld    t1, 48(t0)     the entry
    0x0003_0067,  # jr    t1
    0x0000_0013,  # nop
)


@dataclass(frozen=True)
class BootImage:
    """What was loaded: where it is entered, where the device tree lies, the kernel's symbols."""

    entry: int
    tree: int
    symbols: Mapping[str, int]

    @property
    def rom(self) -> bytes:
        """What the ROM has, in which the hart starts."""
        return struct.pack("<8I3Q", *_START, self.tree, _ADUE, self.entry)


@dataclass(frozen=True)
class Booted:
    """All that a machine is booted from: RAM with the kernel in it, the disk, and the files.

    `elf` is the kernel's, for its symbols, and empty of one that has none.
    """

    config: BootConfig
    ram: Ram
    image: BootImage
    disk: Disk | None
    elf: bytes


def read_boot(config: BootConfig, kernel: bytes, disk_image: bytes | None = None) -> Booted:
    """Reads what `config` names, and puts it and the kernel into a new RAM.

    The disk has `disk_image` if `config` names no other. Raises LoadError or OSError.
    """
    ram = Ram(RAM_BASE, config.memory_mib << 20)
    disk = None if disk_image is None else Disk(disk_image)
    if config.disk is not None:
        disk = read_disk(config.disk)
    image = load_boot(ram, config, kernel)
    return Booted(config, ram, image, disk, kernel if config.raw is None else b"")


def load_boot(ram: Ram, config: BootConfig, kernel: bytes) -> BootImage:
    """Puts the kernel, and all that `config` names, into `ram`. Raises LoadError or OSError."""
    image = _read_kernel(ram, config, kernel)
    _check_entry(image, "the kernel")
    images = [image]
    if config.bios is not None:
        images.insert(0, _read_bios(ram, config.bios, image))
    tree = device_tree(
        ram.size,
        hart_id=config.hart_id,
        misaligned=config.misaligned,
        disk=config.disk is not None,
    )
    tree_at = ram.base + ram.size - len(tree) & -PAGE_SIZE
    for segment in (part for each in images for part in each.segments):
        if segment.end > tree_at:
            raise LoadError(
                f"reaches to {segment.end:#x}, but from {tree_at:#x} to the end of RAM there is "
                "the device tree"
            )
    for each in images:
        each.load(ram)
    ram.write(tree_at, tree)
    return BootImage(images[0].entry, tree_at, image.symbols)


def read_disk(path: Path) -> Disk:
    """The image of a disk. Raises LoadError or OSError."""
    image = read_whole(path)
    if len(image) % SECTOR:
        raise CompanionError(f"{path}: {len(image)} bytes are no whole sectors of {SECTOR}")
    return Disk(image)


def _read_kernel(ram: Ram, config: BootConfig, kernel: bytes) -> ElfImage:
    if config.raw is None:
        return read_elf(kernel, ram)
    segment = Segment(config.raw, kernel, len(kernel))
    if not kernel:
        raise LoadError("the file is empty")
    if segment.address < ram.base or segment.end > ram.base + ram.size:
        raise LoadError(
            f"{segment.address:#x} to {segment.end:#x} is outside RAM, which is {ram.base:#x} to "
            f"{ram.base + ram.size:#x}"
        )
    return ElfImage(segment.address, [segment], {})


def _read_bios(ram: Ram, path: Path, kernel: ElfImage) -> ElfImage:
    """What is entered before the kernel: it must not lie where that does."""
    try:
        bios = read_elf(read_whole(path), ram)
        _check_entry(bios, "it")
        _check_apart(bios, kernel)
    except LoadError as error:
        raise CompanionError(f"--bios {path}: {error}") from error
    return bios


def _check_entry(image: ElfImage, what: str) -> None:
    """Only physical addresses are entered: there is no page table yet."""
    if not any(each.address <= image.entry < each.end for each in image.segments):
        raise LoadError(f"entry {image.entry:#x} is nowhere where {what} is loaded")


def _check_apart(bios: ElfImage, kernel: ElfImage) -> None:
    for one in bios.segments:
        for other in kernel.segments:
            if one.address < other.end and other.address < one.end:
                raise LoadError(f"{one.address:#x} to {one.end:#x} is where the kernel lies")
