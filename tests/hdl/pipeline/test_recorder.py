"""The recorder: which instructions make a record, and what stands in it."""

from hdl.arch import Cause, Interrupt, Priv
from hdl.pipeline.recorder import Recorder
from hdl.units.decoder import Unit
from tests.support import leaves, member, simulate

PC, PA = 0x4000_0000_0000, 0x8765_4320


class Bench:
    """Presents one instruction a cycle and returns the record of the cycle after."""

    def __init__(self, **parameters):
        self.dut = Recorder(**parameters)

    async def leave(self, ctx, *, finishes=1, trap=None, taken=True, **fields):
        """An instruction leaves, with `trap` as (interrupt, cause, tval) or without."""
        dut = self.dut
        fields = {"pc": PC, "pa": PA, "unit": Unit.ALU, "rd": 0, **fields}
        for name in ("loaded", "stored", "next_pc", "csr_writes", "csr_operand", "csr_data"):
            ctx.set(getattr(dut, name), fields.pop(name, 0))
        for name in leaves(dut.executed.signature):
            ctx.set(member(dut.executed, name), fields.get(name, 0))
        ctx.set(dut.finishes, finishes)
        ctx.set(dut.mode, Priv.S)
        interrupt, cause, tval = trap or (0, 0, 0)
        ctx.set(dut.trap_valid, trap is not None and taken)
        ctx.set(dut.trap_interrupt, interrupt)
        ctx.set(dut.trap_cause, cause)
        ctx.set(dut.trap_tval, tval)
        await ctx.tick()
        return {name: ctx.get(getattr(dut.retire, name)) for name in dut.retire.signature.members}


def check(testbench, **parameters):
    bench = Bench(**parameters)

    async def run(ctx):
        await testbench(ctx, bench)

    simulate(bench.dut, run)


def test_an_instruction_that_retires():
    async def testbench(ctx, bench):
        record = await bench.leave(
            ctx, rd=5, rs1=6, rs1_data=60, loaded=77, insn=0x13, id=9, next_pc=PC + 4
        )
        assert (record["valid"], record["trap"], record["order"]) == (1, 0, 0)
        assert (record["rd_addr"], record["rd_wdata"]) == (5, 77)
        assert (record["rs1_addr"], record["rs1_rdata"]) == (6, 60)
        assert (record["pc_rdata"], record["pc_wdata"]) == (PC, PC + 4)
        assert (record["insn"], record["id"]) == (0x13, 9)
        assert (record["mode"], record["ixl"]) == (Priv.S, 2)
        assert (record["mem_rmask"], record["mem_wmask"]) == (0, 0)

    check(testbench)


def test_every_word_is_whole():
    """Its first and its last bit."""
    word = 1 << 63 | 1

    async def testbench(ctx, bench):
        given = {
            name: word for name in ("loaded", "stored", "pc", "next_pc", "rs1_data", "rs2_data")
        }
        record = await bench.leave(
            ctx, rd=31, rs1=31, rs2=31, unit=Unit.STORE, requested=1, data__va=word, **given
        )
        names = ("rd_wdata", "pc_rdata", "pc_wdata", "rs1_rdata", "rs2_rdata", "mem_addr")
        # A program counter is even.
        assert [record[name] & ~1 for name in names] == len(names) * [word & ~1]
        assert record["mem_wdata"] == word
        assert (record["rd_addr"], record["rs1_addr"], record["rs2_addr"]) == (31, 31, 31)
        trap = await bench.leave(ctx, trap=(1, 1, word))
        assert not trap["valid"]
        trap = await bench.leave(ctx, trap=(0, 15, word))
        assert (trap["cause"], trap["tval"]) == (15, word)
        assert (trap["intr"], trap["intr_cause"]) == (1, 1 << 63 | 1)

    check(testbench)


def test_orders_have_no_gaps():
    async def testbench(ctx, bench):
        orders = []
        for finishes in (1, 0, 0, 1, 1):
            record = await bench.leave(ctx, finishes=finishes)
            assert record["valid"] == finishes
            if finishes:
                orders.append(record["order"])
        assert orders == [0, 1, 2]

    check(testbench)


def test_an_exception_is_recorded_without_effects():
    async def testbench(ctx, bench):
        record = await bench.leave(
            ctx, rd=5, loaded=77, unit=Unit.LOAD, requested=1, trap=(0, Cause.LOAD_PAGE, 0x123)
        )
        assert (record["valid"], record["trap"]) == (1, 1)
        assert (record["cause"], record["tval"]) == (Cause.LOAD_PAGE, 0x123)
        assert (record["rd_addr"], record["rd_wdata"], record["mem_rmask"]) == (0, 0, 0)
        handler = await bench.leave(ctx)
        assert (handler["intr"], handler["intr_cause"]) == (1, Cause.LOAD_PAGE)
        assert not (await bench.leave(ctx))["intr"]

    check(testbench)


def test_an_interrupt_shows_only_in_its_handler():
    async def testbench(ctx, bench):
        record = await bench.leave(ctx, trap=(1, Interrupt.STI, 0))
        assert not record["valid"]
        handler = await bench.leave(ctx)
        assert (handler["order"], handler["intr"]) == (0, 1)
        assert handler["intr_cause"] == 1 << 63 | Interrupt.STI

    check(testbench)


def test_the_masks_of_data_accesses():
    async def testbench(ctx, bench):
        for size in range(4):
            mask = (1 << (1 << size)) - 1
            for unit, reads, writes in (
                (Unit.LOAD, 1, 0),
                (Unit.LR, 1, 0),
                (Unit.STORE, 0, 1),
                (Unit.SC, 0, 1),
                (Unit.AMO, 1, 1),
            ):
                record = await bench.leave(
                    ctx, unit=unit, funct3=size, requested=1, data__va=64, loaded=3, stored=4
                )
                got = record["mem_rmask"], record["mem_wmask"]
                assert got == (reads * mask, writes * mask), (size, unit)
                assert (record["mem_addr"], record["mem_paddr"]) == (64, PA)
                assert (record["mem_rdata"], record["mem_wdata"]) == (3 * reads, 4 * writes)
        # An SC that fails asks for nothing.
        record = await bench.leave(ctx, unit=Unit.SC, funct3=3)
        assert (record["mem_rmask"], record["mem_wmask"]) == (0, 0)

    check(testbench)


def test_an_instruction_without_a_csr_says_so():
    async def testbench(ctx, bench):
        record = await bench.leave(ctx, insn=~0, csr_writes=1, csr_operand=5, csr_data=6)
        assert {record[name] for name in record if name.startswith("csr_")} == {0}

    check(testbench)


def test_what_an_instruction_has_not_is_0():
    async def testbench(ctx, bench):
        given = {"data__va": 64, "pa": PA, "loaded": 3, "stored": 4, "funct3": 3}

        async def fields(*names, **more):
            record = await bench.leave(ctx, **given, **more)
            return [record[name] for name in names]

        data = ("mem_addr", "mem_paddr", "mem_rdata", "mem_wdata")
        assert await fields(*data, unit=Unit.ALU) == [0, 0, 0, 0]
        assert await fields(*data, unit=Unit.LOAD, requested=1) == [64, PA, 3, 0]
        assert await fields(*data, unit=Unit.STORE, requested=1) == [64, PA, 0, 4]
        fault = (0, Cause.LOAD_ACCESS, 64)
        assert await fields(*data, unit=Unit.LOAD, requested=1, trap=fault) == [0, 0, 0, 0]
        trap = ("cause", "tval", "intr_cause")
        assert await fields(*trap, trap=fault) == [Cause.LOAD_ACCESS, 64, Cause.LOAD_ACCESS]
        # What is not taken says nothing.
        assert await fields(*trap, trap=fault, taken=False) == [0, 0, Cause.LOAD_ACCESS]
        assert await fields(*trap, trap=fault, taken=False) == [0, 0, 0]

    check(testbench)


def test_the_second_doubleword_of_an_access():
    """Told if there is one, and if the access was made."""
    second = 1 << 55 | 8
    access = {"unit": Unit.STORE, "funct3": 3, "data__va": 5, "requested": 1}

    async def testbench(ctx, bench):
        ctx.set(bench.dut.second.pa, second)
        for valid, fields, told in (
            (1, access, second),
            (0, access, 0),
            (1, {**access, "requested": 0}, 0),
            (1, {**access, "trap": (0, Cause.STORE_ACCESS, 8)}, 0),
        ):
            ctx.set(bench.dut.second.valid, valid)
            record = await bench.leave(ctx, **fields)
            assert record["mem_paddr2"] == told

    check(testbench, misaligned=True)
