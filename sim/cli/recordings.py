"""What the options ask to be written of a run: a waveform, and transcripts."""

from collections.abc import Iterator
from itertools import starmap

from hdl.arch import PAGE_FAULTS
from sim.boot.session import BootSession
from sim.cli.options import Options
from sim.guests.fault_table import PageFault, cause_name
from sim.guests.kernel_steps import KernelPlaces
from sim.guests.services import Running, Services
from sim.guests.symbols import Symbols
from sim.output.moments import Shown, of_life, of_moment, of_trap
from sim.output.narration import BareNarrator, KernelNarrator, Places, TrapFault
from sim.output.recording import Recording, make_recording
from sim.output.waves import CycleRange, FirstFaults
from sim.session import KernelSession, MachineSession

__all__ = ["record_bare_run", "record_run"]

#: Faults on either side of the one of --vcd-fault that may be marked in its waveform.
_NEIGHBOURS = 100


def record_run(options: Options, session: KernelSession) -> Recording | None:
    """What records a run under the kernel; the faults are those that the kernel served."""
    if options.vcd is None:
        return None
    kernel, guest = session.kernel, session.guest
    faults = guest.faults
    faults.pinned = lambda fault: _is_marked(fault, options)
    services = Services(kernel, lambda cycle: recording.watcher.oldest(cycle))

    def find(number: int) -> int | None:
        return faults[number - 1].trap.cycle if len(faults) >= number else None

    def shown() -> Iterator[Shown]:
        for each in faults:
            yield of_life(each.life, f"fault {each.number}: {each.cause_name}")
        yield from _injected(session)

    def narrate() -> KernelNarrator:
        return KernelNarrator(
            faults,
            services,
            kernel.satp,
            _places(session),
            session.injector.injected(),
            session.config.drop_tlb,
        )

    recording = make_recording(
        options.vcd,
        FirstFaults(guest),
        window=options.vcd_window,
        fault=options.vcd_fault,
        last=options.vcd_last,
        latency=session.config.latency,
        faults=shown,
        narrate=narrate,
        count=lambda: len(faults),
        find=find,
    )
    kernel.watchers.append(services)
    guest.watchers.append(services.rang)
    return recording


def record_bare_run(options: Options, session: MachineSession) -> Recording | None:
    """What records a run without the kernel model; the faults are those that the hart raised."""
    if options.vcd is None:
        return None
    engine = session.machine.engine

    def last_faults() -> list[TrapFault]:
        log = engine.log
        traps = [trap for trap in log.traps if trap.cause in PAGE_FAULTS]
        return [*starmap(TrapFault, enumerate(traps, log.page_faults - len(traps) + 1))]

    def find(number: int) -> int | None:
        count = engine.log.page_faults
        return last_faults()[number - 1 - count].trap.cycle if count >= number else None

    def shown() -> Iterator[Shown]:
        for number, trap in last_faults():
            yield of_trap(trap, f"fault {number}: {cause_name(trap.cause)}")
        yield from _injected(session)

    def narrate() -> BareNarrator:
        injected, drop_tlb = session.injector.injected(), session.config.drop_tlb
        return BareNarrator(last_faults(), _bare_places(session), injected, drop_tlb)

    return make_recording(
        options.vcd,
        CycleRange(),
        window=options.vcd_window,
        fault=options.vcd_fault,
        last=options.vcd_last,
        latency=session.config.latency,
        faults=shown,
        narrate=narrate,
        count=lambda: engine.log.page_faults,
        find=find,
    )


def _injected(session: KernelSession | MachineSession) -> Iterator[Shown]:
    """Where faults on command have happened."""
    for injected in session.injector.injected():
        if injected.cycle is not None:
            yield of_moment(injected.cycle, "injected")


def _bare_places(session: MachineSession) -> Places:
    """Tells of the only program, or of a kernel of one's own."""
    if isinstance(session, BootSession):
        kernel = KernelPlaces(session.elf, session.image.symbols)
        return lambda pc, _running: kernel.place(pc)
    symbols = Symbols("", session.elf)
    return lambda pc, _running: symbols.place("", pc).function


def _places(session: KernelSession) -> Places:
    """Tells of the programs of a run, and of the trampoline."""
    symbols = session.symbols()

    def place(pc: int, running: Running | None) -> str | None:
        found = symbols.trampoline(pc)
        if found is not None or running is None:
            return found
        info = symbols.info(running.name)
        return None if info is None else info.function(pc)

    return place


def _is_marked(fault: PageFault, options: Options) -> bool:
    """The fault may be in the waveform that `options` ask for by its place in the run."""
    if options.vcd_fault is not None:
        return abs(fault.number - options.vcd_fault) <= _NEIGHBOURS
    if options.vcd_window is None:
        return False  # it is about the first faults, or the last
    first, last = options.vcd_window.bounds()
    return first <= fault.trap.cycle <= last
