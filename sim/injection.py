"""Faults that a run is given on command: what is asked for, read from words.

`kalloc:N` the Nth `kalloc` of the run finds no frame; `pte:VA:BIT@fault:N` a bit of a page-table
entry is the other way round; N or `trap:K` a fence of the trampoline is left out; `ADDR@N` the bus
refuses an access.
"""

import re
from dataclasses import dataclass

from hdl.arch import Pte

__all__ = [
    "BusError",
    "FailedKalloc",
    "FlippedBit",
    "InjectionError",
    "SkippedFences",
    "read_bus_error",
    "read_fail",
    "read_skipped",
]

#: Fences that each trap from user mode takes on its way in, and out again.
FENCES_PER_TRAP = 2
_FLAGS = {flag.name: int(flag).bit_length() - 1 for flag in Pte}
_MOST = (1 << 64) - 1
#: Separators stand before three digits, as in the other numbers of the command line.
_NUMBER = r"(0x[0-9a-fA-F]+|[0-9]{1,3}(?:[,_][0-9]{3})+|[0-9]+)"
_PTE = re.compile(rf"pte:{_NUMBER}:(\w+)@fault:{_NUMBER}")


class InjectionError(ValueError):
    """What was asked for is none of the faults there are; what it may be, without a subject."""


@dataclass(frozen=True)
class FailedKalloc:
    """The `nth` request for a frame since the first program was loaded finds none, from 1 on."""

    nth: int


@dataclass(frozen=True)
class FlippedBit:
    """Bit `bit` of the entry for `va` is flipped as soon as page fault `fault` has been served.

    It is the page table of the process that has faulted; `va` lies below 2^38.
    """

    va: int
    bit: int
    fault: int

    @property
    def name(self) -> str:
        """What the bit is called: a flag, or its number."""
        return next((name for name, bit in _FLAGS.items() if bit == self.bit), f"bit {self.bit}")


@dataclass(frozen=True)
class SkippedFences:
    """The `sfence.vma` number `first` to `last`, as the hart comes to them, are left out."""

    first: int
    last: int


@dataclass(frozen=True)
class BusError:
    """The `nth` access to the 8 bytes around physical `address`, from 1 on, answers an error."""

    address: int
    nth: int


def read_fail(text: str) -> FailedKalloc | FlippedBit:
    """The value of `--fail`. Raises InjectionError."""
    kind, _, rest = text.partition(":")
    if kind == "kalloc":
        return FailedKalloc(_count(rest, "kalloc:N needs a number N from 1 on", text))
    found = _PTE.fullmatch(text)
    if found is None:
        raise InjectionError(f"must be kalloc:N or pte:VA:BIT@fault:N, not {text!r}")
    va, name, nth = found.groups()
    bit = _FLAGS.get(name.upper(), int(name) if name.isdecimal() else 64)
    if bit >= 64:
        flags = ", ".join(_FLAGS)
        raise InjectionError(f"pte:VA:BIT needs a BIT of {flags}, or 0 to 63, not {text!r}")
    address = _number(va)
    if address >= 1 << 38:
        raise InjectionError(f"pte:VA:BIT needs a VA below 0x4000000000, not {text!r}")
    return FlippedBit(address, bit, _count(nth, "fault:N needs a number N from 1 on", text))


def read_skipped(text: str) -> SkippedFences:
    """The value of `--skip-fence`. Raises InjectionError."""
    kind, colon, rest = text.partition(":")
    wanted = "must be N or trap:K, from 1 on"
    if kind == "trap" and colon:
        first = 1 + FENCES_PER_TRAP * _count(rest, wanted, text)
        return SkippedFences(first, first + FENCES_PER_TRAP - 1)
    nth = _count(text, wanted, text)
    return SkippedFences(nth, nth)


def read_bus_error(text: str) -> BusError:
    """The value of `--bus-error`. Raises InjectionError."""
    address, at, nth = text.partition("@")
    wanted = "must be ADDRESS@N, N from 1 on"
    if not at or not re.fullmatch(_NUMBER, address) or _number(address) >= 1 << 56:
        raise InjectionError(f"{wanted}, and a physical address of 56 bits, not {text!r}")
    return BusError(_number(address), _count(nth, wanted, text))


def _count(text: str, wanted: str, whole: str) -> int:
    number = _number(text) if re.fullmatch(_NUMBER, text) else 0
    if not 0 < number <= _MOST:
        raise InjectionError(f"{wanted}, not {whole!r}")
    return number


def _number(text: str) -> int:
    digits = text.replace(",", "").replace("_", "")
    return int(digits, 16) if digits[:2] == "0x" else int(digits)
