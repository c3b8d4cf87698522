"""The page of a run that `--report` asks for, written as the run goes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.guests.fault_table import PageFault
from sim.guests.symbols import Symbols
from sim.output.facts import run_facts
from sim.output.text_output import TextOutput
from sim.report import html
from sim.report.blocks import Blocks, Words
from sim.report.faults import BASE, COLUMNS, fault_row, told_of, vocabulary
from sim.result import Result

__all__ = ["ReportPage"]

_SCRIPTS = ("charts.js", "phases.js", "walk.js", "story.js", "table.js", "run.js")


class ReportPage:
    """Writes the page to `path`: its faults as they come, the rest at the end.

    Raises OSError if the file cannot be made; what goes wrong later, `finish` tells.

    Parameters
    ----------
    path : Path
        Where it goes.
    title : str
        What has been run.
    symbols : Symbols
        What is known of the programs that run.
    """

    def __init__(self, path: Path, title: str, symbols: Symbols):
        self._output = TextOutput(path)
        self._symbols = symbols
        self._words = Words(self._output.write)
        self._faults = Blocks("faults", COLUMNS, self._output.write, BASE)
        self._output.write(html.begin("run.html", title))

    def fault(self, fault: PageFault, facts: Mapping[str, Any]) -> None:
        """Takes a fault of which nothing more will be known; `facts` as of `sim.output.facts`."""
        told = told_of(fault, self._symbols.info(fault.served.name))
        self._faults.add(fault_row(facts, told, self._words))

    def finish(self, result: Result) -> OSError | None:
        """The run is over; ends the page, and returns what has gone wrong, if anything has."""
        for part in (self._faults, self._words):
            part.flush()
        layout = {
            "tables": {"faults": {"columns": COLUMNS, "base": BASE}},
            **vocabulary(),
        }
        self._output.write(html.facts("layout", layout) + html.facts("run", run_facts(result)))
        self._output.write(html.end(_SCRIPTS))
        return self._output.close()
