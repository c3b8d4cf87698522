"""What the commands `run` and `bare` do, from their options to the exit status."""

import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from kernel_model.calls.release import abi_of
from kernel_model.facts.abi import AUTO, Abi
from sim.cli.options import Options, RunOptions
from sim.cli.reports import BareReports, Reports
from sim.cli.watching import TRANSCRIPTS, keep_journal, open_console, start_transcripts, watch
from sim.config import MachineConfig, RunConfig
from sim.guests.kernel_guest import PATIENCE
from sim.guests.kernel_setup import read_files
from sim.guests.program import (
    Program,
    find_bare_program,
    find_user_program,
    require_program,
)
from sim.guests.symbols import Symbols
from sim.host.interrupts import end_by_signals
from sim.host.output_files import empty, not_whole, open_output
from sim.host.progress import Progress, tell_files
from sim.host.streams import UNREAD
from sim.limit import DEFAULT_CYCLES, LAST_CYCLE
from sim.machine import End
from sim.output.activity import Activity
from sim.output.signature import signature_lines
from sim.platform.devices.console import Console
from sim.result import Result
from sim.session import BareSession, KernelSession, Session

if TYPE_CHECKING:
    from sim.cli.explain import Explainer
    from sim.output.recording import Recording

__all__ = ["run_bare", "run_program"]

#: The status of a run whose output could not be written, if the program's own is 0.
_LOST = 2


def run_program(
    config: RunConfig,
    options: RunOptions,
    name: str,
    arguments: Sequence[str],
    notice: str | None = None,
) -> int:
    """Runs the program `name` under the kernel model; returns the exit status.

    `notice` is what the user is told when it starts.
    """
    tell_files(not options.quiet)
    disk = read_files(config)
    require_program(name, disk)
    # Whatever becomes of this run, what an earlier one has left is not to be taken for its result.
    # In a journal is what was typed: it stays until there is something to run.
    empty(options.vcd, options.log_commits, options.rvfi, options.json_path, options.csv)
    empty(options.chrome_trace, options.kanata, options.log_walks, options.report)
    program = find_user_program(name, disk)
    _tell_compiled(program, options)
    progress = Progress(sys.stderr, told=not options.quiet)
    console = open_console(options, progress.clear)
    with program.blamed():
        argv = [program.name, *arguments]
        session = KernelSession.of_program(config, program.elf, argv, console, disk)
    with keep_journal(options, console):
        if not options.quiet:
            _tell_release(program.elf, name, config.abi)
        if notice is not None:
            _say(notice)
        kernel, faults = session.kernel, session.guest.faults
        progress.activity = Activity(kernel)
        recording = _recording(options, session)
        reports = Reports(options, session, console.write)
        symbols = session.symbols()
        explainer = _explainer(options, symbols, progress)
        if explainer is not None:
            faults.settled.append(explainer.settled)
        pages = watch(options, kernel, faults, lambda line: _emit(progress, line))
        session.watchers.append(pages)
        number = _drive(session, options, recording, progress, lambda: len(faults), console)

    pages.finish()
    result = _with_status(session.result(), console, number)
    failure = reports.finish(result)
    _tell(result, options, console, symbols, anyway=failure is not None)
    status = _unless_lost(result.exit_status, console, recording, session, reports.close())
    if explainer is not None and explainer.misses:
        _say(f"{options.explain} is not told: the run had {len(faults):,}")
        status = status or _LOST
    if failure is not None:
        raise failure
    return status


def _tell_release(elf: bytes, program: str, abi: str) -> None:
    """Says whose `sbrk` the program is taken to call, if that is a guess or not the usual one."""
    if abi != AUTO:
        return
    found = abi_of(elf)
    if found is None:
        _say(f"{program} has no symbols that tell its release: taken for --abi {Abi.LAB.value}")
    elif found is not Abi.LAB:
        _say(f"{program} calls sbrk as the release of {found.value} does: --abi {found.value}")


def run_bare(
    config: MachineConfig, options: Options, path: Path, *, signature: Path | None, granularity: int
) -> int:
    """Runs the bare-metal program in `path`; returns the exit status."""
    tell_files(not options.quiet)
    empty(options.vcd, options.log_commits, options.rvfi, options.json_path, signature)
    empty(options.kanata, options.log_walks)
    program = find_bare_program(path)
    _tell_compiled(program, options)
    progress = Progress(sys.stderr, told=not options.quiet)
    console = Console(before_write=progress.clear)
    with program.blamed():
        session = BareSession(config, program.elf, console.write)
        ram = session.machine.ram
        wanted = None if signature is None else (signature, session.image.signature(ram))
    recording = _recording(options, session)
    reports = BareReports(options, session, program.elf, console.write)
    number = _drive(session, options, recording, progress, lambda: 0, console)

    code = session.guest.htif.exit_code
    result = _with_status(session.result(), console, number)
    if code:
        print(f"{program.where}: test {code} failed", file=sys.stderr)
    failure = reports.finish(result)
    _tell(result, options, console, anyway=failure is not None)
    status = _unless_lost(result.exit_status, console, recording, session, reports.close())
    if wanted is not None and code is not None:
        target, region = wanted
        with open_output(target) as file:
            file.write(signature_lines(ram, *region, granularity))
    if failure is not None:
        raise failure
    return status


# What few runs want is imported for those alone: the others start the sooner.


def _recording(options: Options, session: Session) -> "Recording | None":
    """What records the run, if it is to be recorded."""
    if options.vcd is None:
        return None
    from sim.cli.recordings import record_bare_run, record_run

    if isinstance(session, KernelSession):
        return record_run(options, session)
    assert isinstance(session, BareSession)
    return record_bare_run(options, session)


def _explainer(options: RunOptions, symbols: Symbols, progress: Progress) -> "Explainer | None":
    """What tells of the page faults that are to be told of."""
    if options.explain is None:
        return None
    from sim.cli.explain import Explainer

    return Explainer(options.explain, symbols, lambda line: _emit(progress, line))


def _tell_compiled(program: Program, options: Options) -> None:
    if program.source is not None and not options.quiet:
        _say(f"{program.source} is compiled into {program.where}")


def _drive(
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
        if console.midline:
            # A line that is being typed, or that the program has begun and may go on with.
            if console.interactive or not progress.silent():
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


def _with_status(result: Result, console: Console, number: int | None) -> Result:
    """The result, whose status says it if nobody reads what is printed, or a signal has come."""
    if result.end is End.STOPPED and number is not None:
        return replace(result, exit_status=128 + number)
    if result.end is End.STOPPED and console.unread:
        return replace(result, exit_status=UNREAD)
    return result


def _unless_lost(
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
        status = status or _LOST
    if not _end_transcripts(session, failures):
        status = status or _LOST
    if console.journal_failure is not None:
        error = console.journal_failure
        _say(f"error: {error.filename}: {error.strerror}; the journal is not whole")
        status = status or _LOST
    if console.failure is None or console.unread:
        return status
    _say(f"error: {console.failure}; what the program printed is not whole")
    return status or _LOST


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
        _say(f"error: {failure}")
    return not failures


def _tell(
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
        _say(f"ended at cycle {cycles}: time has no room for more")
    elif end is End.LIMIT:
        limit = options.max_cycles or DEFAULT_CYCLES
        _say(f"ended by --max-cycles {limit}: the program had not finished")
    elif end is End.STUCK:
        _say(f"the hart is stuck: no instruction has retired for long at cycle {cycles}")
    elif end is End.LIVELOCK:
        _say(
            f"ended at cycle {cycles}: after {PATIENCE} traps in a row no instruction "
            "of a program had retired"
        )
    elif end is End.STOPPED and result.exit_status == UNREAD:
        _say(f"standard output has no reader any more: ended at cycle {cycles}")
    elif end is End.STOPPED:
        name = signal.Signals(result.exit_status - 128).name
        by = "" if name == "SIGINT" else f" by {name}"
        _say(f"interrupted{by} at cycle {cycles}")
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


def _emit(progress: Progress, line: str) -> None:
    """Prints a line while the program runs."""
    progress.clear()
    print(line, file=sys.stderr, flush=True)


def _say(message: str) -> None:
    print(f"trapline: {message}", file=sys.stderr)
