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

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from hdl.arch import PAGE_SIZE, Cause, Csr
from tests.verify.lockstep.reference import Reference

__all__ = ["count_misaligned", "stored", "trapping_as_hart"]

#: What a misaligned atomic raises on Spike, by what it raises on the hart.
_ON_SPIKE = {
    Cause.LOAD_MISALIGNED: Cause.LOAD_ACCESS,
    Cause.STORE_MISALIGNED: Cause.STORE_ACCESS,
}
_OF_STORES = (Cause.STORE_ACCESS, Cause.STORE_PAGE)
_OF_DATA = (*_OF_STORES, Cause.LOAD_ACCESS, Cause.LOAD_PAGE)
_LOAD, _STORE = 0x03, 0x23


def count_misaligned(counts: Counter, fields: Mapping[str, int]) -> None:
    """Counts the access of a record if it is misaligned, and what became of it.

    Of those whose second page faulted only loads and stores of 32 bits are counted.
    """
    address, count = fields["mem_addr"], (fields["mem_rmask"] | fields["mem_wmask"]).bit_count()
    if count and address % count:
        counts["retired"] += 1
        counts["two pages"] += address % PAGE_SIZE + count > PAGE_SIZE
    at_page = fields["trap"] and not fields["tval"] % PAGE_SIZE
    if at_page and fields["cause"] in _OF_DATA and fields["insn"] & 0x7F in (_LOAD, _STORE):
        insn = fields["insn"]
        low = insn >> 20 & 0x1F if insn & 0x7F == _LOAD else insn >> 7 & 0x1F
        immediate = (insn >> 25 << 5 | low) - (insn >> 31 << 12)
        counts["faulted"] += (fields["rs1_rdata"] + immediate - fields["tval"]) % (1 << 64) != 0


def stored(fields: Mapping[str, int]) -> list[tuple[int, bytes]]:
    """What a record says was stored: physical addresses and bytes, a part for each doubleword."""
    count, first = fields["mem_wmask"].bit_length(), fields["mem_paddr"]
    content = (fields["mem_wdata"] & (1 << 8 * count) - 1).to_bytes(count, "little")
    inside = 8 - fields["mem_addr"] % 8
    parts = [(first, content[:inside])]
    return [*parts, (fields["mem_paddr2"], content[inside:])] if inside < count else parts


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
