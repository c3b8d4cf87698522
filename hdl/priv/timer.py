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

    #: The numbers; the second is written at the end of the cycle.
    time: In(64)
    compared: In(64)
    writes: In(1)
    #: In the last cycle the time had come.
    due: Out(1)
    #: It was compared with another number then.
    settles: Out(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.sync += [self.due.eq(self.time >= self.compared), self.settles.eq(self.writes)]
        return m
