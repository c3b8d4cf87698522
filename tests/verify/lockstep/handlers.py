"""What every random program has: the way in, and trap handlers that always find a way on.

They use registers of their own, so they need no memory. After an exception they go on where
`RESUME` says, in the mode that raised it; after a call in the handler's mode; and after a fetch
that faulted, or a trap just there, in S-mode, where nothing is bent. An interrupt is disabled and
cleared, and the program goes on where it was. If `DONE` is negative the program has ended: all CSRs
are read, and the hart jumps on the spot.

Where there is memory protection it may forbid S-mode to go on, too: then the handler there calls
the one in M-mode, which lets everything happen again, but for what is locked.
"""

import struct

from hdl.arch import PMPADDRS, PMPCFGS, Cause, Csr, Mstatus, Priv
from tests.verify.golden.pmp import NAPOT, R, W, X
from tests.verify.lockstep.encode import branch, csr, i_type, jal, li, r_type, sfence, u_type
from tests.verify.lockstep.world import BOOT, IDENTITY

__all__ = [
    "DONE", "LOOP", "OPEN", "RESERVED", "RESUME", "boot", "machine_handler", "supervisor_handler",
]  # fmt: skip

#: Set once the program is over; counts loops; where to go on after an exception.
DONE, LOOP, RESUME = 25, 26, 27
#: Registers that random instructions do not write.
RESERVED = (DONE, LOOP, RESUME, 28, 29, 30, 31)
#: `pmpcfg0` with its first two entries and its last one: all may be done where they are.
OPEN = (NAPOT | R | W | X) * 0x0100_0000_0000_0101
#: Entries of a vector table.
_VECTORS = 16
_ECALL, _SRET, _MRET = 0x73, 0x1020_0073, 0x3020_0073

_CALLS = (Cause.ECALL_U, Cause.ECALL_S)
_FETCH_FAULTS = (Cause.FETCH_MISALIGNED, Cause.FETCH_ACCESS, Cause.FETCH_PAGE)


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


def _branch_if_one_of(code, causes, cause, other, label):
    """Branches if the register `cause` holds one of `causes`, of those below 64."""
    code.add(*li(other, sum(1 << number for number in causes)))
    code.add(r_type(0x33, 5, 0, other, other, cause), i_type(0x13, 7, other, other, 1))
    code.branch(1, other, 0, label)


def _resume(code, epc, first, second):
    """Sets `epc` to where `RESUME` says, in a view of M and of S; needs two registers."""
    # The address has the same low bits in every view.
    code.add(i_type(0x13, 1, first, RESUME, 46), i_type(0x13, 5, first, first, 46))
    code.add(*li(second, IDENTITY), r_type(0x33, 0, 0, first, first, second))
    code.add(csr(1, 0, epc, first))


def _open(code):
    """Takes back what memory protection forbids, but for what is locked; needs x28."""
    code.add(*li(28, OPEN), csr(1, 0, PMPCFGS[0], 28), sfence(0, 0))


def machine_handler(dumped, *, protected: bool = False) -> bytes:
    """The handler of traps to M-mode, with a vector table in front.

    Its last instruction is a jump to itself, where a program ends. With `protected` there is memory
    protection.
    """
    code = _Code()
    for _ in range(_VECTORS):
        code.jump("common")
    code.label("common")
    _read(code, (*dumped, Csr.MSTATUS, Csr.MTVAL), 29)
    code.branch(4, DONE, 0, "final")
    # With TSR set, the `sret` of the handler in S-mode is illegal.
    code.add(*li(28, _SRET))
    code.branch(0, 29, 28, "call")
    _read(code, (Csr.MCAUSE,), 28)
    _read(code, (Csr.MEPC,), 29)
    code.branch(4, 28, 0, "interrupt")
    # It would trap there again.
    code.branch(0, 29, RESUME, "again" if protected else "fetch")
    if protected:
        _branch_if_one_of(code, (Cause.ECALL_S,), 28, 29, "help")
    _branch_if_one_of(code, _CALLS, 28, 29, "call")
    _branch_if_one_of(code, _FETCH_FAULTS, 28, 29, "fetch")
    code.add(csr(1, 0, Csr.MEPC, RESUME), _MRET)
    code.label("again")
    if protected:
        _open(code)
    code.label("fetch")
    code.add(*li(28, Priv.M << Mstatus.MPP), csr(3, 0, Csr.MSTATUS, 28))
    code.add(*li(28, Priv.S << Mstatus.MPP), csr(2, 0, Csr.MSTATUS, 28))
    code.jump("resume")
    code.label("help")
    if protected:
        _open(code)
    code.label("call")
    code.add(*li(28, Priv.M << Mstatus.MPP), csr(2, 0, Csr.MSTATUS, 28))
    code.label("resume")
    _resume(code, Csr.MEPC, 28, 29)
    code.add(_MRET)
    code.label("interrupt")
    code.add(*li(29, 1), r_type(0x33, 1, 0, 29, 29, 28))
    code.add(csr(3, 0, Csr.MIE, 29), csr(3, 0, Csr.MIP, 29), _MRET)
    code.label("final")
    _read(code, (*Csr, *PMPCFGS, *PMPADDRS) if protected else Csr, 29)
    code.add(jal(0, 0))
    return code.bytes()


def supervisor_handler(dumped, *, protected: bool = False) -> bytes:
    """The handler of traps to S-mode, with a vector table in front; `protected` as above."""
    code = _Code()
    for _ in range(_VECTORS):
        code.jump("common")
    code.label("common")
    # Only its own CSRs, or there would be no end of illegal instructions.
    own = [address for address in dumped if Csr.SENVCFG <= address <= Csr.SIP]
    _read(code, (*own, Csr.SSTATUS, Csr.STVAL), 31)
    # See above: its own.
    code.add(*li(30, _SRET))
    code.branch(0, 31, 30, "call")
    _read(code, (Csr.SCAUSE,), 30)
    code.branch(4, DONE, 0, "call")
    _read(code, (Csr.SEPC,), 31)
    code.branch(4, 30, 0, "interrupt")
    code.branch(0, 31, RESUME, "call" if protected else "supervisor")
    _branch_if_one_of(code, (*_FETCH_FAULTS, Cause.ECALL_U), 30, 31, "supervisor")
    code.add(csr(1, 0, Csr.SEPC, RESUME), _SRET)
    code.label("supervisor")
    code.add(*li(30, 1 << Mstatus.SPP), csr(2, 0, Csr.SSTATUS, 30))
    _resume(code, Csr.SEPC, 30, 31)
    code.add(_SRET)
    code.label("call")
    code.add(_ECALL)
    code.label("interrupt")
    code.add(*li(31, 1), r_type(0x33, 1, 0, 31, 31, 30))
    code.add(csr(3, 0, Csr.SIE, 31), csr(3, 0, Csr.SIP, 31), _SRET)
    return code.bytes()
