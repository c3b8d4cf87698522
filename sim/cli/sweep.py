"""The command `sweep`: what it is asked for."""

import sys
from pathlib import Path

import click

from sim.cli.counts import Count
from sim.cli.file_types import InputFile
from sim.host.interrupts import leaving_at_once

__all__ = ["sweep"]


@click.command(short_help="Run programs over a grid of parameters, on all cores or many machines.")
@click.option(
    "--into",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where the results are, also those so far. [default: SPEC's name without .toml]",
)
@click.option(
    "--workers",
    type=Count(1, 1024),
    metavar="N",
    help="Processes of this machine; 1 needs no Dask. [default: one for each core]",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Let the workers of this Dask scheduler do it, such as tcp://host:8786.",
)
@click.option("--fresh", is_flag=True, help="Forget the results so far.")
@click.option("--retry", is_flag=True, help="Run again what has failed.")
@click.option("--dry-run", is_flag=True, help="Say how much is to be done, and do nothing.")
@click.argument("spec", type=InputFile(), metavar="SPEC.toml")
def sweep(
    spec: Path,
    folder: Path | None,
    workers: int | None,
    scheduler: str | None,
    fresh: bool,
    retry: bool,
    dry_run: bool,
) -> int:
    """Run programs over a grid of parameters, or a sample of it, that SPEC.toml describes.

    FOLDER gets table.csv, table.parquet and report.html, a row for each point. The same command
    goes on after an interruption: what is done is in FOLDER/points.jsonl. A point that fails is a
    row with its error; the exit status is 1 then. docs/sweeps.md tells what stands in SPEC.toml.
    """
    if scheduler is not None and workers is not None:
        raise click.UsageError("--scheduler and --workers exclude each other")
    with leaving_at_once():
        from sim.cli.sweeping import run_sweep

    return run_sweep(
        spec,
        folder or Path(spec.stem),
        scheduler=scheduler,
        workers=workers,
        fresh=fresh,
        retry=retry,
        dry_run=dry_run,
        file=sys.stdout,
    )
