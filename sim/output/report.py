"""What a run leaves behind: the tables of faults and of processes, and the summary."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

from kernel_model.facts.accounts import Account, Ledger
from sim.guests.fault_table import Fault
from sim.host.tables import Cell, Column, Gap, print_table

__all__ = ["Report", "print_faults", "print_processes", "print_summary"]

#: Rows of a table that are shown of many, at its beginning and at its end.
_FIRST, _LAST = 40, 20
#: What the tables have, and what they may do without.
_FAULT_COLUMNS = (
    Column("#"),
    Column("raised", spare=1),
    Column("pid"),
    Column("pc"),
    Column("cause", left=True),
    Column("stval"),
    Column("the kernel", "frame", left=True),
    Column("retired", spare=2),
)
_PROCESS_COLUMNS = (
    Column("pid"),
    Column("name", left=True),
    Column("size", spare=2),
    Column("pages", spare=4),
    Column("tables", spare=5),
    Column("faults"),
    Column("calls", spare=3),
    Column("user cycles", "user", spare=1),
    Column("kernel cycles", "kernel", spare=1),
    Column("status"),
)
#: What goes without saying under the heading "frame".
_SHORTER = re.compile(r"mapped frame (\w+)")


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
    faults: Sequence[Fault] = field(default_factory=list)
    processes: list[Account] = field(default_factory=list)
    ledger: Ledger | None = None
    #: Whose `sbrk` the first program calls.
    abi: str | None = None

    @property
    def remainders(self) -> list[tuple[str, int]]:
        """The cycles that are no process's, by what they were for."""
        ledger = self.ledger
        return [("boot", ledger.boot), ("idle", ledger.idle)] if ledger is not None else []

    @property
    def ipc(self) -> float:
        """Instructions per cycle; 0 if no cycle has passed."""
        return self.instructions / self.cycles if self.cycles else 0.0


def print_faults(report: Report, file: TextIO) -> None:
    """Prints the table of faults, one a row, in the order in which they were served."""
    if not report.faults:
        print("no page faults", file=file)
        return
    several = len({fault.served.pid for fault in report.faults}) > 1
    columns = [column for column in _FAULT_COLUMNS if several or column.heading != "pid"]
    rows = list(_some(report.faults, lambda fault: _row(fault, several)))
    print_table("Page faults", columns, rows, file)


def print_processes(report: Report, file: TextIO) -> None:
    """Prints what each process has used, one a row, if there was more than one."""
    if len(report.processes) >= 2:
        rows = list(_some(report.processes, _process_row))
        print_table("Processes", _PROCESS_COLUMNS, rows, file)


def print_summary(report: Report, file: TextIO) -> None:
    """Prints exit status, cycles, instructions, IPC, and pages promised against frames used."""
    rows = {
        "exit status": report.exit_status,
        "cycles": report.cycles,
        **_shares(report),
        "instructions": report.instructions,
        "instructions per cycle": f"{report.ipc:.3f}",
        "page faults": len(report.faults) if report.pages_promised is not None else None,
        "heap pages promised": report.pages_promised,
        "heap frames used": report.heap_frames_used,
        "frames used, with page tables": report.frames_used,
        "release (--abi)": report.abi,
        "engine": report.engine,
    }
    cells = [(name, f"{value:,}" if isinstance(value, int) else value)
             for name, value in rows.items() if value is not None]  # fmt: skip
    print_table("Summary", (Column("", left=True), Column("")), cells, file, headed=False)


def _shares(report: Report) -> dict[str, int]:
    """What the run's cycles went into; those of all shares are the run's."""
    if report.ledger is None:
        return {}
    shares = {"user mode": sum(account.user_cycles for account in report.processes),
              "kernel": sum(account.kernel_cycles for account in report.processes)}  # fmt: skip
    return {f"  {name}": cycles for name, cycles in [*shares.items(), *report.remainders]}


def _some(
    items: Sequence, row: Callable[[Any], Sequence[str | Cell]]
) -> Iterator[Sequence[str | Cell] | Gap]:
    """Rows of the first and last `items`, and between them how many there are more."""
    left_out = len(items) - _FIRST - _LAST
    if left_out <= 1:
        yield from map(row, items)
        return
    yield from map(row, items[:_FIRST])
    yield Gap(left_out)
    yield from map(row, items[-_LAST:])


def _process_row(account: Account) -> tuple[str, ...]:
    counts = (account.resident, account.page_tables, account.minor_faults, account.syscalls,
              account.user_cycles, account.kernel_cycles)  # fmt: skip
    status = "-" if account.exit_status is None else str(account.exit_status)
    return (str(account.pid), account.name, f"{account.size:#x}",
            *(f"{count:,}" for count in counts), status)  # fmt: skip


def _row(fault: Fault, with_pid: bool) -> tuple[str | Cell, ...]:
    served = fault.served
    retired = f"{fault.retired_cycle:,}" if fault.retired_cycle is not None else "-"
    return (
        str(fault.number),
        f"{fault.trap.cycle:,}",
        *([str(served.pid)] if with_pid else []),
        f"{served.pc:#x}" if served.via is None else "-",
        fault.cause_name
        if served.via is None
        else Cell(f"{served.via} of a system call", served.via),
        f"{served.stval:#x}",
        Cell(served.what, _SHORTER.sub(r"\1", served.what)),
        retired,
    )
