"""What a command connects to a run: its console, and who tells of it as it goes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kernel_model.kernel import Kernel
from sim.cli.options import ConsoleOptions, Options, RunOptions
from sim.engines.transcripts import Form
from sim.guests.fault_table import FaultTable
from sim.host.output_files import open_output
from sim.output.deaths import Deaths
from sim.output.pages import PageTables
from sim.output.traces import Emit, FaultTrace, SyscallTrace
from sim.platform.devices.console import Console, Source
from sim.platform.devices.journal import Journal, load_journal
from sim.session import Session

__all__ = ["TRANSCRIPTS", "keep_journal", "open_console", "start_transcripts", "watch"]

#: The options that want transcripts.
TRANSCRIPTS = {Form.COMMITS: "--log-commits", Form.RVFI: "--rvfi", Form.WALKS: "--log-walks"}


def open_console(
    options: ConsoleOptions, before_write: Callable[[], None], source: Source | None = None
) -> Console:
    """The console, with the input that `options` want, or `source`, by default standard input.

    Raises JournalError or OSError.
    """
    if options.replay is not None:
        source = load_journal(options.replay)
    return Console(source=source, before_write=before_write)


@contextmanager
def keep_journal(options: ConsoleOptions, console: Console) -> Iterator[None]:
    """Meanwhile the console's input is written down if `options` want it. Raises OSError."""
    if options.journal is None:
        yield
        return
    journal = Journal(open_output(options.journal))
    try:
        console.keep(journal)
        yield
    finally:
        journal.close()


def watch(options: RunOptions, kernel: Kernel, faults: FaultTable, emit: Emit) -> PageTables:
    """Puts the watchers in place that `options` want; returns the one that is the machine's too."""
    pages = PageTables(kernel, options.vmprint, emit)
    if options.trace_faults:
        kernel.watchers.append(FaultTrace(faults.raised_at, emit))
    if options.trace_syscalls:
        kernel.watchers.append(SyscallTrace(kernel, faults.raised_at, emit))
    kernel.watchers.append(pages)
    if not options.quiet:
        kernel.watchers.append(Deaths(kernel, emit))
    return pages


def start_transcripts(options: Options, session: Session) -> None:
    """Writes transcripts from now on; raises OSError."""
    paths = {
        Form.COMMITS: options.log_commits,
        Form.RVFI: options.rvfi,
        Form.WALKS: options.log_walks,
    }
    for form, path in paths.items():
        if path is not None:
            session.machine.engine.transcribe(form, path, session.config.hart_id)
