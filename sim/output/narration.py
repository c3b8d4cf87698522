"""The rows of words of a waveform: what is written into it so that it tells of its page faults.

What the hart does is told by the signals of each cycle, what the kernel did and how a fault went on
by the records of the run. Both engines record the same signals, so they are told the same words.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from kernel_model.facts.doorbell import Reason
from sim.engines.traps import TrapRecord
from sim.guests.bus_errors import Injected
from sim.guests.fault_table import PageFault, cause_name
from sim.guests.lives import NEVER, KernelPart, Life, Part
from sim.guests.services import Running, Service
from sim.host.debug_info import disassemble
from sim.output.annotate import Value, Variable
from sim.output.arguments import syscall_name
from sim.output.injections import stretches
from sim.output.phases import PROGRAM, USER, BarePhases, KernelPhases
from sim.output.sentences import cause_in_words, in_words, part_in_words, reason_in_words
from sim.output.timeline import Stretch, Timeline
from sim.output.words import (
    SIGNALS,
    Bus,
    Now,
    privilege,
    root_of,
    scause,
    stval,
    tlb,
    translation_register,
    trap_status,
    trap_vector,
    walker,
)

__all__ = ["HART", "BareNarrator", "KernelNarrator", "Places", "TrapFault"]

#: The scope of the hart in a waveform.
HART = "bench.top"
#: The row of a run without the kernel: the function in which the last instruction has retired.
_FUNCTION = "function"
#: The rows that the records tell, those of a run under the kernel, and those that signals tell.
_RECORDS, _KERNEL = ("fault", "phase"), ("kernel", "kernel_step")
#: What the row of faults on command says where TLBs are emptied.
_DROPPED = "--drop-tlb: the TLBs and the walk cache are emptied"
_ROWS = (
    "instruction",
    "privilege",
    "page_table",
    "fetch_tlb",
    "data_tlb",
    "walker",
    "bus",
    "scause",
    "stval",
)
#: Registers by their fields, in a scope of their own; and numbers of 32 bits.
_REGISTERS = ("satp", "sstatus", "stvec", "sepc", "mcause", "mepc", "mtval")
_NUMBERS = ("resident_pages", "free_frames")
_FIRST_REGISTER = Now._fields.index("satp")
#: The parts that only the life of a fault knows.
_OF_LIVES = (Part.WALK, Part.RAISE, Part.REFETCH, Part.REWALK, Part.RETRY)

#: Where an instruction stands, as "main+0x4", by its address and who runs.
Places = Callable[[int, Running | None], str | None]
_Text = Stretch[str]


class TrapFault(NamedTuple):
    """A page fault that no kernel has served: the how manieth it is, and its record."""

    number: int
    trap: TrapRecord


class _Rows:
    """What signals tell.

    Parameters
    ----------
    places : Places
        Tells of instructions.
    kernel_satp : int or None
        The kernel's page table, if there is a kernel.
    """

    def __init__(self, places: Places, kernel_satp: int | None):
        self._place = places
        self._kernel_root = None if kernel_satp is None else root_of(kernel_satp)
        self._bus = Bus(kernel_satp is not None)
        #: The registers as they were told last, and by their fields.
        self._register_values: tuple[Value | Running | None, ...] = ()
        self._registers: list[str] = []
        self._instructions: dict[tuple[int, int, int | None, Running | None], str] = {}

    def tell(self, now: Now, running: Running | None) -> Iterator[str]:
        """The rows of `_ROWS`, and those of `_REGISTERS`."""
        yield self._instruction(now, running) if now.retired else ""
        yield privilege(now.priv)
        yield self._page_table(now.satp, running)
        yield tlb(0, now.fetch_miss, now.fetch_fault, now.fetch_va)
        asked = now.asked and now.data_hit
        yield tlb(asked, now.data_miss, now.data_fault, now.asked_va if asked else now.data_va)
        yield walker(now)
        yield self._bus.tell(now)
        yield scause(now.scause)
        yield stval(now.scause, now.stval)
        values = *now[_FIRST_REGISTER:], running
        if values != self._register_values:
            self._register_values = values
            self._registers = list(self._in_fields(now, running))
        yield from self._registers

    def _in_fields(self, now: Now, running: Running | None) -> Iterator[str]:
        """The rows of `_REGISTERS`."""
        yield translation_register(now.satp)
        yield trap_status(now.sie, now.spie, now.spp, now.sum_, now.mxr)
        yield trap_vector(now.stvec, self._place(now.stvec & ~3, running))
        yield f"{now.sepc:#x} {self._place(now.sepc, running) or ''}".rstrip()
        yield scause(now.mcause)
        yield f"{now.mepc:#x} {self._place(now.mepc, running) or ''}".rstrip()
        yield stval(now.mcause, now.mtval)

    def _instruction(self, now: Now, running: Running | None) -> str:
        """What has retired, or what it has raised."""
        key = now.pc, now.insn, now.cause if now.trap else None, running
        told = self._instructions.get(key)
        if told is None:
            place = self._place(now.pc, running) or f"{now.pc:#x}"
            code = now.insn.to_bytes(4, "little")
            what = cause_in_words(now.cause) if now.trap else disassemble(code, now.pc)
            told = self._instructions[key] = f"{place}: {what}"
        return told

    def _page_table(self, satp: int, running: Running | None) -> str:
        """Whose page table the hart uses."""
        root = root_of(satp)
        if not root:
            return "none"
        if root == self._kernel_root:
            return "the kernel's"
        if running is not None and root == root_of(running.satp):
            return f"pid {running.pid} {running.name}"
        return f"root {root:#x}"


class Narrator(ABC):
    """Tells of a run; see `sim.output.annotate.Narrator`."""

    #: Full names of the signals that the words are made of.
    signals: Sequence[str] = [f"{HART}.{SIGNALS[field]}" for field in Now._fields]

    def __init__(self, rows: _Rows, own: Iterable[str], numbers: Iterable[str], *lines: Any):
        """`own` are the rows besides `_ROWS`; `lines` the timelines whose changes are moments."""
        self.variables: Sequence[Variable] = [
            *(Variable("story", name) for name in (*own, *_ROWS)),
            *(Variable("story", name, 32) for name in numbers),
            *(Variable("story.registers", name) for name in _REGISTERS),
        ]
        self.moments: Sequence[int] = sorted(
            {cycle for line in lines for cycle, _value in line.changes}
        )
        self._rows = rows

    def tell(self, cycle: int, values: Sequence[Value]) -> Sequence[Value]:
        """The words of `cycle`."""
        now = Now._make(values)
        own, numbers, running = self._own(cycle, now)
        rows = list(self._rows.tell(now, running))
        return [*own, *rows[: len(_ROWS)], *numbers, *rows[len(_ROWS) :]]

    @abstractmethod
    def _own(self, cycle: int, now: Now) -> tuple[Sequence[str], Sequence[int], Running | None]:
        """The rows besides those that signals tell, the numbers, and who runs."""


class _Injections:
    """The row of faults on command, if there are any.

    Members
    -------
    rows : sequence of str
        Its name; none where nothing is injected.
    line : Timeline
        What was injected last, by cycle.
    """

    def __init__(self, injected: Sequence[Injected], drop_tlb: int):
        self.rows = ["injected"] if injected or drop_tlb else []
        self.line = Timeline(stretches(injected), "")
        self._drop_tlb = drop_tlb

    def tell(self, cycle: int) -> Sequence[str]:
        """What the row says, if there is one."""
        injected = self.line.at(cycle)
        dropped = self._drop_tlb and cycle % self._drop_tlb == 0
        return [_DROPPED if dropped else injected for _ in self.rows]


class KernelNarrator(Narrator):
    """Of a run under the kernel.

    Parameters
    ----------
    faults : iterable of PageFault
        Those that may be in the waveform.
    services : iterable of Service
        In order; the first may be from before the waveform.
    kernel_satp : int
        The kernel's page table.
    places : Places
        Tells of instructions.
    injected : sequence of Injected
        The faults on command.
    drop_tlb : int
        See `RunConfig`.
    """

    def __init__(
        self,
        faults: Iterable[PageFault],
        services: Iterable[Service],
        kernel_satp: int,
        places: Places,
        injected: Sequence[Injected] = (),
        drop_tlb: int = 0,
    ):
        faults, services = list(faults), list(services)
        self._fault = Timeline(_told(faults), "")
        self._hindsight = Timeline(_of_lives(faults), "")
        lives = {each.life.answer.rung: each.life for each in faults if each.served.via is None}
        self._kernel = Timeline(map(lambda each: _served(each, lives), services), "")
        self._step = Timeline(chain.from_iterable(_steps(each, lives) for each in services), "")
        self._state = Timeline(_states(services), None)
        self._services = services
        self._injections = _Injections(injected, drop_tlb)
        self._phases: KernelPhases | None = None
        super().__init__(
            _Rows(places, kernel_satp),
            (*_RECORDS, *_KERNEL, *self._injections.rows),
            _NUMBERS,
            self._fault,
            self._hindsight,
            self._kernel,
            self._step,
            self._state,
            self._injections.line,
        )

    def _own(self, cycle: int, now: Now) -> tuple[Sequence[str], Sequence[int], Running | None]:
        if self._phases is None:
            self._phases = _begin(cycle, self._services)
        phase = self._phases.tell(cycle, now)
        better = self._hindsight.at(cycle)
        if phase == USER and better:
            phase = better
        state = self._state.at(cycle)
        running, *numbers = (None, 0, 0) if state is None else state
        own = self._fault.at(cycle), phase, self._kernel.at(cycle), self._step.at(cycle)
        return (*own, *self._injections.tell(cycle)), numbers, running


class BareNarrator(Narrator):
    """Of a run without a kernel, or with one of one's own; `faults` may be in the waveform.

    `injected` are the faults on command; for `drop_tlb` see `MachineConfig`.
    """

    def __init__(
        self,
        faults: Iterable[TrapFault],
        places: Places,
        injected: Sequence[Injected] = (),
        drop_tlb: int = 0,
    ):
        faults = list(faults)
        self._injections = _Injections(injected, drop_tlb)
        self._fault = Timeline(map(_raised, faults), "")
        self._hindsight = Timeline(chain.from_iterable(_of_trap(each.trap) for each in faults), "")
        self._phases = BarePhases()
        lines = self._fault, self._hindsight, self._injections.line
        self._places = places
        self._function = ""
        super().__init__(
            _Rows(places, None), (*_RECORDS, _FUNCTION, *self._injections.rows), (), *lines
        )

    def _own(self, cycle: int, now: Now) -> tuple[Sequence[str], Sequence[int], Running | None]:
        phase = self._phases.tell(cycle, now)
        better = self._hindsight.at(cycle)
        if phase == PROGRAM and better:
            phase = better
        if now.retired and not now.trap:
            # Where it stands until the next one retires.
            self._function = (self._places(now.pc, None) or "").partition("+")[0]
        own = self._fault.at(cycle), phase, self._function
        return (*own, *self._injections.tell(cycle)), (), None


def _begin(cycle: int, services: Iterable[Service]) -> KernelPhases:
    """The phases from `cycle` on."""
    serving = any(each.rung <= cycle < each.answered for each in services)
    idles = frozenset(each.answered for each in services if each.running is None)
    return KernelPhases(Part.KERNEL.value if serving else None, idles)


def _told(faults: Iterable[PageFault]) -> Iterator[_Text]:
    """Each fault, for as long as it lives."""
    for fault in faults:
        served, spans = fault.served, fault.life.spans
        whose = f"pid {served.pid} {served.name}"
        what = f"{fault.cause_name} page fault at {served.stval:#x}"
        if served.via is not None:
            what = f"{served.via.value} touches {served.stval:#x}"
        if spans:
            text = f"{fault.number}: {what}, {whose}"
            yield Stretch(fault.life.begin, spans[-1].end, text)


def _of_lives(faults: Iterable[PageFault]) -> Iterator[_Text]:
    """The parts that only a fault's life knows."""
    for fault in faults:
        for span in fault.life.spans:
            if span.part in _OF_LIVES:
                yield Stretch(span.start, span.end, span.part.value)


def _raised(fault: TrapFault) -> _Text:
    """A fault without a kernel, until its instruction retires, if it does."""
    trap = fault.trap
    begin = trap.cycle if trap.lookup is None else trap.lookup.asked
    end = trap.cycle + 1 if trap.retried_at is None else trap.retried_at
    text = f"{fault.number}: {cause_name(trap.cause)} page fault at {trap.tval:#x}"
    return Stretch(begin, end, text)


def _of_trap(trap: TrapRecord) -> Iterator[_Text]:
    """What is known of a fault without a kernel while its program runs."""
    if trap.lookup is not None:
        yield Stretch(trap.lookup.asked, trap.lookup.answered, Part.WALK.value)
        yield Stretch(trap.lookup.answered, trap.cycle, Part.RAISE.value)
    if trap.retried_at is None:
        return
    yield Stretch(trap.cycle, trap.retried_at, Part.RETRY.value)
    for part, lookup in zip((Part.REFETCH, Part.REWALK), trap.retry, strict=True):
        if lookup is not None and lookup.asked > trap.cycle:
            yield Stretch(lookup.asked, min(lookup.answered, trap.retried_at), part.value)


def _served(service: Service, lives: dict[int, Life]) -> _Text:
    """What the kernel does for a ring, and decides."""
    return Stretch(service.rung, service.answered, _service_in_words(service, lives))


def _service_in_words(service: Service, lives: dict[int, Life]) -> str:
    if service.rung in lives:
        outcome = lives[service.rung].served.outcome
        return f"{reason_in_words(outcome)}; {in_words(outcome)}"
    if service.syscall is not None:
        return f"{syscall_name(service.syscall)}, pid {service.pid}"
    if service.reason == Reason.BOOT:
        return "boot"
    return "looks who can run" if service.reason == Reason.IDLE else "interrupt, or end of a turn"


def _steps(service: Service, lives: dict[int, Life]) -> Iterator[_Text]:
    """The steps of the kernel's answer one after the other, those of a kind together."""
    start = service.rung
    for part in _parts(service, lives):
        yield Stretch(start, start + part.cycles, part_in_words(part))
        start += part.cycles


def _parts(service: Service, lives: dict[int, Life]) -> Iterable[KernelPart]:
    if service.rung in lives:
        return lives[service.rung].kernel_parts
    done = [KernelPart(step.name.lower(), times, cost) for step, times, cost in service.steps]
    bus = service.answered - service.rung - service.cost
    return [*done, KernelPart("bus", 1, bus)]


def _states(services: Sequence[Service]) -> Iterator[Stretch[Any]]:
    """Who runs, with its pages and the frames that are free, from each answer to the next."""
    ends = chain((each.answered for each in services[1:]), (NEVER,))
    for each, end in zip(services, ends, strict=False):
        yield Stretch(each.answered, end, (each.running, each.resident, each.free))
