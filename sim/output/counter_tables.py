"""The tables of `--counters`: how often the hart's events have happened."""

from collections.abc import Mapping
from typing import TextIO

from sim.guests.counters import Counters
from sim.host.tables import Column, print_table
from sim.host.terminals import visible
from sim.output.report import abridged
from sim.result import Result

__all__ = ["counter_rows", "print_counters"]

_COLUMNS = (
    Column("", left=True),
    Column("fetch"),
    Column("data"),
    Column("update"),
    Column("all"),
)
_PROCESS_COLUMNS = (
    Column("pid"),
    Column("name", left=True),
    Column("fetch hits", "hits"),
    Column("misses"),
    Column("data hits", "hits"),
    Column("misses"),
    Column("PTE reads", "reads", spare=1),
    Column("stalled"),
)
#: Of the TLBs: what it is called, what the events' names have of it, and what they end with.
_SIZES = {"4k": "4 KiB", "2m": "2 MiB", "1g": "1 GiB"}
_TLB = {
    "TLB hits": ("hit", _SIZES),
    "TLB misses": ("miss", {**_SIZES, "fault": "a fault", "squashed": "squashed"}),
    "TLB evictions": ("eviction", _SIZES),
}
_TLBS, _SIDES = ("itlb", "dtlb"), ("fetch", "data", "update")
_LEVELS = (2, 1, 0)
_STALLS = [f"{side}_stall" for side in _SIDES]


def print_counters(result: Result, file: TextIO) -> None:
    """Prints what was counted in the run and, if there was more than one, in each process."""
    counters = result.counters
    if counters is None:
        return
    print_table("Counters", _COLUMNS, counter_rows(counters.run), file)
    if len(counters.processes) >= 2:
        names = {account.pid: visible(account.name) for account in result.processes}
        rows = [_process_row(pid, name, counters) for pid, name in names.items()]
        kept = list(abridged(rows, lambda row: row))
        print_table("Counters by process", _PROCESS_COLUMNS, kept, file)


def counter_rows(counts: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Of each kind of event its name, how many each side has, and all."""
    rows = []
    for title, (what, endings) in _TLB.items():
        rows.append(_row(title, [_sum(counts, f"{tlb}_{what}_") for tlb in _TLBS]))
        for ending, name in endings.items():
            found = [counts[f"{tlb}_{what}_{ending}"] for tlb in _TLBS]
            if any(found):
                rows.append(_row(f"  {name}", found))
    rows.append(_row("walks", [counts[f"{side}_walk"] for side in _SIDES]))
    rows.append(_row("walk-cache hits", [], counts["walk_cache_hit"]))
    reads = {f"PTE reads, level {level}": counts[f"pte_read_{level}"] for level in _LEVELS}
    for title, count in {**reads, "A and D updates": counts["pte_update"]}.items():
        rows.append(_row(title, [], count))
    rows.append(_row("cycles stalled", [counts[name] for name in _STALLS]))
    return rows


def _row(title: str, sides: list[int], total: int | None = None) -> tuple[str, ...]:
    """A row with what each side has, as far as there are sides, and all of them."""
    cells = [f"{count:,}" for count in sides] + ["-"] * (len(_SIDES) - len(sides))
    return (title, *cells, f"{sum(sides) if total is None else total:,}")


def _process_row(pid: int, name: str, counters: Counters) -> tuple[str, ...]:
    counts = counters.processes.get(pid, {})
    tlbs = [_sum(counts, f"{tlb}_{what}_") for tlb in _TLBS for what in ("hit", "miss")]
    found = [*tlbs, _sum(counts, "pte_read_"), sum(counts.get(stall, 0) for stall in _STALLS)]
    return (str(pid), name, *(f"{count:,}" for count in found))


def _sum(counts: Mapping[str, int], start: str) -> int:
    """Of all events whose name begins so."""
    return sum(count for name, count in counts.items() if name.startswith(start))
