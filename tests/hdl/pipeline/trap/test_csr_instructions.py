"""CSR instructions in the trap stage: what they write, and what waits for them."""

import pytest

from hdl.arch import Csr
from hdl.pipeline.system import DATA_CSRS, FETCH_CSRS, INTERRUPT_CSRS
from hdl.units.decoder import System, Unit
from tests.hdl.pipeline.trap.bench import (
    CSRRC,
    CSRRCI,
    CSRRS,
    CSRRSI,
    CSRRW,
    CSRRWI,
    NEXT,
    Bench,
    M,
    U,
    system,
)

MPP = 3 << 11


def test_csr_operations():
    """The CSR holds 0b1010; the immediate is 0b01001, next to it is the address, odd or even."""
    bench = Bench()
    cases = [
        (CSRRW, 0b1100, 0b1100),
        (CSRRS, 0b1100, 0b1110),
        (CSRRC, 0b1100, 0b0010),
        (CSRRWI, None, 0b1001),
        (CSRRSI, None, 0b1011),
        (CSRRCI, None, 0b0010),
    ]

    async def testbench(funct3, data, result):
        for number in (Csr.MSCRATCH, Csr.MTVAL):
            await bench.write_csr(number, 0b1010)
            await bench.csr(number, data or 0, funct3, source=9)
            assert (bench.get("rd"), bench.get("wdata"), bench.get("wen")) == (5, 0b1010, 1)
            await bench.tick()
            assert await bench.read_csr(number) == result

    bench.run(testbench, each=cases)


def test_an_operand_that_is_x0_or_0_writes_nothing():
    """So read-only CSRs can be read by csrrs and csrrc; csrrw always writes."""
    bench = Bench()

    async def testbench():
        await bench.enter(M)
        for funct3 in (CSRRS, CSRRC, CSRRSI, CSRRCI):
            await bench.csr(Csr.MHARTID, funct3=funct3, source=0)
            bench.check_no_trap()
            assert bench.get("ready"), "nothing to wait for"
            await bench.tick()
        for funct3 in range(1, 8):
            if funct3 == 4:
                continue
            source = 0 if funct3 in (CSRRW, CSRRWI) else 1
            # The register is not x0, though its value is 0.
            await bench.csr(Csr.MHARTID, 0, funct3, source=source)
            bench.check_trap(2, Csr.MHARTID << 20 | source << 15 | funct3 << 12 | 5 << 7 | 0x73)
            await bench.tick()

    bench.run(testbench)


@pytest.mark.parametrize(
    "parameters, csrs",
    [
        ({}, (Csr.SATP, Csr.MENVCFG)),
        ({"misaligned": True}, (Csr.SATP, Csr.MENVCFG, Csr.MSTATUS, Csr.SSTATUS)),
    ],
    ids=["aligned", "misaligned"],
)
def test_csrs_that_fetches_obey_flush_what_was_fetched(parameters, csrs):
    bench = Bench(**parameters)

    async def testbench():
        for number in csrs:
            await bench.csr(number, 0)
            assert bench.gets("redirect", "valid", "target") == (1, NEXT), number
            assert bench.get("wen")
            assert not bench.get("ready")
            await bench.tick()
            assert bench.get("empty")
            await bench.csr(number, funct3=CSRRS, source=0)
            assert not bench.get("redirect__valid"), "only writes flush"
            assert bench.get("ready")
            await bench.tick()

    bench.run(testbench)
    assert [record["trap"] for record in bench.records] == [0] * 2 * len(csrs)


def test_entries_of_memory_protection_flush_what_was_fetched_and_are_shown():
    bench = Bench(pmp_entries=2)

    async def testbench():
        for number in (0x3A0, 0x3A2, 0x3B0, 0x3B1, 0x3BF):
            await bench.csr(number, 0x1F)
            assert bench.gets("redirect", "valid", "target") == (1, NEXT), hex(number)
            await bench.tick()
            await bench.csr(number, funct3=CSRRS, source=0)
            assert bench.get("wdata") == (0x1F if number in (0x3A0, 0x3B0, 0x3B1) else 0)
            assert not bench.get("redirect__valid"), "only writes flush"
            await bench.tick()
        entry = bench.get("pmp")[0]
        assert (entry.r, entry.w, entry.x, entry.match.name) == (1, 1, 1, "NAPOT")
        assert entry.address == 0x1F

    bench.run(testbench)
    assert [record["trap"] for record in bench.records] == [0] * 10


def test_behind_what_the_execute_stage_obeys_the_next_instruction_waits_a_cycle():
    bench = Bench()

    async def testbench():
        for number in (*DATA_CSRS, *INTERRUPT_CSRS):
            await bench.csr(number, 0)
            assert not bench.get("redirect__valid"), number
            assert bench.get("wen")
            assert not bench.get("ready"), number
            await bench.tick()
            if number == Csr.STIMECMP:
                assert not bench.get("ready"), "STIP shows it a cycle later"
                await bench.tick()
            assert bench.get("ready")
            assert bench.get("empty")

    bench.run(testbench)


def test_behind_any_other_write_nothing_waits_but_another_csr_instruction():
    bench = Bench(pmp_csrs=True)
    obeyed = {*FETCH_CSRS, *DATA_CSRS, *INTERRUPT_CSRS}
    others = [csr for csr in Csr if csr not in obeyed and csr >> 10 != 3]

    async def testbench():
        for number in (*others, 0x3A0, 0x3B0, 0xB03, 0x323):
            await bench.csr(number, 0)
            bench.set(executed__unit=Unit.ALU)
            assert bench.get("wen"), number
            assert not bench.get("redirect__valid"), number
            assert bench.get("ready"), number
            await bench.tick()

        for number in others:
            await bench.csr(number, 0)
            bench.set(executed__unit=Unit.CSR)
            assert not bench.get("ready"), "the record shows what has become of the CSR"
            await bench.tick()

    bench.run(testbench)
    assert {Csr.SSCRATCH, Csr.SEPC, Csr.STVEC, Csr.MEPC, Csr.MEDELEG} < set(others)


@pytest.mark.parametrize("number", [Csr.MSCRATCH, Csr.SEPC, Csr.MSTATUS, Csr.MIE, 0xB02])
def test_the_next_instruction_reads_what_was_written(number):
    """Put to the stage as soon as it is ready."""
    bench = Bench()

    async def testbench():
        for value in (0, 0x88, 0x8, 0x80):
            await bench.csr(number, value, rd=0)
            await bench.csr(number, funct3=CSRRS, source=0)
            assert bench.get("wdata") & 0x88 == value
            await bench.tick()

    bench.run(testbench)


def test_a_trap_directly_behind_a_write_uses_it():
    """What is written to vector, delegation and scratch registers is there for the next trap."""
    bench = Bench()

    async def testbench():
        await bench.enter(M)
        for vector in (0x8000_4000, 0x8000_8000):
            await bench.csr(Csr.MTVEC, vector, rd=0)
            bench.set(executed__unit=Unit.ALU)
            assert bench.get("ready")
            await bench.put(illegal=1)
            assert bench.gets("redirect", "valid", "target") == (1, vector)
            await bench.tick()

    bench.run(testbench)


@pytest.mark.parametrize(
    "number, operation", [(Csr.MEPC, System.MRET), (Csr.SEPC, System.SRET)], ids=["mret", "sret"]
)
def test_a_return_directly_behind_a_write_goes_there(number, operation):
    bench = Bench()

    async def testbench():
        for target in (0x8000_4000, 0x8000_8002):
            await bench.enter(M, status=MPP)
            await bench.csr(number, target, rd=0)
            bench.set(executed__unit=Unit.SYSTEM)
            assert bench.get("ready")
            await bench.put(**system(operation))
            assert bench.gets("redirect", "valid", "target") == (1, target)
            await bench.tick()
            await bench.do(illegal=1)

    bench.run(testbench)


def test_an_illegal_csr_access_changes_nothing():
    bench = Bench()

    async def testbench():
        await bench.enter(U)
        await bench.csr(Csr.SATP, 8 << 60)
        bench.check_trap(2, Csr.SATP << 20 | 1 << 15 | CSRRW << 12 | 5 << 7 | 0x73)
        await bench.tick()
        assert await bench.read_csr(Csr.SATP) == 0

    bench.run(testbench)


def test_csrrs_of_mip_does_not_latch_the_external_line():
    bench = Bench()

    async def testbench():
        bench.set(interrupts__seip=1)
        await bench.csr(Csr.MIP, 1 << 1, CSRRS)
        assert bench.get("wdata") == 1 << 9
        await bench.tick()
        bench.set(interrupts__seip=0)
        assert await bench.read_csr(Csr.MIP) == 1 << 1

    bench.run(testbench)


def test_time_is_the_input_of_that_name():
    bench = Bench()

    async def testbench():
        for now in (1, 0x8000_0000_0000_0000, 0xFFFF_FFFF_FFFF_FFFF):
            bench.set(mtime=now)
            assert await bench.read_csr(Csr.TIME) == now

    bench.run(testbench)


def test_each_interrupt_line_is_its_bit_of_mip():
    bench = Bench()
    lines = {"msip": 3, "mtip": 7, "seip": 9, "meip": 11}

    async def testbench():
        for name, bit in lines.items():
            bench.set(**{f"interrupts__{name}": 1})
            assert await bench.read_csr(Csr.MIP) == 1 << bit, name
            bench.set(**{f"interrupts__{name}": 0})
        assert await bench.read_csr(Csr.MIP) == 0

    bench.run(testbench)
