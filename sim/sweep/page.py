"""The page of a sweep: its measures over its parameters, as charts that the reader chooses."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.output.text_output import TextOutput
from sim.report import html
from sim.sweep.spec import Spec

__all__ = ["write_page"]

_SCRIPTS = ("charts.js", "sweep.js")
#: Columns that are no measures though they are numbers.
_NOT_MEASURED = ("point", "max_cycles", "exit_status")


def write_page(path: Path, spec: Spec, rows: Sequence[dict[str, Any]]) -> None:
    """Writes the page. Raises OSError, with the file's name."""
    commands = [_command(row) for row in rows]
    swept = [name for name in spec.swept if len({str(row[name]) for row in rows}) > 1]
    measured = [name for name in _measures(rows) if name not in spec.axes]
    sweep = {
        "parameters": [*swept, *(["program"] if len({*commands}) > 1 else [])],
        "measures": measured,
        "columns": {
            **{name: [_parameter(row[name]) for row in rows] for name in swept},
            "program": commands,
            # What has not come to its end has not been measured.
            **{
                name: [None if row["error"] else row.get(name) for row in rows] for name in measured
            },
        },
    }
    failed = [
        (row["point"], command, row["error"])
        for row, command in zip(rows, commands, strict=True)
        if row["error"]
    ]
    output = TextOutput(path)
    title = f"{spec.path.name}: {len(rows):,} point{'s' * (len(rows) != 1)}"
    output.write(html.begin("sweep.html", title, failed=failed))
    output.write(html.facts("sweep", sweep))
    output.write(html.end(_SCRIPTS))
    failure = output.close()
    if failure is not None:
        raise failure


def _command(row: dict[str, Any]) -> str:
    return " ".join(filter(None, (row["program"], row["arguments"])))


def _parameter(value: Any) -> Any:
    """A parameter as the chart names it."""
    return "none" if value == "" else value


def _measures(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Columns of numbers that are not the same in all rows."""
    values: dict[str, set[Any]] = {}
    for row in rows:
        for name, value in row.items():
            if type(value) is int and name not in _NOT_MEASURED:
                values.setdefault(name, set()).add(value)
    return [name for name, found in values.items() if len(found) > 1]
