"""A page fault as a row of a page: what JSON and CSV say of it, and the words of `explain`."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from hdl.arch import Pte, pte_to_pa
from kernel_model.facts.costs import Step
from sim.guests.fault_table import PageFault
from sim.guests.lives import BUS, OTHER_WORK, Part
from sim.host.debug_info import DebugInfo
from sim.output.csv_report import COLUMNS as FACTS
from sim.output.csv_report import row as facts_row
from sim.output.facts import key
from sim.output.sentences import in_words, reason_in_words, step_in_words
from sim.output.story import ending_in_words, no_walk_in_words
from sim.output.translation import conclusion
from sim.report.blocks import Words

__all__ = ["BASE", "COLUMNS", "FACTS", "WORDS", "Told", "fault_row", "told_of", "vocabulary"]

_LEVELS = (2, 1, 0)
#: What is told of a fault besides its facts. In texts `{pa}` is where an entry points to, `{frame}`
#: the new frame, `{retired}` the cycle of the retirement: so most faults share them.
_TOLD = (
    *("source", "instruction", "kernel", "reason", "no_walk", "ending"),
    *(f"read_{level}_told" for level in _LEVELS),
    *(f"written_{level}_told" for level in _LEVELS),
)
COLUMNS = (*FACTS, *_TOLD)
#: The columns whose cells are numbers of words.
WORDS = ("program", "function", "file", "outcome", "why", "via", *_TOLD)
#: Cycles follow the beginning, and what is written what was read.
BASE = {
    "begin": "cycle",
    "retired_cycle": "cycle",
    **{f"read_{level}_cycle": "begin" for level in _LEVELS},
    **{f"written_{level}_address": f"read_{level}_address" for level in _LEVELS},
    **{f"written_{level}_before": f"read_{level}_value" for level in _LEVELS},
}


class Told(NamedTuple):
    """What is said of a fault in words; None is not known."""

    source: str | None = None
    instruction: str | None = None
    kernel: str | None = None
    reason: str | None = None
    no_walk: str | None = None
    ending: str | None = None


def told_of(fault: PageFault, info: DebugInfo | None) -> Told:
    """The words for a fault; `info` tells of its program, if anything does."""
    served, lookup = fault.served, fault.life.trap.lookup
    outcome = served.outcome
    line = instruction = None
    if info is not None and served.pc is not None:
        line, instruction = info.line(served.pc), info.instruction(served.pc)
    no_walk = None
    if served.via is None and lookup is not None and not lookup.reads:
        no_walk = no_walk_in_words(lookup, served.cause)
    ending = ending_in_words(fault)
    if fault.retired_cycle is not None:
        ending = ending.replace(f"{fault.retired_cycle:,}", "{retired}")
    kernel = in_words(outcome)
    if outcome.frame:
        kernel = kernel.replace(f"{outcome.frame:#x}", "{frame}")
    return Told(
        None if line is None else line.text,
        instruction,
        kernel,
        reason_in_words(outcome),
        no_walk,
        ending,
    )


def fault_row(facts: Mapping[str, Any], told: Told, words: Words) -> list[int | None]:
    """The cells of COLUMNS for a fault, whose `facts` are those of `sim.output.facts`."""
    cells: list[Any] = [*facts_row(facts), *told, *_conclusions(facts)]
    return [words.number(cell) if isinstance(cell, str) else cell for cell in cells]


def _conclusions(facts: Mapping[str, Any]) -> Iterator[str | None]:
    """What the walker concluded, and would conclude, by level."""
    for entries, name in ((facts["walk"], "value"), (facts["pte_writes"], "after")):
        by_level = {entry["level"]: entry[name] for entry in entries}
        for level in _LEVELS:
            pte = by_level.get(level)
            if pte is None:
                yield None
            else:
                yield conclusion(pte, level).replace(f"{pte_to_pa(pte):#x}", "{pa}")


def vocabulary() -> dict[str, Any]:
    """What the page has to know of columns, parts and flags to show faults."""
    steps = [*(step.name.lower() for step in Step), OTHER_WORK, BUS]
    return {
        "words": WORDS,
        "parts": [{"key": key(part.value), "name": part.value} for part in Part],
        "steps": [{"key": key(step), "name": step_in_words(step)} for step in steps],
        "flags": "".join(bit.name or "" for bit in reversed(Pte)),
        "levels": _LEVELS,
    }
