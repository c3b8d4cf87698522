"""What the native engine is meant to reach, and how near it comes.

docs/performance.md says of each that it misses why.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.table import Table

__all__ = ["GOALS", "Goal", "as_table"]


@dataclass(frozen=True)
class Goal:
    """A figure of `make bench`, by its name there, or how many times that of `beside` it is."""

    title: str
    wanted: float
    key: str
    beside: str | None = None

    def reached(self, results: Mapping[str, float | None]) -> float | None:
        """What it is; None if that was not to be had."""
        value = results[self.key]
        if self.beside is None or value is None:
            return value
        other = results[self.beside]
        return value / other if other else None


GOALS = (
    Goal("speed.S, times Verilator", 8, "native_hz", "verilator_hz"),
    Goal("traps.c, times Verilator", 6, "native_traps_hz", "verilator_traps_hz"),
    Goal("page faults a second, kernel's work free", 20_000, "faults_per_s"),
    Goal("system calls a second, likewise", 25_000, "syscalls_per_s"),
    Goal("cycles a second into a VCD", 500_000, "native_vcd_hz"),
    Goal("the last cycles in a ring, of a run without", 0.8, "native_ring_hz", "native_hz"),
)


def as_table(results: Mapping[str, float | None]) -> Table:
    """Each goal, what was measured, and how much of it that is."""
    table = Table(title="Goals; docs/performance.md says why some are missed", title_justify="left")
    table.add_column("goal", no_wrap=True)
    for name in ("wanted", "is", "of it, %"):
        table.add_column(name, no_wrap=True, justify="right")
    for goal in GOALS:
        value = goal.reached(results)
        part = "-" if value is None else f"{100 * value / goal.wanted:.0f}"
        table.add_row(goal.title, _number(goal.wanted), _number(value), part)
    return table


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"
