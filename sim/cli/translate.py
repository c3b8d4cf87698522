"""What the command `translate` does: an address of a program at a moment of its run, in words."""

from collections.abc import Callable, Sequence

from sim.api import start
from sim.cli.counts import Moment
from sim.cli.moments import reach
from sim.config import RunConfig
from sim.host.terminals import visible
from sim.output.translation import explain, walk

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
    come to that moment, and what `start` raises.
    """
    with start(name, *arguments, config=config) as session:
        reach(session, moment, max_cycles)
        proc, ram = session.kernel.proc, session.machine.ram
        if proc is None:
            say(f"at cycle {session.cycle:,} no process runs")
            return
        space = proc.space
        who = f"pid {proc.pid} ({visible(proc.name)})"
        say(f"at cycle {session.cycle:,}: {who}, page table {space.root:#x}")
        found = walk(lambda pa: ram.read_u64(pa) if pa in ram else None, space.root, va)
        for line in explain(found, space, svadu=config.svadu):
            say(line)
