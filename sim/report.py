"""What a run leaves behind: the table of faults, the summary, and both as JSON."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.table import Table

from sim.faults import Fault

__all__ = ["Report", "print_faults", "print_summary", "write_json"]

#: Room for a table, whatever the terminal's width: a cell is never cut.
_WIDTH = 200


@dataclass(frozen=True)
class Report:
    """The result of a run. Pages and frames are None without a kernel."""

    exit_status: int
    cycles: int
    instructions: int
    engine: str
    pages_promised: int | None = None
    heap_frames_used: int | None = None
    frames_used: int | None = None
    faults: list[Fault] = field(default_factory=list)

    @property
    def ipc(self) -> float:
        """Instructions per cycle; 0 if no cycle has passed."""
        return self.instructions / self.cycles if self.cycles else 0.0


def write_json(report: Report, path: Path) -> None:
    """Writes `report` to `path` as a JSON object; every number is an integer."""
    names = ("exit_status", "cycles", "instructions", "pages_promised", "heap_frames_used",
             "frames_used")  # fmt: skip
    content = {name: getattr(report, name) for name in names}
    content["faults"] = [fault.as_json() for fault in report.faults]
    path.write_text(json.dumps(content, indent=2) + "\n")


def print_faults(report: Report, file: TextIO) -> None:
    """Prints the table of faults, one a row, in the order in which they were served."""
    if not report.faults:
        print("no page faults", file=file)
        return
    table = Table()
    for heading in ("#", "raised", "pc", "cause", "stval"):
        table.add_column(heading, justify="left" if heading == "cause" else "right", no_wrap=True)
    table.add_column("the kernel", no_wrap=True)
    table.add_column("retired", justify="right", no_wrap=True)
    for fault in report.faults:
        table.add_row(*_row(fault))
    _print("Page faults", table, file)


def print_summary(report: Report, file: TextIO) -> None:
    """Prints exit status, cycles, instructions, IPC, and pages promised against frames used."""
    table = Table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    rows = {
        "exit status": report.exit_status,
        "cycles": report.cycles,
        "instructions": report.instructions,
        "instructions per cycle": f"{report.ipc:.3f}",
        "page faults": len(report.faults) if report.pages_promised is not None else None,
        "heap pages promised": report.pages_promised,
        "heap frames used": report.heap_frames_used,
        "frames used, with page tables": report.frames_used,
        "engine": report.engine,
    }
    for name, value in rows.items():
        if value is not None:
            table.add_row(name, f"{value:,}" if isinstance(value, int) else value)
    _print("Summary", table, file)


def _row(fault: Fault) -> tuple[str, ...]:
    served = fault.served
    retired = f"{fault.retired_cycle:,}" if fault.retired_cycle is not None else "-"
    return (
        str(fault.number),
        f"{fault.trap.cycle:,}",
        f"{served.pc:#x}" if served.via is None else "-",
        fault.cause_name if served.via is None else f"{served.via} of a system call",
        f"{served.stval:#x}",
        served.what,
        retired,
    )


def _print(title: str, table: Table, file: TextIO) -> None:
    print(title, file=file)
    Console(file=file, width=_WIDTH, highlight=False).print(table)
