"""The command `compare`: two results of runs, or a program under several paging policies."""

import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from sim.cli.checks import check_files
from sim.cli.file_types import InputFile, OutputFile
from sim.cli.filling import config_of
from sim.cli.parameters import KERNEL, LIMIT, MACHINE, POLICY, PROTECTION, with_options
from sim.cli.policy_types import PolicyNames
from sim.config import RunConfig
from sim.host.interrupts import leaving_at_once

__all__ = ["compare"]


@click.command(short_help="Compare two results of --json, or paging policies.")
@click.option(
    "--report",
    type=OutputFile(),
    metavar="FILE",
    help="Write one page of HTML, too; of two results with every page fault of both.",
)
@click.option(
    "--policy",
    "policies",
    type=PolicyNames(),
    metavar="NAME,NAME...",
    help="Run PROGRAM under each of these paging policies, and compare what they cost.",
)
@click.option(
    "--json",
    "json_path",
    type=OutputFile(),
    metavar="FILE",
    help="Write what --policy has measured as JSON, too.",
)
@with_options(MACHINE, PROTECTION, LIMIT, [option for option in KERNEL if option is not POLICY])
@click.argument("what", nargs=-1, metavar="A.json B.json | PROGRAM [ARGS]...")
def compare(
    what: tuple[str, ...],
    report: Path | None,
    policies: tuple[str, ...] | None,
    json_path: Path | None,
    max_cycles: int | None,
    **options: Any,
) -> None:
    """Compare two runs by what run --json has written of them, or paging policies by a program.

    Of two runs: what was set otherwise; cycles, page faults, pages and frames; and the phases of
    the average page fault. All other options are for --policy. The program's output is not shown,
    and it reads nothing. Its arguments that begin with - stand behind --.
    """
    if policies is None:
        _without_policies(click.get_current_context())
        if len(what) != 2:
            raise click.UsageError(
                "compare needs two results of --json, or --policy NAME,NAME... and a PROGRAM"
            )
        words = [] if report is None else ["--report", str(report)]
        with compare_results.make_context("compare", [*words, "--", *what]) as results:
            compare_results.invoke(results)
        return
    if not what:
        raise click.UsageError("--policy needs a PROGRAM")
    program, *arguments = what
    check_files(program)
    config = config_of(RunConfig, options)
    with leaving_at_once():
        from sim.cli.policies import compare_policies

    compare_policies(
        config,
        policies,
        program,
        arguments,
        sys.stdout,
        max_cycles=max_cycles,
        report=report,
        json_path=json_path,
    )


def _without_policies(context: click.Context) -> None:
    """Raises UsageError for an option of runs where none is made."""
    for param in context.command.params:
        given = context.get_parameter_source(str(param.name)) is not ParameterSource.DEFAULT
        if given and param.name not in ("what", "report"):
            raise click.UsageError(f"{param.opts[0]} needs --policy")


@click.command("compare")
@click.option("--report", type=OutputFile())
@click.argument("first", type=InputFile(), metavar="A.json")
@click.argument("second", type=InputFile(), metavar="B.json")
def compare_results(first: Path, second: Path, report: Path | None) -> None:
    """What `compare` does without --policy."""
    check_files()
    with leaving_at_once():
        from sim.cli.compare import compare_runs

    compare_runs(first, second, report, sys.stdout)
