"""What `compare --policy` does: a program under several paging policies, side by side."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from sim.cli.driving import say
from sim.config import RunConfig
from sim.host.output_files import not_whole
from sim.host.tables import Column, print_table
from sim.host.terminals import visible
from sim.output.text_output import TextOutput
from sim.report.policies import GROUPS, Trial, measure, parts, verdict

__all__ = ["compare_policies"]


def compare_policies(
    config: RunConfig,
    policies: Sequence[str],
    program: str,
    arguments: Sequence[str],
    file: TextIO,
    *,
    max_cycles: int | None = None,
    report: Path | None = None,
    json_path: Path | None = None,
) -> None:
    """Prints what each policy costs, to `file`, and writes a page of it, and the same as JSON.

    Raises what `sim.api.start` raises, and OSError; it is printed even if there is no room for a
    file.
    """
    told = sys.stderr.isatty()
    trials = measure(
        config,
        policies,
        program,
        arguments,
        max_cycles,
        lambda policy: say(f"running under {policy}") if told else None,
    )
    failures = []
    if report is not None:
        failures.append(("--report", _write(report, program, trials)))
    if json_path is not None:
        failures.append(("--json", _write_json(json_path, program, arguments, trials)))
    columns = [Column("", left=True), *(Column(visible(each.policy)) for each in trials)]
    rows = [("cycles", *(f"{each.cycles:,}" for each in trials))]
    rows += [row for group in GROUPS for row in _rows(trials, group)]
    print_table(f"{visible(program)} under {len(trials)} policies", columns, rows, file)
    for sentence in verdict(trials):
        print(visible(sentence), file=file)
    for option, failure in failures:
        if failure is not None:
            raise OSError(not_whole(option, failure))


def _write(report: Path, program: str, trials: Sequence[Trial]) -> OSError | None:
    """Writes the page; returns what has gone wrong."""
    # Not at the top: a table alone needs nothing of what makes pages.
    from sim.report.policies_page import write_policies

    try:
        write_policies(report, program, trials)
    except OSError as error:
        return error
    return None


def _write_json(
    path: Path, program: str, arguments: Sequence[str], trials: Sequence[Trial]
) -> OSError | None:
    """Writes all that was measured; returns what has gone wrong."""
    facts = {
        "program": program,
        "arguments": list(arguments),
        "trials": [{**asdict(each), "output": each.output.decode("latin-1")} for each in trials],
        "verdict": verdict(trials),
    }
    try:
        output = TextOutput(path)
    except OSError as error:
        return error
    output.write(json.dumps(facts, indent=2) + "\n")
    return output.close()


def _rows(trials: Sequence[Trial], group: str) -> list[tuple[str, ...]]:
    names = parts(trials, group)
    rows = [
        (f"  {name}", *(_number(each.measures[group][name]) for each in trials)) for name in names
    ]
    return rows if group == "cycles" or not rows else [(group, *[""] * len(trials)), *rows]


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"
