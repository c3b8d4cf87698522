"""The hart's side: runs programs on the native engine and keeps the records of the retire port."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sim.config import MachineConfig
from sim.machine import Machine
from sim.platform.device import LINES
from tests.verify.lockstep.program import Program
from tests.verify.lockstep.world import RAM, RAM_SIZE, USED

__all__ = ["HartRunner", "Record", "Run"]

#: Cycles between two looks whether the program has ended. A hart that does nothing for so long
#: after the last change of a line has stopped.
_CHUNK = 500
_PAGE = 1 << 12


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the retire port and its cycle; `fields` are those of `RetirePort`."""

    cycle: int
    fields: Mapping[str, int]

    def __getattr__(self, name):
        return self.fields[name]


@dataclass
class Run:
    """What a program did: its records, and pages of RAM as they were at the end, by address.

    It ran for `cycles`. If it was cut short there are no pages.
    """

    program: Program
    records: list[Record]
    cycles: int
    pages: dict[int, bytes] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """It came to its end."""
        return bool(self.records) and self.records[-1].pc_rdata == self.program.end

    @property
    def stopped(self) -> bool:
        """There were no more records for a long time, though it had not ended."""
        last = self.records[-1].cycle if self.records else 0
        return not self.ended and self.cycles - last > _CHUNK


class HartRunner:
    """Runs programs, each from reset.

    Parameters
    ----------
    latency : int
        Of the memory, in cycles.
    hart : wiring.Component or None
        Another hart than ours.
    pmp_entries : int
        Entries of physical memory protection.
    misaligned : bool
        It does misaligned loads and stores.
    """

    def __init__(
        self, *, latency: int = 1, hart=None, pmp_entries: int = 0, misaligned: bool = False
    ):
        config = MachineConfig(
            memory_mib=RAM_SIZE >> 20,
            latency=latency,
            engine="native",
            traced=True,
            hpm_counters=4,
            pmp_entries=pmp_entries,
            misaligned=misaligned,
        )
        self._ram = Machine.make_ram(config)
        self._engine = Machine(config, self._ram, hart=hart).engine
        self._records: list[Record] = []
        self._engine.observe(lambda cycle, fields: self._records.append(Record(cycle, fields)))
        self._reset = self._engine.snapshot()
        self._dirty: set[int] = set()

    def run(self, program: Program, *, max_records: int = 6_000, max_cycles: int = 40_000) -> Run:
        """Runs `program` to its end or to one of the bounds; an event of the engine is an error."""
        self._start(program)
        lines, end = list(program.lines), program.end
        engine, records = self._engine, self._records
        over = False
        while not over and len(records) < max_records and engine.cycle < max_cycles:
            while lines and lines[0].cycle <= engine.cycle:
                line = lines.pop(0)
                engine.set_line(line.name, line.level)
            seen = len(records)
            stop = lines[0].cycle if lines else engine.cycle + _CHUNK
            engine.run(min(stop - engine.cycle, _CHUNK))
            new = records[seen:]
            for index, record in enumerate(new, seen):
                if record.fields["pc_rdata"] == end:
                    over = True
                    del records[index + 1 :]
                    break
            over |= not lines and (not new or all(record.fields["trap"] for record in new))
        self._note_dirty()
        pages = self._pages() if over and len(records) <= max_records else {}
        return Run(program, records[:max_records], engine.cycle, pages)

    def _start(self, program):
        self._records.clear()
        self._engine.restore(self._reset)
        for name in LINES:
            self._engine.set_line(name, False)
        for page in self._dirty:
            self._ram.zero(page, _PAGE)
        for address, content in program.image:
            self._ram.write(address, content)
        self._dirty = set(range(RAM, RAM + USED, _PAGE))

    def _note_dirty(self):
        """All pages that the program may have changed have to be emptied before the next one."""
        stored = [record.fields for record in self._records if record.fields["mem_wmask"]]
        self._dirty |= {
            page
            for fields in stored
            for address in (fields["mem_paddr"], fields.get("mem_paddr2", 0))
            if RAM <= (page := address & ~(_PAGE - 1)) < RAM + RAM_SIZE
        }

    def _pages(self):
        return {page: self._ram.read(page, _PAGE) for page in sorted(self._dirty)}
