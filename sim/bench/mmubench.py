"""mmubench on the hart: its cases in cycles, beside other cores' figures."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from sim.bench.runs import BenchError, bare_run
from sim.bench.tables import markdown, put
from sim.config import MachineConfig
from sim.host.programs import build_bare, programs_directory

__all__ = ["TABLE", "Case", "Result", "print_result", "run_mmubench", "write_docs"]

#: Columns of a case that measures a trap.
PHASES = ("entry", "handler", "return", "total")
#: mmubench runs each case so many times, for each of its columns.
REPEATS = 4
#: Cycles within which mmubench ends on any sane hart.
MAX_CYCLES = 5_000_000
#: Name of the table in `docs/performance.md`.
TABLE = "mmubench"


@dataclass(frozen=True)
class Case:
    """One case: its two-digit number, its name, and the values of each of its columns in cycles."""

    number: str
    name: str
    columns: list[list[int]]

    @property
    def best(self) -> str:
        """The least value of each column."""
        return " / ".join(str(min(column)) for column in self.columns)

    @property
    def typical(self) -> str:
        """The median of each column."""
        return " / ".join(f"{median(column):g}" for column in self.columns)


@dataclass(frozen=True)
class Result:
    """What a run gave."""

    cycles: int
    instructions: int
    cases: list[Case]

    @property
    def summary(self) -> str:
        """The run in a line."""
        return f"{self.cycles:,} cycles, {self.instructions:,} instructions."


def run_mmubench(config: MachineConfig) -> Result:
    """Runs mmubench on a machine of `config`; raises `BenchError` if it does not end well."""
    folder = programs_directory() / "bench"
    # Without compressed instructions, as the other cores ran it: its handlers skip four bytes.
    elf = build_bare(folder / "mmubench.S", {"HTIF": 1}, script=folder / "link.ld", extensions="ma")
    run = bare_run(elf, config)
    run.name = "mmubench"
    engine, ram = run.machine.engine, run.machine.ram
    run.start(MAX_CYCLES)
    engine.close()
    first, last = run.session.image.signature(ram)
    words = [ram.read_u64(address) for address in range(first, last, 8)]
    return Result(engine.cycle, engine.log.instructions, list(_cases(words)))


def _cases(words: list[int]) -> Iterator[Case]:
    """Cuts the results into the cases that `cases.txt` names."""
    lines = (programs_directory() / "bench" / "cases.txt").read_text().splitlines()
    for line in lines:
        title, count = line.split()
        values, words = words[: int(count)], words[int(count) :]
        number, _, name = title.partition("_")
        width = len(values) // REPEATS
        yield Case(number, name.partition("[")[0], [values[i::width] for i in range(width)])
    if words:
        raise BenchError(f"mmubench has left {len(words)} results that cases.txt does not name")


def _peers() -> dict[str, list[str]]:
    """Figures of other cores by the case's number."""
    lines = (programs_directory() / "bench" / "peers.txt").read_text().splitlines()
    rows = (line.split() for line in lines if not line.startswith("#"))
    return {number: [_spread(figure) for figure in figures] for number, *figures in rows}


def _spread(figure: str) -> str:
    return figure.replace("/", " / ").replace(":", " ")


HEADINGS = ("case", "", "Trapline, median", "least", "Rocket", "CVA6")


def _rows(result: Result) -> Iterator[list[str]]:
    peers = _peers()
    for case in result.cases:
        figures = peers.get(case.number, ["", ""])
        yield [case.number, case.name, case.typical, case.best, *figures]


def print_result(result: Result) -> None:
    """Prints the cases as a table."""
    table = Table(title="mmubench, in cycles; traps: " + " / ".join(PHASES), title_justify="left")
    for index, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="left" if index < 2 else "right", no_wrap=True)
    for row in _rows(result):
        table.add_row(*row)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    console.print(table)
    console.print(result.summary)


def write_docs(result: Result, path: Path) -> None:
    """Renews the table in the page `path`; raises `BenchError` if there is no place for it."""
    put(path, TABLE, f"{markdown(HEADINGS, _rows(result), left=2)}\n{result.summary}\n")
