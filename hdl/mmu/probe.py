"""What the MMU does in a cycle, for logs: it changes nothing, and unconnected it costs nothing."""

from amaranth.lib import wiring
from amaranth.lib.wiring import Out

from hdl.mmu.vocabulary import Fault, Side

__all__ = ["LookupSignature", "MmuProbeSignature"]


class LookupSignature(wiring.Signature):
    """What one port asks for in this cycle and does not get: a hit shows nothing."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: The request is not answered: a walk is wanted or under way.
                "miss": Out(1),
                #: The answer is that it is refused, and why; else NONE.
                "fault": Out(Fault),
                #: Virtual address in bytes; valid with either.
                "va": Out(64),
            }
        )


class MmuProbeSignature(wiring.Signature):
    """What both ports want, and what the walker reads."""

    def __init__(self) -> None:
        super().__init__(
            {
                "fetch": Out(LookupSignature()),
                "data": Out(LookupSignature()),
                #: Memory takes a walk's read of a page-table entry in this cycle: its address is
                #: that of the MMU's port. For which port, and at which level (2 is the root).
                "read": Out(1),
                "side": Out(Side),
                "level": Out(2),
            }
        )
