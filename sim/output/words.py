"""What the hart does in a cycle, in words: of each row the words from the values of its signals."""

from collections import deque
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from hdl.arch import PAGE_SIZE, Pte
from kernel_model.facts.doorbell import Register
from kernel_model.facts.memlayout import DOORBELL
from kernel_model.mm.peek import flag_letters
from sim.output.sentences import cause_in_words
from sim.output.translation import conclusion

__all__ = [
    "SIGNALS",
    "Bus",
    "Now",
    "privilege",
    "root_of",
    "scause",
    "stval",
    "tlb",
    "trap_status",
    "trap_vector",
    "translation_register",
    "walker",
]

_MODE_SHIFT, _ASID_SHIFT = 60, 44
_PPN = (1 << _ASID_SHIFT) - 1
_PRIVILEGES = {"U": "user", "S": "supervisor", "M": "machine"}
_FAULTS = {"PAGE": "page fault", "ACCESS": "access fault"}
#: Of the walker's states those in which it waits for a page-table entry, and those in which it
#: sets A and D.
_READING = ("OFFER", "READ")
_UPDATING = ("REREAD", "COMPARE", "WRITE", "CONFIRM")


class Now(NamedTuple):
    """The values of the signals in a cycle, as the VCD has them: names of values as text.

    What a field is of is in `SIGNALS`.
    """

    priv: str
    retired: int
    trap: int
    pc: int
    insn: int
    mode: str
    cause: int
    intr: int
    csr: int
    csr_written: int
    fetch_miss: int
    fetch_fault: str
    fetch_va: int
    data_hit: int
    data_miss: int
    data_fault: str
    data_va: int
    asked: int
    asked_va: int
    walk: int
    walk_side: str
    walk_level: int
    walker: str
    walker_level: int
    walker_fault: str
    request: int
    ready: int
    address: int
    write: int
    source: str
    level: int
    response: int
    response_data: int
    error: int
    satp: int
    scause: int
    stval: int
    sepc: int
    stvec: int
    sie: int
    spie: int
    spp: int
    sum_: int
    mxr: int
    mcause: int
    mtval: int
    mepc: int


#: The signal of each field of `Now`: its name below the hart.
SIGNALS: Mapping[str, str] = {
    "priv": "priv",
    "retired": "retire__valid",
    "trap": "retire__trap",
    "pc": "retire__pc_rdata",
    "insn": "retire__insn",
    "mode": "retire__mode",
    "cause": "retire__cause",
    "intr": "retire__intr",
    "csr": "retire__csr_addr",
    "csr_written": "retire__csr_wmask",
    "fetch_miss": "probe__mmu__fetch__miss",
    "fetch_fault": "probe__mmu__fetch__fault",
    "fetch_va": "probe__mmu__fetch__va",
    "data_hit": "mmu.data_side.answers",
    "data_miss": "probe__mmu__data__miss",
    "data_fault": "probe__mmu__data__fault",
    "data_va": "probe__mmu__data__va",
    "asked": "execute.translation__valid",
    "asked_va": "execute.translation__va",
    "walk": "probe__mmu__read",
    "walk_side": "probe__mmu__side",
    "walk_level": "probe__mmu__level",
    "walker": "mmu.walker.state",
    "walker_level": "mmu.walker.level",
    "walker_fault": "mmu.walker.\\result.fault",
    "request": "data_port__request__valid",
    "ready": "data_port__request__ready",
    "address": "data_port__request__address",
    "write": "data_port__request__write",
    "source": "data_port__request__source",
    "level": "data_port__request__level",
    "response": "data_port__response__valid",
    "response_data": "data_port__response__data",
    "error": "data_port__response__error",
    "satp": "trap.csrs.satp",
    "scause": "trap.csrs.scause",
    "stval": "trap.csrs.stval",
    "sepc": "trap.csrs.sepc",
    "stvec": "trap.csrs.stvec",
    "sie": "trap.csrs.mstatus_sie",
    "spie": "trap.csrs.mstatus_spie",
    "spp": "trap.csrs.mstatus_spp",
    "sum_": "trap.csrs.mstatus_sum",
    "mxr": "trap.csrs.mstatus_mxr",
    "mcause": "trap.csrs.mcause",
    "mtval": "trap.csrs.mtval",
    "mepc": "trap.csrs.mepc",
}


def privilege(priv: str) -> str:
    """The privilege mode by its letter."""
    return _PRIVILEGES.get(priv, "")


def scause(value: int) -> str:
    """The cause of the last trap; nothing before the first one."""
    # Cause 0, a misaligned fetch, cannot be raised by a hart with compressed instructions.
    return cause_in_words(value) if value else ""


def stval(cause: int, value: int) -> str:
    """What the last trap was about: an address, where it was a fault."""
    return f"{value:#x}" if cause else ""


def root_of(satp: int) -> int:
    """The physical address of the root page table; 0 if addresses are not translated."""
    return (satp & _PPN) * PAGE_SIZE if satp >> _MODE_SHIFT else 0


@cache
def tlb(hit: int, miss: int, fault: str, va: int) -> str:
    """What a side of the MMU answers to an address that it is asked for."""
    if fault in _FAULTS:
        return f"refused {va:#x}: {_FAULTS[fault]}"
    return f"miss {va:#x}" if miss else f"hit {va:#x}" if hit else ""


def walker(now: Now) -> str:
    """What the walker does: the level, and what it concludes from the entry (PTE) that it reads."""
    state, level = now.walker, f"L{now.walker_level}"
    if state in _READING:
        if not now.response:
            return f"{level}: waits for memory"
        if now.error:
            return f"{level}: no memory there"
        return _entry(now.walker_level, now.response_data)
    if state in _UPDATING:
        return f"{level}: sets A and D"
    if now.walk:
        va = now.fetch_va if now.walk_side == "FETCH" else now.data_va
        known = "" if now.walk_level == 2 else ", the table known from the walk cache"
        return f"L{now.walk_level}: walk of {va:#x} begins{known}"
    if state == "DONE":
        return _FAULTS.get(now.walker_fault, "done")
    return ""


@cache
def _entry(level: int, pte: int) -> str:
    flags = f" {flag_letters(pte)}" if pte & Pte.V else ""
    return f"L{level} {conclusion(pte, level)}, PTE {pte:#x}{flags}"


class Bus:
    """What the data port asks of memory and devices, and waits for.

    Parameters
    ----------
    rings : bool
        There is a doorbell.
    """

    def __init__(self, rings: bool):
        self._rings = rings
        self._waiting: deque[str] = deque()

    def tell(self, now: Now) -> str:
        """The words for the next cycle."""
        if now.response and self._waiting:
            self._waiting.popleft()
        if now.request:
            name = self._name(now.source, now.write, now.address, now.level)
            if not now.ready:
                return f"{name}: busy"
            self._waiting.append(name)
            return name
        return f"{self._waiting[0]}: no answer yet" if self._waiting else ""

    def _name(self, source: str, write: int, address: int, level: int) -> str:
        if source == "WALK":
            return f"L{level} PTE {address:#x}{', store' if write else ''}"
        offset = address - DOORBELL
        if self._rings and 0 <= offset < PAGE_SIZE:
            if write and offset == Register.RING:
                return "ring the doorbell"
            if offset in list(Register):
                name = Register(offset).name.lower()
                return f"{'store to' if write else 'load from'} the doorbell: {name}"
        return f"{'store' if write else 'load'} {address:#x}"


@cache
def translation_register(satp: int) -> str:
    """`satp` by its fields."""
    if not satp >> _MODE_SHIFT:
        return "Bare"
    asid = satp >> _ASID_SHIFT & 0xFFFF
    return f"Sv39, ASID {asid}, root {root_of(satp):#x}"


@cache
def trap_status(sie: int, spie: int, spp: int, sum_: int, mxr: int) -> str:
    """What of `sstatus` a trap and a return are about, by its fields."""
    return f"SPP {'S' if spp else 'U'}, SPIE {spie}, SIE {sie}, SUM {sum_}, MXR {mxr}"


def trap_vector(stvec: int, place: str | None) -> str:
    """`stvec` by its fields; `place` is what stands there."""
    base = stvec & ~3
    return f"{base:#x}{f' {place}' if place else ''}, {'vectored' if stvec & 3 else 'direct'}"
