"""The table of a campaign, and the list of mutants that are equivalent for a reason."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.mutants.campaign import Result
from tests.mutants.mutate import Mutant

__all__ = ["REASONS", "judge", "percentage", "read_reasons", "table"]

#: Equivalent mutants by name, each followed by a reason, indented.
REASONS = Path(__file__).parent / "equivalent.txt"


def read_reasons(path: Path = REASONS) -> dict[str, str]:
    """The reasons in `path` by the name of their mutant."""
    reasons, name = {}, None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(" "):
            if name is None:
                raise ValueError(f"{path.name}:{number}: a reason without a mutant")
            reasons[name] = f"{reasons[name]} {line.strip()}".strip()
        else:
            name = line.strip()
            if name in reasons:
                raise ValueError(f"{path.name}:{number}: a second time: {name}")
            reasons[name] = ""
    if lacking := [name for name, reason in reasons.items() if not reason]:
        raise ValueError(f"{path.name}: no reason: {lacking[0]}")
    return reasons


def judge(mutant: Mutant, result: Result, reasons: dict[str, str]) -> Result:
    """`result`, or that the mutant is equivalent if nobody killed it and there is a reason."""
    if result.status == "survived" and mutant.name in reasons:
        return Result("equivalent", reasons[mutant.name], result.seconds)
    return result


def percentage(counts: Counter) -> float:
    """Killed ones of those that are not equivalent."""
    alive = counts["killed"] + counts["survived"]
    return 100 * counts["killed"] / alive if alive else 100.0


def table(judged: Iterable[tuple[Mutant, Result]]) -> str:
    """A line for each file and one for all, as Markdown."""
    by_file, total = {}, Counter()
    for mutant, result in judged:
        by_file.setdefault(mutant.file, Counter())[result.status] += 1
        total[result.status] += 1
    lines = [
        "| file | mutants | killed | survived | equivalent | killed of the others |",
        "|---|---|---|---|---|---|",
    ]
    for file, counts in [*by_file.items(), ("all", total)]:
        lines.append(
            f"| {file} | {counts.total()} | {counts['killed']} | {counts['survived']} "
            f"| {counts['equivalent']} | {percentage(counts):.1f} % |"
        )
    return "\n".join(lines)
