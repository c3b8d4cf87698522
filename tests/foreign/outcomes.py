"""What became of each test of a suite, from the report that pytest writes."""

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

__all__ = ["differences", "read_outcomes"]


def read_outcomes(report: Path) -> dict[str, str]:
    """ "passed", "failed", "error" or "skipped" of each test in a report of JUnit's form."""
    outcomes = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        found = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        kind = found[0] if found else "passed"
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
