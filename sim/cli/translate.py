"""What the command `translate` does: an address of a program at a moment of its run, in words."""

from collections.abc import Callable, Sequence

from kernel_model.proc.state import Proc
from sim.cli.counts import Moment
from sim.cli.moments import reach
from sim.config import RunConfig
from sim.guests.kernel_setup import read_files
from sim.guests.program import find_user_program
from sim.limit import DEFAULT_CYCLES
from sim.output.translation import explain, walk
from sim.platform.devices.captured import Captured
from sim.platform.ram import Ram
from sim.session import KernelSession

__all__ = ["translate_program"]


def translate_program(
    config: RunConfig,
    name: str,
    arguments: Sequence[str],
    va: int,
    moment: Moment,
    max_cycles: int | None,
    say: Callable[[str], None],
) -> None:
    """Runs the program `name` up to a moment, and says what `va` means to the process that runs.

    What the program prints is not shown, and it reads nothing. Raises MomentError if it does not
    come to that moment, and what `KernelSession.of_program` raises.
    """
    disk = read_files(config)
    program = find_user_program(name, disk)
    argv = [program.name, *arguments]
    with KernelSession.of_program(config, program.elf, argv, Captured(), disk) as session:
        reach(session, moment, max_cycles or DEFAULT_CYCLES)
        proc = session.kernel.proc
        if proc is None:
            say(f"at cycle {session.cycle:,} no process runs")
            return
        for line in _lines(session, proc, va):
            say(line)


def _lines(session: KernelSession, proc: Proc, va: int) -> Sequence[str]:
    space, ram = proc.space, session.machine.ram
    head = f"at cycle {session.cycle:,}: pid {proc.pid} ({proc.name}), page table {space.root:#x}"
    found = walk(lambda address: _word(ram, address), space.root, va)
    svadu = isinstance(session.config, RunConfig) and session.config.svadu
    return [head, *explain(found, space, svadu=svadu)]


def _word(ram: Ram, address: int) -> int | None:
    """The word in RAM at a physical address; None where there is none."""
    return ram.read_u64(address) if ram.base <= address < ram.base + ram.size else None
