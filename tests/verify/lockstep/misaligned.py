"""Where Spike traps in another way than a hart that does misaligned accesses, as either may.

- A misaligned atomic is a misaligned exception on the hart and an access fault on Spike: "an
  access-fault exception can be raised instead of an address-misaligned exception if the misaligned
  access should not be emulated" (volume I, "Load and Store Instructions").
- If the second page of a store faults, nothing has been stored by the hart, and Spike has stored
  what lies in the first page: "a portion of a misaligned store that passes the PMP check may become
  visible, even if another portion fails the PMP check" (privileged specification, "Physical Memory
  Protection").

Spike is made to do as the hart did.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from hdl.arch import PAGE_SIZE, Cause, Csr
from tests.verify.lockstep.reference import Reference

__all__ = ["trapping_as_hart"]

#: What a misaligned atomic raises on Spike, by what it raises on the hart.
_ON_SPIKE = {
    Cause.LOAD_MISALIGNED: Cause.LOAD_ACCESS,
    Cause.STORE_MISALIGNED: Cause.STORE_ACCESS,
}
_OF_STORES = (Cause.STORE_ACCESS, Cause.STORE_PAGE)


@contextmanager
def trapping_as_hart(spike: Reference, record) -> Iterator[None]:
    """Around a step of `spike` that does what is in `record`."""
    fields = record.fields
    cause = fields["cause"] if fields["trap"] and spike.misaligned else None
    if cause in _ON_SPIKE:
        with _misaligned(spike, cause):
            yield
    elif cause in _OF_STORES and fields["tval"] % PAGE_SIZE == 0:
        ends = spike.page_ends()
        yield
        spike.restore_page_ends(ends)
    else:
        yield


@contextmanager
def _misaligned(spike, cause):
    """What Spike raises goes where the hart's `cause` is delegated, and is called so."""
    other, delegated = _ON_SPIKE[cause], spike.csr(Csr.MEDELEG)
    as_hart = delegated & ~(1 << other) | (delegated >> cause & 1) << other
    spike.write_csr(Csr.MEDELEG, as_hart)
    yield
    spike.write_csr(Csr.MEDELEG, delegated)
    register = Csr.MCAUSE if spike.mode == 3 else Csr.SCAUSE
    if spike.csr(register) == other:
        spike.write_csr(register, cause)
