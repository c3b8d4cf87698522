"""Where Spike and the hart may differ in a CSR, with the section that leaves it open.

Sections are of the privileged specification, chapter "Machine-Level ISA", if no other is named. Two
differences in what happens are in `compare`: see `count` and `updated_early` there.
"""

from dataclasses import dataclass

from hdl.arch import (
    HPMCOUNTERS,
    MENVCFG_FIOM,
    MHPMCOUNTERS,
    MHPMEVENTS,
    PMPADDRS,
    PMPCFGS,
    Csr,
    Interrupt,
)

__all__ = ["CSR_BITS", "MORE_ENTRIES", "READ_ONLY", "SPIKE_ONLY", "UNTOLD", "Open"]


@dataclass(frozen=True)
class Open:
    """Bits of a CSR whose value is not compared, and what leaves it open."""

    mask: int
    why: str


_ALL = (1 << 64) - 1
_TIME = Open(_ALL, '"Zicntr" (volume I): how long an instruction takes is not specified')
_PENDING = Open(
    sum(1 << i for i in (Interrupt.MSI, Interrupt.STI, Interrupt.MTI, Interrupt.MEI)),
    '"Machine Interrupt (mip and mie) Registers": controllers and timers set these bits, with Sstc '
    "STIP too; when a hart sees that is bounded, not specified",
)
_FS = Open(
    1 << 63 | 0b11 << 13,
    '"Extension Context Status in mstatus Register": with S-mode and without F, FS may be '
    "read-only zero; SD follows it",
)
_MONITOR = Open(
    _ALL,
    '"Hardware Performance Monitor": WARL, and 0 in Spike; what the events mean is the hart\'s',
)
_FIOM = Open(1 << MENVCFG_FIOM, '"Machine Environment Configuration (menvcfg) Register": WARL')

#: Bits that need not agree when they are read; what the hart read is put into Spike's register.
CSR_BITS = {
    Csr.CYCLE: _TIME,
    Csr.MCYCLE: _TIME,
    Csr.TIME: _TIME,
    Csr.MIP: _PENDING,
    Csr.SIP: _PENDING,
    Csr.MSTATUS: _FS,
    Csr.SSTATUS: _FS,
    Csr.MENVCFG: _FIOM,
    Csr.SENVCFG: _FIOM,
    Csr.MEDELEG: Open(
        0b11 << 18,
        '"Machine Trap Delegation (medeleg and mideleg) Registers": which traps can be delegated '
        "may be a subset; these two, software check and hardware error, never occur",
    ),
    **dict.fromkeys((*HPMCOUNTERS, *MHPMCOUNTERS, *MHPMEVENTS), _MONITOR),
    Csr.MARCHID: Open(_ALL, '"Machine Architecture ID (marchid) Register": its purpose'),
}

#: CSRs that are writable in Spike and not in the hart; what is written there is taken back.
READ_ONLY = {
    Csr.MISA: '"Machine ISA (misa) Register": WARL; that extensions can be disabled is optional',
}

#: CSRs of which Spike's log tells a write only if it changes what can be changed: of memory
#: protection not if the entry is locked, or is not there.
UNTOLD = {*READ_ONLY, *PMPCFGS, *PMPADDRS}

_TRIGGERS = 'the debug specification, "Sdtrig": the hart has no triggers'
#: CSRs that Spike has and the hart has not; random programs do not name them.
SPIKE_ONLY = dict.fromkeys((0x5A8, 0x7A0, 0x7A1, 0x7A2, 0x7A3, 0x7A4, 0x7A8), _TRIGGERS)
#: The same where there is memory protection: those of the 17th entry on, which are 0.
MORE_ENTRIES = dict.fromkeys(
    (*range(0x3A4, 0x3B0, 2), *range(0x3C0, 0x3F0)),
    '"Physical Memory Protection CSRs": "may implement zero, 16, or 64 PMP entries"',
)
