"""What the commands `run` and `bare` do, from their options to the exit status."""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hdl.arch import PAGE_FAULTS
from kernel_model.calls.elf import ExecError
from kernel_model.calls.release import abi_of
from kernel_model.facts.abi import AUTO, Abi
from sim.guests.bare_guest import BareGuest
from sim.guests.disk import Disk
from sim.guests.fault_table import Fault, FaultTable, cause_name
from sim.guests.kernel_guest import PATIENCE, KernelGuest
from sim.guests.kernel_setup import KernelOptions, make_kernel, open_console, read_files, watch
from sim.guests.loader import LoadError, load_bare
from sim.host.output_files import open_output
from sim.host.own_programs import compile_bare_program, compile_program, elf_of, is_source
from sim.host.progress import Progress, tell_files
from sim.host.toolchain import find_program
from sim.limit import DEFAULT_CYCLES, run_within
from sim.machine import End, Machine, MachineConfig
from sim.output.activity import Activity
from sim.output.deaths import Deaths
from sim.output.gtkw import Mark
from sim.output.json_report import JsonReport
from sim.output.recording import Recording, make_recording
from sim.output.report import Report, print_faults, print_processes, print_summary
from sim.output.signature import signature_lines
from sim.output.waves import FirstFaults, Window
from sim.platform.devices.console import Console
from sim.platform.devices.doorbell import DoorbellPage
from sim.platform.devices.htif import Htif

__all__ = ["LOST", "UNREAD", "Options", "run_bare", "run_program"]

#: Exit statuses of runs that their program did not end.
_STATUS = {End.LIMIT: 124, End.STUCK: 125, End.LIVELOCK: 125, End.STOPPED: 130}
#: That of one whose output nobody reads, as a shell reports it of a program of the host's (128 +
#: SIGPIPE), and of one whose output could not be written, if the program's own is 0.
UNREAD, LOST = 141, 2
#: Faults on either side of the one of --vcd-fault that may be marked in its waveform.
_NEIGHBOURS = 100


@dataclass(frozen=True)
class Options:
    """The options that both commands have.

    At most one of `window`, `vcd_fault` and `vcd_last` says which cycles go into `vcd`.
    """

    config: MachineConfig
    max_cycles: int | None = None
    vcd: Path | None = None
    window: Window | None = None
    vcd_fault: int | None = None
    vcd_last: int | None = None
    quiet: bool = False


def run_program(
    options: Options,
    program: str,
    arguments: Sequence[str],
    setup: KernelOptions,
    notice: str | None = None,
) -> int:
    """Runs `program` under the kernel model; returns the exit status.

    `notice` is what the user is told when it starts.
    """
    tell_files(not options.quiet)
    disk = read_files(setup)
    elf, where = _elf(program, disk, options.quiet)
    progress = Progress(sys.stderr, told=not options.quiet)
    ram = Machine.make_ram(options.config)
    with open_console(setup, progress.clear) as console:
        kernel = make_kernel(setup, ram, console, options.config.latency, disk)
        try:
            kernel.exec(elf, [_guest_name(program), *arguments])
        except ExecError as error:
            raise ExecError(f"{where}: {error}") from error
        if not options.quiet:
            _tell_release(elf, program, setup.abi)
        if notice is not None:
            _say(notice)
        progress.activity = Activity(kernel)
        guest = KernelGuest(kernel)
        machine = Machine(options.config, ram, devices=[DoorbellPage(kernel.doorbell)])
        recording = _recording(options, FirstFaults(guest), lambda: _served(guest.faults),
                               lambda: len(guest.faults),
                               lambda machine: _fault_of(guest, options))  # fmt: skip
        guest.faults.pinned = lambda fault: _is_marked(fault, options)
        json = None
        if setup.json_path is not None:
            json = JsonReport(setup.json_path, console.write)
            guest.faults.settled = json.fault
        pages = watch(setup, kernel, guest.faults, lambda line: _emit(progress, line))
        if not options.quiet:
            kernel.watchers.append(Deaths(kernel, lambda line: _emit(progress, line)))

        end = _drive(machine, guest, options, recording, progress, guest.faults, console, pages)

    pages.finish()
    status = kernel.exit_status & 0xFF if end is End.FINISHED else _status(end, console)
    accounts = kernel.take_accounts(machine.engine.cycle)
    report = Report(status, machine.engine.cycle, machine.engine.log.instructions,
                    machine.engine.name, kernel.pages_promised, kernel.heap_frames_used,
                    kernel.frames_used, guest.faults, accounts, kernel.ledger,
                    kernel.first.abi.value)  # fmt: skip
    guest.faults.finish()
    failure = _finish_json(json, report)
    _tell(report, options, end, console, with_kernel=True, anyway=failure is not None)
    status = _unless_lost(status, console, recording)
    if failure is not None:
        raise failure
    return status


def _finish_json(json: JsonReport | None, report: Report) -> OSError | None:
    """Writes the rest; returns what has gone wrong, if anything has."""
    try:
        if json is not None:
            json.finish(report)
    except OSError as error:
        return error
    return None


def _tell_release(elf: bytes, program: str, abi: str) -> None:
    """Says whose `sbrk` the program is taken to call, if that is a guess or not the usual one."""
    if abi != AUTO:
        return
    found = abi_of(elf)
    if found is None:
        _say(f"{program} has no symbols that tell its release: taken for --abi {Abi.LAB.value}")
    elif found is not Abi.LAB:
        _say(f"{program} calls sbrk as the release of {found.value} does: --abi {found.value}")


def run_bare(options: Options, path: Path, *, signature: Path | None, granularity: int) -> int:
    """Runs the bare-metal program in `path`; returns the exit status."""
    tell_files(not options.quiet)
    if is_source(path):
        path = _compiled(path, compile_bare_program, options.quiet)
    progress = Progress(sys.stderr, told=not options.quiet)
    ram = Machine.make_ram(options.config)
    try:
        image = load_bare(path.read_bytes(), ram)
        region = image.signature(ram) if signature is not None else None
    except LoadError as error:
        raise LoadError(f"{path}: {error}") from error
    console = Console(before_write=progress.clear)
    guest = BareGuest(Htif(ram, image.tohost, image.fromhost, console.write))
    machine = Machine(options.config, ram, watched=image.tohost)
    recording = _recording(options, Window(), lambda: _page_faults(machine),
                           lambda: machine.engine.log.page_faults,
                           lambda machine: _page_fault_of(machine, options))  # fmt: skip

    end = _drive(machine, guest, options, recording, progress, (), console)

    code = guest.htif.exit_code
    status = _status(end, console) if code is None else min(code, 255)
    report = Report(status, machine.engine.cycle, machine.engine.log.instructions,
                    machine.engine.name)  # fmt: skip
    if code:
        print(f"{path}: test {code} failed", file=sys.stderr)
    _tell(report, options, end, console, with_kernel=False)
    status = _unless_lost(status, console, recording)
    if region is not None and code is not None:
        with open_output(signature) as file:
            file.write(signature_lines(ram, *region, granularity))
    return status


def _elf(program: str, disk: Disk, quiet: bool) -> tuple[bytes, str]:
    """The ELF of what `run` is to run, which is compiled if need be, and where it was found."""
    found = disk.program(program)
    if found is not None and not is_source(program):
        return found, f"{program} on the disk"
    if not is_source(program):
        path = find_program(program)
    else:
        path = _compiled(Path(program), lambda source, out: compile_program([source], out), quiet)
    return path.read_bytes(), str(path)


def _compiled(source: Path, compile_to: Callable[[Path, Path], Path], quiet: bool) -> Path:
    """The ELF that is made of `source`; says where it is."""
    out = compile_to(source, elf_of(source))
    if not quiet:
        _say(f"{source} is compiled into {out}")
    return out


def _guest_name(program: str) -> str:
    """argv[0]: a program is not called like its source."""
    return str(Path(program).with_suffix("")) if is_source(program) else program


def _recording(
    options: Options, default: Window | FirstFaults, marks, count, find
) -> Recording | None:
    """What writes the waveform that `options` ask for, with all its `marks`."""
    if options.vcd is None:
        return None
    return make_recording(options.vcd, default, window=options.window, fault=options.vcd_fault,
                          last=options.vcd_last, marks=marks, count=count, find=find)  # fmt: skip


def _fault_of(guest: KernelGuest, options: Options) -> int | None:
    """The cycle of a fault in the table, or None if it has not come."""
    faults, number = guest.faults, options.vcd_fault
    return faults[number - 1].trap.cycle if len(faults) >= number else None


def _page_faults(machine: Machine) -> Iterator[Mark]:
    """The last page faults that the hart raised so far."""
    log = machine.engine.log
    traps = [trap for trap in log.traps if trap.cause in PAGE_FAULTS]
    for number, trap in enumerate(traps, log.page_faults - len(traps) + 1):
        yield Mark(trap.cycle, f"fault {number}: {cause_name(trap.cause)}")


def _page_fault_of(machine: Machine, options: Options) -> int | None:
    """The cycle of a page fault that the hart raised, or None if it has not come."""
    log, number = machine.engine.log, options.vcd_fault
    if log.page_faults < number:
        return None
    traps = [trap for trap in log.traps if trap.cause in PAGE_FAULTS]
    return traps[number - 1 - log.page_faults].cycle


def _is_marked(fault: Fault, options: Options) -> bool:
    """The fault may be in the waveform that `options` ask for by its place in the run."""
    if options.vcd_fault is not None:
        return abs(fault.number - options.vcd_fault) <= _NEIGHBOURS
    if options.vcd is None or options.window is None:
        return False  # it is about the first faults, or the last
    first, last = options.window.bounds()
    return first <= fault.trap.cycle <= last


def _served(faults: FaultTable) -> Iterator[Mark]:
    """The page faults that the kernel served so far."""
    return (Mark(fault.trap.cycle, f"fault {fault.number}: {fault.cause_name}") for fault in faults)


def _drive(
    machine, guest, options, recording: Recording | None, progress, faults, console, *watchers
) -> End:
    """Runs the machine; Ctrl-C ends it in good order, and a second one at once.

    What ends it with an exception is to be seen in the waveform, too.
    """

    def interrupt(number, frame):
        machine.stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        console.interrupt()

    def show_progress(cycle):
        if console.midline:
            # A line that is being typed, or that the program has begun and may go on with.
            if console.interactive or not progress.silent():
                return
            console.end_line()
        progress.update(cycle, len(faults), machine.engine.skipped)

    def finish():
        progress.clear()
        console.end_line()
        if recording is not None:
            recording.watcher.finish(machine)
        machine.engine.close()

    watchers = [console, *watchers, *([] if recording is None else [recording.watcher])]
    signal.signal(signal.SIGINT, interrupt)
    try:
        end = run_within(
            machine,
            guest,
            options.max_cycles,
            lambda: console.interactive,
            watchers=watchers,
            progress=show_progress,
        )
    except Exception:
        finish()
        if recording is not None and recording.watcher.started:
            recording.finish()
        elif recording is not None:
            recording.discard()
        raise
    except BaseException:
        machine.engine.close()
        raise
    finish()
    return end


def _status(end: End, console: Console) -> int:
    """The exit status of a run that its program did not end."""
    return UNREAD if end is End.STOPPED and console.unread else _STATUS[end]


def _unless_lost(status: int, console: Console, recording: Recording | None) -> int:
    """`status`, but no success if the user does not get the waveform or did not get the output."""
    if recording is not None and not recording.finish():
        status = status or LOST
    if console.journal_failure is not None:
        error = console.journal_failure
        _say(f"error: {error.filename}: {error.strerror}; the journal is not whole")
        status = status or LOST
    if console.failure is None or console.unread:
        return status
    _say(f"error: {console.failure}; what the program printed is not whole")
    return status or LOST


def _tell(
    report: Report, options: Options, end: End, console: Console, *, with_kernel, anyway=False
) -> None:
    """Says why the run ended if the program did not end it, and shows the result.

    That it does even though it shall be quiet, if `anyway`: there is no other place for it.
    """
    if end is End.LIMIT:
        limit = options.max_cycles or DEFAULT_CYCLES
        _say(f"ended by --max-cycles {limit}: the program had not finished")
    elif end is End.STUCK:
        _say(f"the hart is stuck: no instruction has retired for long at cycle {report.cycles}")
    elif end is End.LIVELOCK:
        _say(f"ended at cycle {report.cycles}: after {PATIENCE} traps in a row no instruction "
             "of a program had retired")  # fmt: skip
    elif end is End.STOPPED and console.unread:
        _say(f"standard output has no reader any more: ended at cycle {report.cycles}")
    elif end is End.STOPPED:
        _say(f"interrupted at cycle {report.cycles}")
    if options.quiet and not anyway:
        return
    if with_kernel:
        print_faults(report, sys.stderr)
        print_processes(report, sys.stderr)
    print_summary(report, sys.stderr)


def _emit(progress: Progress, line: str) -> None:
    """Prints a line while the program runs."""
    progress.clear()
    print(line, file=sys.stderr, flush=True)


def _say(message: str) -> None:
    print(f"trapline: {message}", file=sys.stderr)
