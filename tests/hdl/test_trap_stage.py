"""The trap stage: what retires, what traps, what is fetched again, and what it asks the bus for."""

import random

import pytest

from hdl.arch import Csr, Priv
from hdl.bus import Source
from hdl.decoder import System, Unit
from hdl.mmu.context import Access, Fault
from hdl.trap_stage import TrapStage
from tests.support import simulate

NONE, PAGE, ACCESS = Fault.NONE, Fault.PAGE, Fault.ACCESS
U, S, M = Priv.U, Priv.S, Priv.M
PC, NEXT, MTVEC = 0x8000_1000, 0x8000_1004, 0x8000_0100
PA, VA = 0x8020_0010, 0x4010
CSRRW, CSRRS, CSRRC, CSRRWI, CSRRSI, CSRRCI = 1, 2, 3, 5, 6, 7
MPP, TVM, TW, TSR = 3 << 11, 1 << 20, 1 << 21, 1 << 22
EXECUTED = {
    "pc": PC,
    "next_pc": NEXT,
    "insn": 0,
    "unit": Unit.ALU,
    "system": System.FENCE,
    **dict.fromkeys(("funct3", "rs1", "rs2", "rd", "rs1_data", "rs2_data", "result"), 0),
    **dict.fromkeys(("requested", "va", "pa", "interrupt", "interrupt_cause"), 0),
    "fetch_fault": NONE,
    "fetch_update": 0,
    "fetch_va": 0,
    "illegal": 0,
    "misaligned": 0,
    "data_fault": NONE,
    "data_update": 0,
    "id": 0,
}
LOAD_DOUBLE = {"unit": Unit.LOAD, "funct3": 3, "rd": 5, "requested": 1, "va": VA, "pa": PA}


class Bench:
    """A trap stage between an execute stage and a bus that the test plays."""

    def __init__(self):
        self.dut = TrapStage()
        self.records = []

    def run(self, testbench, *, each=None):
        """Runs `testbench()`, or `testbench(*arguments)` for `each` tuple, one after the other."""

        async def bound(ctx):
            self.ctx = ctx
            for arguments in [()] if each is None else each:
                try:
                    await testbench(*arguments)
                except AssertionError as error:
                    error.add_note(f"with {arguments}")
                    raise

        simulate(self.dut, bound)

    def set(self, **inputs):
        """Inputs by name, `__` for a dot."""
        for name, value in inputs.items():
            self.ctx.set(self._find(name), value)

    def get(self, name):
        return self.ctx.get(self._find(name))

    def gets(self, place, *names):
        return tuple(self.get(f"{place}__{name}") for name in names)

    def _find(self, name):
        found = self.dut
        for part in name.split("__"):
            found = getattr(found, part)
        return found

    async def tick(self):
        assert not (self.get("ready") and self.get("redirect__valid"))
        await self.ctx.tick()
        if self.get("retire__valid"):
            names = self.dut.retire.signature.members
            self.records.append({name: self.get(f"retire__{name}") for name in names})

    async def put(self, **fields):
        """Hands over an instruction; it is in the stage from the next cycle on."""
        for name, value in (EXECUTED | fields).items():
            self.set(**{f"executed__{name}": value})
        self.set(executed_valid=1)
        while not self.get("ready"):
            await self.tick()
        await self.tick()
        self.set(executed_valid=0)

    async def respond(self, data=0, error=0):
        self.set(response__valid=1, response__data=data, response__error=error)

    async def do(self, **fields):
        """Hands over an instruction that takes one cycle, and lets it leave."""
        await self.put(**fields)
        await self.tick()

    async def csr(self, number, data=0, funct3=CSRRW, rd=5, source=1):
        """A CSR instruction up to the cycle in which it leaves."""
        insn = number << 20 | source << 15 | funct3 << 12 | rd << 7 | 0x73
        rs1 = source if funct3 < 4 else 0
        fields = {"unit": Unit.CSR, "insn": insn, "funct3": funct3, "rd": rd}
        await self.put(**fields, rs1=rs1, rs1_data=data if rs1 else 0)

    async def write_csr(self, number, data):
        await self.csr(number, data, rd=0)
        assert not self.get("csrs__trap__valid")
        await self.tick()

    async def read_csr(self, number):
        """By an instruction, in M-mode."""
        await self.csr(number, funct3=CSRRS, source=0)
        value = self.get("wdata")
        await self.tick()
        return value

    async def enter(self, priv, status=0):
        """Goes to `priv` with `status` in mstatus; traps that are not delegated go to MTVEC."""
        if self.get("environment__priv") != M:
            await self.do(illegal=1)
        await self.write_csr(Csr.MTVEC, MTVEC)
        await self.write_csr(Csr.MSTATUS, status & ~MPP | priv << 11)
        if priv != M:
            await self.do(unit=Unit.SYSTEM, system=System.MRET)
        assert self.get("environment__priv") == priv
        self.records.clear()

    def check_trap(self, cause, tval=0, pc=PC):
        """The instruction in the stage leaves with this trap."""
        assert self.get("redirect__valid")
        assert self.get("redirect__target") == MTVEC
        assert not self.get("wen")
        got = self.gets("csrs__trap", "valid", "cause", "tval", "epc", "interrupt")
        assert got == (1, cause, tval, pc, 0)

    def check_no_trap(self):
        assert not self.get("csrs__trap__valid")


def system(operation, **fields):
    return {"unit": Unit.SYSTEM, "system": operation, **fields}


# -- Retiring -----------------------------------------------------------------------------------


def test_empty_after_reset():
    bench = Bench()

    async def testbench():
        assert bench.get("ready")
        assert bench.get("empty")
        assert bench.get("environment__priv") == M
        for name in ("wen", "redirect__valid", "request__valid", "update__valid", "sfence__valid"):
            assert not bench.get(name)
        assert bench.get("forward__rd") == 0
        await bench.tick()

    bench.run(testbench)
    assert not bench.records


def test_plain_instructions_take_a_cycle_each():
    bench = Bench()

    async def testbench():
        for number in range(4):
            await bench.put(rd=number, result=100 + number, pc=PC + 4 * number, id=number)
            assert bench.get("ready")
            assert not bench.get("empty")
            assert bench.get("wen")
            assert (bench.get("rd"), bench.get("wdata")) == (number, 100 + number)
            assert bench.gets("forward", "rd", "known", "data") == (number, 1, 100 + number)
            assert not bench.get("redirect__valid")
        await bench.tick()
        assert bench.get("empty")
        assert not bench.get("wen")

    bench.run(testbench)
    assert [record["order"] for record in bench.records] == [0, 1, 2, 3]
    assert [record["rd_addr"] for record in bench.records] == [0, 1, 2, 3]
    assert [record["rd_wdata"] for record in bench.records] == [0, 101, 102, 103]


def test_the_record_of_an_instruction():
    bench = Bench()
    same = {"rs1": 1, "rs2": 2, "rd": 3}
    fields = {"insn": 0x0020_81B3, "rs1_data": 7, "rs2_data": 8, "result": 15, "id": 99}

    async def testbench():
        await bench.do(**same, **fields)

    bench.run(testbench)
    (record,) = bench.records
    expected = {
        "valid": 1,
        "insn": 0x0020_81B3,
        "trap": 0,
        "halt": 0,
        "intr": 0,
        "mode": M,
        "ixl": 2,
        "rs1_addr": 1,
        "rs2_addr": 2,
        "rs1_rdata": 7,
        "rs2_rdata": 8,
        "rd_addr": 3,
        "rd_wdata": 15,
        "pc_rdata": PC,
        "pc_wdata": NEXT,
        "mem_rmask": 0,
        "mem_wmask": 0,
        "id": 99,
    }
    assert {name: record[name] for name in expected} == expected


# -- Loads and stores ---------------------------------------------------------------------------


@pytest.mark.parametrize("latency", [1, 4])
def test_a_load_waits_for_its_response(latency):
    bench = Bench()

    async def testbench():
        await bench.put(**LOAD_DOUBLE)
        for _ in range(latency - 1):
            assert not bench.get("ready")
            assert not bench.get("wen")
            assert bench.gets("forward", "rd", "known") == (5, 0)
            await bench.tick()
        await bench.respond(0x1234)
        assert bench.get("ready")
        assert bench.get("wen")
        assert bench.gets("forward", "rd", "known", "data") == (5, 1, 0x1234)
        await bench.tick()

    bench.run(testbench)
    (record,) = bench.records
    names = ("mem_addr", "mem_paddr", "mem_rmask", "mem_wmask", "mem_rdata", "rd_wdata")
    assert tuple(record[name] for name in names) == (VA, PA, 0xFF, 0, 0x1234, 0x1234)


def test_loads_extend_by_size_and_sign():
    bench = Bench()
    word = 0xF1F2_F3F4_8586_8788
    low_to_high = word.to_bytes(8, "little")

    async def testbench():
        for funct3 in range(7):
            length = 1 << (funct3 & 3)
            for low in range(0, 8, length):
                await bench.put(**LOAD_DOUBLE | {"funct3": funct3, "va": VA + low - VA % 8})
                await bench.respond(word)
                part = low_to_high[low : low + length]
                value = int.from_bytes(part, "little", signed=funct3 < 4)
                assert bench.get("wdata") == value % (1 << 64), (funct3, low)
                await bench.tick()
                bench.set(response__valid=0)

    bench.run(testbench)
    assert {record["mem_rmask"] for record in bench.records} == {0x01, 0x03, 0x0F, 0xFF}


def test_the_record_of_a_store():
    bench = Bench()

    async def testbench():
        await bench.put(unit=Unit.STORE, funct3=1, requested=1, va=VA, pa=PA, rs2_data=0xABCD)
        await bench.respond()
        assert bench.get("ready")
        await bench.tick()

    bench.run(testbench)
    (record,) = bench.records
    names = ("mem_addr", "mem_paddr", "mem_rmask", "mem_wmask", "mem_wdata", "rd_addr")
    assert tuple(record[name] for name in names) == (VA, PA, 0, 0b11, 0xABCD, 0)


def test_a_refused_access_is_an_access_fault():
    bench = Bench()
    causes = {Unit.LOAD: 5, Unit.LR: 5, Unit.STORE: 7, Unit.SC: 7, Unit.AMO: 7}

    async def testbench():
        for unit, cause in causes.items():
            await bench.enter(M)
            await bench.put(**LOAD_DOUBLE | {"unit": unit})
            await bench.respond(error=1)
            bench.check_trap(cause, VA)
            await bench.tick()
            bench.set(response__valid=0)
            assert bench.get("empty")
            assert not bench.get("request__valid"), "no second half"
            assert not bench.get("reserved")
            (record,) = bench.records
            names = ("trap", "cause", "tval", "mem_rmask", "mem_wmask", "rd_addr", "pc_wdata")
            assert tuple(record[name] for name in names) == (1, cause, VA, 0, 0, 0, MTVEC)

    bench.run(testbench)


# -- Atomics ------------------------------------------------------------------------------------


def signed(value, bits):
    value %= 1 << bits
    return value - (1 << bits) if value >> bits - 1 else value


AMOS = {
    0x00: lambda old, new, bits: old + new,
    0x01: lambda old, new, bits: new,
    0x04: lambda old, new, bits: old ^ new,
    0x08: lambda old, new, bits: old | new,
    0x0C: lambda old, new, bits: old & new,
    0x10: lambda old, new, bits: min(signed(old, bits), signed(new, bits)),
    0x14: lambda old, new, bits: max(signed(old, bits), signed(new, bits)),
    0x18: lambda old, new, bits: min(old % (1 << bits), new % (1 << bits)),
    0x1C: lambda old, new, bits: max(old % (1 << bits), new % (1 << bits)),
}


def test_amos_read_then_write():
    bench = Bench()
    rng = random.Random(1)

    async def amo(funct5, size, low):
        bits = 8 << size
        word, operand = rng.getrandbits(64), rng.getrandbits(64)
        old = word >> 8 * low & (1 << bits) - 1
        bench.set(response__valid=0)
        await bench.put(
            **LOAD_DOUBLE
            | {"unit": Unit.AMO, "funct3": size, "insn": funct5 << 27, "rs2_data": operand}
            | {"va": VA & ~7 | low, "pa": PA & ~7 | low, "id": 3}
        )
        for _ in range(rng.randrange(3)):
            assert not bench.get("request__valid"), "the read is not answered yet"
            await bench.tick()
        await bench.respond(word)
        assert not bench.get("ready")
        assert not bench.get("forward__known")
        await bench.tick()
        bench.set(response__valid=0, request__ready=0)
        for _ in range(rng.randrange(3)):
            assert bench.get("request__valid")
            await bench.tick()
        bench.set(request__ready=1)
        names = ("valid", "address", "write", "size", "source", "lock", "id")
        expected = (1, PA & ~7 | low, 1, size, Source.DATA, 0, 3)
        assert bench.gets("request", *names) == expected
        new = AMOS[funct5](old, operand, bits) % (1 << bits)
        length = 1 << size
        assert bench.get("request__strobe") == ((1 << length) - 1) << low
        assert bench.get("request__data") >> 8 * low & (1 << bits) - 1 == new, hex(funct5)
        await bench.tick()
        bench.set(request__ready=0)
        for _ in range(rng.randrange(3)):
            assert not bench.get("request__valid")
            assert not bench.get("wen")
            await bench.tick()
        await bench.respond(rng.getrandbits(64))
        assert bench.get("wen")
        assert bench.get("wdata") == signed(old, bits) % (1 << 64)
        await bench.tick()
        record = bench.records[-1]
        assert record["mem_rmask"] == record["mem_wmask"] == (1 << length) - 1
        assert record["mem_wdata"] % (1 << bits) == new
        assert record["mem_rdata"] % (1 << bits) == old

    places = [(2, 0), (2, 4), (3, 0)]
    bench.run(amo, each=[(funct5, *place) for funct5 in AMOS for place in places])


def test_an_amo_whose_write_is_refused_traps():
    bench = Bench()

    async def testbench():
        await bench.enter(M)
        bench.set(request__ready=1)
        for _ in range(2):
            await bench.put(**LOAD_DOUBLE | {"unit": Unit.AMO})
            await bench.respond()
            await bench.tick()
            bench.set(response__valid=0)
            await bench.tick()
            await bench.respond(error=1)
            bench.check_trap(7, VA)
            await bench.tick()
            bench.set(response__valid=0)

    bench.run(testbench)


def test_lr_reserves_and_sc_ends_it():
    bench = Bench()

    async def testbench():
        bench.set(response__valid=1)
        for requested in (1, 0):
            await bench.do(**LOAD_DOUBLE | {"unit": Unit.LR})
            assert (bench.get("reserved"), bench.get("reservation")) == (1, PA)
            # Neither loads nor stores nor AMOs of this hart end it.
            await bench.do(**LOAD_DOUBLE)
            await bench.do(**LOAD_DOUBLE | {"unit": Unit.STORE})
            assert bench.get("reserved")
            # An SC ends it, whether or not it has written.
            await bench.put(unit=Unit.SC, requested=requested, rd=4, result=1 - requested)
            assert (bench.get("wen"), bench.get("wdata")) == (1, 1 - requested)
            await bench.tick()
            assert not bench.get("reserved")

    bench.run(testbench)
    masks = [record["mem_wmask"] for record in bench.records]
    assert masks[3] != 0
    assert masks[7] == 0, "a failed SC has accessed nothing"


def test_a_faulting_lr_reserves_nothing():
    bench = Bench()

    async def testbench():
        await bench.do(**LOAD_DOUBLE | {"unit": Unit.LR, "requested": 0, "data_fault": PAGE})
        assert not bench.get("reserved")

    bench.run(testbench)


# -- Traps --------------------------------------------------------------------------------------


def test_collected_exceptions():
    bench = Bench()
    cases = [
        ({"fetch_fault": PAGE, "fetch_va": 0x5000}, 12, 0x5000),
        ({"fetch_fault": ACCESS, "fetch_va": 0x5000}, 1, 0x5000),
        ({"illegal": 1, "insn": 0xFFFF_1234}, 2, 0xFFFF_1234),
        (system(System.ECALL), None, 0),
        (system(System.EBREAK), 3, PC),
        ({"unit": Unit.LOAD, "misaligned": 1, "va": VA + 1}, 4, VA + 1),
        ({"unit": Unit.LR, "misaligned": 1, "va": VA + 1}, 4, VA + 1),
        ({"unit": Unit.STORE, "misaligned": 1, "va": VA + 1}, 6, VA + 1),
        ({"unit": Unit.AMO, "misaligned": 1, "va": VA + 1}, 6, VA + 1),
        ({"unit": Unit.SC, "misaligned": 1, "va": VA + 1}, 6, VA + 1),
        ({"unit": Unit.LOAD, "data_fault": PAGE, "va": VA}, 13, VA),
        ({"unit": Unit.SC, "data_fault": PAGE, "va": VA}, 15, VA),
        ({"unit": Unit.AMO, "data_fault": ACCESS, "va": VA}, 7, VA),
    ]

    async def testbench(priv, ecall):
        for fields, cause, tval in cases:
            cause = cause or ecall
            await bench.enter(priv)
            await bench.put(**fields, rd=5, next_pc=NEXT)
            bench.check_trap(cause, tval)
            await bench.tick()
            assert bench.get("environment__priv") == M
            assert bench.get("empty")
            (record,) = bench.records
            names = ("trap", "cause", "tval", "mode", "pc_wdata", "rd_addr")
            assert tuple(record[name] for name in names) == (1, cause, tval, priv, MTVEC, 0)
            assert await bench.read_csr(Csr.MCAUSE) == cause
            assert await bench.read_csr(Csr.MTVAL) == tval
            assert await bench.read_csr(Csr.MEPC) == PC
            assert await bench.read_csr(Csr.MSTATUS) >> 11 & 3 == priv

    bench.run(testbench, each=[(U, 8), (S, 9), (M, 11)])


def test_a_delegated_trap_goes_to_the_supervisor():
    bench = Bench()

    async def testbench():
        await bench.write_csr(Csr.MEDELEG, 1 << 13)
        await bench.write_csr(Csr.STVEC, 0x4000)
        await bench.enter(U)
        await bench.put(unit=Unit.LOAD, data_fault=PAGE, va=VA)
        assert bench.get("redirect__target") == 0x4000
        await bench.tick()
        assert bench.get("environment__priv") == S
        assert bench.get("environment__sepc") == PC

    bench.run(testbench)


def test_minstret_counts_what_retires():
    bench = Bench()

    async def testbench():
        await bench.enter(M)
        # The write replaces its own increment.
        await bench.write_csr(Csr.MINSTRET, 0)
        for fields in (
            {},
            system(System.ECALL),
            system(System.EBREAK),
            {"illegal": 1},
            {"unit": Unit.LOAD, "data_fault": PAGE},
            {"interrupt": 1, "interrupt_cause": 7},
            {},
        ):
            await bench.do(**fields)
        assert await bench.read_csr(Csr.MINSTRET) == 2

    bench.run(testbench)


def test_an_interrupt_is_no_record_but_marks_the_handlers_first():
    bench = Bench()

    async def testbench():
        await bench.enter(M)
        await bench.write_csr(Csr.MTVEC, MTVEC | 1)
        bench.records.clear()
        # Whatever else the instruction has, it has not been executed.
        await bench.put(interrupt=1, interrupt_cause=7, illegal=1, rd=5)
        assert bench.get("redirect__target") == MTVEC + 4 * 7
        assert not bench.get("wen")
        got = bench.gets("csrs__trap", "valid", "cause", "tval", "epc", "interrupt")
        assert got == (1, 7, 0, PC, 1)
        await bench.tick()
        assert bench.records == []
        await bench.do(pc=MTVEC + 28)
        await bench.do(pc=MTVEC + 32)

    bench.run(testbench)
    marks = [(record["intr"], record["trap"]) for record in bench.records]
    assert marks == [(1, 0), (0, 0)]
    assert bench.records[0]["intr_cause"] == 1 << 63 | 7


# -- CSR instructions ---------------------------------------------------------------------------


def test_csr_operations():
    """mscratch holds 0b1010; the immediate is 0b01001."""
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
        await bench.write_csr(Csr.MSCRATCH, 0b1010)
        await bench.csr(Csr.MSCRATCH, data or 0, funct3, source=9)
        assert (bench.get("rd"), bench.get("wdata"), bench.get("wen")) == (5, 0b1010, 1)
        await bench.tick()
        assert await bench.read_csr(Csr.MSCRATCH) == result

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


def test_csrs_of_translation_flush_what_was_fetched():
    bench = Bench()

    async def testbench():
        for number in (Csr.SATP, Csr.MSTATUS, Csr.SSTATUS, Csr.MENVCFG):
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
    assert [record["trap"] for record in bench.records] == [0] * 8


def test_behind_other_writes_the_next_instruction_waits_a_cycle():
    bench = Bench()

    async def testbench():
        for number in (Csr.MSCRATCH, Csr.MIE, Csr.MEDELEG, Csr.MINSTRET, Csr.MTVEC):
            await bench.csr(number, 0)
            assert not bench.get("redirect__valid"), number
            assert bench.get("wen")
            assert not bench.get("ready")
            await bench.tick()
            assert bench.get("ready")
            assert bench.get("empty")

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
        bench.set(seip=1)
        await bench.csr(Csr.MIP, 1 << 1, CSRRS)
        assert bench.get("wdata") == 1 << 9
        await bench.tick()
        bench.set(seip=0)
        assert await bench.read_csr(Csr.MIP) == 1 << 1

    bench.run(testbench)


# -- Privileged instructions --------------------------------------------------------------------

#: (operation, mode, mstatus) and whether that is allowed.
ALLOWED = {
    (System.SRET, M, 0): True,
    (System.SRET, S, 0): True,
    (System.SRET, U, 0): False,
    (System.SRET, S, TSR): False,
    (System.SRET, M, TSR): True,
    (System.MRET, M, 0): True,
    (System.MRET, S, 0): False,
    (System.MRET, U, 0): False,
    (System.WFI, M, TW): True,
    (System.WFI, S, 0): True,
    (System.WFI, S, TW): False,
    (System.WFI, U, 0): False,
    (System.SFENCE_VMA, M, TVM): True,
    (System.SFENCE_VMA, S, 0): True,
    (System.SFENCE_VMA, S, TVM): False,
    (System.SFENCE_VMA, U, 0): False,
    (System.FENCE, U, TVM | TW | TSR): True,
    (System.FENCE_I, U, TVM | TW | TSR): True,
    (System.SRET, S, TVM | TW): True,
    (System.WFI, S, TVM | TSR): True,
    (System.SFENCE_VMA, S, TW | TSR): True,
}


def test_who_may_do_what():
    bench = Bench()

    async def testbench():
        # An interrupt is pending and enabled, so that a wfi does not wait.
        await bench.write_csr(Csr.MIE, 1 << 7)
        bench.set(mtip=1)
        for (operation, priv, status), allowed in ALLOWED.items():
            await bench.enter(priv, status)
            await bench.put(**system(operation, insn=0x1234_5673))
            if allowed:
                bench.check_no_trap()
                assert bench.get("wen"), "it retires"
            else:
                bench.check_trap(2, 0x1234_5673)
                assert not bench.get("sfence__valid")
            await bench.tick()

    bench.run(testbench)


def test_returns_go_where_the_epc_says():
    bench = Bench()

    async def testbench():
        await bench.write_csr(Csr.MEPC, 0x7000_0002)
        await bench.write_csr(Csr.SEPC, 0x3000_0004)
        await bench.enter(S, 1 << 8)
        await bench.put(**system(System.SRET))
        assert bench.gets("redirect", "valid", "target") == (1, 0x3000_0004)
        assert not bench.get("ready")
        await bench.tick()
        assert bench.get("environment__priv") == S
        await bench.do(illegal=1)
        await bench.write_csr(Csr.MEPC, 0x7000_0002)
        await bench.put(**system(System.MRET))
        assert bench.gets("redirect", "valid", "target") == (1, 0x7000_0002)
        await bench.tick()
        assert bench.records[-1]["pc_wdata"] == 0x7000_0002

    bench.run(testbench)


def test_fences_of_fetch_and_translation_flush():
    bench = Bench()

    async def testbench(operation, flushes):
        await bench.put(**system(operation))
        assert bench.get("redirect__valid") == flushes
        assert bench.get("redirect__target") == NEXT
        await bench.tick()

    cases = [(System.FENCE_I, 1), (System.SFENCE_VMA, 1), (System.FENCE, 0)]
    bench.run(testbench, each=cases)


def test_sfence_goes_by_the_register_not_its_value():
    bench = Bench()

    async def testbench():
        for rs1 in (0, 7):
            for rs2 in (0, 7):
                for value in (0, 0x1_2345):
                    fields = {"rs1": rs1, "rs2": rs2, "rs1_data": value, "rs2_data": value}
                    await bench.put(**system(System.SFENCE_VMA, **fields))
                    names = ("valid", "has_va", "has_asid")
                    assert bench.gets("sfence", *names) == (1, bool(rs1), bool(rs2))
                    assert bench.gets("sfence", "va", "asid") == (value, value & 0xFFFF)
                    await bench.tick()
                    assert not bench.get("sfence__valid")

    bench.run(testbench)


def test_system_instructions_are_alone():
    """The next one comes in only when the effects of this one show."""
    bench = Bench()

    async def testbench():
        bench.set(mtip=1)
        await bench.write_csr(Csr.MIE, 1 << 7)
        for operation in System:
            await bench.enter(M)
            await bench.put(**system(operation))
            bench.set(executed_valid=1)
            assert not bench.get("ready"), operation
            await bench.tick()
            bench.set(executed_valid=0)
            assert bench.get("empty"), operation

    bench.run(testbench)


# -- wfi ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("mideleg", [0, 1 << 9])
def test_wfi_waits_for_an_enabled_interrupt_whatever_masks_it(mideleg):
    bench = Bench()

    async def testbench():
        await bench.write_csr(Csr.MIE, 1 << 9)
        await bench.write_csr(Csr.MIDELEG, mideleg)
        bench.records.clear()
        bench.set(mtip=1)
        await bench.put(**system(System.WFI))
        for _ in range(5):
            assert not bench.get("ready")
            assert not bench.get("wen")
            await bench.tick()
        bench.set(seip=1)
        # MIE is 0: it is not taken, and the wfi retires.
        assert bench.get("wen")
        assert not bench.get("environment__interrupt")
        await bench.tick()
        assert bench.get("empty")

    bench.run(testbench)
    (record,) = bench.records
    assert (record["trap"], record["pc_wdata"]) == (0, NEXT)


def test_a_wfi_that_is_interrupted_or_refused_does_not_wait():
    bench = Bench()

    async def testbench():
        for fields in (
            {"interrupt": 1, "interrupt_cause": 7},
            {"fetch_fault": PAGE},
            {"illegal": 1},
        ):
            await bench.enter(M)
            await bench.put(**system(System.WFI, **fields))
            assert bench.get("redirect__valid")
            assert bench.get("csrs__trap__valid")
            await bench.tick()
            assert bench.get("empty")

    bench.run(testbench)


# -- Updates of A and D -------------------------------------------------------------------------

UPDATES = {
    "fetch": ({"fetch_update": 1, "fetch_va": 0x6000, "va": VA}, Access.FETCH, 0x6000),
    "load": ({"data_update": 1, "unit": Unit.LOAD, "va": VA}, Access.LOAD, VA),
    "store": ({"data_update": 1, "unit": Unit.STORE, "va": VA}, Access.STORE, VA),
    "lr": ({"data_update": 1, "unit": Unit.LR, "va": VA}, Access.LR, VA),
    "sc": ({"data_update": 1, "unit": Unit.SC, "va": VA}, Access.SC, VA),
    "amo": ({"data_update": 1, "unit": Unit.AMO, "va": VA}, Access.AMO, VA),
}


async def update(bench, kind, **more):
    """The instruction waits for its update; returns in the cycle of `done`."""
    fields, access, va = UPDATES[kind]
    bench.set(update__done=0, update__fault=NONE)
    await bench.enter(U)
    await bench.put(**fields, rd=5, id=8, **more)
    for _ in range(3):
        names = ("valid", "va", "priv", "access", "id")
        assert bench.gets("update", *names) == (1, va, U, access, 8)
        assert not bench.get("ready")
        assert not bench.get("wen")
        assert not bench.get("redirect__valid")
        await bench.tick()
    bench.set(update__done=1)


def test_after_an_update_the_instruction_is_fetched_again():
    bench = Bench()

    async def testbench():
        for kind in UPDATES:
            await update(bench, kind)
            bench.check_no_trap()
            assert bench.gets("redirect", "valid", "target") == (1, PC), kind
            assert not bench.get("wen")
            await bench.tick()
            assert bench.get("empty")
            assert not bench.get("update__valid")
            assert not bench.get("reserved")
            await bench.tick()
            assert bench.records == [], "it is neither retired nor trapped"

    bench.run(testbench)


def test_a_refused_update_is_a_fault_of_the_access():
    bench = Bench()
    causes = {
        PAGE: {"fetch": 12, "load": 13, "lr": 13, "store": 15, "sc": 15, "amo": 15},
        ACCESS: {"fetch": 1, "load": 5, "lr": 5, "store": 7, "sc": 7, "amo": 7},
    }

    async def testbench():
        for fault, by_kind in causes.items():
            for kind, cause in by_kind.items():
                await update(bench, kind)
                bench.set(update__fault=fault)
                bench.check_trap(cause, UPDATES[kind][2])
                await bench.tick()
                (record,) = bench.records
                assert (record["trap"], record["cause"]) == (1, cause)

    bench.run(testbench)


@pytest.mark.parametrize(
    "garbage", [{"illegal": 1}, system(System.ECALL), system(System.MRET)], ids=str
)
def test_what_was_not_fetched_raises_nothing(garbage):
    """With `fetch_update` there is no instruction yet: its bits are whatever the bus showed."""
    bench = Bench()

    async def testbench():
        await update(bench, "fetch", **garbage)
        bench.check_no_trap()
        assert bench.gets("redirect", "valid", "target") == (1, PC)

    bench.run(testbench)


def test_an_interrupt_comes_before_an_update():
    bench = Bench()

    async def testbench():
        await bench.enter(M)
        await bench.put(fetch_update=1, interrupt=1, interrupt_cause=7)
        assert not bench.get("update__valid")
        assert bench.gets("csrs__trap", "valid", "interrupt", "cause") == (1, 1, 7)
        assert bench.get("redirect__target") == MTVEC

    bench.run(testbench)


# -- Everything at random -----------------------------------------------------------------------


def test_random_instructions_leave_once_and_never_with_a_squash():
    """`Bench.tick` checks in every cycle that nothing comes in with a redirect."""
    bench = Bench()
    rng = random.Random(1)
    retired = []

    async def testbench():
        bench.set(mtip=1)
        await bench.write_csr(Csr.MIE, 1 << 7)
        await bench.enter(M)
        for number in range(250):
            fields = {"unit": rng.choice(list(Unit)), "system": rng.choice(list(System))}
            fields |= {"funct3": rng.randrange(4), "insn": rng.getrandbits(32), "id": number}
            fields["requested"] = int(fields["unit"] in range(Unit.LOAD, Unit.AMO + 1))
            if rng.random() < 0.2:
                fields |= {"requested": 0, "data_fault": rng.choice((PAGE, ACCESS))}
            await bench.put(**fields)
            waited = 0
            while not bench.get("empty"):
                bench.set(
                    response__valid=rng.getrandbits(1),
                    response__error=int(rng.random() < 0.1),
                    request__ready=rng.getrandbits(1),
                )
                if bench.get("wen"):
                    retired.append(number)
                await bench.tick()
                waited += 1
                assert waited < 100
            bench.set(response__valid=0)

    bench.run(testbench)
    assert [record["id"] for record in bench.records] == list(range(250))
    assert [record["id"] for record in bench.records if not record["trap"]] == retired
    assert 50 < len(retired) < 250
