"""Instructions per cycle: programs of several kinds, and what they lose cycles to."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sim.bench.losses import CAUSES, Losses
from sim.bench.runs import BenchError, bare_run
from sim.bench.tables import markdown, put
from sim.config import MachineConfig
from sim.host.programs import build_bare, programs_directory

__all__ = [
    *("PROGRAMS", "TABLE", "Outcome"),
    *("as_json", "print_outcomes", "run_all", "run_one", "source_of", "write_docs"),
]

#: The programs of `programs/bench/ipc`, and turns that take 200,000 to 300,000 cycles or so.
PROGRAMS = {"list": 6, "matrix": 2, "states": 6, "strings": 4, "calls": 12}
#: Name of the table in `docs/performance.md`.
TABLE = "ipc"
_HEADINGS = ("program", "cycles", "instructions", "IPC", *(f"{cause}, %" for cause in CAUSES))


@dataclass(frozen=True)
class Outcome:
    """What a program took: all its cycles are instructions or `lost` to one of `CAUSES`."""

    name: str
    cycles: int
    instructions: int
    lost: dict[str, int]

    @property
    def ipc(self) -> float:
        """Instructions per cycle."""
        return self.instructions / self.cycles

    @property
    def row(self) -> list[str]:
        """Its row of the table; losses are shares of all cycles."""
        shares = (f"{100 * self.lost[cause] / self.cycles:.1f}" for cause in CAUSES)
        return [self.name, f"{self.cycles:,}", f"{self.instructions:,}", f"{self.ipc:.3f}", *shares]


def source_of(name: str) -> Path:
    """The file of one of PROGRAMS."""
    return programs_directory() / "bench" / "ipc" / f"{name}.c"


def run_one(source: Path, turns: int) -> Outcome:
    """Runs a program on the native engine and looks at each cycle; some 30,000 of them a second.

    Raises `BenchError` if its checksum is not what it should be, or cycles do not add up.
    """
    config = MachineConfig(engine="native", fast_forward=False, traced=True)
    run, losses = bare_run(build_bare(source, {"TURNS": turns}), config), Losses()
    run.name = source.name
    run.session.watchers.append(losses)
    engine = run.start().machine.engine
    engine.close()
    lost = {cause: losses.lost[cause] for cause in CAUSES}
    outcome = Outcome(source.stem, engine.cycle, engine.log.instructions, lost)
    if outcome.instructions + sum(lost.values()) != outcome.cycles:
        raise BenchError(f"{run.name}: cycles, instructions and losses do not add up: {outcome}")
    return outcome


def run_all() -> list[Outcome]:
    """All programs."""
    return [run_one(source_of(name), turns) for name, turns in PROGRAMS.items()]


def print_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Prints them as a table."""
    title = "Instructions per cycle, and the cycles lost, in per cent of all"
    table = Table(title=title, title_justify="left")
    for index, heading in enumerate(_HEADINGS):
        heading = heading.removesuffix(", %")
        table.add_column(heading, justify="right" if index else "left", no_wrap=True)
    for outcome in outcomes:
        table.add_row(*outcome.row)
    Console(highlight=False, width=None if sys.stdout.isatty() else 200).print(table)


def as_json(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """By program: cycles, instructions, IPC, and the cycles lost by cause."""
    return {
        each.name: {
            "cycles": each.cycles,
            "instructions": each.instructions,
            "ipc": round(each.ipc, 4),
            "lost": each.lost,
        }
        for each in outcomes
    }


def write_docs(outcomes: Iterable[Outcome], path: Path) -> None:
    """Renews the table in the page `path`; raises `BenchError` if there is no place for it."""
    put(path, TABLE, markdown(_HEADINGS, (each.row for each in outcomes), left=1))
