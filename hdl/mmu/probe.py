"""What the MMU does in a cycle, for logs: it changes nothing, and unconnected it costs nothing."""

from amaranth.lib import enum, wiring
from amaranth.lib.wiring import Out

from hdl.arch import ASID_BITS, PPN_BITS, Priv
from hdl.mmu.vocabulary import Access, Fault, Side, Translation

__all__ = ["LookupSignature", "MmuProbeSignature", "Verdict", "WalkSignature"]


class Verdict(enum.Enum, shape=3):  # type: ignore[call-arg]
    """How a walk ends."""

    #: With a leaf that is good.
    FOUND = 0
    #: With a fault.
    PAGE_FAULT = 1
    ACCESS_FAULT = 2
    #: The access is permitted once A or D has been set: an update follows.
    UPDATE = 3
    #: Nobody wants its result any more.
    SQUASHED = 4


class LookupSignature(wiring.Signature):
    """What one port asks for in this cycle, and what its TLB does."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: The request is not answered: a walk is wanted or under way.
                "miss": Out(1),
                #: The answer is that it is refused, and why; else NONE.
                "fault": Out(Fault),
                #: Virtual address in bytes; valid with either.
                "va": Out(64),
                #: The TLB answers, with a page of this level (0 is 4 KiB, 2 is 1 GiB).
                "answers": Out(1),
                "level": Out(2),
                #: A page has to make room in the TLB for another one; its level.
                "displaces": Out(1),
                "displaced_level": Out(2),
            }
        )


class WalkSignature(wiring.Signature):
    """What the walker begins and ends in this cycle; a walk that is squashed at once does both."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: A walk begins; qualifies what follows up to `va`.
                "begins": Out(1),
                #: At a table that the walk cache knows.
                "skips": Out(1),
                "access": Out(Access),
                "priv": Out(Priv),
                "sum_": Out(1),
                "mxr": Out(1),
                "adue": Out(1),
                "asid": Out(ASID_BITS),
                #: Page number of the root page table.
                "root": Out(PPN_BITS),
                #: Virtual address in bytes.
                "va": Out(64),
                #: The walk ends, and how.
                "ends": Out(1),
                "verdict": Out(Verdict),
                #: It fills a TLB with the page.
                "fills": Out(1),
                "page": Out(Translation),
                #: The pointer in the entry that was read before fills the walk cache.
                "caches": Out(1),
                #: Memory takes the locked read of an entry whose A or D is to be set.
                "rereads": Out(1),
                #: Memory takes the write of an entry whose A or D has been set.
                "writes": Out(1),
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
                #: that of the MMU's port. For which port, and at which level (2 is the root): also
                #: valid in a cycle in which a walk ends, and with `walk.rereads`.
                "read": Out(1),
                "side": Out(Side),
                "level": Out(2),
                #: The walk for it.
                "walk": Out(WalkSignature()),
            }
        )
