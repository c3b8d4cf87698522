"""Page-table walks as text, a line each, as CSV; docs/transcripts.md describes the columns.

Both engines follow the walker by `Hart.probe`; walks.cpp writes the same, byte for byte.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hdl.arch import LEVELS, pte_to_pa
from sim.engines.hart import HartPorts

__all__ = ["ACCESSES", "HEADER", "SIDES", "VERDICTS", "WalkFollower", "walked"]

#: By the numbers of `Side`, `Access` and `Verdict` in `hdl.mmu`; some accesses there are not.
SIDES = ("fetch", "data", "update")
ACCESSES = ("fetch", "load", "store", "", "", "lr", "sc", "amo")
VERDICTS = ("found", "page_fault", "access_fault", "update", "squashed")
_LEVELS = tuple(reversed(range(LEVELS)))
_COLUMNS = (
    *("begin", "end", "side", "access", "mode", "sum", "mxr", "adue", "asid", "va", "root"),
    *(f"{name}_{level}" for level in _LEVELS for name in ("cycle", "address", "value")),
    *("written_cycle", "written", "verdict", "page", "level", "flags", "cached"),
)
#: The first line.
HEADER = ",".join(_COLUMNS) + "\n"
#: Of `hart.probe.mmu.walk`, in the order of `WalkProbe` in walks.cpp.
_WALK = (
    *("begins", "access", "priv", "sum_", "mxr", "adue", "asid", "root", "va", "ends", "verdict"),
    *("fills", "page", "caches", "writes"),
)
#: Bits of `Translation`: the page number, and the level; above them the flags, bits 7:1 of a PTE.
_PPN_BITS, _LEVEL_BITS = 44, 2


def walked(hart: HartPorts) -> list[Any]:
    """The signals that are followed, in order; none if `hart` has no probe."""
    if not hasattr(hart, "probe"):
        return []
    mmu = hart.probe.mmu
    shown = [getattr(mmu.walk, name) for name in _WALK]
    return [*shown, mmu.side, mmu.read, mmu.level, hart.data_port.request.data]


@dataclass
class _Walk:
    """A walk: its line up to the entries, and what it has read and written."""

    head: str
    reads: dict[int, str] = field(default_factory=dict)
    last: int = LEVELS
    value: int = 0
    written: str = ","
    cached: str = ""


class WalkFollower:
    """Follows the walker, cycle by cycle, for an engine in Python."""

    def __init__(self) -> None:
        self._walk: _Walk | None = None
        self._begun = 0

    def follow(
        self, cycle: int, probe: Sequence[int], address: int, word: Callable[[int], int]
    ) -> str:
        """A cycle is over, and its accesses made: that of the data port at `address`.

        `probe` are the values of what `walked` names, and `word` gives the 64-bit word of RAM at an
        address. Returns the line of the walk that has ended, or nothing.
        """
        begins, access, priv, sum_, mxr, adue, asid, root, va, ends, verdict, *others = probe
        fills, page, caches, writes, side, read, level, data = others
        if begins:
            self._begun = cycle
            key = f"{priv},{sum_},{mxr},{adue},{asid},{va:#x},{root << 12:#x}"
            self._walk = _Walk(f"{SIDES[side]},{ACCESSES[access]},{key}")
        walk = self._walk
        if walk is None:
            return ""
        if caches:
            walk.cached = hex(pte_to_pa(walk.value))
        if read:
            if level >= walk.last:  # it begins anew
                walk.reads.clear()
            walk.value, walk.last = word(address), level
            walk.reads[level] = f"{cycle},{address:#x},{walk.value:#x}"
        if writes:
            walk.written = f"{cycle},{data:#x}"
        if not ends:
            return ""
        self._walk = None
        entries = ",".join(walk.reads.get(level, ",,") for level in _LEVELS)
        ended = f"{entries},{walk.written},{VERDICTS[verdict]}"
        filled = _filled(page) if fills else ",,"
        return f"{self._begun},{cycle},{walk.head},{ended},{filled},{walk.cached}\n"


def _filled(page: int) -> str:
    """What a TLB gets: the page's address, its level, and its flags as in a PTE, with V."""
    ppn, page = page & (1 << _PPN_BITS) - 1, page >> _PPN_BITS
    level, flags = page & (1 << _LEVEL_BITS) - 1, page >> _LEVEL_BITS
    return f"{ppn << 12:#x},{level},{flags << 1 | 1:#x}"
