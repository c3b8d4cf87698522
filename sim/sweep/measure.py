"""One point of a sweep: its program is run, and what came of it is a row."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.config import RunConfig
from sim.engines.recipe import trust_sources
from sim.guests.kernel_setup import read_files
from sim.guests.program import Program
from sim.output.injections import told
from sim.platform.devices.captured import Captured
from sim.report.policies import Trial, try_out
from sim.result import Result
from sim.session import KernelSession
from sim.spread.engine import reason
from sim.sweep.designs import KIND, build, install
from sim.sweep.spec import Point

__all__ = ["Row", "Runs", "config_of"]

#: What came of a point, by column; `error` is why there is nothing more, or "".
Row = dict[str, Any]


def config_of(point: Point) -> RunConfig:
    """The configuration of a point. Raises ConfigError."""
    return RunConfig(**{"counters": True, **point.parameters})


@dataclass(frozen=True)
class Runs:
    """The runs of a sweep, as `Work` that can be done anywhere.

    Members
    -------
    programs : mapping of str to Program
        Each by its name in the points.
    trusted : bool
        Processes run nothing but Trapline; see `trust_sources`.
    """

    programs: Mapping[str, Program]
    trusted: bool = False

    def kind(self, task: Point) -> tuple[tuple[str, Any], ...]:
        """What a point's hart, and all that is compiled for it, follows from."""
        kind = {name: task.parameters[name] for name in KIND if name in task.parameters}
        return tuple({**kind, "traced": bool(task.parameters.get("check"))}.items())

    def prepare(self, kind: tuple[tuple[str, Any], ...]) -> dict[str, bytes]:
        """The files that hart is kept in. Raises ConfigError, EngineError or OSError."""
        if self.trusted:
            trust_sources()
        return build(RunConfig(**{"counters": True, **dict(kind)}))

    def do(self, task: Point, made: dict[str, bytes]) -> Row:
        """The row of a point; a failure is one, too."""
        try:
            if self.trusted:
                trust_sources()
            install(made)
            return run_point(task, self.programs[task.program])
        except Exception as error:
            return {"error": reason(error)}


def run_point(point: Point, program: Program) -> Row:
    """Runs a point's program; it reads nothing. Raises whatever may go wrong."""
    config = config_of(point)
    argv = [program.name, *point.arguments]
    console, disk = Captured(b""), read_files(config)
    with (
        program.blamed(),
        KernelSession.of_program(config, program.elf, argv, console, disk) as session,
    ):
        trial = try_out(session, config.policy, point.max_cycles)
        result, panic = session.result(), session.kernel.panicked
    error = f"panic: {panic}" if panic else trial.unfinished
    return {"error": error, **_measured(result, trial)}


def _measured(result: Result, trial: Trial) -> Row:
    row: Row = {
        "end": result.end.value,
        "exit_status": result.exit_status,
        "output_sha256": hashlib.sha256(trial.output).hexdigest()[:16],
        "cycles": result.cycles,
        "instructions": result.instructions,
        "boot_cycles": result.boot_cycles,
        "idle_cycles": result.idle_cycles,
        "pages_promised": result.pages_promised,
        "heap_frames_used": result.heap_frames_used,
        "area_pages_promised": result.area_pages_promised,
        "area_frames_used": result.area_frames_used,
    }
    if result.injected:
        row["injected"] = " | ".join(map(told, result.injected))
    for group, measures in trial.measures.items():
        for name, value in measures.items():
            row[re.sub(r"\W+", "_", f"{group} {name}")] = value
    return row
