"""What a run leaves behind: the tables of faults and of processes, and the summary."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO, TypeVar

from kernel_model.facts.accounts import Account
from sim.config import RunConfig
from sim.guests.fault_table import PageFault
from sim.guests.symbols import NOWHERE, Symbols
from sim.host.tables import Cell, Column, Gap, Row, print_table
from sim.host.terminals import visible
from sim.output.sentences import in_words
from sim.output.story import average
from sim.result import Result

__all__ = ["abridged", "print_average", "print_faults", "print_processes", "print_summary"]

#: Rows of a table that are shown of many, at its beginning and at its end.
_SHOWN = (40, 20)
#: Those of the processes on a terminal: what the program printed shall not be scrolled away.
_FEW = (12, 8)
#: What the tables have, and what they may do without.
_FAULT_COLUMNS = (
    Column("#"),
    Column("raised", spare=2),
    Column("pid"),
    Column("pc"),
    Column("function", left=True, spare=1),
    Column("line", left=True, spare=3),
    Column("cause", left=True),
    Column("stval"),
    Column("the kernel", "frame", left=True),
    Column("retired", spare=4),
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

_Item = TypeVar("_Item")


def print_faults(result: Result, file: TextIO, symbols: Symbols | None = None) -> None:
    """Prints the table of faults, one a row, in the order in which they were served.

    `symbols` are those of the programs, for function and line.
    """
    if not result.faults:
        print("no page faults", file=file)
        return
    rows = list(abridged(result.faults, lambda fault: _row(fault, symbols), *_SHOWN))
    one = len({fault.served.pid for fault in result.faults}) == 1
    empty = {"pid"} if one else set()
    empty |= {name for name in ("function", "line") if _is_empty(rows, name)}
    kept = [index for index, column in enumerate(_FAULT_COLUMNS) if column.heading not in empty]
    columns = [_FAULT_COLUMNS[index] for index in kept]
    rows = [row if isinstance(row, Gap) else [row[index] for index in kept] for row in rows]
    print_table("Page faults", columns, rows, file)


def _is_empty(rows: Sequence[Row], name: str) -> bool:
    """Whether nothing is known of what that column of the table of faults tells."""
    index = [column.heading for column in _FAULT_COLUMNS].index(name)
    return all(isinstance(row, Gap) or row[index] == "-" for row in rows)


def print_average(result: Result, file: TextIO) -> None:
    """Prints what the parts of the machine had of an average fault."""
    for line in average(result.faults or ()):
        print(line, file=file)


def print_processes(result: Result, file: TextIO) -> None:
    """Prints what each process has used, one a row, if there was more than one."""
    if len(result.processes) >= 2:
        shown = _FEW if file.isatty() else _SHOWN
        rows = list(abridged(result.processes, _process_row, *shown))
        print_table("Processes", _PROCESS_COLUMNS, rows, file)


def print_summary(result: Result, file: TextIO) -> None:
    """Prints exit status, cycles, instructions, IPC, pages promised and frames given, and how."""
    areas = bool(result.area_pages_promised)
    config = result.config
    rows = {
        "exit status": result.exit_status,
        "cycles": result.cycles,
        **_shares(result),
        "instructions": result.instructions,
        "instructions per cycle": f"{result.ipc:.3f}",
        "page faults": len(result.faults) if result.pages_promised is not None else None,
        "heap pages promised": result.pages_promised,
        "heap frames on demand": result.heap_frames_used,
        "pages of areas promised": result.area_pages_promised if areas else None,
        "frames of areas on demand": result.area_frames_used if areas else None,
        "superpages": result.superpages or None,
        "frames used, with page tables": result.frames_used,
        "policy": config.policy if isinstance(config, RunConfig) else None,
        "release (--abi)": result.abi,
        "engine": result.engine,
    }
    cells = [
        (name, f"{value:,}" if isinstance(value, int) else value)
        for name, value in rows.items()
        if value is not None
    ]
    print_table("Summary", (Column("", left=True), Column("")), cells, file, headed=False)


def _shares(result: Result) -> dict[str, int]:
    """What the run's cycles went into; those of all shares are the run's."""
    if not result.remainders:
        return {}
    user = sum(account.user_cycles for account in result.processes)
    kernel = sum(account.kernel_cycles for account in result.processes)
    shares = [("user mode", user), ("kernel", kernel), *result.remainders]
    return {f"  {name}": cycles for name, cycles in shares}


def abridged(
    items: Sequence[_Item],
    row: Callable[[_Item], Sequence[str | Cell]],
    first: int = _SHOWN[0],
    last: int = _SHOWN[1],
) -> Iterator[Row]:
    """Rows of the first and last `items`, and between them how many there are more."""
    left_out = len(items) - first - last
    if left_out <= 1:
        yield from map(row, items)
        return
    yield from map(row, items[:first])
    yield Gap(left_out)
    yield from map(row, items[-last:])


def _process_row(account: Account) -> tuple[str, ...]:
    return (
        str(account.pid),
        visible(account.name),
        f"{account.size:#x}",
        f"{account.resident:,}",
        f"{account.page_tables:,}",
        f"{account.minor_faults + account.fatal_faults:,}",
        f"{account.syscalls:,}",
        f"{account.user_cycles:,}",
        f"{account.kernel_cycles:,}",
        "-" if account.exit_status is None else str(account.exit_status),
    )


def _row(fault: PageFault, symbols: Symbols | None) -> tuple[str | Cell, ...]:
    served = fault.served
    place = NOWHERE if symbols is None else symbols.place(served.name, served.pc)
    done = in_words(served.outcome)
    retired = f"{fault.retired_cycle:,}" if fault.retired_cycle is not None else "-"
    return (
        str(fault.number),
        f"{fault.trap.cycle:,}",
        str(served.pid),
        f"{served.pc:#x}" if served.via is None else "-",
        "-" if place.function is None else visible(place.function),
        "-" if place.file is None else visible(f"{place.file}:{place.line}"),
        fault.cause_name
        if served.via is None
        else Cell(f"{served.via.value} of a system call", served.via.value),
        f"{served.stval:#x}",
        Cell(done, _SHORTER.sub(r"\1", done)),
        retired,
    )
