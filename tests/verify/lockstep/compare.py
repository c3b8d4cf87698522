"""Lock-step: Spike executes what the hart has retired, and is asked after each what it has done.

Interrupts by a line or by time are the hart's to take when it likes, within bounds; Spike is made
to take them before the same instruction. All others, by writing CSRs, both have to take at once.
"""

import re
from collections import Counter
from dataclasses import dataclass

from hdl.arch import (
    INTERRUPT_BIT,
    MENVCFG_STCE,
    Cause,
    Csr,
    Interrupt,
    Mstatus,
    Pte,
    page_round_down,
)
from sim.engines.transcripts import commit_line
from tests.verify.lockstep.early import early_updates
from tests.verify.lockstep.hart import Run
from tests.verify.lockstep.misaligned import count_misaligned, stored, trapping_as_hart
from tests.verify.lockstep.reference import Commit, Reference, disassemble, name_of
from tests.verify.lockstep.refused import count_refused
from tests.verify.lockstep.spike_differences import CSR_BITS, READ_ONLY, UNTOLD
from tests.verify.lockstep.statistics import Statistics
from tests.verify.lockstep.world import CODE, DATA, LEVELS, RAM

__all__ = ["Difference", "comparable", "compare"]

#: Cycles in which an interrupt line that has risen must have been noticed.
_NOTICED = 100
_LINES = {
    Interrupt.MSI: "msip",
    Interrupt.MTI: "mtip",
    Interrupt.MEI: "meip",
    Interrupt.STI: "stip",
}
_WFI = 0x1050_0073
_SC, _SC_MASK = 0x1800_202F, 0xF800_607F
_LR, _LR_MASK = 0x1000_202F, 0xF9F0_607F
_SFENCE, _SFENCE_MASK = 0x1200_0073, 0xFE00_7FFF
_IR = 1 << 2
#: In the log, the value of a register or a CSR.
_LOGGED = re.compile(r"( x\d+ +| c(\d+)_\w+ )0x(\w+)")
_STIP = 1 << Interrupt.STI


@dataclass(frozen=True)
class Difference:
    """The first difference: at which record, what differs, and both sides.

    `commits` are the last instructions of Spike.
    """

    index: int
    what: str
    hart: object
    spike: object
    commits: tuple[Commit, ...] = ()

    def __str__(self):
        def text(value):
            return f"{value:#x}" if isinstance(value, int) else str(value)

        return f"{self.what}: hart {text(self.hart)}, Spike {text(self.spike)}"


class _Stop(Exception):
    """A difference: what, hart's, Spike's."""


def compare(
    run: Run, *, pmp_entries: int = 0, misaligned: bool = False
) -> tuple[Difference | None, Statistics]:
    """The first difference between `run` and Spike, or None; and what was compared."""
    spike = Reference(pmp_entries=pmp_entries, misaligned=misaligned)
    try:
        return _LockStep(run, spike).check()
    finally:
        spike.close()


class _LockStep:
    def __init__(self, run, spike):
        self.run, self.spike = run, spike
        self.statistics = Statistics(programs=1, ended=int(run.ended))
        self.stce, self.deadline, self.deadline_set = False, 0, 0
        self.lines = list(run.program.lines)
        self.index = 0
        self.words = Counter()
        #: Lines that are high, with the cycle since when; and when they fell.
        self.high, self.fell = {}, {}
        #: Cycle of a `wfi` that has just retired, else None.
        self.woken = None
        #: PTEs that an interrupt may have left with more A and D bits than Spike's: their values.
        self.early = {}
        #: The last trap since the last LR, "" if there was none; None without LR.
        self.since_reserved = None
        #: Level of the PTE that was stored by the last access to memory, else None.
        self.edited = None
        self.read_only = {address: spike.csr(address) for address in READ_ONLY}
        for address, content in run.program.image:
            spike.write(address, content)

    def check(self):
        """See `compare`."""
        try:
            for index, record in enumerate(self.run.records):
                self.index = index
                self.one(record)
            self.stop()
            self.end()
            self.log()
        except _Stop as stop:
            return Difference(self.index, *stop.args, tuple(self.spike.commits()[-20:])), None
        for word, count in self.words.items():
            self.statistics.names[name_of(word)] += count
        return None, self.statistics

    def expect(self, what, hart, spike):
        if hart != spike:
            raise _Stop(what, hart, spike)

    def one(self, record):
        """One record: an instruction that retired or trapped, perhaps behind an interrupt."""
        spike, fields = self.spike, record.fields
        self.drive(record.cycle)
        if fields["intr"] and fields["intr_cause"] >> INTERRUPT_BIT:
            self.interrupt(record)
        self.expect("mode", fields["mode"], spike.mode)
        self.expect("pc", fields["pc_rdata"], spike.pc)
        self.count(fields)
        count_refused(self.statistics.refused, spike, fields)
        with trapping_as_hart(spike, record):
            spike.step()
        self.woken = None
        if fields["trap"]:
            self.trap(record)
        else:
            self.retired(record)
        self.expect("next pc", fields["pc_wdata"], spike.pc)

    def drive(self, cycle):
        """Sets Spike's lines to what the hart must have noticed by `cycle`."""
        while self.lines and self.lines[0].cycle <= cycle:
            line = self.lines.pop(0)
            if line.level:
                self.high[line.name] = line.cycle
            elif line.name in self.high:
                del self.high[line.name]
                self.fell[line.name] = line.cycle
        # What has ended a `wfi` has been noticed in the cycle before it retired.
        noticed = cycle - _NOTICED if self.woken is None else self.woken - 1
        for name in ("msip", "mtip", "meip"):
            self.spike.set_line(name, self.high.get(name, cycle) <= noticed)
        since = max(self.deadline, self.deadline_set)
        self.spike.set_line("stip", self.stce and since <= noticed)

    def interrupt(self, record):
        """The hart has taken an interrupt before this instruction; so must Spike."""
        spike, cause = self.spike, record.intr_cause
        if self.interrupted_pc(record) != spike.pc:
            # Another one came before it, to S-mode, whose handler has not begun.
            delegated = self.stce and bool(spike.csr(Csr.MIDELEG) & _STIP)
            spike.set_line("stip", delegated and self.was_high("stip", record.cycle))
            for name in ("msip", "mtip", "meip"):
                spike.set_line(name, False)
            self.take()
            self.taken(spike.csr(Csr.SCAUSE))
            self.drive(record.cycle)
        number = cause & ~(1 << INTERRUPT_BIT)
        line = _LINES.get(number)
        if line is not None and (line != "stip" or self.stce):
            self.expect(f"interrupt {number} is pending", True, self.was_high(line, record.cycle))
            spike.set_line(line, True)
        self.take()
        self.woken = None
        self.expect("cause of the interrupt", cause, self.trap_csr(Csr.MCAUSE, Csr.SCAUSE))
        self.taken(cause)
        # At once, for it may be over.
        self.drive(record.cycle)

    def take(self):
        """Spike takes an interrupt."""
        for address, value in early_updates(self.spike).items():
            self.early[address] = self.early.get(address, 0) | value
        self.spike.step()

    def taken(self, cause):
        """Counts an interrupt that Spike has taken."""
        if self.since_reserved is not None:
            self.since_reserved = "interrupt"
        mode, status = self.spike.mode, self.spike.csr(Csr.MSTATUS)
        before = status >> Mstatus.MPP & 3 if mode == 3 else status >> Mstatus.SPP & 1
        self.statistics.interrupts[cause & 0xFF, before, mode] += 1

    def interrupted_pc(self, record):
        """The address that the handler which begins with `record` finds in its xepc.

        The records do not tell it, but every handler reads it. What it reads is compared later.
        """
        address = Csr.MEPC if record.mode == 3 else Csr.SEPC
        for later in self.run.records[self.index : self.index + 40]:
            fields = later.fields
            if fields["trap"] or fields["mode"] != record.mode:
                break
            if fields["insn"] & 0x7F == 0x73 and fields["insn"] >> 20 == address:
                return fields["rd_wdata"]
        return self.spike.pc

    def was_high(self, line, cycle):
        """Whether the hart can have seen `line`, if it took an interrupt shortly before `cycle`."""
        if line == "stip":
            return cycle >= self.deadline
        return line in self.high or cycle < self.fell.get(line, -_NOTICED) + _NOTICED

    def trap_csr(self, machine, supervisor):
        return self.spike.csr(machine if self.spike.mode == 3 else supervisor)

    def trap(self, record):
        """An exception."""
        self.expect("next pc", record.pc_wdata, self.spike.pc)
        self.expect("cause", record.cause, self.trap_csr(Csr.MCAUSE, Csr.SCAUSE))
        self.expect("xtval", record.tval, self.trap_csr(Csr.MTVAL, Csr.STVAL))
        self.expect("xepc", record.pc_rdata, self.trap_csr(Csr.MEPC, Csr.SEPC))
        self.statistics.traps[record.cause, record.mode, self.spike.mode] += 1
        if self.since_reserved is not None:
            self.since_reserved = "exception"
        count_misaligned(self.statistics.misaligned, record.fields)
        in_second = record.cause in (Cause.FETCH_ACCESS, Cause.FETCH_PAGE)
        self.statistics.straddling["faulted"] += in_second and record.tval != record.pc_rdata

    def retired(self, record):
        """An instruction that retired: what it wrote."""
        spike, fields = self.spike, record.fields
        insn, rd = fields["insn"], fields["rd_addr"]
        self.tally(record)
        if insn & 0x7F == 0x73:
            self.system(record)
        if rd:
            self.expect(f"x{rd}", fields["rd_wdata"], spike.read_register(rd))
        if fields["csr_wmask"]:
            address = fields["csr_addr"]
            compared = ~CSR_BITS[address].mask if address in CSR_BITS else ~0
            written = fields["csr_wdata"] & compared
            self.expect(f"written CSR {address:#x}", written, spike.csr(address) & compared)
        if fields["mem_wmask"]:
            for address, content in stored(fields):
                mine = spike.read(address, len(content)).hex()
                self.expect(f"memory at {address:#x}", content.hex(), mine)

    def tally(self, record):
        """Counts an instruction that retired."""
        statistics, fields = self.statistics, record.fields
        insn = fields["insn"]
        statistics.instructions[fields["mode"]] += 1
        self.words[insn] += 1
        statistics.straddling["retired"] += insn & 3 == 3 and fields["pc_rdata"] & 0xFFF == 0xFFE
        count_misaligned(statistics.misaligned, fields)
        if fields["mem_wmask"]:
            self.edited = LEVELS.get(page_round_down(fields["mem_paddr"]))
        elif fields["mem_rmask"]:
            self.edited = None
        if insn & _LR_MASK == _LR:
            self.since_reserved = ""
        elif insn & _SC_MASK == _SC:
            statistics.conditionals[int(not fields["mem_wmask"])] += 1
            if self.since_reserved and fields["mem_wmask"]:
                statistics.survived[self.since_reserved] += 1
            self.since_reserved = None
        elif insn & _SFENCE_MASK == _SFENCE and self.edited is not None:
            statistics.fences[self.edited, insn >> 15 & 31 != 0, insn >> 20 & 31 != 0] += 1

    def system(self, record):
        """A CSR may hold what Spike cannot know; and `wfi` ends by what the hart has noticed."""
        insn, rd, value = record.insn, record.rd_addr, record.rd_wdata
        if insn == _WFI:
            self.woken = record.cycle
        if not insn >> 12 & 3:
            return
        address, spike = insn >> 20, self.spike
        self.statistics.csrs[address] += 1
        writes = insn >> 12 & 3 == 1 or insn >> 15 & 31
        if writes and CODE <= RAM | record.pc_rdata & (1 << 21) - 1 < DATA:
            self.statistics.written[address] += 1
        if address in READ_ONLY:
            spike.write_csr(address, self.read_only[address])
        if rd and address in CSR_BITS:
            mask = CSR_BITS[address].mask
            if address in (Csr.MIP, Csr.SIP) and not self.stce:
                mask &= ~_STIP
            self.expect(f"CSR {address:#x}", value & ~mask, spike.read_register(rd) & ~mask)
            spike.write_register(rd, value)
        if address == Csr.STIMECMP:
            self.deadline, self.deadline_set = spike.csr(Csr.STIMECMP), record.cycle
        elif address == Csr.MENVCFG:
            self.stce = bool(spike.csr(Csr.MENVCFG) >> MENVCFG_STCE & 1)

    def count(self, fields):
        """Spike counts the instruction that writes `mcountinhibit` by what it has written there.

        The hart counts it by what was there before: "Any CSR write takes effect after the writing
        instruction has otherwise completed." Made up for before Spike executes it: of what follows
        a write of `minstret` from outside, Spike does not count one, unless that is such a write.
        """
        if fields["csr_whole_addr"] != Csr.MCOUNTINHIBIT:
            return
        spike, inhibits = self.spike, fields["csr_wdata"] & _IR
        if spike.csr(Csr.MCOUNTINHIBIT) & _IR != inhibits:
            count = spike.csr(Csr.MINSTRET) + (1 if inhibits else -1)
            spike.write_csr(Csr.MINSTRET, count & (1 << 64) - 1)

    def stop(self):
        """A hart that has stopped must be waiting, for nothing that has come.

        Spike is made to execute the `wfi`, and its commit is the last one.
        """
        run, spike = self.run, self.spike
        if not run.stopped:
            return
        self.woken = None
        self.drive(run.cycles)
        ready, pc, count = spike.csr(Csr.MIP) & spike.csr(Csr.MIE), spike.pc, len(spike.commits())
        spike.step()
        after = [commit.insn for commit in spike.commits()[count:]]
        if ready or after != [_WFI]:
            did = ", ".join(map(disassemble, after)) or f"trap to {spike.pc:#x}"
            pending = f" with interrupts {ready:#x} pending" if ready else ""
            raise _Stop("the hart stopped", "nothing", f"at {pc:#x}: {did}{pending}")
        self.statistics.stopped += 1

    def end(self):
        """What the program leaves in memory, if it ended."""
        for address, content in self.run.pages.items():
            mine = self.spike.read(address, len(content))
            if mine == content:
                continue
            for at in range(0, len(content), 8):
                words = [int.from_bytes(page[at : at + 8], "little") for page in (content, mine)]
                if not self.updated_early(address + at, *words):
                    self.expect(f"memory at the end, at {address + at:#x}", *words)

    def updated_early(self, address, hart, spike):
        """An interrupt came between the update of a PTE and the access that caused it.

        See `tests.verify.lockstep.early`. The access may never have been made.
        """
        bits = hart & ~spike
        allowed = self.early.get(address, 0) & (Pte.A | Pte.D)
        if not bits or hart != spike | bits or bits & ~allowed:
            return False
        self.statistics.early_updates += 1
        return True

    def log(self):
        """Spike's commit log tells of the same instructions and memory accesses."""
        records = ((i, record) for i, record in enumerate(self.run.records) if not record.trap)
        commits = self.spike.commits()
        retired = self.statistics.instructions.total() + self.statistics.stopped
        self.expect("instructions", retired, len(commits))
        # `stop` may have left one more.
        for (index, record), commit in zip(records, commits, strict=False):
            self.index = index
            fields = record.fields
            self.expect("logged mode", fields["mode"], commit.mode)
            self.expect("logged pc", fields["pc_rdata"], commit.pc)
            self.expect("instruction", fields["insn"], commit.insn)
            self.expect("loads", (fields["mem_addr"],) if fields["mem_rmask"] else (), commit.loads)
            count = fields["mem_wmask"].bit_length()
            content = (fields["mem_wdata"] & (1 << 8 * count) - 1).to_bytes(count, "little")
            self.expect("stores", ((fields["mem_addr"], content),) if count else (), commit.stores)
            lines = commit_line(fields).rstrip(), commit.text
            self.expect("log", *(comparable(line, fields["csr_addr"]) for line in lines))


def comparable(line: str, read: int) -> str:
    """A line of the log of commits, of an instruction that names the CSR `read`, or 0.

    What need not be alike in the values of CSRs is 0. Whether Spike says that it has written one
    that the hart cannot write depends on what is written.
    """

    def value(match):
        what, csr, digits = match.groups()
        address = int(csr) if csr else read
        if csr and address in UNTOLD:
            return ""
        open_bits = CSR_BITS[address].mask if address in CSR_BITS else 0
        return f"{what}0x{int(digits, 16) & ~open_bits:016x}"

    return _LOGGED.sub(value, line)
