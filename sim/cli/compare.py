"""What the command `compare` does: two results of runs, side by side."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from sim.host.output_files import not_whole
from sim.host.tables import Column, print_table
from sim.host.terminals import visible
from sim.report.comparison import Measure, Setting, measures, names_of, pairs, phases, settings
from sim.report.runs import Run, read_run

__all__ = ["compare_runs"]


def compare_runs(first: Path, second: Path, report: Path | None, file: TextIO) -> None:
    """Prints what differs, to `file`, and writes a page of it. Raises RunFileError or OSError.

    It is printed even if there is no room for the page.
    """
    runs = read_run(first), read_run(second)
    failure = None if report is None else _write(report, *runs)
    names = tuple(map(visible, names_of(*runs)))
    _print_settings(settings(*runs), names, file)
    _print_measures("Runs", measures(*runs), names, file)
    averages = phases(*runs)
    if averages:
        _print_measures("Average page fault, from the look-up to the retry", averages, names, file)
    _print_pairs(*runs, names, file)
    if failure is not None:
        raise OSError(not_whole("--report", failure))


def _write(report: Path, first: Run, second: Run) -> OSError | None:
    """Writes the page; returns what has gone wrong."""
    # Not at the top: a comparison without a page needs nothing of what makes one.
    from sim.report.comparison_page import write_comparison

    try:
        write_comparison(report, first, second)
    except OSError as error:
        return error
    return None


def _print_settings(found: Sequence[Setting], names: Sequence[str], file: TextIO) -> None:
    if not found:
        print("both were set alike", file=file)
        return
    columns = [Column("", left=True), *map(Column, names)]
    rows = [
        (visible(each.name).replace("_", " "), *map(_text, (each.first, each.second)))
        for each in found
    ]
    print_table("Settings that differ", columns, rows, file)


def _text(value: object) -> str:
    return "-" if value is None else visible(str(value))


def _print_measures(
    title: str, found: Sequence[Measure], names: Sequence[str], file: TextIO
) -> None:
    columns = [
        Column("", left=True),
        *map(Column, names),
        Column("difference"),
        Column("share", spare=1),
    ]
    print_table(title, columns, list(map(_row, found)), file)


def _row(each: Measure) -> tuple[str, ...]:
    difference = _number(each.difference, signed=True)
    share = _unless_zero(each.share, "+.1%") if difference else ""
    return visible(each.name), _number(each.first), _number(each.second), difference, share


def _number(value: float | None, *, signed: bool = False) -> str:
    """A number as other tables print it; no difference is nothing to be read."""
    if value is None:
        return "-"
    kind = ",d" if isinstance(value, int) else ",.1f"
    return _unless_zero(value, f"+{kind}") if signed else format(value, kind)


def _unless_zero(value: float | None, kind: str) -> str:
    shown = "" if value is None else format(value, kind)
    return shown if re.search("[1-9]", shown) else ""


def _print_pairs(first: Run, second: Run, names: Sequence[str], file: TextIO) -> None:
    found = pairs(first, second)
    both = sum(None not in pair for pair in found)
    only = [sum(pair[1 - side] is None for pair in found) for side in (0, 1)]
    rest = ", ".join(f"{count:,} in {name} only" for count, name in zip(only, names, strict=True))
    print(f"page faults of the same page: {both:,} in both, {rest}", file=file)
