"""The table of a sweep: a row for each point, with all that it follows from."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sim import __version__
from sim.config import RunConfig
from sim.host.output_files import open_output
from sim.spread.sources import digest
from sim.sweep.spec import Point

__all__ = ["columns_of", "row_of", "write_csv", "write_parquet"]

#: Of a `RunConfig`, what says nothing of a point: the same in each, or of no consequence.
_OMITTED = ("disk", "files", "engine", "traced", "counters")


def row_of(point: Point, program: str, result: dict[str, Any]) -> dict[str, Any]:
    """The whole row: what was run, `program` being the hash of its program, and what came of it."""
    config = {**RunConfig().as_json(), **point.parameters}
    return {
        "point": point.number,
        "program": point.program,
        "arguments": " ".join(point.arguments),
        **{name: _cell(value) for name, value in config.items() if name not in _OMITTED},
        "max_cycles": point.max_cycles,
        "program_sha256": program,
        "version": f"{__version__}+{digest()}",
        **result,
    }


def _cell(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else value


def columns_of(rows: Iterable[dict[str, Any]]) -> list[str]:
    """The columns of any of the rows, those of the longest first: failures have few."""
    columns: dict[str, None] = {}
    for row in sorted(rows, key=len, reverse=True):
        columns |= dict.fromkeys(row)
    return list(columns)


def write_csv(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Writes the table as CSV; what there is not is empty. Raises OSError, with the file's name."""
    with open_output(path) as file:
        writer = csv.DictWriter(file, columns_of(rows), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_parquet(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Writes the table as Parquet; what there is not is null. Raises ImportError and OSError."""
    from pyarrow import parquet, table

    content = {name: [row.get(name) for row in rows] for name in columns_of(rows)}
    parquet.write_table(table(content), path)
