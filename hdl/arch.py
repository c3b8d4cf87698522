"""Facts of the RISC-V architecture, written down once, in plain Python.

Silicon, kernel model and simulator import them from here; this module imports no Amaranth, and
Amaranth takes its enumerations as shapes (`Signal(Cause)` shows names in a waveform).

Sources: RISC-V Instruction Set Manual, Volume II (privileged architecture), sections "Machine
Cause Register", "Sv39: Page-Based 39-bit Virtual-Memory System" and "Supervisor CSRs".
"""

from enum import IntEnum

__all__ = [
    "ASID_BITS",
    "Cause",
    "Csr",
    "HPMCOUNTERS",
    "INTERRUPT_BIT",
    "INTERRUPT_LINES",
    "Interrupt",
    "LEVELS",
    "MAXVA_BITS",
    "MENVCFG_ADUE",
    "MENVCFG_FIOM",
    "MENVCFG_STCE",
    "Mstatus",
    "PAGE_BITS",
    "PAGE_FAULTS",
    "PAGE_SIZE",
    "PA_BITS",
    "PPN_BITS",
    "PTES_PER_PAGE",
    "PTE_SIZE",
    "Priv",
    "Pte",
    "RAM_BASE",
    "ROM_BASE",
    "ROM_SIZE",
    "SatpMode",
    "VPN_BITS",
    "pte_ppn",
    "pte_to_pa",
    "make_pte",
    "make_satp",
    "page_round_down",
    "page_round_up",
    "vpn",
]

#: Bits of the offset inside a page, and its size in bytes.
PAGE_BITS = 12
PAGE_SIZE = 1 << PAGE_BITS
#: Levels of an Sv39 page table; level 2 is the root.
LEVELS = 3
#: Bits of one virtual page number field, one per level.
VPN_BITS = 9
PTES_PER_PAGE = 1 << VPN_BITS
#: Bytes of one page-table entry.
PTE_SIZE = 8
#: Bits of a virtual address that Sv39 translates.
MAXVA_BITS = PAGE_BITS + LEVELS * VPN_BITS
#: Bits of a physical page number and of a physical address.
PPN_BITS = 44
PA_BITS = PPN_BITS + PAGE_BITS
ASID_BITS = 16
#: Where RAM begins and the hart starts unless told otherwise, as on QEMU's machine `virt`.
RAM_BASE = 0x8000_0000
#: Where that machine has the ROM in which it starts.
ROM_BASE, ROM_SIZE = 0x1000, 0xF000


class Priv(IntEnum):
    """Privilege modes, as `mstatus.MPP` encodes them."""

    U = 0
    S = 1
    M = 3


class Cause(IntEnum):
    """Synchronous causes of `mcause` and `scause`."""

    FETCH_MISALIGNED = 0
    FETCH_ACCESS = 1
    ILLEGAL = 2
    BREAKPOINT = 3
    LOAD_MISALIGNED = 4
    LOAD_ACCESS = 5
    STORE_MISALIGNED = 6
    STORE_ACCESS = 7
    ECALL_U = 8
    ECALL_S = 9
    ECALL_M = 11
    FETCH_PAGE = 12
    LOAD_PAGE = 13
    STORE_PAGE = 15


class Interrupt(IntEnum):
    """Interrupt numbers: bit positions in `mip`, `mie` and `mideleg`."""

    SSI = 1
    MSI = 3
    STI = 5
    MTI = 7
    SEI = 9
    MEI = 11


#: `xcause` of an interrupt has this bit set.
INTERRUPT_BIT = 63
#: The lines into a hart, level-sensitive: of `mip` the bits that software in M-mode cannot write.
#: Software and timer interrupts for M-mode; external ones for M-mode and for S-mode, where
#: `mip.SEIP` is the line or the bit that software wrote.
INTERRUPT_LINES = ("msip", "mtip", "meip", "seip")


class Pte(IntEnum):
    """Masks of the flag bits of a page-table entry."""

    V = 1 << 0
    R = 1 << 1
    W = 1 << 2
    X = 1 << 3
    U = 1 << 4
    G = 1 << 5
    A = 1 << 6
    D = 1 << 7


#: The page faults among the causes, and the flag that a page needs for such an access.
PAGE_FAULTS = {Cause.FETCH_PAGE: Pte.X, Cause.LOAD_PAGE: Pte.R, Cause.STORE_PAGE: Pte.W}


class SatpMode(IntEnum):
    """`satp.MODE`; the other encodings are unsupported, and writing them changes nothing."""

    BARE = 0
    SV39 = 8


class Mstatus(IntEnum):
    """Bit positions in `mstatus` (for a field of several bits, its lowest)."""

    SIE = 1
    MIE = 3
    SPIE = 5
    MPIE = 7
    SPP = 8
    MPP = 11
    MPRV = 17
    SUM = 18
    MXR = 19
    TVM = 20
    TW = 21
    TSR = 22
    UXL = 32
    SXL = 34


#: Bit positions in `menvcfg` (`senvcfg` has only FIOM).
MENVCFG_FIOM = 0
MENVCFG_ADUE = 61
MENVCFG_STCE = 63


class Csr(IntEnum):
    """Addresses of the control and status registers that the hart implements."""

    SSTATUS = 0x100
    SIE = 0x104
    STVEC = 0x105
    SCOUNTEREN = 0x106
    SENVCFG = 0x10A
    SSCRATCH = 0x140
    SEPC = 0x141
    SCAUSE = 0x142
    STVAL = 0x143
    SIP = 0x144
    STIMECMP = 0x14D
    SATP = 0x180
    MSTATUS = 0x300
    MISA = 0x301
    MEDELEG = 0x302
    MIDELEG = 0x303
    MIE = 0x304
    MTVEC = 0x305
    MCOUNTEREN = 0x306
    MENVCFG = 0x30A
    MCOUNTINHIBIT = 0x320
    MSCRATCH = 0x340
    MEPC = 0x341
    MCAUSE = 0x342
    MTVAL = 0x343
    MIP = 0x344
    MCYCLE = 0xB00
    MINSTRET = 0xB02
    CYCLE = 0xC00
    TIME = 0xC01
    INSTRET = 0xC02
    MVENDORID = 0xF11
    MARCHID = 0xF12
    MIMPID = 0xF13
    MHARTID = 0xF14
    MCONFIGPTR = 0xF15


#: Addresses of `mhpmcounter3` to `mhpmcounter31`, of the events that they count, and of
#: `hpmcounter3` to `hpmcounter31`.
MHPMCOUNTERS, MHPMEVENTS, HPMCOUNTERS = (
    range(0xB03, 0xB20),
    range(0x323, 0x340),
    range(0xC03, 0xC20),
)

#: Addresses of physical memory protection's registers on RV64, of 16 entries: `pmpcfg0` and
#: `pmpcfg2`, for odd ones are RV32's, and `pmpaddr0` to `pmpaddr15`.
PMPCFGS, PMPADDRS = range(0x3A0, 0x3A4, 2), range(0x3B0, 0x3C0)


def vpn(va: int, level: int) -> int:
    """The `level`'s virtual page number field (9 bits) of `va`, an int."""
    return (va >> (PAGE_BITS + VPN_BITS * level)) & (PTES_PER_PAGE - 1)


def pte_ppn(pte: int) -> int:
    """The physical page number (44 bits) of `pte`, an int."""
    return (pte >> 10) & ((1 << PPN_BITS) - 1)


def pte_to_pa(pte: int) -> int:
    """The physical address of the page or page table that `pte` points to."""
    return (pte >> 10 & (1 << PPN_BITS) - 1) << PAGE_BITS


def make_pte(pa: int, flags: int) -> int:
    """A page-table entry for the page at physical address `pa` with `flags` (see `Pte`)."""
    return (pa >> PAGE_BITS) << 10 | flags


def make_satp(root: int, asid: int = 0, mode: int = SatpMode.SV39) -> int:
    """The value of `satp` for the page table whose root page is at physical address `root`."""
    return mode << 60 | asid << PPN_BITS | root >> PAGE_BITS


def page_round_down(address: int) -> int:
    """The start of the page that holds `address`."""
    return address & ~(PAGE_SIZE - 1)


def page_round_up(address: int) -> int:
    """`address`, or the start of the next page if it is inside one."""
    return (address + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1)
