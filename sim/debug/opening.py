"""How a program comes under the debugger."""

from collections.abc import Sequence

from sim.config import RunConfig
from sim.debug.debugger import Debugger
from sim.debug.typed import Typed
from sim.guests.kernel_setup import read_files
from sim.guests.program import find_user_program
from sim.limit import DEFAULT_CYCLES
from sim.platform.devices.captured import Captured
from sim.session import KernelSession

__all__ = ["open_debugger"]


def open_debugger(
    program: str,
    arguments: Sequence[str] = (),
    *,
    config: RunConfig | None = None,
    stdin: bytes | None = None,
    max_cycles: int | None = None,
) -> Debugger:
    """A run of `program` as by `sim.api.start`, at cycle 0; who is done closes its session.

    `stdin` is what the program reads; without it that is given while it is debugged. `max_cycles`
    bounds each motion. Raises what `sim.api.start` raises.
    """
    config = (config or RunConfig()).changed(traced=True)
    disk = read_files(config)
    found = find_user_program(program, disk)
    typed = Typed() if stdin is None else None
    console = typed or Captured(stdin or b"")
    argv = [found.name, *arguments]
    with found.blamed():
        session = KernelSession.of_program(config, found.elf, argv, console, disk)
    return Debugger(session, typed, max_cycles=max_cycles or DEFAULT_CYCLES)
