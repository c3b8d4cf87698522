"""Functions and source lines of what the processes of a run execute."""

from typing import NamedTuple

from elftools.common.exceptions import ELFError

from hdl.arch import PAGE_SIZE
from kernel_model.facts.memlayout import KERNBASE, TRAMPOLINE
from sim.guests.disk import Disk
from sim.host.debug_info import DebugInfo
from sim.host.programs import build_program, trampoline_elf
from sim.host.toolchain import ToolchainError

__all__ = ["NOWHERE", "Place", "Symbols"]

#: Places that are kept: a program faults at few.
_KEPT = 4096


class Place(NamedTuple):
    """Where in a program an instruction is; what is not known is None."""

    #: The function and the offset in it, as "main+0x1c".
    function: str | None = None
    #: The source file, without its folder, and the line.
    file: str | None = None
    line: int | None = None


#: A place of which nothing is known.
NOWHERE = Place()


class Symbols:
    """What is known of programs, by their names.

    Parameters
    ----------
    first : str
        What the first process runs.
    elf : bytes
        Its file; empty if there is none. Any other program is on the disk, or a bundled one.
    disk : Disk or None
        What is on the disk, if anything was read for it.
    """

    def __init__(self, first: str, elf: bytes, disk: Disk | None = None):
        self._disk = disk
        self._known: dict[str, DebugInfo | None] = {first: DebugInfo(elf) if elf else None}
        self._places: dict[tuple[str, int], Place] = {}
        self._trampoline: DebugInfo | None = None

    def info(self, program: str) -> DebugInfo | None:
        """What the file of a program tells; None if there is none."""
        if program not in self._known:
            self._known[program] = self._look_for(program)
        return self._known[program]

    def place(self, program: str, pc: int | None) -> Place:
        """Where the instruction at `pc` of a program is."""
        if pc is None:
            return NOWHERE
        key = program, pc
        if key not in self._places:
            if len(self._places) >= _KEPT:
                self._places.clear()
            self._places[key] = self._find(*key)
        return self._places[key]

    def trampoline(self, pc: int) -> str | None:
        """The place in the trampoline at `pc`, in its frame or on its page, as "uservec+0x4"."""
        if TRAMPOLINE <= pc < TRAMPOLINE + PAGE_SIZE:
            pc += KERNBASE - TRAMPOLINE
        if not KERNBASE <= pc < KERNBASE + PAGE_SIZE:
            return None
        if self._trampoline is None:
            self._trampoline = DebugInfo(trampoline_elf())
        return self._trampoline.function(pc)

    def save_state(self) -> None:
        """See `sim.checkpoint.Restorable`: what is known of a file stays true."""

    def load_state(self, state: None) -> None:
        """Nothing is to be put back."""

    def _find(self, program: str, pc: int) -> Place:
        info = self.info(program)
        if info is None:
            return NOWHERE
        line = info.line(pc)
        file, number = (None, None) if line is None else (line.file, line.number)
        return Place(info.function(pc), file, number)

    def _look_for(self, program: str) -> DebugInfo | None:
        elf = None if self._disk is None else self._disk.program(program)
        try:
            return DebugInfo(build_program(program).read_bytes() if elf is None else elf)
        except (ToolchainError, OSError, ELFError):
            # The last if the file is none: the run has written another one in its place.
            return None
