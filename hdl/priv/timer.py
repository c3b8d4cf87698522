"""The timer of S-mode: whether `time` has come to `stimecmp` (Sstc)."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["SupervisorTimer"]


class SupervisorTimer(wiring.Component):
    """Compares two numbers, and tells the result a cycle later.

    "If the result of this comparison changes, it is guaranteed to be reflected in STIP eventually,
    but not necessarily immediately" (Sstc extension). So what obeys interrupts does not begin with
    carries through 64 bits. Behind a write of `stimecmp` the next instruction waits nevertheless,
    and sees the new result.
    """

    #: `time` and `stimecmp`, and whether that is written at the end of the cycle.
    now: In(64)
    compared: In(64)
    writes: In(1)
    #: The time had come in the last cycle.
    due: Out(1)
    #: It was compared with another number then.
    settles: Out(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.sync += [self.due.eq(self.now >= self.compared), self.settles.eq(self.writes)]
        return m
