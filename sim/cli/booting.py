"""What the command `boot` does, from its options to the exit status."""

import os
import sys
from pathlib import Path

from sim.boot import BootSession
from sim.cli.driving import (
    LOST,
    drive,
    make_recording,
    say,
    tell,
    tell_compiled,
    unless_lost,
    with_status,
)
from sim.cli.keyboard import Keyboard
from sim.cli.options import BootOptions
from sim.cli.reports import BareReports
from sim.cli.watching import keep_journal, open_console
from sim.config import BootConfig
from sim.guests.program import find_boot_program
from sim.host.output_files import empty
from sim.host.progress import Progress, tell_files
from sim.platform.devices.disk import SECTOR, Disk

__all__ = ["boot_kernel"]


def boot_kernel(config: BootConfig, options: BootOptions, path: Path) -> int:
    """Boots the kernel in `path`; returns the exit status."""
    tell_files(not options.quiet)
    empty(options.vcd, options.log_commits, options.rvfi, options.json_path)
    empty(options.kanata, options.log_walks)
    kernel = find_boot_program(path, raw=config.raw is not None)
    tell_compiled(kernel, options)
    progress = Progress(sys.stderr, told=not options.quiet)
    keyboard = Keyboard()
    console = open_console(options, progress.clear, keyboard.source)
    with kernel.blamed():
        until = os.fsencode(options.until or "")
        session = BootSession(config, kernel.elf, console, until=until)
    keyboard.pace(session.machine.engine)
    with keep_journal(options, console):
        recording = make_recording(options, session)
        reports = BareReports(options, session, console.write)
        log = session.machine.engine.log
        number = drive(session, options, recording, progress, lambda: log.page_faults, console)

    result = with_status(session.result(), console, number)
    failure = reports.finish(result)
    tell(result, options, console, anyway=failure is not None)
    status = unless_lost(result.exit_status, console, recording, session, reports.close())
    if options.write_disk and not _write_disk(config, session):
        status = status or LOST
    if failure is not None:
        raise failure
    return status


def _write_disk(config: BootConfig, session: BootSession) -> bool:
    """Writes what has changed on the disk to its image; whether that went well."""
    disk = session.disk
    assert config.disk is not None
    assert disk is not None
    try:
        _write_sectors(config.disk, disk)
    except OSError as error:
        say(f"error: {config.disk}: {error.strerror}; the disk is not whole")
        return False
    return True


def _write_sectors(path: Path, disk: Disk) -> None:
    with path.open("r+b") as file:
        for sector, data in disk.changes():
            file.seek(sector * SECTOR)
            file.write(data)
