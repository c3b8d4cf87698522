"""The page faults of a run as CSV, a row each: what JSON says of them, flat."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kernel_model.facts.costs import Step
from sim.guests.lives import BUS, OTHER_WORK, Part
from sim.output.facts import key
from sim.output.text_output import TextOutput

__all__ = ["COLUMNS", "CsvReport", "row"]

#: Members of the JSON that are columns as they are.
_PLAIN = (
    *("number", "pid", "program", "cycle", "pc", "function", "file", "line", "cause", "stval"),
    *("outcome", "why", "via", "begin", "retired_cycle", "frame", "page_tables"),
)
_PARTS = tuple(key(part.value) for part in Part)
_STEPS = tuple(key(name) for name in (*(step.name.lower() for step in Step), OTHER_WORK, BUS))
#: Those of the other work: a trap is dispatched once.
_OTHERS = tuple(step.name.lower() for step in Step if step is not Step.DISPATCH)
#: Of the entries that were read and written, by the level of their page table, the root first.
_LEVELS = (2, 1, 0)
_READ, _WRITTEN = ("cycle", "address", "value"), ("address", "before", "after")
_NOTHING: Mapping[str, Any] = {}

COLUMNS = (
    *_PLAIN,
    "ahead",
    *(f"{part}_cycles" for part in _PARTS),
    *(f"kernel_{step}_cycles" for step in _STEPS),
    *(f"other_{step}_cycles" for step in _OTHERS),
    *(f"read_{level}_{name}" for level in _LEVELS for name in _READ),
    *(f"written_{level}_{name}" for level in _LEVELS for name in _WRITTEN),
)


class CsvReport:
    """Writes CSV as of RFC 4180 to `path`, a row for each fault as of `sim.output.facts`.

    Raises OSError if the file cannot be made; what goes wrong later, `close` tells.
    """

    def __init__(self, path: Path):
        self._output = TextOutput(path)
        self._writer = csv.writer(self._output)
        self._writer.writerow(COLUMNS)
        self.close = self._output.close

    def fault(self, facts: Mapping[str, Any]) -> None:
        """Writes a fault of which nothing more will be known."""
        self._writer.writerow(row(facts))

    def save_state(self) -> Any:
        """See `sim.checkpoint.Restorable`."""
        return self._output.save_state()

    def load_state(self, state: Any) -> None:
        """The faults since then are taken out of the file."""
        self._output.load_state(state)


def row(facts: Mapping[str, Any]) -> list[Any]:
    """The cells of a fault; what it has not is None."""
    phases, steps, others = facts["phases"], facts["kernel_steps"], facts["other_steps"]
    cells = [*map(facts.get, _PLAIN), len(facts["ahead"])]
    cells += [phases.get(part, 0) for part in _PARTS]
    cells += [steps.get(step, 0) for step in _STEPS]
    cells += [others.get(step, 0) for step in _OTHERS]
    for entries, names in ((facts["walk"], _READ), (facts["pte_writes"], _WRITTEN)):
        by_level = {entry["level"]: entry for entry in entries}
        for level in _LEVELS:
            cells += map(by_level.get(level, _NOTHING).get, names)
    return cells
