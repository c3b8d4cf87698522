"""The page that shows what paging policies cost a program."""

from collections.abc import Sequence
from pathlib import Path

from sim.output.text_output import TextOutput
from sim.report import html
from sim.report.policies import GROUPS, Trial, parts, verdict

__all__ = ["write_policies"]


def write_policies(path: Path, program: str, trials: Sequence[Trial]) -> None:
    """Writes the page. Raises OSError, with the file's name."""
    cycles = [("cycles", [each.cycles for each in trials])]
    groups = {
        group: [
            *(cycles if group == "cycles" else []),
            *((name, [each.measures[group][name] for each in trials]) for name in names),
        ]
        for group in GROUPS
        if (names := parts(trials, group))
    }
    output = TextOutput(path)
    title = f"{program} under {len(trials)} policies"
    policies = [each.policy for each in trials]
    output.write(
        html.begin("policies.html", title, policies=policies, groups=groups, said=verdict(trials))
    )
    output.write(html.end(()))
    failure = output.close()
    if failure is not None:
        raise failure
