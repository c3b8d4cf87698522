"""The page of a run that `--report` asks for, written as the run goes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.guests.counters import Counters
from sim.guests.fault_table import PageFault
from sim.output.counter_tables import counter_rows
from sim.output.facts import run_facts
from sim.output.text_output import TextOutput
from sim.report import html
from sim.report.blocks import Blocks, Words
from sim.report.faults import BASE, COLUMNS, fault_row, told_of, vocabulary
from sim.report.memory import FRAMES, MAP, SIZES, MemoryWatch
from sim.report.owners import OWNERS, OwnerWatch
from sim.report.tlbs import TLBS, TlbWatch
from sim.result import Result
from sim.session import KernelSession

__all__ = ["ReportPage"]

_MEMORY = ("sizes", "frames", "map")
_SCRIPTS = (
    *("charts.js", "phases.js", "walk.js", "story.js", "table.js", "faults.js", "over_time.js"),
    *("injected.js", "map.js", "memory.js", "tlbs.js", "run.js"),
)


class ReportPage:
    """Writes the page to `path`: its faults as they come, the rest at the end.

    Raises OSError if the file cannot be made; what goes wrong later, `finish` tells.

    Parameters
    ----------
    path : Path
        Where it goes.
    session : KernelSession
        What runs, made `traced`.
    """

    def __init__(self, path: Path, session: KernelSession):
        first = session.kernel.first
        assert first is not None
        self._output = output = TextOutput(path)
        self._symbols = session.symbols()
        self._words = Words(output.write)
        self._faults = Blocks("faults", COLUMNS, output.write, BASE)
        over_time = {"sizes": SIZES, "frames": FRAMES, "map": MAP, "owners": OWNERS, "tlbs": TLBS}
        self._over_time = {
            name: Blocks(name, columns, output.write) for name, columns in over_time.items()
        }
        memory = MemoryWatch(session.kernel, *(self._over_time[name] for name in _MEMORY))
        session.kernel.watchers.append(memory)
        owners = OwnerWatch(session.kernel, self._over_time["owners"], self._words)
        session.guest.watchers += [memory.rang, owners.rang]
        self._tlbs = TlbWatch(session.kernel)
        session.watchers.append(self._tlbs)
        output.write(html.begin("run.html", first.name))

    def fault(self, fault: PageFault, facts: Mapping[str, Any]) -> None:
        """Takes a fault of which nothing more will be known; `facts` as of `sim.output.facts`."""
        told = told_of(fault, self._symbols.info(fault.served.name))
        self._faults.add(fault_row(facts, told, self._words))

    def finish(self, result: Result) -> OSError | None:
        """The run is over; ends the page, and returns what has gone wrong, if anything has."""
        counters = result.counters
        for row in self._tlbs.samples:
            self._over_time["tlbs"].add(row)
        blocks = {"faults": self._faults, **self._over_time}
        for part in blocks.values():
            part.flush()
        self._words.flush()
        layout = {
            "tables": {
                name: {"columns": each.columns, "base": each.base} for name, each in blocks.items()
            },
            **vocabulary(),
        }
        facts = {
            "layout": layout,
            "run": run_facts(result),
            "counted": {} if counters is None else _counters(counters),
            "tlb": {"interval": self._tlbs.interval, "pages": self._tlbs.hot_pages()},
        }
        self._output.write("".join(html.facts(name, value) for name, value in facts.items()))
        self._output.write(html.end(_SCRIPTS))
        return self._output.close()


def _counters(counters: Counters) -> dict[str, Any]:
    """What the hart has counted in the run, and in each process, as rows of a table."""
    rows = {str(pid): counter_rows(counts) for pid, counts in counters.processes.items()}
    return {"run": counter_rows(counters.run), "processes": rows}
