"""`python -m sim.bench`, which is `make bench`."""

import json
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from sim.bench import mmubench, speed
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
    table = Table(title="Speed of the simulation", title_justify="left")
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    table.add_column(no_wrap=True)
    for measure in speed.MEASURES:
        table.add_row(measure.title, _figure(results[measure.key], measure.unit), measure.unit)
    native, verilated = results["native_hz"], results["verilator_hz"]
    if native and verilated:
        ratio = native / verilated
        table.add_row("native engine against Verilator", f"{ratio:.2f}", "times")
    Console(highlight=False, width=None if sys.stdout.isatty() else 200).print(table)


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
    help="Where the speeds are written.",
)
def main(rounds: int, json_path: Path) -> None:
    """Measure the hart in cycles with mmubench, and how fast the engines simulate it."""
    try:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        _say("mmubench")
        result = mmubench.run_mmubench(MachineConfig())
        mmubench.print_result(result)
        results = speed.take(speed.Bench(), rounds, _say)
        _print_speeds(results)
        content = {key: _rounded(value) for key, value in results.items()}
        json_path.write_text(json.dumps(content, indent=2) + "\n")
    except (BenchError, EngineError, ToolchainError, OSError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
