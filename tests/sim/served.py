"""Page faults as the kernel serves them, for tests of what shows them."""

from hdl.arch import Pte
from kernel_model.mm.regions import HEAP_RIGHTS, Owner, Region
from kernel_model.mm.served import Decision, FaultOutcome, ServedFault, Via, Why
from sim.guests.fault_table import PageFault
from sim.guests.lives import NO_ANSWER, Life

__all__ = ["mapped", "page_fault", "refused"]

HEAP = Region(0x5000, 0x9000, HEAP_RIGHTS, Owner.HEAP)


def mapped(pc, cause, stval, pid=2, frame=0x8001_0000, via=None):
    """The page of `stval` got a frame."""
    outcome = FaultOutcome(
        decision=Decision.MAPPED, why=Why.UNTOUCHED, size=0x9000, region=HEAP, frame=frame
    )
    via = Via(via) if via else None
    return ServedFault(
        pid=pid, name="lazy", pc=pc, cause=cause, stval=stval, via=via, outcome=outcome
    )


def refused(pc, cause, stval, pid=2):
    """The page of `stval` is mapped, and may only be read and executed."""
    pte = int(Pte.V | Pte.U | Pte.R | Pte.X)
    outcome = FaultOutcome(
        decision=Decision.REFUSED, why=Why.PAGE_RIGHTS, size=0x9000, region=HEAP, pte=pte
    )
    return ServedFault(pid=pid, name="lazy", pc=pc, cause=cause, stval=stval, outcome=outcome)


def page_fault(number, served, trap, answer=NO_ANSWER):
    """An entry of the fault table."""
    return PageFault(number, Life(trap, served, answer))
