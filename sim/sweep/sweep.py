"""A sweep from its file to its table: what is not done yet is done, wherever."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from sim.config import RunConfig
from sim.guests.kernel_setup import read_files
from sim.guests.program import Program, find_user_program
from sim.spread.engine import Engine, Lost
from sim.sweep.ledger import Ledger, key_of
from sim.sweep.measure import Runs
from sim.sweep.spec import Point, Spec
from sim.sweep.table import row_of

__all__ = ["Plan", "complete", "find_programs", "plan"]

#: Makes what carries so many tasks.
Opener = Callable[[int], AbstractContextManager[Engine]]


@dataclass(frozen=True)
class Plan:
    """A sweep, and how far it is.

    Members
    -------
    points : sequence of Point
        All of them.
    programs : mapping of str to Program
        Theirs.
    hashes : mapping of str to str
        Of these, 16 hexadecimal digits each.
    keys : sequence of str
        The key of each point in the ledger.
    todo : sequence of (str, Point)
        Those that are not done, with their keys; those of one hart stand together.
    """

    points: Sequence[Point]
    programs: dict[str, Program]
    hashes: dict[str, str]
    keys: Sequence[str]
    todo: Sequence[tuple[str, Point]]

    @property
    def harts(self) -> int:
        """How many kinds of harts are compiled."""
        return len({*map(Runs(self.programs).kind, self.points)})

    def rows(self, ledger: Ledger) -> list[dict[str, Any]]:
        """The table, of the points that are done, in their order."""
        return [
            row_of(point, self.hashes[point.program], ledger.rows[key])
            for key, point in zip(self.keys, self.points, strict=True)
            if key in ledger.rows
        ]


def find_programs(spec: Spec) -> dict[str, Program]:
    """The programs that a sweep runs; files are sought beside its own file first.

    Each is called by its name without folders, so that it does the same wherever that lies. Raises
    ToolchainError, HostFileError or OSError.
    """
    disk, found = read_files(RunConfig()), {}
    for name, _ in spec.commands:
        if name not in found:
            beside = spec.path.parent / name
            program = find_user_program(str(beside) if beside.is_file() else name, disk)
            found[name] = replace(program, name=Path(program.name).name, source=None)
    return found


def plan(spec: Spec, programs: dict[str, Program], ledger: Ledger, *, retry: bool = False) -> Plan:
    """What of `spec` is to be done; with `retry` also what has failed."""
    hashes = {name: sha256(each.elf).hexdigest()[:16] for name, each in programs.items()}
    points = list(spec.points())
    keys = [key_of(point, hashes[point.program]) for point in points]
    todo = [
        (key, point)
        for key, point in zip(keys, points, strict=True)
        if key not in ledger.rows or (retry and ledger.rows[key].get("error"))
    ]
    kind = Runs(programs).kind
    first = {kind(point): number for number, (_, point) in reversed([*enumerate(todo)])}
    todo.sort(key=lambda each: first[kind(each[1])])
    return Plan(points, programs, hashes, keys, todo)


def complete(
    planned: Plan,
    ledger: Ledger,
    open_engine: Opener,
    *,
    trusted: bool = False,
    progress: Callable[[int, int], object] = lambda done, failed: None,
) -> None:
    """Does what is to be done; `progress` is told of points and failures.

    Raises SpreadError and OSError; what was done until then is in the ledger.
    """
    if not planned.todo:
        return
    work, done, failed = Runs(planned.programs, trusted), 0, 0
    keys = {point.number: key for key, point in planned.todo}
    tasks = [point for _, point in planned.todo]
    kinds = list(dict.fromkeys(map(work.kind, tasks)))
    with open_engine(len(tasks)) as engine:
        for point, result in engine.results(work, tasks, kinds=kinds):
            row = {"error": result.reason} if isinstance(result, Lost) else result
            ledger.add(keys[point.number], row)
            done, failed = done + 1, failed + bool(row["error"])
            progress(done, failed)
