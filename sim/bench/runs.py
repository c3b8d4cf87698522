"""Machines with the benchmark programs in them, and how long they take."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from kernel_model.facts.costs import Costs
from kernel_model.kernel import Kernel
from sim.guests.bare_guest import BareGuest
from sim.guests.kernel_guest import KernelGuest
from sim.guests.loader import Image, load_bare
from sim.host.toolchain import assemble_trampoline, strip
from sim.machine import End, Guest, Machine, MachineConfig
from sim.platform.devices.console import Console
from sim.platform.devices.doorbell import DoorbellPage
from sim.platform.devices.htif import Htif

__all__ = ["BenchError", "Run", "bare_run", "kernel_run"]


#: Cycles within which every program here ends on any sane hart.
MAX_CYCLES = 200_000_000


class BenchError(Exception):
    """A benchmark has not run to its end, or its result has no place to go."""


@dataclass
class Run:
    """A program in a machine; after `start`, `seconds` is how long the engine took."""

    name: str
    machine: Machine
    guest: Guest
    seconds: float = 0.0

    def start(self, cycles: int = MAX_CYCLES, *, finish: bool = True) -> "Run":
        """Runs to the program's end, which must be a good one, or just for `cycles` cycles."""
        engine = self.machine.engine
        begin = time.perf_counter()
        end = self.machine.run(self.guest, max_cycles=engine.cycle + cycles)
        self.seconds = time.perf_counter() - begin
        if end is not (End.FINISHED if finish else End.LIMIT) or self.status:
            raise BenchError(
                f"{self.name} ended at cycle {engine.cycle}: {end.value}, exit code {self.status}"
            )
        return self

    @property
    def status(self) -> int | None:
        """What the program exited with."""
        if isinstance(self.guest, BareGuest):
            return self.guest.htif.exit_code
        return self.guest.kernel.exit_status

    @property
    def hz(self) -> float:
        """Cycles a second; those that were passed over do not count."""
        engine = self.machine.engine
        return (engine.cycle - engine.skipped) / self.seconds


def bare_run(elf: Path, config: MachineConfig) -> tuple[Run, Image]:
    """The bare-metal program `elf` on a machine of `config`, and where its symbols are."""
    ram = Machine.make_ram(config)
    image = load_bare(elf.read_bytes(), ram)
    guest = BareGuest(Htif(ram, image.tohost, image.fromhost, sys.stdout.buffer.write))
    return Run(elf.name, Machine(config, ram, watched=image.tohost), guest), image


def kernel_run(elf: Path, config: MachineConfig, costs: Costs, *arguments: str) -> Run:
    """The program `elf` under the kernel model; it is on the disk, too, as `/program`."""
    ram = Machine.make_ram(config)
    image = elf.read_bytes()
    files = {"program": strip(image)}
    kernel = Kernel(ram, assemble_trampoline(), Console(), costs=costs, files=lambda: files)
    kernel.exec(image, ["program", *arguments])
    machine = Machine(config, ram, devices=[DoorbellPage(kernel.doorbell)])
    return Run(elf.name, machine, KernelGuest(kernel))
