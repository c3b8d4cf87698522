"""What every random program has: the way in, and trap handlers that always find a way on.

They use registers of their own, so they need no memory. After an exception they go on where
`RESUME` says, in the mode that raised it. What that may not cure, a fetch that faults or a call,
goes on there in M-mode, without translation. An interrupt is disabled and cleared, and the program
goes on where it was. If `DONE` is negative the program has ended: all CSRs are read, and the hart
jumps on the spot.
"""

import struct

from hdl.arch import Csr, Mstatus
from tests.lockstep.encode import branch, csr, i_type, jal, li, r_type, u_type
from tests.lockstep.world import BOOT, RAM

__all__ = ["DONE", "LOOP", "RESERVED", "RESUME", "boot", "machine_handler",
           "supervisor_handler"]  # fmt: skip

#: Set once the program is over; counts loops; where to go on after an exception.
DONE, LOOP, RESUME = 25, 26, 27
#: Registers that random instructions do not write.
RESERVED = (DONE, LOOP, RESUME, 28, 29, 30, 31)
#: Entries of a vector table.
_VECTORS = 16
_MPP_M = 3 << Mstatus.MPP

#: CSRs that are read at the end; not those that only the passing of time determines.
_FINAL = [register for register in Csr if register not in (Csr.CYCLE, Csr.TIME, Csr.MCYCLE)]


class _Code:
    """Instructions with jumps to labels, which may come later."""

    def __init__(self):
        self.words, self._open, self._labels = [], [], {}

    def add(self, *words):
        self.words += words

    def jump(self, label):
        """An unconditional jump."""
        self._open.append((len(self.words), label, None))
        self.words.append(0)

    def branch(self, funct3, rs1, rs2, label):
        """A conditional one."""
        self._open.append((len(self.words), label, (funct3, rs1, rs2)))
        self.words.append(0)

    def label(self, name):
        self._labels[name] = len(self.words)

    def bytes(self):
        for index, label, condition in self._open:
            offset = 4 * (self._labels[label] - index)
            self.words[index] = jal(0, offset) if condition is None else branch(*condition, offset)
        return struct.pack(f"<{len(self.words)}I", *self.words)


def boot(settings, registers, start) -> bytes:
    """Writes the CSRs and the registers, then goes to `start`; lies at `BOOT`."""
    words = []
    for address, value in settings:
        words += [*li(28, value), csr(1, 0, address, 28)]
    # x31 holds the address of this `auipc` and is itself loaded last.
    base = len(words)
    table = base + 1 + len(registers) + 1
    table += table & 1
    words.append(u_type(0x17, 31, 0))
    for index in range(len(registers)):
        words.append(i_type(0x03, 3, index + 1, 31, 4 * (table - base) + 8 * index))
    words.append(jal(0, start - BOOT - 4 * len(words)))
    words += [0] * (table - len(words))
    return struct.pack(f"<{table}I{len(registers)}Q", *words, *registers)


def _read(code, dumped, register):
    code.add(*(csr(2, register, address, 0) for address in dumped))


def machine_handler(dumped) -> bytes:
    """The handler of traps to M-mode, with a vector table in front.

    Its last instruction is a jump to itself, where a program ends.
    """
    code = _Code()
    for _ in range(_VECTORS):
        code.jump("common")
    code.label("common")
    _read(code, (*dumped, Csr.MEPC, Csr.MTVAL, Csr.MSTATUS), 29)
    _read(code, (Csr.MCAUSE,), 28)
    code.branch(4, DONE, 0, "final")
    code.branch(4, 28, 0, "interrupt")
    # Fetch faults (0, 1, 12) and calls (8, 9) go on in M-mode.
    code.add(i_type(0x13, 3, 29, 28, 2))
    code.branch(1, 29, 0, "rescue")
    for cause in (8, 9, 12):
        code.add(i_type(0x13, 0, 29, 28, -cause))
        code.branch(0, 29, 0, "rescue")
    code.add(csr(1, 0, Csr.MEPC, RESUME), 0x30200073)
    code.label("rescue")
    # The physical address has the same low bits in every view.
    code.add(i_type(0x13, 1, 29, RESUME, 46), i_type(0x13, 5, 29, 29, 46))
    code.add(*li(28, RAM), r_type(0x33, 0, 0, 29, 29, 28))
    code.add(csr(1, 0, Csr.MEPC, 29), *li(28, _MPP_M), csr(2, 0, Csr.MSTATUS, 28), 0x30200073)
    code.label("interrupt")
    code.add(*li(29, 1), r_type(0x33, 1, 0, 29, 29, 28))
    code.add(csr(3, 0, Csr.MIE, 29), csr(3, 0, Csr.MIP, 29), 0x30200073)
    code.label("final")
    _read(code, _FINAL, 29)
    code.add(jal(0, 0))
    return code.bytes()


def supervisor_handler(dumped) -> bytes:
    """The handler of traps to S-mode, with a vector table in front."""
    code = _Code()
    for _ in range(_VECTORS):
        code.jump("common")
    code.label("common")
    # Only its own CSRs, or there would be no end of illegal instructions.
    own = [address for address in dumped if Csr.SENVCFG <= address <= Csr.SIP]
    _read(code, (*own, Csr.SEPC, Csr.STVAL, Csr.SSTATUS), 31)
    _read(code, (Csr.SCAUSE,), 30)
    code.branch(4, DONE, 0, "call")
    code.branch(4, 30, 0, "interrupt")
    code.add(i_type(0x13, 3, 31, 30, 2))
    code.branch(1, 31, 0, "call")
    for cause in (9, 12):
        code.add(i_type(0x13, 0, 31, 30, -cause))
        code.branch(0, 31, 0, "call")
    code.add(csr(1, 0, Csr.SEPC, RESUME), 0x10200073)
    code.label("call")
    code.add(0x00000073)
    code.label("interrupt")
    code.add(*li(31, 1), r_type(0x33, 1, 0, 31, 31, 30))
    code.add(csr(3, 0, Csr.SIE, 31), csr(3, 0, Csr.SIP, 31), 0x10200073)
    return code.bytes()
