"""Where Spike may differ from the golden model, and which clause of the specification lets it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.verify.golden.cases import DEVICE
from tests.verify.golden.pmp import W
from tests.verify.golden.sv39 import Response, is_ram
from tests.verify.oracle.delivery import PLATFORM, Delivery
from tests.verify.oracle.expected import (
    BREAKPOINT,
    DEVICE_VALUE,
    Outcome,
    expect,
    settle,
    settle_all,
    store_first,
)

__all__ = ["DIFFERENCES", "Difference", "explain"]

ILLEGAL = 2
PAGE_FAULT_OF = {1: 12, 5: 13, 7: 15}
ACCESS_FAULT_OF = {4: 5, 6: 7}
MASK = (1 << 64) - 1


@dataclass(frozen=True)
class Difference:
    """Another outcome than ours that `clause` allows.

    `outcome`, of a delivery, the golden model's response to it and the outcome that this gives, is
    the one that Spike then has, all of it; None if the clause does not speak of such a case.
    `where` is the mode of the cases without which it cannot happen, if there is one.
    """

    name: str
    clause: str
    outcome: Callable[[Delivery, Response, Outcome], Outcome | None]
    where: str = ""


def _device_responses(delivery, response, expected):
    """Spike runs what it reads from its CLINT, or adds to it, where ours is an access fault."""
    access = delivery.case.request.access
    if response.kind != "access" or response.pa & ~7 != DEVICE:
        return None
    if access == "FETCH":
        # mtimecmp is all ones, no instruction of 16 or 32 bits, and 0 is behind it.
        bits = DEVICE_VALUE >> response.pa % 8 * 8 & 0xFFFF_FFFF
        return replace(expected, cause=ILLEGAL, tval=bits)
    if access == "AMO":
        # It goes on to the ebreak, with what the device held.
        tval = delivery.entry + 4 & MASK
        return replace(expected, cause=BREAKPOINT, tval=tval, advance=4, value=DEVICE_VALUE)
    return None


def _device_holds_ptes(delivery, response, expected):
    """Spike walks through its devices, which hold no valid PTE, where ours is an access fault."""
    case = delivery.case
    # The table that is refused is the root, or what the last PTE names.
    frame = case.request.root
    if response.reads:
        frame = case.memory.get(response.reads[-1], 0) >> 10 & (1 << 44) - 1
    in_device = any(frame << 12 in devices for devices in PLATFORM)
    if response.kind != "access" or response.pa or not in_device:
        return None
    return replace(expected, cause=PAGE_FAULT_OF[response.cause])


def _failing_sc(delivery, response, expected):
    """Spike asks for the first byte only, and does not fault if the SC has no reservation."""
    case, q = delivery.case, delivery.case.request
    mode = q.mpp if q.mprv else q.priv
    if q.access != "SC" or case.reserved or response.kind != "access" or not response.pa:
        return None
    if not is_ram(response.pa) or not q.pmp.permits(response.pa, 1, W, mode):
        return None
    tval = delivery.entry + 4 & MASK
    return replace(expected, cause=BREAKPOINT, tval=tval, advance=4, value=1)


def _misaligned_atomic(delivery, response, expected):
    """Where Spike does misaligned loads and stores."""
    if not delivery.case.misaligned or response.kind != "misaligned":
        return None
    return replace(expected, cause=ACCESS_FAULT_OF[response.cause])


def _stored_in_the_first_page(delivery, response, expected):
    """Spike stores a portion as soon as it is translated, ours none before all are."""
    case, memory = delivery.case, dict(delivery.case.memory)
    responses = settle_all(case, memory)
    if len(responses) < 2 or responses[1].kind == "ok" or case.request.access != "STORE":
        return None
    store_first(case, responses, memory)
    first = memory[responses[0].pa & ~7]
    return replace(expected, memory=expected.memory >> 64 << 64 | first)


#: All that is known. A disagreement that none of them explains is an error of one of the two.
DIFFERENCES = (
    Difference(
        "a device runs code and takes atomics",
        "Physical memory attributes, supported access types and atomicity: which accesses and "
        "which AMOs an I/O region supports is the platform's; ours supports none of these.",
        _device_responses,
    ),
    Difference(
        "a device holds page tables",
        "Physical memory attributes, supported access types: which I/O regions support reads of "
        "page tables is the platform's; ours supports none.",
        _device_holds_ptes,
    ),
    Difference(
        "an SC that fails is no store",
        'Zalrsc: "For the purposes of memory protection, a failed SC.W may be treated like a '
        "store\"; ours always is, Spike's where its first byte is refused.",
        _failing_sc,
        where="protected",
    ),
    Difference(
        "a misaligned atomic is an access fault",
        '"Load and Store Instructions" (volume I): "an access-fault exception can be raised '
        "instead of an address-misaligned exception if the misaligned access should not be "
        'emulated".',
        _misaligned_atomic,
        where="misaligned",
    ),
    Difference(
        "what is stored before a fault in the second page",
        '"Physical Memory Protection": "a portion of a misaligned store that passes the PMP check '
        'may become visible, even if another portion fails the PMP check"; so with page faults.',
        _stored_in_the_first_page,
        where="misaligned",
    ),
)


def explain(delivery: Delivery, actual: Outcome) -> Difference | None:
    """The known difference that `actual`, which is not the expected outcome, is, if it is one."""
    case = delivery.case
    response, expected = settle(case, dict(case.memory)), expect(case, delivery.entry)
    for difference in DIFFERENCES:
        if difference.outcome(delivery, response, expected) == actual:
            return difference
    return None
