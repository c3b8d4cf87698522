"""A kernel as the options of `run` want it: its console, its disk, and who watches it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from kernel_model.facts.abi import AUTO
from kernel_model.facts.costs import TABLE, ZERO
from kernel_model.facts.param import MIN_QUANTUM, QUANTUM, TICK
from kernel_model.fs.disk import Contents
from kernel_model.fs.names import mount
from kernel_model.kernel import Kernel
from sim.guests.disk import Disk, read_disk
from sim.guests.fault_table import FaultTable
from sim.guests.host_files import HostFile, read_host_files
from sim.host.output_files import open_output
from sim.host.toolchain import assemble_trampoline, bundled_files
from sim.output.pages import PagePrint, PageTables
from sim.output.traces import Emit, FaultTrace, SyscallTrace
from sim.platform.devices.console import Console
from sim.platform.devices.journal import Journal, load_journal
from sim.platform.ram import Ram

__all__ = ["KernelOptions", "make_kernel", "open_console", "read_files", "watch"]

#: Accesses to memory for which the timer leaves time before it interrupts: what `userret` still
#: restores (4), the fetches around `sret` (2), an instruction on two pages, and its data, each
#: after a walk of three levels (2 * 4 + 4 + 1). The rest is for a constrained LR/SC loop of 16
#: instructions: as `userret` breaks reservations, it has to come to its end within one turn.
LEAST_TURN_ACCESSES = 64

_COSTS = {"table": TABLE, "zero": ZERO}


@dataclass(frozen=True)
class KernelOptions:
    """The options of `run` alone; see `Kernel` for what they do."""

    json_path: Path | str | None = None
    svadu: bool = False
    kernel_cost: str = "table"
    abi: str = AUTO
    quantum: int = QUANTUM
    tick: int = TICK
    disk: Path | None = None
    programs: bool = True
    files: tuple[HostFile, ...] = ()
    journal: Path | None = None
    replay: Path | None = None
    trace_syscalls: bool = False
    trace_faults: bool = False
    vmprint: tuple[PagePrint, ...] = ()


@contextmanager
def open_console(options: KernelOptions, before_write) -> Iterator[Console]:
    """The console, with the journals that `options` want. Raises JournalError or OSError."""
    source = load_journal(options.replay) if options.replay is not None else None
    if options.journal is None:
        yield Console(source=source, before_write=before_write)
        return
    journal = Journal(open_output(options.journal))
    try:
        yield Console(source=source, before_write=before_write, journal=journal)
    finally:
        journal.close()


def read_files(options: KernelOptions) -> Disk:
    """What the host puts onto the disk. Raises HostFileError or OSError."""
    disk = read_disk(options.disk) if options.disk is not None else Disk({})
    return replace(disk, contents={**disk.contents, **read_host_files(options.files)})


def make_kernel(
    options: KernelOptions,
    ram: Ram,
    console: Console,
    latency: int = 1,
    disk: Disk | None = None,
) -> Kernel:
    """The kernel, whose disk has `disk`, and the bundled programs unless they are not wanted.

    `latency` is that of memory, in cycles: how long a turn has to be so that it makes progress.
    `disk` is what `read_files` reads if it has not been read yet.

    The disk is filled when a path is looked up for the first time, unless there are files of the
    host: whether they fit is to be known before the run. Raises HostFileError, FsError or OSError.
    """
    disk = disk or read_files(options)

    def files() -> Contents:
        bundled = bundled_files() if options.programs and disk.geometry is None else {}
        return bundled | disk.contents

    kernel = Kernel(ram, assemble_trampoline(), console, svadu=options.svadu,
                    costs=_COSTS[options.kernel_cost], quantum=options.quantum,
                    least_turn=max(MIN_QUANTUM, LEAST_TURN_ACCESSES * latency), tick=options.tick,
                    abi=options.abi, files=files, geometry=disk.geometry)  # fmt: skip
    if disk.contents:
        mount(kernel)
    return kernel


def watch(options: KernelOptions, kernel: Kernel, faults: FaultTable, emit: Emit) -> PageTables:
    """Puts the watchers in place that `options` want; returns the one that is the machine's too."""
    pages = PageTables(kernel, options.vmprint, emit)
    if options.trace_faults:
        kernel.watchers.append(FaultTrace(faults.raised_at, emit))
    if options.trace_syscalls:
        kernel.watchers.append(SyscallTrace(kernel, faults.raised_at, emit))
    kernel.watchers.append(pages)
    return pages
