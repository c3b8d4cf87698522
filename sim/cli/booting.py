"""What the command `boot` does, from its options to the exit status."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from hdl.arch import Cause, Priv
from sim.boot.session import BootSession
from sim.boot.snapshot import SnapshotError, check_engine, load_snapshot, save_snapshot
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
from sim.cli.filling import TRACING
from sim.cli.keyboard import Keyboard
from sim.cli.options import BootOptions
from sim.cli.reports import BareReports
from sim.cli.step_teller import StepTeller
from sim.cli.watching import keep_journal, open_console
from sim.config import BootConfig
from sim.guests.boot_image import read_boot
from sim.guests.kernel_steps import KernelSteps
from sim.guests.program import find_boot_program
from sim.host.output_files import empty, not_whole
from sim.host.progress import Progress, tell_files
from sim.machine import End
from sim.output.injections import Injections
from sim.platform.devices.console import Console
from sim.platform.devices.disk import SECTOR, Disk

__all__ = ["boot_kernel", "resume_kernel"]

_ACCESS_FAULTS = (Cause.FETCH_ACCESS, Cause.LOAD_ACCESS, Cause.STORE_ACCESS)


def boot_kernel(config: BootConfig, options: BootOptions, path: Path | None) -> int:
    """Boots the kernel in `path`, or our own; returns the exit status."""
    tell_files(not options.quiet)
    if options.write_disk:
        _check_writable(config)
    _empty(options)
    kernel = find_boot_program(path, config)
    tell_compiled(kernel, options)

    def make(console: Console, until: bytes) -> BootSession:
        with kernel.blamed():
            return BootSession(read_boot(config, kernel.elf, kernel.disk), console, until=until)

    return _run(options, make)


def resume_kernel(options: BootOptions) -> int:
    """Goes on from a snapshot; returns the exit status."""
    path = options.resume
    assert path is not None
    tell_files(not options.quiet)

    def make(console: Console, until: bytes) -> BootSession:
        session = load_snapshot(path, console, until=until)
        if options.at is not None and options.at < session.cycle:
            raise SnapshotError(
                f"{path}: goes on from cycle {session.cycle}, behind --at {options.at}"
            )
        wanted = next((name for name in TRACING if getattr(options, name, None) is not None), None)
        if wanted is not None and not session.config.traced:
            option = "--" + wanted.replace("_", "-")
            raise SnapshotError(f"{path}: taken without --traced, which {option} needs")
        if options.write_disk:
            if session.config.disk is None:
                raise SnapshotError(f"{path}: has no disk for --write-disk")
            _check_writable(session.config)
        _empty(options)
        return session

    return _run(options, make)


def _check_writable(config: BootConfig) -> None:
    """Raises OSError if the image cannot be written: at the end the run would have been in vain."""
    assert config.disk is not None
    with config.disk.open("r+b"):
        pass


def _empty(options: BootOptions) -> None:
    """Whatever becomes of this run, what an earlier one has left is not taken for its result."""
    empty(options.vcd, options.log_commits, options.rvfi, options.json_path)
    empty(options.kanata, options.log_walks, options.snapshot)


def _run(options: BootOptions, make: Callable[[Console, bytes], BootSession]) -> int:
    progress = Progress(sys.stderr, told=not options.quiet)
    keyboard = Keyboard()
    console = open_console(options, progress.clear, keyboard.source)
    session = make(console, os.fsencode(options.until or options.at_prompt or ""))
    if options.snapshot is not None:
        check_engine(session)
    engine = session.machine.engine
    keyboard.pace(engine)
    progress.before = engine.cycle - engine.skipped
    if options.at is not None:
        options = replace(options, max_cycles=options.at)
    with keep_journal(options, console):
        recording = make_recording(options, session)
        reports = BareReports(options, session, console.write)
        teller = _teller(options, session, progress)
        injections = Injections(session.injector, lambda line: emit(progress, line))
        log = engine.log
        number = drive(session, options, recording, progress, lambda: log.page_faults, console)

    result = with_status(session.result(), console, number)
    if options.at is not None and result.end is End.LIMIT:
        result = replace(result, end=End.FINISHED, exit_status=0)
    injections.finish()
    failure = reports.finish(result, {"fault_steps": None if teller is None else teller.facts})
    tell(result, options, console, anyway=failure is not None)
    _tell_of_protection(session, result.end)
    status = unless_lost(result.exit_status, console, recording, session, reports.close())
    if options.write_disk and not _write_disk(session):
        status = status or LOST
    if options.snapshot is not None and not _write_snapshot(options.snapshot, session):
        status = status or LOST
    if teller is not None and not teller.finish(average=not options.quiet):
        status = status or LOST
    if failure is not None:
        raise failure
    return status


def _tell_of_protection(session: BootSession, end: End) -> None:
    """Says what may be missing if it did not get on for access faults outside M-mode."""
    traps = session.machine.engine.log.traps
    if not traps or not session.config.pmp_entries or end in (End.FINISHED, End.STOPPED):
        return
    last = traps[-1]
    if last.cause in _ACCESS_FAULTS and last.mode != Priv.M:
        mode = Priv(last.mode).name
        say(
            f"the last exception is an access fault of {mode}-mode at {last.pc:#x}; a kernel that "
            "sets up no physical memory protection needs --pmp-entries 0"
        )


def _teller(options: BootOptions, session: BootSession, progress: Progress) -> StepTeller | None:
    """What tells of page faults by the kernel's functions, if that is wanted."""
    if options.fault_steps is None:
        return None
    steps = KernelSteps(session.elf, session.image.symbols)
    engine = session.machine.engine
    return StepTeller(options.fault_steps, steps, engine, lambda line: emit(progress, line))


def _write_snapshot(path: Path, session: BootSession) -> bool:
    """Writes the snapshot; whether there is one."""
    if session.virt.finisher.exit_code is not None:
        say(f"error: no snapshot in {path}: the kernel has powered off")
        return False
    try:
        save_snapshot(session, path)
    except OSError as error:
        # One of a write names no file.
        named = OSError(error.errno, error.strerror, str(path))
        say(f"error: {not_whole('--snapshot', named)}")
        return False
    return True


def _write_disk(session: BootSession) -> bool:
    """Writes what has changed on the disk to its image; whether that went well."""
    path, disk = session.config.disk, session.disk
    assert path is not None
    assert disk is not None
    try:
        _write_sectors(path, disk)
    except OSError as error:
        say(f"error: {path}: {error.strerror}; the disk is not whole")
        return False
    return True


def _write_sectors(path: Path, disk: Disk) -> None:
    with path.open("r+b") as file:
        for sector, data in disk.changes():
            file.seek(sector * SECTOR)
            file.write(data)
