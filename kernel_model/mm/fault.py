"""Why an access to a page faults: the page waits for its frame, or what else is the matter."""

from hdl.arch import Pte
from kernel_model.facts.costs import Mark, Step
from kernel_model.mm.pagetable import getpte
from kernel_model.mm.regions import Region
from kernel_model.mm.served import Decision, FaultOutcome, Why
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.state import MemoryState

__all__ = ["reason", "refused"]

_V = int(Pte.V)
_U = int(Pte.U)
_UNTOUCHED, _OWNER_RIGHTS, _FAULT = Why.UNTOUCHED, Why.OWNER_RIGHTS, Step.FAULT


def reason(
    kernel: MemoryState, space: AddressSpace, va: int, access: int
) -> tuple[Why, Region | None, int]:
    """Why the access (Pte.R, W or X) to `va` faults, its region, and the entry that is there.

    `Why.UNTOUCHED` if the page waits for its frame, and the access is allowed. The entry is 0 if
    there is none. Panics if the page is below the size and in no region.
    """
    kernel.charge(_FAULT)
    if va >= space.size and space.regions.area(va) is None:
        return Why.PAST_SIZE, None, 0
    pte = getpte(kernel, space.root, va)
    if pte & _V:
        return (Why.PAGE_RIGHTS if pte & _U else Why.GUARD_PAGE), space.region(va), pte
    region = space.regions.whose(va)
    return (_UNTOUCHED if region.rights & access else _OWNER_RIGHTS), region, 0


def refused(
    kernel: MemoryState,
    space: AddressSpace,
    why: Why,
    region: Region | None,
    pte: int,
    before: Mark,
) -> FaultOutcome:
    """The record of a refusal, since the meter's mark `before`."""
    return FaultOutcome(
        decision=Decision.REFUSED,
        why=why,
        size=space.size,
        region=region,
        pte=pte,
        work=kernel.meter.since(before),
        has_areas=bool(space.regions.areas),
    )
