"""What the commands `run` and `bare` do, from their options to the exit status."""

import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kernel_model.costs import TABLE, ZERO
from kernel_model.elf import ExecError
from kernel_model.kernel import Kernel
from sim.bare_guest import BareGuest
from sim.devices.console import Console
from sim.devices.doorbell import DoorbellPage
from sim.devices.htif import Htif
from sim.gtkw import write_save_file
from sim.kernel_guest import KernelGuest
from sim.loader import LoadError, load_bare
from sim.machine import End, Machine, MachineConfig
from sim.progress import Progress
from sim.report import Report, print_faults, print_summary, write_json
from sim.signature import signature_lines
from sim.toolchain import assemble_trampoline, find_program
from sim.waves import FirstFaults, Trace, Window

__all__ = ["Options", "run_bare", "run_program"]

_COSTS = {"table": TABLE, "zero": ZERO}
#: Exit statuses of runs that their program did not end.
_STATUS = {End.LIMIT: 124, End.STUCK: 125, End.STOPPED: 130}


@dataclass(frozen=True)
class Options:
    """The options that both commands have."""

    config: MachineConfig
    max_cycles: int | None = None
    vcd: Path | None = None
    window: Window | None = None
    quiet: bool = False


def run_program(
    options: Options,
    program: str,
    arguments: Sequence[str],
    *,
    json_path: Path | None,
    svadu: bool,
    kernel_cost: str,
) -> int:
    """Runs `program` under the kernel model; returns the exit status."""
    path = find_program(program)
    progress = Progress(sys.stderr)
    ram = Machine.make_ram(options.config)
    kernel = Kernel(ram, assemble_trampoline(), Console(before_write=progress.clear),
                    svadu=svadu, costs=_COSTS[kernel_cost])  # fmt: skip
    try:
        kernel.exec(path.read_bytes(), [program, *arguments])
    except ExecError as error:
        raise ExecError(f"{path}: {error}") from error
    guest = KernelGuest(kernel)
    machine = Machine(options.config, ram, devices=[DoorbellPage(kernel.doorbell)])
    trace = _trace(options, options.window or FirstFaults(guest))

    end = _drive(machine, guest, options, trace, progress, lambda: len(guest.faults))

    status = kernel.exit_status & 0xFF if end is End.FINISHED else _STATUS[end]
    report = Report(status, machine.engine.cycle, machine.engine.log.instructions,
                    machine.engine.name, kernel.pages_promised, kernel.heap_frames_used,
                    kernel.frames_used, guest.faults)  # fmt: skip
    _tell(report, options, end, with_faults=True)
    if json_path is not None:
        write_json(report, json_path)
    _finish_trace(trace, guest.faults)
    return status


def run_bare(options: Options, path: Path, *, signature: Path | None, granularity: int) -> int:
    """Runs the bare-metal program in `path`; returns the exit status."""
    progress = Progress(sys.stderr)
    ram = Machine.make_ram(options.config)
    try:
        image = load_bare(path.read_bytes(), ram)
        region = image.signature(ram) if signature is not None else None
    except LoadError as error:
        raise LoadError(f"{path}: {error}") from error
    console = Console(before_write=progress.clear)
    guest = BareGuest(Htif(ram, image.tohost, image.fromhost, console.write))
    machine = Machine(options.config, ram, watched=image.tohost)
    trace = _trace(options, options.window or Window())

    end = _drive(machine, guest, options, trace, progress, lambda: 0)

    code = guest.htif.exit_code
    status = _STATUS[end] if code is None else min(code, 255)
    report = Report(status, machine.engine.cycle, machine.engine.log.instructions,
                    machine.engine.name)  # fmt: skip
    if code:
        print(f"{path}: test {code} failed", file=sys.stderr)
    _tell(report, options, end, with_faults=False)
    if region is not None and code is not None:
        signature.write_text(signature_lines(ram, *region, granularity))
    _finish_trace(trace, ())
    return status


def _trace(options: Options, window: Window | FirstFaults) -> Trace | None:
    return Trace(options.vcd, window) if options.vcd is not None else None


def _drive(machine, guest, options, trace, progress, count_faults) -> End:
    """Runs the machine; Ctrl-C ends it in good order, and a second one at once."""

    def interrupt(number, frame):
        machine.stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, interrupt)
    try:
        return machine.run(
            guest,
            max_cycles=options.max_cycles,
            watchers=[trace] if trace is not None else [],
            progress=lambda cycle: progress.update(cycle, count_faults()),
        )
    finally:
        progress.clear()
        machine.engine.close()


def _tell(report: Report, options: Options, end: End, *, with_faults: bool) -> None:
    """Says why the run ended if the program did not end it, and shows the result."""
    if end is End.LIMIT:
        _say(f"ended by --max-cycles {options.max_cycles}: the program had not finished")
    elif end is End.STUCK:
        _say(f"the hart is stuck: no instruction has retired for long at cycle {report.cycles}")
    elif end is End.STOPPED:
        _say(f"interrupted at cycle {report.cycles}")
    if options.quiet:
        return
    if with_faults:
        print_faults(report, sys.stderr)
    print_summary(report, sys.stderr)


def _finish_trace(trace: Trace | None, faults) -> None:
    if trace is None:
        return
    if not trace.started:
        _say(f"{trace.path}: not written, the run ended before its window began")
        return
    save = write_save_file(trace.path, faults)
    _say(f"waveform in {trace.path}; open it with: gtkwave {save}")


def _say(message: str) -> None:
    print(f"trapline: {message}", file=sys.stderr)
