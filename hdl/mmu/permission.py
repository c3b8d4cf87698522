"""Whether the bits of a leaf PTE permit an access: it is decided here and nowhere else.

A TLB hit is checked with the live CSRs, a walk with those it latched; hence an entry holds bits,
never a permission, and a change of SUM, MXR or privilege acts on the very next access.

Privileged specification, "Virtual Address Translation Process", steps 6 to 9.
"""

from amaranth.hdl import Mux, Value, ValueLike
from amaranth.lib import data

from hdl.arch import Priv
from hdl.mmu.vocabulary import Access, is_read, is_write

__all__ = ["is_permitted", "needs_update"]


def is_permitted(
    flags: data.View, access: ValueLike, priv: ValueLike, sum_: ValueLike, mxr: ValueLike
) -> Value:
    """Whether a page with `flags` (`PteFlags`) permits `access`; 1 bit.

    `priv` is the effective privilege, U or S: M-mode does not translate. A page with U set is
    closed to S-mode, for fetches always and for data unless SUM is set.
    """
    fetch = access == Access.FETCH
    owned = Mux(priv == Priv.U, flags.u, ~flags.u | (sum_ & ~fetch))
    readable = flags.r | (flags.x & mxr)
    return (
        owned & (~fetch | flags.x) & (~is_read(access) | readable) & (~is_write(access) | flags.w)
    )


def needs_update(flags: data.View, access: ValueLike) -> Value:
    """Whether `access` finds A clear, or would write and finds D clear; 1 bit."""
    return ~flags.a | (is_write(access) & ~flags.d)
