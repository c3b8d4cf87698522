"""How a case comes about on a hart: which instruction makes the access, and where it stands.

A fetch begins by a return, or from M-mode a jump, to its address. Data are accessed from M-mode
with MPRV, or in the mode itself; then the instruction stands in a page that the case's own page
table must map, where a superpage in an unused place of the root table does so.
"""

from dataclasses import dataclass, replace

from tests.verify.golden.cases import DEVICE, RESERVED, Case
from tests.verify.golden.pmp import R
from tests.verify.golden.sv39 import is_ram
from tests.verify.oracle.expected import beyond, observed, settle_all

__all__ = ["PLATFORM", "Delivery", "deliver"]

PRIVILEGES = {"U": 0, "S": 1, "M": 3}
MPP, MPRV, SUM, MXR = 11, 17, 18, 19
ADUE = 61
V, X, U, A = 1 << 0, 1 << 3, 1 << 4, 1 << 6
GIGABYTE = 1 << 30
#: Physical addresses of Spike that have devices of its own: debug module, boot ROM, CLINT.
PLATFORM = (range(0x1_0000), range(0x0200_0000, 0x020C_0000))


@dataclass(frozen=True)
class Delivery:
    """A case, the PTE for its instruction included, and the state from which it starts.

    `entry` is the address of its instruction, in its mode, to which it `returns` by mret or jumps.
    `observed` is a word of RAM to watch, `beyond` a doubleword besides for misaligned accesses.
    """

    case: Case
    entry: int
    returns: bool
    observed: int
    mstatus: int
    satp: int
    menvcfg: int
    beyond: int


def deliver(case: Case, stubs: dict[str, int]) -> Delivery | None:
    """How to bring `case` about, or None if this machine cannot.

    `stubs` are the physical addresses of the instructions, by the name of access and size.
    """
    q = case.request
    if q.access == "FETCH":
        entry = q.va
    else:
        case, entry = _place(case, stubs[f"{q.access}_{q.size}"])
    q = case.request
    responses = settle_all(case, dict(case.memory))
    if any(_is_unsuitable(case, response) for response in responses):
        return None
    return Delivery(
        case,
        entry,
        returns=q.priv != "M",
        observed=observed(case, responses),
        # A return takes the mode from MPP; otherwise MPP is for MPRV.
        mstatus=PRIVILEGES[q.mpp if q.priv == "M" else q.priv] << MPP
        | q.mprv << MPRV
        | q.sum_ << SUM
        | q.mxr << MXR,
        satp=(8 if q.sv39 else 0) << 60 | q.asid << 44 | q.root,
        menvcfg=q.adue << ADUE,
        beyond=beyond(responses),
    )


def _place(case, stub):
    """The case with its instruction mapped, and the instruction's address."""
    q = case.request
    if q.priv == "M" or not q.sv39:
        return case, stub
    if not is_ram(q.root << 12):
        # No instruction can be fetched there; MPRV makes the same access.
        return replace(case, request=replace(q, priv="M", mprv=1, mpp=q.priv)), stub
    for index in (2, 3):
        address = (q.root << 12) + index * 8
        if address not in case.memory:
            break
    if not q.pmp.permits(address, 8, R, "S"):
        # Nor can it be fetched through a page table that must not be read.
        return replace(case, request=replace(q, priv="M", mprv=1, mpp=q.priv)), stub
    pte = 0x8000_0000 >> 12 << 10 | V | X | A | (U if q.priv == "U" else 0)
    return replace(case, memory={**case.memory, address: pte}), index * GIGABYTE + stub % GIGABYTE


def _is_unsuitable(case, response):
    """Whether the case meets what the golden model cannot know."""
    q, touched = case.request, [*response.reads, *case.memory, response.pa]
    if any(address in RESERVED for address in touched):
        return True
    in_device = any(response.pa in devices for devices in PLATFORM)
    if in_device and ((case.misaligned and q.va % q.size) or response.pa & ~7 != DEVICE):
        # Translation that fails has no address, which is 0.
        return response.pa != 0 or response.kind == "ok"
    # A PTE is no code.
    return q.access == "FETCH" and response.pa & ~7 in case.memory
