"""Physical memory protection as the debugger shows it: its CSRs, and what each entry is for.

Privileged specification, "Physical Memory Protection CSRs".
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from amaranth.hdl import Shape

from hdl.arch import PA_BITS, PMPADDRS, PMPCFGS
from hdl.memory.pmp import GRAIN_BITS, PmpEntry, PmpMatch

__all__ = ["ProtectionCsr", "protection_csrs"]

#: Entries whose configuration is in one register, a byte each.
_BYTES = 8


class ProtectionCsr(NamedTuple):
    """A register, its address and its value; `words` say which entries are on, or where one is."""

    name: str
    csr: int
    value: int
    words: str


def protection_csrs(bits: int, count: int) -> tuple[ProtectionCsr, ...]:
    """The registers of `count` entries, whose fields are `bits` (`hdl.memory.pmp.pmp_layout`)."""
    width = Shape.cast(PmpEntry).width
    mask = (1 << width) - 1
    entries = [PmpEntry.from_bits(bits >> width * number & mask) for number in range(count)]
    return (*_configurations(entries), *_addresses(entries))


def _configurations(entries: Sequence[PmpEntry]) -> Iterator[ProtectionCsr]:
    for first, csr in zip(range(0, len(entries), _BYTES), PMPCFGS, strict=False):
        numbers = range(first, min(first + _BYTES, len(entries)))
        value = sum(_byte(entries[number]) << 8 * (number - first) for number in numbers)
        words = [f"{n} {_in_words(entries[n])}" for n in numbers if _is_on(entries[n])]
        yield ProtectionCsr(f"pmpcfg{csr - PMPCFGS[0]}", csr, value, ", ".join(words))


def _addresses(entries: Sequence[PmpEntry]) -> Iterator[ProtectionCsr]:
    below = 0
    for number, entry in enumerate(entries):
        words = "{:#x} to {:#x}".format(*_region(entry, below)) if _is_on(entry) else ""
        yield ProtectionCsr(f"pmpaddr{number}", PMPADDRS[number], entry.address, words)
        below = entry.address


def _is_on(entry: PmpEntry) -> bool:
    return PmpMatch(entry.match) is not PmpMatch.OFF


def _byte(entry: PmpEntry) -> int:
    byte: int = entry.r | entry.w << 1 | entry.x << 2 | entry.match.value << 3 | entry.locked << 7
    return byte


def _in_words(entry: PmpEntry) -> str:
    rights = "".join(name.upper() if getattr(entry, name) else "-" for name in "rwx")
    return f"{entry.match.name} {rights}{' locked' if entry.locked else ''}"


def _region(entry: PmpEntry, below: int) -> tuple[int, int]:
    """Where it begins, and the address behind it; `below` is the address of the entry before."""
    address: int = entry.address
    first, behind = address, address + 1
    if entry.match is PmpMatch.TOR:
        first, behind = below, address
    elif entry.match is PmpMatch.NAPOT:
        ignored = address ^ (address + 1)
        first, behind = address & ~ignored, (address | ignored) + 1
    return first << GRAIN_BITS, min(behind << GRAIN_BITS, 1 << PA_BITS)
