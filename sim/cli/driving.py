"""How a command drives a run to its end, and what it tells of that."""

import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sim.cli.options import Options
from sim.cli.watching import TRANSCRIPTS, start_transcripts
from sim.config import BootConfig, RunConfig
from sim.guests.kernel_guest import PATIENCE
from sim.guests.program import Program
from sim.guests.symbols import Symbols
from sim.host.interrupts import end_by_signals
from sim.host.output_files import not_whole
from sim.host.progress import Progress
from sim.host.streams import UNREAD
from sim.limit import DEFAULT_CYCLES, LAST_CYCLE
from sim.machine import End
from sim.platform.devices.console import Console
from sim.result import Result
from sim.session import KernelSession, MachineSession, Session

if TYPE_CHECKING:
    from sim.output.recording import Recording

__all__ = [
    "LOST",
    "drive",
    "emit",
    "make_recording",
    "say",
    "tell",
    "tell_compiled",
    "unless_lost",
    "with_status",
]

#: The status of a run whose output could not be written, if the program's own is 0.
LOST = 2


def make_recording(options: Options, session: Session) -> "Recording | None":
    """What records the run, if it is to be recorded."""
    if options.vcd is None:
        return None
    # Few runs want it: the others start the sooner.
    from sim.cli.recordings import record_bare_run, record_run

    if isinstance(session, KernelSession):
        return record_run(options, session)
    assert isinstance(session, MachineSession)
    return record_bare_run(options, session)


def tell_compiled(program: Program, options: Options) -> None:
    """Says where the ELF is that was made of a source just now."""
    if program.source is not None and not options.quiet:
        say(f"{program.source} is compiled into {program.where}")


def drive(
    session: Session,
    options: Options,
    recording: "Recording | None",
    progress: Progress,
    count: Callable[[], int],
    console: Console,
) -> int | None:
    """Runs the machine; a signal such as Ctrl-C ends it in good order, and a second one at once.

    What ends it with an exception is to be seen in the waveform, too. `count` tells the number of
    page faults so far. Returns the number of the signal, if there was one.
    """
    machine = session.machine
    signals: list[int] = []

    def interrupt(number: int) -> None:
        signals.append(number)
        machine.stop()
        console.interrupt()

    def show_progress(cycle: int) -> None:
        # With a line that the program has begun it may go on.
        if console.occupied or (console.midline and not progress.silent()):
            return
        console.end_line()
        progress.update(cycle, count(), machine.engine.skipped)

    def finish() -> None:
        progress.clear()
        console.end_line()
        if recording is not None:
            recording.watcher.finish(machine)
        machine.engine.stop_trace()
        session.finish()

    start_transcripts(options, session)
    session.watchers[:0] = [console]
    session.watchers += [] if recording is None else [recording.watcher]
    end_by_signals(interrupt)
    try:
        session.run(
            options.max_cycles, interactive=lambda: console.interactive, progress=show_progress
        )
    except Exception:
        finish()
        if recording is not None and recording.watcher.started:
            recording.finish()
        elif recording is not None:
            recording.discard()
        _end_transcripts(session)
        raise
    except BaseException:
        machine.engine.stop_transcripts()
        machine.engine.close()
        raise
    finish()
    return signals[0] if signals else None


def with_status(result: Result, console: Console, number: int | None) -> Result:
    """The result, whose status says it if nobody reads what is printed, or a signal has come."""
    if result.end is End.STOPPED and number is not None:
        return replace(result, exit_status=128 + number)
    if result.end is End.STOPPED and console.unread:
        return replace(result, exit_status=UNREAD)
    return result


def unless_lost(
    status: int,
    console: Console,
    recording: "Recording | None",
    session: Session,
    failures: Sequence[str] = (),
) -> int:
    """`status`, but no success if the user does not get a file or did not get the output.

    `failures` are what there is to say of files that have been ended.
    """
    if recording is not None and not recording.finish():
        status = status or LOST
    if not _end_transcripts(session, failures):
        status = status or LOST
    if console.journal_failure is not None:
        error = console.journal_failure
        say(f"error: {error.filename}: {error.strerror}; the journal is not whole")
        status = status or LOST
    if console.failure is None or console.unread:
        return status
    say(f"error: {console.failure}; what the program printed is not whole")
    return status or LOST


def _end_transcripts(session: Session, others: Sequence[str] = ()) -> bool:
    """Ends transcripts, and tells of what is not whole, `others` included; whether all is."""
    failures = [
        *(
            not_whole(TRANSCRIPTS[form], error)
            for form, error in session.machine.engine.stop_transcripts()
        ),
        *others,
    ]
    for failure in failures:
        say(f"error: {failure}")
    return not failures


def tell(
    result: Result,
    options: Options,
    console: Console,
    symbols: Symbols | None = None,
    *,
    anyway: bool = False,
) -> None:
    """Says why the run ended if the program did not end it, and shows the result.

    That it does even though it shall be quiet, if `anyway`: there is no other place for it.
    """
    end, cycles = result.end, result.cycles
    if end is End.LIMIT and cycles >= LAST_CYCLE:
        say(f"ended at cycle {cycles}: time has no room for more")
    elif end is End.LIMIT:
        limit = options.max_cycles or DEFAULT_CYCLES
        say(f"ended by --max-cycles {limit}: the program had not finished")
    elif end is End.STUCK and isinstance(result.config, BootConfig):
        say(
            f"no instruction has retired for long at cycle {cycles}, and there is neither a timer "
            "nor input that could come; a shell whose input has ended needs its `exit`"
        )
    elif end is End.STUCK:
        say(f"the hart is stuck: no instruction has retired for long at cycle {cycles}")
    elif end is End.LIVELOCK:
        say(
            f"ended at cycle {cycles}: after {PATIENCE} traps in a row no instruction "
            "of a program had retired"
        )
    elif end is End.STOPPED and result.exit_status == UNREAD:
        say(f"standard output has no reader any more: ended at cycle {cycles}")
    elif end is End.STOPPED:
        name = signal.Signals(result.exit_status - 128).name
        by = "" if name == "SIGINT" else f" by {name}"
        say(f"interrupted{by} at cycle {cycles}")
    if options.quiet and not anyway:
        return
    # Imported here: what draws tables takes a twentieth of the start of a quiet run.
    from sim.output.report import print_average, print_faults, print_processes, print_summary

    if isinstance(result.config, RunConfig):
        print_faults(result, sys.stderr, symbols)
        print_processes(result, sys.stderr)
    print_summary(result, sys.stderr)
    if result.counters is not None:
        from sim.output.counter_tables import print_counters

        print_counters(result, sys.stderr)
    print_average(result, sys.stderr)


def emit(progress: Progress, line: str) -> None:
    """Prints a line while the program runs."""
    progress.clear()
    print(line, file=sys.stderr, flush=True)


def say(message: str) -> None:
    """Says a line of the command's own."""
    print(f"trapline: {message}", file=sys.stderr)
