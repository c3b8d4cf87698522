"""Broken kernels: those that are booted all the same drive the devices as nobody would."""

import tempfile
from pathlib import Path
from random import Random

from sim.boot.session import BootSession
from sim.config import BootConfig
from sim.guests.boot_image import read_boot
from sim.guests.loader import LoadError
from sim.platform.devices.captured import Captured
from tests.sim.kernels import DISK, kernel
from tests.verify.fuzz.damage import damaged
from tests.verify.fuzz.guard import Misbehaved, bounded, one_line

__all__ = ["Kernels"]

#: What is typed, and the cycles in which the kernel may obey.
_TYPED = b"lazy\nuser\ndisk\ndisk\n"
_CYCLES = 60_000


class Kernels:
    """The small kernel of the tests with damages, as an ELF or as bytes, booted with a disk."""

    def __init__(self):
        self._elf = kernel().read_bytes()
        self._folder = tempfile.TemporaryDirectory()
        self._disk = Path(self._folder.name) / "disk"
        self._disk.write_bytes(DISK)

    def run(self, seed: int) -> str | None:
        """Boots the kernel of `seed`; what was complained of, or None. Raises `Misbehaved`."""
        random = Random(f"boot {seed}")
        config = BootConfig(
            engine="native",
            disk=self._disk,
            virtio_version=random.choice((1, 2, 2)),
            raw=random.choice((None,) * 5 + (0x8000_0000, random.getrandbits(33) & ~1)),
        )
        elf = self._flipped(random) if random.random() < 0.7 else damaged(self._elf, random)
        with bounded():
            try:
                booted = read_boot(config, elf)
            except LoadError as error:
                return one_line(error)
            with BootSession(booted, Captured(_TYPED)) as session:
                session.run(_CYCLES)
                result = session.result()
        if not 0 <= result.exit_status <= 255 or self._disk.read_bytes() != DISK:
            raise Misbehaved(f"{result}, or the disk's image is another one")
        return None

    def _flipped(self, random: Random) -> bytes:
        """Bits of the code are others, of which some decide what is written to a register."""
        file = bytearray(self._elf)
        for _ in range(random.choice((1, 2, 4, 16))):
            file[random.randrange(0x1000, 0x4000)] ^= 1 << random.randrange(8)
        return bytes(file)
