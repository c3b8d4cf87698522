"""Where Spike and the hart may differ, and why: a line of the specification for each."""

from dataclasses import dataclass

from hdl.arch import Csr

__all__ = ["CSR_BITS", "READ_ONLY", "SPIKE_ONLY", "Difference"]


@dataclass(frozen=True)
class Difference:
    """Bits of a CSR whose value is not compared, and what allows that."""

    mask: int
    why: str


_LINES = 1 << 3 | 1 << 5 | 1 << 7 | 1 << 11
_PENDING = Difference(_LINES, "lines and time, not instructions, set MEIP, MTIP, MSIP, and STIP")
_FS = Difference(
    1 << 63 | 0b11 << 13, "without F, mstatus.FS may be read-only zero or not, and SD follows it"
)
_FIOM = Difference(1, "FIOM is there if S-mode has paging, but nothing depends on it in one hart")
_TIME = Difference((1 << 64) - 1, "an instruction takes as much time as it likes")

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
    Csr.MEDELEG: Difference(
        0b11 << 18, "delegation of software checks and hardware errors, which cannot happen"
    ),
    Csr.MARCHID: Difference((1 << 64) - 1, "it tells implementations apart"),
}

#: CSRs that are writable in Spike and not in the hart; what is written there is taken back.
READ_ONLY = {Csr.MISA: "misa is WARL: an extension need not be possible to disable"}

#: CSRs that Spike has and the hart has not; random programs do not name them.
SPIKE_ONLY = {
    **dict.fromkeys(range(0x323, 0x340), "mhpmevent3 to 31"),
    **dict.fromkeys(range(0xB03, 0xB20), "mhpmcounter3 to 31"),
    **dict.fromkeys((0x7A0, 0x7A1, 0x7A2, 0x7A3, 0x7A4, 0x7A8, 0x5A8), "triggers"),
}
