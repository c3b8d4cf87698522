"""The facts of the architecture against the manual's numbers, and that they are plain Python."""

import subprocess
import sys

import pytest

import hdl.arch
from hdl.arch import (
    ASID_BITS,
    HPMCOUNTERS,
    INTERRUPT_BIT,
    LEVELS,
    MAXVA_BITS,
    MENVCFG_ADUE,
    MENVCFG_FIOM,
    MENVCFG_STCE,
    MHPMCOUNTERS,
    MHPMEVENTS,
    PA_BITS,
    PAGE_BITS,
    PAGE_SIZE,
    PMPADDRS,
    PMPCFGS,
    PPN_BITS,
    PTE_SIZE,
    PTES_PER_PAGE,
    VPN_BITS,
    Cause,
    Csr,
    Interrupt,
    Mstatus,
    Priv,
    Pte,
    SatpMode,
    make_pte,
    make_satp,
    page_round_down,
    page_round_up,
    pte_ppn,
    pte_to_pa,
    vpn,
)

#: Table "Machine cause register (mcause) values after trap", without the reserved ones.
CAUSES = {
    "FETCH_MISALIGNED": 0,
    "FETCH_ACCESS": 1,
    "ILLEGAL": 2,
    "BREAKPOINT": 3,
    "LOAD_MISALIGNED": 4,
    "LOAD_ACCESS": 5,
    "STORE_MISALIGNED": 6,
    "STORE_ACCESS": 7,
    "ECALL_U": 8,
    "ECALL_S": 9,
    "ECALL_M": 11,
    "FETCH_PAGE": 12,
    "LOAD_PAGE": 13,
    "STORE_PAGE": 15,
}

#: Tables "Currently allocated RISC-V ... CSR addresses".
CSRS = """
    sstatus 100 sie 104 stvec 105 scounteren 106 senvcfg 10a sscratch 140 sepc 141 scause 142
    stval 143 sip 144 stimecmp 14d satp 180 mstatus 300 misa 301 medeleg 302 mideleg 303 mie 304
    mtvec 305 mcounteren 306 menvcfg 30a mcountinhibit 320 mscratch 340 mepc 341 mcause 342
    mtval 343 mip 344 mcycle b00 minstret b02 cycle c00 time c01 instret c02 mvendorid f11
    marchid f12 mimpid f13 mhartid f14 mconfigptr f15
""".split()


def test_causes():
    assert {cause.name: cause.value for cause in Cause} == CAUSES


def test_csr_addresses():
    expected = {
        name.upper(): int(number, 16) for name, number in zip(CSRS[::2], CSRS[1::2], strict=True)
    }
    assert {csr.name: csr.value for csr in Csr} == expected


def test_event_counters():
    """Both number 3 to 31, like the bits of mcounteren."""
    assert (MHPMCOUNTERS[0], MHPMCOUNTERS[-1], len(MHPMCOUNTERS)) == (0xB03, 0xB1F, 29)
    assert (MHPMEVENTS[0], MHPMEVENTS[-1], len(MHPMEVENTS)) == (0x323, 0x33F, 29)
    assert (HPMCOUNTERS[0], HPMCOUNTERS[-1], len(HPMCOUNTERS)) == (0xC03, 0xC1F, 29)


def test_registers_of_memory_protection():
    """On RV64 an odd pmpcfg is illegal."""
    assert list(PMPCFGS) == [0x3A0, 0x3A2]
    assert (PMPADDRS[0], PMPADDRS[-1], len(PMPADDRS)) == (0x3B0, 0x3BF, 16)


def test_modes_and_interrupts():
    assert {priv.name: priv.value for priv in Priv} == {"U": 0, "S": 1, "M": 3}
    numbers = {"SSI": 1, "MSI": 3, "STI": 5, "MTI": 7, "SEI": 9, "MEI": 11}
    assert {interrupt.name: interrupt.value for interrupt in Interrupt} == numbers
    assert INTERRUPT_BIT == 63


def test_bits_of_status_registers():
    expected = {
        "SIE": 1,
        "MIE": 3,
        "SPIE": 5,
        "MPIE": 7,
        "SPP": 8,
        "MPP": 11,
        "MPRV": 17,
        "SUM": 18,
        "MXR": 19,
        "TVM": 20,
        "TW": 21,
        "TSR": 22,
        "UXL": 32,
        "SXL": 34,
    }
    assert {bit.name: bit.value for bit in Mstatus} == expected
    assert (MENVCFG_FIOM, MENVCFG_ADUE, MENVCFG_STCE) == (0, 61, 63)


def test_sv39_sizes():
    assert (PAGE_BITS, PAGE_SIZE, PTE_SIZE, PTES_PER_PAGE) == (12, 4096, 8, 512)
    assert (LEVELS, VPN_BITS, MAXVA_BITS) == (3, 9, 39)
    assert (PPN_BITS, PA_BITS, ASID_BITS) == (44, 56, 16)
    assert {mode.name: mode.value for mode in SatpMode} == {"BARE": 0, "SV39": 8}
    assert "".join(flag.name for flag in sorted(Pte)) == "VRWXUGAD"
    assert [flag.value for flag in sorted(Pte)] == [1, 2, 4, 8, 16, 32, 64, 128]


def test_vpn_splits_an_address():
    va = 0b101010101_000000001_111111110_000011110000
    assert [vpn(va, level) for level in (2, 1, 0)] == [0b101010101, 1, 0b111111110]


@pytest.mark.parametrize("pa", [0, 0x1000, 0x8000_0000, (1 << 56) - 4096])
def test_pte_holds_its_address(pa):
    pte = make_pte(pa, Pte.V | Pte.R | Pte.D)
    assert pte & 0x3FF == 0b1000_0011
    assert pte_to_pa(pte) == pa
    assert pte_ppn(pte) == pa >> 12
    assert pte >> 54 == 0
    # Neither N and PBMT nor RSW are part of the address.
    assert pte_to_pa(pte | 0x3FF << 54 | 3 << 8) == pa


def test_satp():
    assert make_satp(0x8020_3000) == 0x8000_0000_0008_0203
    assert make_satp(0x8020_3000, asid=0xABCD) == 0x8ABC_D000_0008_0203
    assert make_satp(0, mode=SatpMode.BARE) == 0


@pytest.mark.parametrize(
    "address, down, up",
    [(0, 0, 0), (1, 0, 4096), (4095, 0, 4096), (4096, 4096, 4096), (4097, 4096, 8192)],
)
def test_rounding(address, down, up):
    assert page_round_down(address) == down
    assert page_round_up(address) == up


def test_all_names_exist():
    assert len(set(hdl.arch.__all__)) == len(hdl.arch.__all__)
    for name in hdl.arch.__all__:
        assert hasattr(hdl.arch, name)


def test_needs_no_amaranth():
    program = """
import sys
sys.modules["amaranth"] = None
try:
    import amaranth
except ImportError:
    pass
else:
    raise SystemExit("amaranth is not blocked")
import hdl.arch
print(hdl.arch.Cause.LOAD_PAGE.value)
print([name for name in sys.modules if name.split(".")[0] in ("hdl", "sim", "kernel_model")])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["13", "['hdl', 'hdl.arch']"]
