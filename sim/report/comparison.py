"""Two runs beside each other: what was set otherwise, and what has come of it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from hdl.arch import PAGE_SIZE
from sim.guests.lives import Part
from sim.output.facts import key
from sim.report.runs import Run

__all__ = ["Measure", "Setting", "measures", "names_of", "pairs", "phases", "settings"]


#: Settings that say how a result was got, and change nothing of it.
_ASIDE = ("traced", "fast_forward")


class Measure(NamedTuple):
    """A number of both runs; None where a run has none."""

    name: str
    first: float | None
    second: float | None

    @property
    def difference(self) -> float | None:
        """What the second has more."""
        if self.first is None or self.second is None:
            return None
        return self.second - self.first

    @property
    def share(self) -> float | None:
        """The difference as a share of the first; None if that is 0."""
        return None if self.difference is None or not self.first else self.difference / self.first


class Setting(NamedTuple):
    """A parameter, or a version, that was another one."""

    name: str
    first: Any
    second: Any


def names_of(first: Run, second: Run) -> tuple[str, str]:
    """What the runs are called: their files, without folders if that tells them apart."""
    if first.path.name != second.path.name:
        return first.path.name, second.path.name
    return str(first.path), str(second.path)


def settings(first: Run, second: Run) -> list[Setting]:
    """What differs of the configuration and of versions."""
    found = []
    for part in ("config", "versions"):
        one, other = first.facts[part], second.facts[part]
        for name in {**one, **other}:
            if one.get(name) != other.get(name) and name not in _ASIDE:
                found.append(Setting(name, one.get(name), other.get(name)))
    return found


def measures(first: Run, second: Run) -> list[Measure]:
    """The numbers of the whole runs, counters included if they have any."""
    one, other = _numbers(first), _numbers(second)
    counters = _counters(first), _counters(second)
    # Most events never happen.
    happened = {name for each in counters for name, count in each.items() if count}
    one |= {name: count for name, count in counters[0].items() if name in happened}
    other |= {name: count for name, count in counters[1].items() if name in happened}
    return [Measure(name, one.get(name), other.get(name)) for name in {**one, **other}]


def phases(first: Run, second: Run) -> list[Measure]:
    """The cycles of each part of the average fault, and of all parts; nothing without a fault.

    Of the faults that a process raised and retried, as in `sim.output.story.average`.
    """
    one, other = _average(first), _average(second)
    found = [
        Measure(part.value, one.get(key(part.value)), other.get(key(part.value)))
        for part in Part
        if key(part.value) in {**one, **other}
    ]
    if found:
        sums = (sum(each.values()) if each else None for each in (one, other))
        found.append(Measure("cycles", *sums))
    return found


def pairs(first: Run, second: Run) -> list[tuple[int | None, int | None]]:
    """The places of faults that are of the same page of the same process, the n-th there of both.

    In the order of the first run; behind them what is in the second one only.
    """
    others = {name: place for place, name in enumerate(_identities(second))}
    found: list[tuple[int | None, int | None]] = [
        (place, others.pop(name, None)) for place, name in enumerate(_identities(first))
    ]
    return found + [(None, place) for place in others.values()]


def _identities(run: Run) -> Iterator[tuple[int, int, int]]:
    counts: dict[tuple[int, int], int] = {}
    for fault in run.faults:
        page = fault["pid"], fault["stval"] // PAGE_SIZE
        counts[page] = counts.get(page, 0) + 1
        yield (*page, counts[page])


def _numbers(run: Run) -> dict[str, float]:
    facts = run.facts
    processes = facts["processes"]
    cycles = facts["cycles"]
    return {
        "cycles": cycles,
        "user mode": sum(each["user_cycles"] for each in processes),
        "kernel": sum(each["kernel_cycles"] for each in processes),
        "boot": facts["boot_cycles"],
        "idle": facts["idle_cycles"],
        "instructions": facts["instructions"],
        "page faults": len(run.faults),
        "processes killed by one": sum(each["outcome"] == "killed" for each in run.faults),
        "processes": len(processes),
        "system calls": sum(each["syscalls"] for each in processes),
        "heap pages promised": facts["pages_promised"],
        "heap frames on demand": facts["heap_frames_used"],
        "pages of areas promised": facts["area_pages_promised"],
        "frames of areas on demand": facts["area_frames_used"],
        "superpages": facts["superpages"],
        "frames used, with page tables": facts["frames_used"],
        "exit status": facts["exit_status"],
    }


def _counters(run: Run) -> dict[str, int]:
    """What the hart has counted, under names for people."""
    counters = run.facts.get("counters") or {}
    return {name.replace("_", " "): count for name, count in counters.items()}


def _average(run: Run) -> dict[str, float]:
    whole = [
        fault["phases"]
        for fault in run.faults
        if "via" not in fault and fault["retired_cycle"] is not None
    ]
    sums: dict[str, int] = {}
    for parts in whole:
        for name, cycles in parts.items():
            sums[name] = sums.get(name, 0) + cycles
    return {name: cycles / len(whole) for name, cycles in sums.items()}
