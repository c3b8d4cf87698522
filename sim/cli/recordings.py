"""What the options ask to be written of a run: a waveform, and transcripts."""

from collections.abc import Iterator

from hdl.arch import PAGE_FAULTS
from sim.cli.options import Options
from sim.engines.transcripts import Form
from sim.engines.traps import TrapRecord
from sim.guests.fault_table import PageFault, cause_name
from sim.output.gtkw import Mark
from sim.output.recording import Recording, make_recording
from sim.output.waves import CycleRange, FirstFaults
from sim.session import BareSession, KernelSession, Session

__all__ = ["record_bare_run", "record_run", "start_transcripts"]

#: Faults on either side of the one of --vcd-fault that may be marked in its waveform.
_NEIGHBOURS = 100


def record_run(options: Options, session: KernelSession) -> Recording | None:
    """What records a run under the kernel; the faults are those that the kernel served."""
    if options.vcd is None:
        return None
    faults = session.guest.faults
    faults.pinned = lambda fault: _is_marked(fault, options)

    def find(number: int) -> int | None:
        return faults[number - 1].trap.cycle if len(faults) >= number else None

    def marks() -> Iterator[Mark]:
        return (Mark(each.trap.cycle, f"fault {each.number}: {each.cause_name}") for each in faults)

    return make_recording(
        options.vcd,
        FirstFaults(session.guest),
        window=options.vcd_window,
        fault=options.vcd_fault,
        last=options.vcd_last,
        marks=marks,
        count=lambda: len(faults),
        find=find,
    )


def record_bare_run(options: Options, session: BareSession) -> Recording | None:
    """What records a bare run; the faults are those that the hart raised."""
    if options.vcd is None:
        return None
    engine = session.machine.engine

    def last_faults() -> list[TrapRecord]:
        return [trap for trap in engine.log.traps if trap.cause in PAGE_FAULTS]

    def find(number: int) -> int | None:
        count = engine.log.page_faults
        return last_faults()[number - 1 - count].cycle if count >= number else None

    def marks() -> Iterator[Mark]:
        traps = last_faults()
        for number, trap in enumerate(traps, engine.log.page_faults - len(traps) + 1):
            yield Mark(trap.cycle, f"fault {number}: {cause_name(trap.cause)}")

    return make_recording(
        options.vcd,
        CycleRange(),
        window=options.vcd_window,
        fault=options.vcd_fault,
        last=options.vcd_last,
        marks=marks,
        count=lambda: engine.log.page_faults,
        find=find,
    )


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


def _is_marked(fault: PageFault, options: Options) -> bool:
    """The fault may be in the waveform that `options` ask for by its place in the run."""
    if options.vcd_fault is not None:
        return abs(fault.number - options.vcd_fault) <= _NEIGHBOURS
    if options.vcd_window is None:
        return False  # it is about the first faults, or the last
    first, last = options.vcd_window.bounds()
    return first <= fault.trap.cycle <= last
