"""What traps in the trap stage, and what traps leave behind."""

from hdl.arch import Csr
from hdl.units.decoder import System, Unit
from tests.hdl.pipeline.trap.bench import ACCESS, MTVEC, NEXT, PAGE, PC, VA, Bench, M, S, U, system


def test_collected_exceptions():
    bench = Bench()
    cases = [
        ({"fetch__fault": PAGE, "fetch__second": 1, "next_pc": 0x5000}, 12, 0x5000),
        ({"fetch__fault": ACCESS, "fetch__second": 1, "next_pc": 0x5000}, 1, 0x5000),
        ({"illegal": 1, "insn": 0xFFFF_1234}, 2, 0xFFFF_1234),
        (system(System.ECALL), None, 0),
        (system(System.EBREAK), 3, PC),
        ({"unit": Unit.LOAD, "misaligned": 1, "data__va": VA + 1}, 4, VA + 1),
        ({"unit": Unit.LR, "misaligned": 1, "data__va": VA + 1}, 4, VA + 1),
        ({"unit": Unit.STORE, "misaligned": 1, "data__va": VA + 1}, 6, VA + 1),
        ({"unit": Unit.AMO, "misaligned": 1, "data__va": VA + 1}, 6, VA + 1),
        ({"unit": Unit.SC, "misaligned": 1, "data__va": VA + 1}, 6, VA + 1),
        ({"unit": Unit.LOAD, "data__fault": PAGE, "data__va": VA}, 13, VA),
        ({"unit": Unit.SC, "data__fault": PAGE, "data__va": VA}, 15, VA),
        ({"unit": Unit.AMO, "data__fault": ACCESS, "data__va": VA}, 7, VA),
    ]

    async def testbench(priv, ecall):
        for fields, cause, tval in cases:
            cause = cause or ecall
            await bench.enter(priv)
            await bench.put(**{"rd": 5, "next_pc": NEXT} | fields)
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
        await bench.put(unit=Unit.LOAD, data__fault=PAGE, data__va=VA)
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
            {"unit": Unit.LOAD, "data__fault": PAGE},
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
