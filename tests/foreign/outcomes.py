"""What became of each test of a suite, from the report that pytest writes."""

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

__all__ = ["UNREADABLE", "differences", "read_outcomes"]

#: The outcome of a file of tests that could not be imported: nobody knows what is in it.
UNREADABLE = "not imported"


def read_outcomes(report: Path) -> dict[str, str]:
    """What became of each test in a report of JUnit's form.

    That is "passed", "failed", "error" or "skipped", and UNREADABLE of a file of tests.
    """
    outcomes = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        found = [child for child in case if child.tag in ("failure", "error", "skipped")]
        kind = found[0].tag if found else "passed"
        if found and found[0].get("message") == "collection failure":
            kind = UNREADABLE
        outcomes[name] = "failed" if kind == "failure" else kind
    return outcomes


def differences(expected: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """A line for each test with another outcome, or that only one of the runs has."""
    lines = []
    for name in sorted({*expected, *found}):
        before, after = expected.get(name, "not there"), found.get(name, "not there")
        if before != after:
            lines.append(f"{name}: {before} on pysim, {after} natively")
    return lines
