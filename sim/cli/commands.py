"""What the commands `run` and `bare` do, from their options to the exit status."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kernel_model.calls.release import abi_of
from kernel_model.facts.abi import AUTO, Abi
from sim.cli.driving import (
    LOST,
    drive,
    emit,
    make_recording,
    say,
    tell,
    tell_compiled,
    unless_lost,
    with_status,
)
from sim.cli.options import Options, RunOptions
from sim.cli.reports import BareReports, Reports
from sim.cli.watching import keep_journal, open_console, watch
from sim.config import MachineConfig, RunConfig
from sim.guests.kernel_setup import read_files
from sim.guests.program import find_bare_program, find_user_program, require_program
from sim.guests.symbols import Symbols
from sim.host.output_files import empty, open_output
from sim.host.progress import Progress, tell_files
from sim.output.activity import Activity
from sim.output.injections import Injections
from sim.output.signature import signature_lines
from sim.platform.devices.console import Console
from sim.session import BareSession, KernelSession

if TYPE_CHECKING:
    from sim.cli.explain import Explainer

__all__ = ["run_bare", "run_program"]


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
    tell_compiled(program, options)
    progress = Progress(sys.stderr, told=not options.quiet)
    console = open_console(options, progress.clear)
    with program.blamed():
        argv = [program.name, *arguments]
        session = KernelSession.of_program(config, program.elf, argv, console, disk)
    with keep_journal(options, console):
        if not options.quiet:
            _tell_release(program.elf, name, config.abi)
        if notice is not None:
            say(notice)
        kernel, faults = session.kernel, session.guest.faults
        progress.activity = Activity(kernel)
        recording = make_recording(options, session)
        reports = Reports(options, session, console.write)
        symbols = session.symbols()
        explainer = _explainer(options, symbols, progress)
        if explainer is not None:
            faults.settled.append(explainer.settled)
        pages = watch(options, kernel, faults, lambda line: emit(progress, line))
        session.watchers.append(pages)
        injections = Injections(session.injector, lambda line: emit(progress, line))
        number = drive(session, options, recording, progress, lambda: len(faults), console)

    pages.finish()
    result = with_status(session.result(), console, number)
    failure = reports.finish(result)
    injections.finish()
    tell(result, options, console, symbols, anyway=failure is not None)
    status = unless_lost(result.exit_status, console, recording, session, reports.close())
    if explainer is not None and explainer.misses:
        say(f"{options.explain} is not told: the run had {len(faults):,}")
        status = status or LOST
    if failure is not None:
        raise failure
    return status


def _tell_release(elf: bytes, program: str, abi: str) -> None:
    """Says whose `sbrk` the program is taken to call, if that is a guess or not the usual one."""
    if abi != AUTO:
        return
    found = abi_of(elf)
    if found is None:
        say(f"{program} has no symbols that tell its release: taken for --abi {Abi.LAB.value}")
    elif found is not Abi.LAB:
        say(f"{program} calls sbrk as the release of {found.value} does: --abi {found.value}")


def run_bare(
    config: MachineConfig, options: Options, path: Path, *, signature: Path | None, granularity: int
) -> int:
    """Runs the bare-metal program in `path`; returns the exit status."""
    tell_files(not options.quiet)
    empty(options.vcd, options.log_commits, options.rvfi, options.json_path, signature)
    empty(options.kanata, options.log_walks)
    program = find_bare_program(path)
    tell_compiled(program, options)
    progress = Progress(sys.stderr, told=not options.quiet)
    console = Console(before_write=progress.clear)
    with program.blamed():
        session = BareSession(config, program.elf, console.write)
        ram = session.machine.ram
        wanted = None if signature is None else (signature, session.image.signature(ram))
    recording = make_recording(options, session)
    reports = BareReports(options, session, console.write)
    injections = Injections(session.injector, lambda line: emit(progress, line))
    number = drive(session, options, recording, progress, lambda: 0, console)

    code = session.guest.htif.exit_code
    result = with_status(session.result(), console, number)
    if code:
        print(f"{program.where}: test {code} failed", file=sys.stderr)
    injections.finish()
    failure = reports.finish(result)
    tell(result, options, console, anyway=failure is not None)
    status = unless_lost(result.exit_status, console, recording, session, reports.close())
    if wanted is not None and code is not None:
        target, region = wanted
        with open_output(target) as file:
            file.write(signature_lines(ram, *region, granularity))
    if failure is not None:
        raise failure
    return status


# What few runs want is imported for those alone: the others start the sooner.


def _explainer(options: RunOptions, symbols: Symbols, progress: Progress) -> "Explainer | None":
    """What tells of the page faults that are to be told of."""
    if options.explain is None:
        return None
    from sim.cli.explain import Explainer

    return Explainer(options.explain, symbols, lambda line: emit(progress, line))
