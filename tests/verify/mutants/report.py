"""The table of a campaign, and the survivors that are listed with a reason."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.verify.mutants.campaign import Result
from tests.verify.mutants.mutate import Mutant
from tests.verify.mutants.tree import PROJECT

__all__ = ["REASONS", "percentage", "read_reasons", "table"]

#: Where survivors are listed, each as "- `name`" with an indented reason below.
REASONS = PROJECT / "docs" / "mutants.md"


def read_reasons(path: Path = REASONS) -> dict[str, str]:
    """The reasons in `path` by the name of their mutant; ValueError says what is wrong there."""
    reasons, name = {}, None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if item := re.fullmatch(r"- `(.+)`", line):
            name = item[1]
            if name in reasons:
                raise ValueError(f"{path.name}:{number}: a second time: {name}")
            reasons[name] = ""
        elif name and line.startswith("  "):
            reasons[name] = f"{reasons[name]} {line.strip()}".strip()
        else:
            name = None
    if lacking := [name for name, reason in reasons.items() if not reason]:
        raise ValueError(f"{path.name}: no reason: {lacking[0]}")
    return reasons


def percentage(counts: Counter) -> float:
    """Killed ones of those that are not proven equivalent."""
    alive = counts["killed"] + counts["survived"]
    return 100 * counts["killed"] / alive if alive else 100.0


def table(results: Iterable[tuple[Mutant, Result]]) -> str:
    """A line for each file and one for all, as Markdown."""
    by_file, total = {}, Counter()
    for mutant, result in results:
        by_file.setdefault(mutant.file, Counter())[result.status] += 1
        total[result.status] += 1
    lines = [
        "| file | mutants | killed | proven equivalent | survived | killed of those not proven |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for file, counts in [*by_file.items(), ("all", total)]:
        lines.append(
            f"| {file} | {counts.total():,} | {counts['killed']:,} | {counts['equivalent']} "
            f"| {counts['survived']} | {percentage(counts):.1f} % |"
        )
    return "\n".join(lines)
