"""The vocabulary of translation: kinds of access and fault, and the layout of PTEs.

Privileged specification, "Supervisor Address Translation and Protection (satp) Register" and
"Sv39: Page-Based 39-bit Virtual-Memory System".
"""

from amaranth.hdl import Value, ValueLike
from amaranth.lib import data, enum, wiring

from hdl.arch import (
    ASID_BITS,
    LEVELS,
    MAXVA_BITS,
    PAGE_BITS,
    PPN_BITS,
    VPN_BITS,
    Priv,
)

__all__ = [
    "Access",
    "Fault",
    "PageTableEntry",
    "PteFlags",
    "Side",
    "Translation",
    "WalkResult",
    "WalkKey",
    "assign_key",
    "is_atomic",
    "is_read",
    "is_write",
]


class Access(enum.Enum, shape=3):  # type: ignore[call-arg]
    """The kinds of access to an address.

    Bit 0 is set for what reads data, bit 1 for what writes, bit 2 for atomics; `is_read`,
    `is_write` and `is_atomic` are these bits. A fault of an access with `is_write` has a store
    cause, also for AMOs; LR has the load cause. 0b011 and 0b100 are never driven.
    """

    FETCH = 0b000
    LOAD = 0b001
    STORE = 0b010
    LR = 0b101
    SC = 0b110
    AMO = 0b111


def is_read(access: ValueLike) -> Value:
    """Whether `access` (an `Access`, 1-bit result) needs the page to be readable."""
    return Value.cast(access)[0]


def is_write(access: ValueLike) -> Value:
    """Whether `access` needs the page to be writable and dirty, and faults as a store."""
    return Value.cast(access)[1]


def is_atomic(access: ValueLike) -> Value:
    """Whether `access` is LR, SC or an AMO, which work in RAM only."""
    return Value.cast(access)[2]


class Fault(enum.Enum, shape=2):  # type: ignore[call-arg]
    """Why an access faults; with the kind of access it determines the cause of the trap."""

    NONE = 0
    PAGE = 1
    ACCESS = 2


class Side(enum.Enum, shape=2):  # type: ignore[call-arg]
    """Which port of the MMU a walk is for."""

    FETCH = 0
    DATA = 1
    UPDATE = 2


class PteFlags(data.Struct):
    """Bits 7:1 of a page-table entry: permissions and state of a page."""

    r: 1
    w: 1
    x: 1
    u: 1
    g: 1
    a: 1
    d: 1


class PageTableEntry(data.Struct):
    """An Sv39 page-table entry, 64 bits. Svnapot and Svpbmt are not implemented."""

    v: 1
    flags: PteFlags
    rsw: 2
    ppn: PPN_BITS
    reserved: 7
    pbmt: 2
    n: 1

    def is_pointer(self) -> Value:
        """Whether a valid entry points to a table of the next level down."""
        return ~(self.flags.r | self.flags.w | self.flags.x)

    def is_malformed(self, level: ValueLike) -> Value:
        """Whether a walk that reads the entry at `level` (2 bits) ends with a page fault.

        That is: invalid, writable but not readable, with reserved, PBMT or N bits set, a pointer
        with A, D or U set or at level 0, or a superpage with low PPN bits set.
        """
        flags, ppn = self.flags, Value.cast(self.ppn)
        stray_pointer = (level == 0) | flags.a | flags.d | flags.u
        misaligned = ((level != 0) & ppn[:VPN_BITS].any()) | (
            (level == 2) & ppn[VPN_BITS : 2 * VPN_BITS].any()
        )
        return (
            ~self.v
            | (flags.w & ~flags.r)
            | (self.as_value()[54:] != 0)
            | (self.is_pointer() & stray_pointer)
            | (~self.is_pointer() & misaligned)
        )


class Translation(data.Struct):
    """What a TLB holds of a leaf PTE: its bits, never a permission."""

    ppn: PPN_BITS
    #: Level at which the leaf was found: 0 for 4 KiB, 1 for 2 MiB, 2 for 1 GiB.
    level: 2
    #: Flags of the leaf; `g` also counts the G bits of the pointers that led to it.
    flags: PteFlags


class WalkKey(data.Struct):
    """All that the outcome of a walk depends on, apart from memory."""

    vpn: LEVELS * VPN_BITS
    access: Access
    priv: Priv
    sum_: 1
    mxr: 1
    adue: 1
    asid: ASID_BITS
    root: PPN_BITS


class WalkResult(data.Struct):
    """How a walk ended whose response does not come from the TLB."""

    #: The port that made the request, and all that the result depends on.
    side: Side
    key: WalkKey
    fault: Fault
    #: The access is permitted once A or D has been set.
    update: 1


def assign_key(
    key: data.View, request: wiring.PureInterface, context: wiring.PureInterface
) -> list[object]:
    """Statements that make `key` that of `request` (it has va, access and priv) in `context`."""
    return [
        key.vpn.eq(request.va[PAGE_BITS:MAXVA_BITS]),
        key.access.eq(request.access),
        key.priv.eq(request.priv),
        *(
            getattr(key, name).eq(getattr(context, name))
            for name in ("sum_", "mxr", "adue", "asid", "root")
        ),
    ]
