"""`python -m sim.bench`, which is `make bench`."""

import json
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from sim.bench import goals, ipc, mmubench, speed
from sim.bench.runs import BenchError
from sim.config import MachineConfig
from sim.engines.base import EngineError
from sim.host.toolchain import ToolchainError

__all__ = ["main"]


def _say(message: str) -> None:
    click.echo(f"bench: {message}", err=True)


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if unit == "s" else f"{value:,.0f}"


def _print_speeds(results: dict[str, float | None]) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
    console.print(_programs(results))
    table = Table(title="Speed of the simulation", title_justify="left")
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    table.add_column(no_wrap=True)
    of_programs = {key for each in speed.PROGRAMS for key in (each.native, each.verilator)}
    for measure in speed.MEASURES:
        if measure.key not in of_programs:
            table.add_row(measure.title, _figure(results[measure.key], measure.unit), measure.unit)
    console.print(table)
    console.print(goals.as_table(results))


def _programs(results: dict[str, float | None]) -> Table:
    """Cycles a second of each program, and how many times as fast as Verilator that is."""
    table = Table(title="Cycles a second", title_justify="left")
    for name in ("program", "what it does"):
        table.add_column(name, no_wrap=True)
    for name in ("native engine", "Verilator", "times"):
        table.add_column(name, no_wrap=True, justify="right")
    for program in speed.PROGRAMS:
        native, other = results[program.native], results[program.verilator]
        ratio = f"{native / other:.2f}" if native and other else "-"
        speeds = (_figure(native, "cycles/s"), _figure(other, "cycles/s"))
        table.add_row(program.source, program.title, *speeds, ratio)
    return table


def _rounded(value: float | None) -> float | int | None:
    if value is None:
        return None
    return round(value, 3) if value < 1000 else round(value)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="How often each speed is measured; the best counts.",
)
@click.option(
    "--json",
    "json_path",
    type=Path,
    default=Path("build/bench.json"),
    show_default=True,
    metavar="FILE",
    help="Where the figures are written, but for those of mmubench.",
)
def main(rounds: int, json_path: Path) -> None:
    """Measure the hart in cycles, and how fast the engines simulate it."""
    try:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        _say("mmubench")
        result = mmubench.run_mmubench(MachineConfig())
        mmubench.print_result(result)
        _say("instructions per cycle")
        outcomes = ipc.run_all()
        ipc.print_outcomes(outcomes)
        results = speed.take(speed.Bench(), rounds, _say)
        _print_speeds(results)
        content: dict[str, Any] = {key: _rounded(value) for key, value in results.items()}
        content["ipc"] = ipc.as_json(outcomes)
        json_path.write_text(json.dumps(content, indent=2) + "\n")
    except (BenchError, EngineError, ToolchainError, OSError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
