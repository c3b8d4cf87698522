"""The page that shows two runs beside each other."""

from pathlib import Path
from typing import Any

from sim.output.text_output import TextOutput
from sim.report import html
from sim.report.blocks import Blocks, Words
from sim.report.comparison import Measure, measures, names_of, pairs, phases, settings
from sim.report.faults import BASE, COLUMNS, Told, fault_row, vocabulary
from sim.report.runs import Run

__all__ = ["write_comparison"]

_PAIRS = ("first", "second")
_FAULTS = ("first_faults", "second_faults")
_SCRIPTS = ("charts.js", "phases.js", "table.js", "over_time.js", "compare.js")


def write_comparison(path: Path, first: Run, second: Run) -> None:
    """Writes the page. Raises OSError, with the file's name."""
    output = TextOutput(path)
    names = names_of(first, second)
    output.write(html.begin("compare.html", " and ".join(names)))
    words = Words(output.write)
    tables = {
        name: Blocks(name, COLUMNS, output.write, BASE)
        for name in ("first_faults", "second_faults")
    }
    for blocks, run in zip(tables.values(), (first, second), strict=True):
        for fault in run.faults:
            blocks.add(fault_row(fault, Told(), words))
    tables["pairs"] = Blocks("pairs", _PAIRS, output.write)
    for pair in pairs(first, second):
        tables["pairs"].add(pair)
    for blocks in tables.values():
        blocks.flush()
    words.flush()
    layout = {name: {"columns": each.columns, "base": each.base} for name, each in tables.items()}
    comparison = {
        "names": names,
        "runs": [first.facts, second.facts],
        "settings": [each._asdict() for each in settings(first, second)],
        "measures": [_measure(each) for each in measures(first, second)],
        "phases": [_measure(each) for each in phases(first, second)],
    }
    output.write(html.facts("layout", {"tables": layout, **vocabulary()}))
    output.write(html.facts("comparison", comparison))
    output.write(html.end(_SCRIPTS))
    failure = output.close()
    if failure is not None:
        raise failure


def _measure(each: Measure) -> dict[str, Any]:
    return each._asdict() | {"difference": each.difference, "share": each.share}
