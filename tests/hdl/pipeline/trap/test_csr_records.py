"""What the retire port tells of a CSR instruction: RVFI's masks and values of the CSR it names."""

import pytest

from hdl.arch import Csr, Interrupt
from hdl.units.decoder import System, Unit
from tests.hdl.pipeline.trap.bench import CSRRC, CSRRS, CSRRSI, CSRRW, Bench, S, U
from tests.hdl.priv.csr.expected import (
    DELEGABLE,
    MIE,
    MPIE,
    SEIP,
    SIE,
    SPIE,
    SSIP,
    STCE,
    STIP,
    XL,
)

ALL = (1 << 64) - 1
FIELDS = ("csr_addr", "csr_rmask", "csr_rdata", "csr_wmask", "csr_wdata")
WHOLE_FIELDS = ("csr_whole_addr", "csr_whole_wdata", "csr_mip_rdata", "csr_mip_wdata")


def record_of(bench):
    return tuple(bench.records[-1][name] for name in FIELDS)


@pytest.mark.parametrize(
    "funct3, data, mask, after",
    [
        (CSRRW, 0x1234, ALL, 0x1234),
        (CSRRS, 0x1234, 0x1234, 0xF234),
        (CSRRC, 0x1234, 0x1234, 0xE000),
    ],
)
def test_a_write(funct3, data, mask, after):
    bench = Bench()

    async def testbench():
        await bench.write_csr(Csr.MSCRATCH, 0xF000)
        await bench.csr(Csr.MSCRATCH, data, funct3)
        await bench.tick()
        assert record_of(bench) == (Csr.MSCRATCH, ALL, 0xF000, mask, after)

    bench.run(testbench)


def test_a_write_is_told_as_the_csr_took_it():
    """WARL: of `stvec` bit 1 is 0; a `satp` of an unsupported mode changes nothing."""
    bench = Bench()

    async def testbench():
        for csr, data, after in ((Csr.STVEC, 0x8000_0003, 0x8000_0001), (Csr.SATP, 9 << 60, 0)):
            await bench.csr(csr, data)
            await bench.tick()
            assert record_of(bench) == (csr, ALL, 0, ALL, after)

    bench.run(testbench)


def test_a_write_is_told_whatever_stands_behind_it():
    bench = Bench()

    async def testbench():
        for data, fields in ((0x1, {}), (0x2, {"insn": 0xFFFF_FFFF}), (0x3, {"illegal": 1})):
            await bench.csr(Csr.MSCRATCH, data)
            await bench.put(**fields)
            assert record_of(bench)[-1] == data
            await bench.tick()
        for data in (0x4, 0x5):
            await bench.csr(Csr.MSCRATCH, data)
            await bench.csr(Csr.MEPC, 0)
            told = [record for record in bench.records if record["csr_wmask"]][-1]
            assert (told["csr_addr"], told["csr_wdata"]) == (Csr.MSCRATCH, data)
            await bench.tick()

    bench.run(testbench)


def test_what_only_reads_writes_nothing():
    bench = Bench()

    async def testbench():
        await bench.write_csr(Csr.MSCRATCH, 0xF000)
        for funct3 in (CSRRS, CSRRC, CSRRSI):
            await bench.csr(Csr.MSCRATCH, funct3=funct3, source=0)
            await bench.tick()
            assert record_of(bench) == (Csr.MSCRATCH, ALL, 0xF000, 0, 0)

    bench.run(testbench)


def test_a_write_whose_old_value_nobody_wants_reads_nothing():
    bench = Bench()

    async def testbench():
        await bench.write_csr(Csr.MSCRATCH, 0xF000)
        assert record_of(bench) == (Csr.MSCRATCH, 0, 0, ALL, 0xF000)

    bench.run(testbench)


def test_the_immediate_is_the_mask():
    bench = Bench()

    async def testbench():
        await bench.csr(Csr.MSCRATCH, funct3=CSRRSI, source=0b10101)
        await bench.tick()
        assert record_of(bench) == (Csr.MSCRATCH, ALL, 0, 0b10101, 0b10101)

    bench.run(testbench)


def test_a_counter_is_told_as_written_though_it_counts():
    bench = Bench()

    async def testbench():
        for csr in (Csr.MCYCLE, Csr.MINSTRET):
            await bench.write_csr(csr, 0x5000)
            assert record_of(bench)[-1] == 0x5000, csr

    bench.run(testbench)


def test_a_forbidden_access_tells_nothing():
    bench = Bench()

    async def testbench():
        await bench.enter(U)
        await bench.csr(Csr.MSCRATCH, 5)
        await bench.tick()
        assert bench.records[-1]["trap"]
        assert record_of(bench) == (0, 0, 0, 0, 0)
        assert whole_of(bench) == (0, 0, 0, 0)

    bench.run(testbench)


def test_other_instructions_tell_nothing():
    bench = Bench()

    async def testbench():
        for fields in ({"unit": Unit.ALU}, {"unit": Unit.SYSTEM, "system": System.FENCE}):
            await bench.do(**fields, insn=Csr.MSCRATCH << 20 | 1 << 15, funct3=CSRRW)
            assert record_of(bench) == (0, 0, 0, 0, 0)

    bench.run(testbench)


def whole_of(bench):
    return tuple(bench.records[-1][name] for name in WHOLE_FIELDS)


def test_a_csr_is_a_whole_of_its_own():
    bench = Bench()

    async def testbench():
        await bench.write_csr(Csr.MSCRATCH, 0xF000)
        assert whole_of(bench) == (Csr.MSCRATCH, 0xF000, 0, 0)

    bench.run(testbench)


def test_a_write_of_a_part_tells_the_whole():
    bench = Bench()

    async def testbench():
        await bench.write_csr(Csr.MSTATUS, MIE)
        await bench.csr(Csr.SSTATUS, SIE, CSRRS)
        await bench.tick()
        assert whole_of(bench) == (Csr.MSTATUS, XL | MIE | SIE, 0, 0)
        await bench.write_csr(Csr.MIE, 1 << Interrupt.MTI)
        await bench.write_csr(Csr.MIDELEG, SSIP)
        await bench.write_csr(Csr.SIE, SSIP)
        assert whole_of(bench) == (Csr.MIE, 1 << Interrupt.MTI | SSIP, 0, 0)

    bench.run(testbench)


def test_a_return_writes_mstatus():
    bench = Bench()

    async def testbench():
        await bench.write_csr(Csr.MSTATUS, MPIE | S << 11)
        await bench.do(unit=Unit.SYSTEM, system=System.MRET)
        assert whole_of(bench) == (Csr.MSTATUS, XL | MIE | MPIE, 0, 0)
        await bench.do(unit=Unit.SYSTEM, system=System.SRET)
        assert whole_of(bench) == (Csr.MSTATUS, XL | MIE | MPIE | SPIE, 0, 0)
        assert record_of(bench) == (0, 0, 0, 0, 0)
        await bench.do(unit=Unit.SYSTEM, system=System.SRET)
        assert bench.records[-1]["trap"]
        assert whole_of(bench) == (0, 0, 0, 0)

    bench.run(testbench)


def test_of_mip_it_is_told_what_software_holds():
    """A line shows in the register alone; with STCE so does STIP."""
    bench = Bench()

    async def testbench():
        await bench.write_csr(Csr.MIDELEG, DELEGABLE)
        await bench.write_csr(Csr.MIP, SSIP | STIP)
        assert whole_of(bench) == (Csr.MIP, SSIP | STIP, 0, SSIP | STIP)
        await bench.write_csr(Csr.MSCRATCH, 1)
        assert whole_of(bench) == (Csr.MSCRATCH, 1, 0, 0)
        bench.set(interrupts__seip=1)
        await bench.write_csr(Csr.SIP, 0)
        assert whole_of(bench) == (Csr.MIP, STIP | SEIP, SSIP | STIP, STIP)
        await bench.write_csr(Csr.STIMECMP, 1)
        await bench.write_csr(Csr.MENVCFG, STCE)
        await bench.write_csr(Csr.MIP, SEIP)
        assert whole_of(bench) == (Csr.MIP, SEIP, 0, SEIP)

    bench.run(testbench)


def test_what_writes_nothing_has_no_whole():
    bench = Bench()

    async def testbench():
        await bench.csr(Csr.MIP, funct3=CSRRS, source=0)
        await bench.tick()
        assert whole_of(bench) == (0, 0, 0, 0)
        for fields in (
            {"unit": Unit.SYSTEM, "system": System.FENCE},
            {"unit": Unit.ALU, "system": System.MRET},
        ):
            await bench.do(**fields)
            assert whole_of(bench) == (0, 0, 0, 0)
        # What clears no bit writes all the same.
        await bench.csr(Csr.MSCRATCH, 0, CSRRC)
        await bench.tick()
        assert whole_of(bench) == (Csr.MSCRATCH, 0, 0, 0)

    bench.run(testbench)
