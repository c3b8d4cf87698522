"""What the command `sweep` does, from the file to the table."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from sim.cli.driving import say
from sim.engines.recipe import trusts_sources
from sim.host.interrupts import interruptible
from sim.host.progress import announced
from sim.host.tables import Column, Gap, print_table
from sim.host.terminals import visible
from sim.spread.cluster import connected
from sim.spread.engine import Alone, Engine
from sim.sweep.ledger import Ledger
from sim.sweep.page import write_page
from sim.sweep.spec import Spec, read_spec
from sim.sweep.sweep import Plan, complete, find_programs, plan
from sim.sweep.table import write_csv, write_parquet

__all__ = ["run_sweep"]

#: Failures that are shown.
_SHOWN = 10


def run_sweep(
    path: Path,
    folder: Path,
    *,
    scheduler: str | None,
    workers: int | None,
    fresh: bool,
    retry: bool,
    dry_run: bool,
    file: TextIO,
) -> int:
    """Runs what is not done of the sweep in `path`; returns the exit status.

    Raises SpecError, LedgerError, SpreadError, and what is raised if a program is not there.
    """
    spec = read_spec(path)
    programs = find_programs(spec)
    with _ledger(folder, anew=fresh, only_read=dry_run) as ledger:
        planned = plan(spec, programs, ledger, retry=retry)
        _say_plan(planned, file)
        if dry_run:
            return 0

        @contextmanager
        def open_engine(count: int) -> Iterator[Engine]:
            most = min(workers or _cores(), count)
            if scheduler is None and most == 1:
                yield Alone()
                return
            with connected(scheduler, most) as cluster:
                yield cluster

        total = len(planned.todo)
        with interruptible(), announced("sweeping") as show:

            def progress(done: int, failed: int) -> None:
                show(f", {done:,} of {_points(total)}" + (f", {failed:,} failed" if failed else ""))

            complete(planned, ledger, open_engine, trusted=trusts_sources(), progress=progress)
        return _finish(spec, folder, planned.rows(ledger), file)


@contextmanager
def _ledger(folder: Path, *, anew: bool, only_read: bool) -> Iterator[Ledger]:
    """What is done of the sweep, of which nothing is if it is to be done anew."""
    path = folder / "points.jsonl"
    with tempfile.TemporaryDirectory() as empty:
        if only_read and (anew or not path.exists()):
            path = Path(empty) / path.name
        else:
            folder.mkdir(parents=True, exist_ok=True)
        with Ledger.opened(path) as ledger:
            if anew:
                ledger.forget()
            yield ledger


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _points(count: int) -> str:
    return f"{count:,} point{'s' * (count != 1)}"


def _say_plan(planned: Plan, file: TextIO) -> None:
    points, harts = len(planned.points), planned.harts
    kinds = f"{harts:,} hart{'s' * (harts > 1)}"
    print(f"{_points(points)} on {kinds}, {points - len(planned.todo):,} done before", file=file)


def _finish(spec: Spec, folder: Path, rows: Sequence[dict[str, Any]], file: TextIO) -> int:
    """Writes the table in all its forms, and says what has failed."""
    names = ["table.csv", "table.parquet", "report.html"]
    write_csv(folder / names[0], rows)
    try:
        write_parquet(folder / names[1], rows)
    except ImportError:
        del names[1]
        say("no table.parquet, which needs pyarrow: pip install 'trapline[sweep]'")
    write_page(folder / names[-1], spec, rows)
    failed = [row for row in rows if row["error"]]
    if failed:
        texts = ("program", "arguments", "error")
        columns = [Column("point"), *(Column(name, left=True) for name in texts)]
        shown = [
            tuple(visible(str(row[name])) for name in ("point", *texts)) for row in failed[:_SHOWN]
        ]
        more = [Gap(len(failed) - _SHOWN)] if len(failed) > _SHOWN else []
        print_table("Failed", columns, [*shown, *more], file)
    where = ", ".join(str(folder / name) for name in names)
    print(f"{_points(len(rows))}, {len(failed):,} failed: {visible(where)}", file=file)
    return 1 if failed else 0
