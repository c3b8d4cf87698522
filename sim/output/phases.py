"""Which part of a trap's way the machine is in, cycle by cycle, from what retires and what rings.

The parts are those of `sim.guests.lives`, for every trap: what a page fault waits for before it is
raised, and how it is made again, only its life knows.
"""

from hdl.arch import Csr
from kernel_model.facts.doorbell import Register
from kernel_model.facts.memlayout import DOORBELL
from sim.guests.lives import Part
from sim.output.words import Now

__all__ = ["USER", "BarePhases", "KernelPhases"]

#: The process runs; a program without a kernel does; and its handler of a trap.
USER, PROGRAM, HANDLER = "user", "program", "handler"
#: No process can run; before the first one does.
_IDLE, _BOOT = "idle", "boot"
_SRET, _MRET = 0x10200073, 0x30200073


class KernelPhases:
    """The way of each trap from user mode through the trampoline and the kernel, and back.

    Parameters
    ----------
    first : str or None
        What it begins with, if that is known: else nothing is told until something happens.
    idles : set of int
        The cycles of the answers that let no process run.
    """

    def __init__(self, first: str | None, idles: frozenset[int]):
        self._phase = first
        self._idles = idles
        self._rung = first == Part.KERNEL.value

    def tell(self, cycle: int, now: Now) -> str:
        """The phase of the next cycle."""
        if self._phase is None:
            self._phase = {"U": USER, "M": _BOOT}.get(now.priv)
        event = self._event(cycle, now)
        if event is not None:
            self._phase = event
        return self._phase or ""

    def _event(self, cycle: int, now: Now) -> str | None:
        """The phase that begins with this cycle, if one does."""
        if self._rung:
            if not now.response:
                return None
            self._rung = False
            return _IDLE if cycle in self._idles else Part.BACK.value
        if now.request and now.ready and now.write and now.address == DOORBELL + Register.RING:
            self._rung = True
            return Part.KERNEL.value
        if now.retired:
            return self._retired(now)
        # An interrupt makes no record: its handler's first instruction does.
        return Part.ENTRY.value if self._phase == USER and now.priv == "S" else None

    def _retired(self, now: Now) -> str | None:
        if now.trap:
            return Part.ENTRY.value if now.mode == "U" else None
        if now.intr:
            return Part.SAVE.value if now.mode == "S" else None
        if now.csr == Csr.SATP and now.csr_written:
            ways = {Part.SAVE.value: Part.SWITCH.value, Part.BACK.value: Part.RESTORE.value}
            return ways.get(self._phase or "")
        return USER if now.insn == _SRET else None


class BarePhases:
    """Of a program without a kernel: its traps, and their handlers."""

    def __init__(self) -> None:
        self._phase = ""
        #: The modes that were left for handlers, one in the other.
        self._depth = 0

    def tell(self, cycle: int, now: Now) -> str:
        """The phase of the next cycle."""
        if now.retired and now.trap:
            self._phase = Part.ENTRY.value
            self._depth += 1
        elif now.retired and now.intr:
            self._depth += self._phase != Part.ENTRY.value
            self._phase = HANDLER
        elif now.retired and now.insn in (_SRET, _MRET):
            self._depth = max(0, self._depth - 1)
            self._phase = HANDLER if self._depth else PROGRAM
        elif not self._phase:
            self._phase = PROGRAM
        return self._phase
