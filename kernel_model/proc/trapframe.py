"""The trap frame: where the trampoline saves a process's registers, one page for each process.

The offsets are written down here once; `assembler_defines` hands them, and all else that
`trampoline.S` has to know, to the assembler.
"""

from struct import Struct

from hdl.arch import MENVCFG_ADUE, MENVCFG_STCE, Cause, Csr, Interrupt, Mstatus, Priv
from kernel_model.facts.doorbell import Action, Reason, Register
from kernel_model.facts.memlayout import DOORBELL, TRAMPOLINE, TRAPFRAME
from kernel_model.mm.memory import PhysicalMemory

__all__ = ["OFFSETS", "SSTATUS_USER", "TrapFrame", "assembler_defines", "copy_trapframe"]

_XLEN_64 = 2
#: `sstatus` of a process at its start: `sret` goes to U-mode and leaves interrupts enabled.
SSTATUS_USER = _XLEN_64 << Mstatus.UXL | 1 << Mstatus.SPIE

#: Exceptions that go to S-mode: all that can be delegated but the `ecall` of S-mode itself, by
#: which `kernelvec` hands a panic to M-mode.
_MEDELEG = sum(1 << cause for cause in Cause if cause not in (Cause.ECALL_S, Cause.ECALL_M))
_MIDELEG = 1 << Interrupt.SSI | 1 << Interrupt.STI | 1 << Interrupt.SEI
_MSTATUS = _XLEN_64 << Mstatus.UXL | _XLEN_64 << Mstatus.SXL | Priv.S << Mstatus.MPP


_TRAP, _ARGUMENTS = Struct("<4Q"), Struct("<6Q")


class _Field:
    """An attribute that lives in simulated memory, at an offset in the page."""

    def __init__(self, offset: int):
        self.offset = offset

    def __get__(self, frame: "TrapFrame", owner: type["TrapFrame"] | None = None) -> int:
        return frame.memory.read_u64(frame.pa + self.offset)

    def __set__(self, frame: "TrapFrame", value: int) -> None:
        frame.memory.write_u64(frame.pa + self.offset, value)


class TrapFrame:
    """The trap frame in the frame at physical address `pa`; each field is an attribute.

    Values are unsigned 64-bit numbers.
    """

    __slots__ = ("memory", "pa")

    #: `satp` of the kernel's page table.
    kernel_satp = _Field(0)
    sepc = _Field(8)
    scause = _Field(16)
    stval = _Field(24)
    sstatus = _Field(32)
    #: The clock at the trap, and at the return to user mode before it.
    time = _Field(40)
    resumed = _Field(48)
    #: What the dummy store-conditional aims at.
    scratch = _Field(56)
    ra = _Field(64)
    sp = _Field(72)
    gp = _Field(80)
    tp = _Field(88)
    t0 = _Field(96)
    t1 = _Field(104)
    t2 = _Field(112)
    s0 = _Field(120)
    s1 = _Field(128)
    a0 = _Field(136)
    a1 = _Field(144)
    a2 = _Field(152)
    a3 = _Field(160)
    a4 = _Field(168)
    a5 = _Field(176)
    a6 = _Field(184)
    a7 = _Field(192)
    s2 = _Field(200)
    s3 = _Field(208)
    s4 = _Field(216)
    s5 = _Field(224)
    s6 = _Field(232)
    s7 = _Field(240)
    s8 = _Field(248)
    s9 = _Field(256)
    s10 = _Field(264)
    s11 = _Field(272)
    t3 = _Field(280)
    t4 = _Field(288)
    t5 = _Field(296)
    t6 = _Field(304)

    def __init__(self, memory: PhysicalMemory, pa: int):
        self.memory = memory
        self.pa = pa

    @property
    def trap(self) -> tuple[int, int, int, int]:
        """`sepc`, `scause`, `stval` and `sstatus`, at once."""
        sepc, scause, stval, sstatus = _TRAP.unpack(
            self.memory.read(self.pa + OFFSETS["sepc"], _TRAP.size)
        )
        return sepc, scause, stval, sstatus

    @property
    def arguments(self) -> tuple[int, ...]:
        """`a0` to `a5`, at once: those of a system call."""
        return _ARGUMENTS.unpack(self.memory.read(self.pa + OFFSETS["a0"], _ARGUMENTS.size))


#: Offset in the page of each field, all of 8 bytes.
OFFSETS = {
    name: field.offset for name, field in vars(TrapFrame).items() if isinstance(field, _Field)
}


def copy_trapframe(source: TrapFrame, target: TrapFrame) -> None:
    """Copy all fields of `source`: a forked process goes on where its parent is."""
    target.memory.write(target.pa, source.memory.read(source.pa, 8 * len(OFFSETS)))


def assembler_defines() -> dict[str, int]:
    """The constants of `trampoline.S`, by the names it uses; passed as `-DNAME=VALUE`."""
    defines = {
        "TRAMPOLINE": TRAMPOLINE,
        "TRAPFRAME": TRAPFRAME,
        "DOORBELL": DOORBELL,
        "MEDELEG": _MEDELEG,
        "MIDELEG": _MIDELEG,
        "MIE_STIE": 1 << Interrupt.STI,
        "MSTATUS_TO_S": _MSTATUS,
        "SSTATUS_SPP": 1 << Mstatus.SPP,
        "CAUSE_ECALL_S": Cause.ECALL_S,
        "MENVCFG_ADUE_BIT": MENVCFG_ADUE,
        "MENVCFG_STCE_BIT": MENVCFG_STCE,
        "STIMECMP": Csr.STIMECMP,
    }
    defines |= {f"TF_{name.upper()}": offset for name, offset in OFFSETS.items()}
    defines |= {f"DB_{register.name}": register for register in Register}
    defines |= {f"REASON_{reason.name}": reason for reason in Reason}
    defines |= {f"ACTION_{action.name}": action for action in Action}
    return {name: int(value) for name, value in defines.items()}
