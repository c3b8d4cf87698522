"""What is known of the code that runs: of each program by its name, and of the trampoline."""

from hdl.arch import PAGE_SIZE
from kernel_model.facts.memlayout import KERNBASE, TRAMPOLINE
from sim.guests.disk import Disk
from sim.host.debug_info import DebugInfo
from sim.host.programs import find_program, trampoline_elf
from sim.host.toolchain import ToolchainError

__all__ = ["Symbols"]


class Symbols:
    """Of the programs under the kernel.

    Parameters
    ----------
    name, elf : str, bytes
        The first program.
    disk : Disk or None
        Where the others are, if they are none of the bundled ones.
    """

    def __init__(self, name: str, elf: bytes, disk: Disk | None):
        self._disk = disk
        self._known: dict[str, DebugInfo | None] = {name: DebugInfo(elf)}
        self._trampoline: DebugInfo | None = None

    def of(self, program: str) -> DebugInfo | None:
        """What tells of the instructions of `program`, if anything does."""
        if program not in self._known:
            self._known[program] = self._look_for(program)
        return self._known[program]

    def trampoline(self, pc: int) -> str | None:
        """The place in the trampoline at `pc`, in its frame or on its page, as "uservec+0x4"."""
        if TRAMPOLINE <= pc < TRAMPOLINE + PAGE_SIZE:
            pc += KERNBASE - TRAMPOLINE
        if not KERNBASE <= pc < KERNBASE + PAGE_SIZE:
            return None
        if self._trampoline is None:
            self._trampoline = DebugInfo(trampoline_elf())
        return self._trampoline.function(pc)

    def _look_for(self, program: str) -> DebugInfo | None:
        elf = None if self._disk is None else self._disk.program(program)
        try:
            return DebugInfo(find_program(program).read_bytes() if elf is None else elf)
        except (ToolchainError, OSError):
            return None
