"""What the privileged specification says of the CSRs: fields, resets and writable bits."""

__all__ = [
    "ADUE",
    "DELEGABLE",
    "FIOM",
    "HPMCOUNTERS",
    "MACHINE",
    "MEDELEG",
    "MHPMCOUNTERS",
    "MHPMEVENTS",
    "MIE",
    "MONITORS",
    "MPIE",
    "MPP",
    "MPRV",
    "MXR",
    "NAMES",
    "ONES",
    "PMP",
    "READ_ONLY",
    "SEIP",
    "SIE",
    "SPIE",
    "SPP",
    "SSIP",
    "SSTATUS_BITS",
    "STATUS_BITS",
    "STCE",
    "STIP",
    "SUM",
    "TM",
    "TSR",
    "TVM",
    "TW",
    "UXL",
    "WRITES",
    "XL",
]

ONES = (1 << 64) - 1

# -- mstatus, by bit ----------------------------------------------------------------------------
SIE, MIE, SPIE, MPIE, SPP, MPP = 1 << 1, 1 << 3, 1 << 5, 1 << 7, 1 << 8, 3 << 11
MPRV, SUM, MXR, TVM, TW, TSR = (1 << bit for bit in range(17, 23))
#: UXL and SXL: 64 bits, read-only.
XL = 2 << 32 | 2 << 34
STATUS_BITS = SIE | MIE | SPIE | MPIE | SPP | MPP | MPRV | SUM | MXR | TVM | TW | TSR
SSTATUS_BITS = SIE | SPIE | SPP | SUM | MXR
UXL = 2 << 32
ADUE, STCE, FIOM = 1 << 61, 1 << 63, 1
TM = 0b010
#: Interrupts that can be delegated: SSI, STI, SEI; and those that cannot: MSI, MTI, MEI.
DELEGABLE, MACHINE = 0x222, 0x888
SEIP, STIP, SSIP = 1 << 9, 1 << 5, 1 << 1
#: Exceptions that S-mode can serve: all but 0, which cannot occur with C, and 11.
MEDELEG = sum(1 << cause for cause in (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 15))
MISA = 2 << 62 | 1 << 0 | 1 << 2 | 1 << 8 | 1 << 12 | 1 << 18 | 1 << 20

#: Of every CSR: what it reads after reset, and after writes of all ones and of 0, in M-mode.
#: mcycle counts on, satp ignores MODE 15; they have tests of their own.
WRITES = {
    "sstatus": (UXL, UXL | SSTATUS_BITS, UXL),
    "sie": (0, 0, 0),
    "stvec": (0, ONES - 2, 0),
    "scounteren": (0, 0xFFFF_FFFF, 0),
    "senvcfg": (0, FIOM, 0),
    "sscratch": (0, ONES, 0),
    "sepc": (0, ONES - 1, 0),
    "scause": (0, ONES, 0),
    "stval": (0, ONES, 0),
    "sip": (0, 0, 0),
    "stimecmp": (0, ONES, 0),
    "satp": (0, 0, 0),
    "mstatus": (XL, XL | STATUS_BITS, XL),
    "misa": (MISA, MISA, MISA),
    "medeleg": (0, MEDELEG, 0),
    "mideleg": (0, DELEGABLE, 0),
    "mie": (0, DELEGABLE | MACHINE, 0),
    "mtvec": (0, ONES - 2, 0),
    "mcounteren": (0, 0xFFFF_FFFF, 0),
    "menvcfg": (0, FIOM | ADUE | STCE, 0),
    "mcountinhibit": (0, 0xFFFF_FFFD, 0),
    "mscratch": (0, ONES, 0),
    "mepc": (0, ONES - 1, 0),
    "mcause": (0, ONES, 0),
    "mtval": (0, ONES, 0),
    "mip": (0, DELEGABLE, 0),
    "minstret": (0, ONES, 0),
}
#: CSRs whose address says that they are read-only: bits 11:10 are both set.
READ_ONLY = {"cycle", "time", "instret", "mvendorid", "marchid", "mimpid", "mhartid", "mconfigptr"}
NAMES = {*WRITES, *READ_ONLY, "mcycle"}
#: Addresses of mhpmevent3 to mhpmevent31, mhpmcounter3 to mhpmcounter31, and of what users see of
#: these.
MHPMEVENTS, MHPMCOUNTERS, HPMCOUNTERS = (range(s, s + 29) for s in (0x323, 0xB03, 0xC03))
MONITORS = [*MHPMEVENTS, *MHPMCOUNTERS, *HPMCOUNTERS]
#: Addresses of pmpcfg0, pmpcfg2, and pmpaddr0 to pmpaddr15.
PMP = [0x3A0, 0x3A2, *range(0x3B0, 0x3C0)]
