"""Machines with the benchmark programs in them, and how long they take."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Self, TypeVar

from sim.config import MachineConfig, RunConfig
from sim.guests.disk import Disk
from sim.host.programs import strip
from sim.machine import End, Machine
from sim.platform.devices.captured import Captured
from sim.session import BareSession, KernelSession, Session

__all__ = ["BenchError", "Run", "bare_run", "kernel_run"]

#: Cycles within which every program here ends on any sane hart.
MAX_CYCLES = 200_000_000


class BenchError(Exception):
    """A benchmark has not run to its end, or its result has no place to go."""


_Session = TypeVar("_Session", bound=Session)


@dataclass
class Run(Generic[_Session]):
    """A program to measure; after `start`, `seconds` is how long the engine took."""

    name: str
    session: _Session
    seconds: float = 0.0

    @property
    def machine(self) -> Machine:
        """What it runs on."""
        return self.session.machine

    def start(self, cycles: int = MAX_CYCLES, *, finish: bool = True) -> Self:
        """Runs to the program's end, which must be a good one, or just for `cycles` cycles."""
        engine = self.machine.engine
        begin = time.perf_counter()
        end = self.session.step(cycles)
        self.seconds = time.perf_counter() - begin
        code = self.session.exit_code
        if end is not (End.FINISHED if finish else End.LIMIT) or code:
            raise BenchError(
                f"{self.name} ended at cycle {engine.cycle}: {end.value}, exit code {code}"
            )
        return self

    @property
    def hz(self) -> float:
        """Cycles a second; those that were passed over do not count."""
        engine = self.machine.engine
        return (engine.cycle - engine.skipped) / self.seconds


def bare_run(elf: Path, config: MachineConfig) -> Run[BareSession]:
    """The bare-metal program `elf` on a machine of `config`."""
    return Run(elf.name, BareSession(config, elf.read_bytes(), sys.stdout.buffer.write))


def kernel_run(elf: Path, config: RunConfig, *arguments: str) -> Run[KernelSession]:
    """The program `elf` under the kernel model; it is on the disk, too, as `/program`."""
    image = elf.read_bytes()
    disk = Disk({"program": strip(image)})
    argv = ["program", *arguments]
    return Run(elf.name, KernelSession.of_program(config, image, argv, Captured(), disk))
