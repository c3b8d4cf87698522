"""The trap frame: where the trampoline saves a process's registers, one page for each process.

The offsets are written down here once; `assembler_defines` hands them, and all else that
`trampoline.S` has to know, to the assembler.
"""

from hdl.arch import MENVCFG_ADUE, MENVCFG_STCE, Cause, Csr, Interrupt, Mstatus, Priv
from kernel_model.facts.doorbell import Action, Reason, Register
from kernel_model.facts.memlayout import DOORBELL, TRAMPOLINE, TRAPFRAME
from kernel_model.mm.memory import PhysicalMemory

__all__ = ["OFFSETS", "SSTATUS_USER", "TrapFrame", "assembler_defines", "copy_trapframe"]

_FIELDS = (
    "kernel_satp sepc scause stval sstatus time resumed scratch "
    "ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 "
    "s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6"
).split()

#: Offset in the page of each field, all of 8 bytes. `kernel_satp` is the kernel's page table,
#: `time` the clock at the trap, `resumed` the clock at the return to user mode before it, `scratch`
#: what the dummy store-conditional aims at.
OFFSETS = {name: 8 * index for index, name in enumerate(_FIELDS)}

_XLEN_64 = 2
#: `sstatus` of a process at its start: `sret` goes to U-mode and leaves interrupts enabled.
SSTATUS_USER = _XLEN_64 << Mstatus.UXL | 1 << Mstatus.SPIE

#: Exceptions that go to S-mode: all that can be delegated but the `ecall` of S-mode itself, by
#: which `kernelvec` hands a panic to M-mode.
_MEDELEG = sum(1 << cause for cause in Cause if cause not in (Cause.ECALL_S, Cause.ECALL_M))
_MIDELEG = 1 << Interrupt.SSI | 1 << Interrupt.STI | 1 << Interrupt.SEI
_MSTATUS = _XLEN_64 << Mstatus.UXL | _XLEN_64 << Mstatus.SXL | Priv.S << Mstatus.MPP


class _Field:
    """An attribute that lives in simulated memory."""

    def __init__(self, offset):
        self.offset = offset

    def __get__(self, frame, owner=None):
        return frame.memory.read_u64(frame.pa + self.offset)

    def __set__(self, frame, value):
        frame.memory.write_u64(frame.pa + self.offset, value)


class TrapFrame:
    """The trap frame in the frame at physical address `pa`; each field is an attribute.

    Values are unsigned 64-bit numbers.
    """

    __slots__ = ("memory", "pa")

    def __init__(self, memory: PhysicalMemory, pa: int):
        self.memory = memory
        self.pa = pa


for _name, _offset in OFFSETS.items():
    setattr(TrapFrame, _name, _Field(_offset))


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
