"""Whole runs as `trapline run` sets them up, for tests that look at what is left behind."""

from dataclasses import dataclass

from sim.config import RunConfig
from sim.guests.kernel_guest import KernelGuest
from sim.host.programs import find_program
from sim.machine import End, Machine
from sim.session import KernelSession
from tests.kernel_model.support import Console

__all__ = ["Finished", "run"]


@dataclass
class Finished:
    """A run that has ended: why, and what there is to look at."""

    end: End
    machine: Machine
    guest: KernelGuest

    @property
    def kernel(self):
        return self.guest.kernel

    @property
    def cycles(self):
        return self.machine.engine.cycle

    @property
    def printed(self):
        return self.kernel.console.printed.decode()


def run(
    *argv,
    latency=1,
    engine=None,
    stdin=b"",
    max_cycles=None,
    least_turn=None,
    memory_mib=8,
    **options,
):
    """Runs a bundled program with the options of `run`.

    `least_turn` takes the place of what the command line gives the kernel.
    """
    config = RunConfig(memory_mib=memory_mib, latency=latency, engine=engine, **options)
    elf = find_program(argv[0]).read_bytes()
    with KernelSession.of_program(config, elf, argv, Console(stdin)) as session:
        if least_turn is not None:
            session.kernel.cpu.least_turn = least_turn
        session.run(max_cycles)
        session.finish()
    return Finished(session.end, session.machine, session.guest)
