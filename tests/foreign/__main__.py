"""`python -m tests.foreign`: test suites of other projects, on Amaranth's own engine and natively.

Each is what PyPI has of a release, tests included. Its outcomes must be the same on both engines,
and natively once more with every design in the cache.
"""

import argparse
import sys
from pathlib import Path

from sim.host.tables import Column, print_table
from tests.foreign.outcomes import differences
from tests.foreign.projects import PROJECTS, Project
from tests.foreign.suite import NotInstalled, Run, Suite, SuiteError

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = [
    *(Column("project", left=True), Column("tests"), Column("differ"), Column("not native")),
    *(Column("pysim"), Column("unknown"), Column("known")),
]


def main(arguments: list[str]) -> int:
    """Runs the suites, prints a table and what differs; returns the status."""
    parser = argparse.ArgumentParser(prog="python -m tests.foreign", description=__doc__)
    names = [project.name for project in PROJECTS]
    parser.add_argument(
        "--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names)
    )
    parser.add_argument("--into", type=Path, default=ROOT / "build" / "foreign", metavar="FOLDER")
    parser.add_argument(
        "--if-there", action="store_true", help="leave out, with a line, what cannot be installed"
    )
    chosen = parser.parse_args(arguments)
    rows, complaints = [], []
    for project in PROJECTS:
        if project.name not in chosen.only:
            continue
        print(f"{project.name} {project.version}", file=sys.stderr, flush=True)
        try:
            row, differ = compare(project, chosen.into)
        except SuiteError as error:
            if chosen.if_there and isinstance(error, NotInstalled):
                print(
                    f"{project.name}: left out, since it cannot be installed: {error}", flush=True
                )
            else:
                complaints.append(f"{project.name}: {error}")
            continue
        rows.append(row)
        complaints += [f"{project.name}: {line}" for line in differ]
    print_table("Suites of others, seconds by engine", COLUMNS, rows, sys.stdout)
    for line in complaints:
        print(line)
    return 1 if complaints else 0


def compare(project: Project, folder: Path) -> tuple[list[str], list[str]]:
    """A row of the table, and the outcomes that differ. Raises SuiteError."""
    suite = Suite.installed(project, folder)
    cache = suite.empty_cache()
    runs = [suite.run("pysim", cache), suite.run("native", cache), suite.run("native", cache)]
    pysim, *natives = runs
    differ = [line for each in natives for line in differences(pysim.outcomes, each.outcomes)]
    return row_of(project, runs, len(differ)), differ


def row_of(project: Project, runs: list[Run], differ: int) -> list[str]:
    """What the table says of a project."""
    stayed = max(run.not_native for run in runs)
    seconds = [f"{run.seconds:.1f}" for run in runs]
    return [project.name, f"{len(runs[0].outcomes):,}", str(differ), str(stayed), *seconds]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
