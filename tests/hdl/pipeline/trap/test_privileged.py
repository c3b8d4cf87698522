"""Privileged instructions in the trap stage: who may do what, and what is fetched again."""

import pytest

from hdl.arch import Csr
from hdl.pipeline.leap import LEAPING
from hdl.units.decoder import System, Unit
from tests.hdl.pipeline.trap.bench import CSRRS, NEXT, PAGE, Bench, M, S, U, system

TVM, TW, TSR = 1 << 20, 1 << 21, 1 << 22

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
        bench.set(interrupts__mtip=1)
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


@pytest.mark.parametrize("unit", [unit for unit in Unit if unit is not Unit.SYSTEM])
def test_other_instructions_are_no_system_instructions(unit):
    """Their field `system` says nothing."""
    bench = Bench()

    async def testbench(operation):
        insn = Csr.MSCRATCH << 20
        await bench.put(unit=unit, system=operation, rd=5, insn=insn, funct3=CSRRS)
        bench.check_no_trap()
        assert bench.get("wen"), "it does not wait"
        for name in ("redirect__valid", "sfence__valid", "csrs__sret", "csrs__mret"):
            assert not bench.get(name), name
        await bench.tick()

    bench.run(testbench, each=[(operation,) for operation in System])


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
        bench.set(interrupts__mtip=1)
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


@pytest.mark.parametrize("unit", list(Unit))
def test_a_fence_of_an_address_spares_what_lies_elsewhere(unit):
    """Only an access behind it waits; where accesses may be misaligned all is fetched again."""
    accesses = unit in (Unit.LOAD, Unit.STORE, Unit.LR, Unit.SC, Unit.AMO)
    for misaligned in (False, True):
        bench = Bench(misaligned=misaligned)

        async def testbench(bench=bench, misaligned=misaligned):
            await bench.enter(S)
            for rs1, elsewhere in ((7, 1), (7, 0), (0, 1), (0, 0)):
                await bench.put(**system(System.SFENCE_VMA, rs1=rs1, rs1_data=0x1234))
                bench.set(elsewhere=elsewhere, executed__unit=unit)
                spares = bool(rs1 and elsewhere and not misaligned)
                assert bench.get("sfence__valid")
                assert bench.get("redirect__valid") == (not spares)
                assert bench.get("ready") == (spares and not accesses)
                await bench.tick()

        bench.run(testbench)


@pytest.mark.parametrize("operation", LEAPING, ids=lambda operation: operation.name)
def test_what_has_leapt_redirects_only_if_something_else_happens(operation):
    bench = Bench()

    async def testbench():
        for mishap, redirects in (({}, 0), ({"interrupt": 1, "interrupt_cause": 7}, 1)):
            for leapt in (1, 0):
                await bench.enter(M)
                await bench.put(**system(operation, leapt=leapt, **mishap))
                assert bench.get("redirect__valid") == (redirects or not leapt)
                assert bench.get("arrived") == leapt
                assert not bench.get("ready")
                await bench.tick()
                assert bench.get("empty")
        await bench.enter(U)
        await bench.put(**system(System.MRET, leapt=1))
        assert bench.get("redirect__valid"), "it is illegal"

    bench.run(testbench)


def test_what_may_be_older_than_a_leap():
    bench = Bench()
    restless = {"unit": Unit.STORE}, {"unit": Unit.SC}, {"unit": Unit.AMO}, system(System.FENCE_I)
    calm = {"unit": Unit.LOAD}, {"unit": Unit.ALU}, {"illegal": 1}

    async def testbench():
        assert bench.get("calm"), "there is none"
        for fields in (*restless, *calm):
            await bench.put(**fields)
            assert bench.get("calm") == (fields in calm), fields
            await bench.tick()
        await bench.csr(Csr.MEPC, 0)
        assert not bench.get("calm")
        await bench.csr(Csr.MEPC, funct3=CSRRS, source=0)
        assert bench.get("calm")
        await bench.tick()
        await bench.put(**system(System.SFENCE_VMA))
        assert bench.get("calm"), "what is fetched from the next cycle on has seen it"

    bench.run(testbench)


@pytest.mark.parametrize("mideleg", [0, 1 << 9])
def test_wfi_waits_for_an_enabled_interrupt_whatever_masks_it(mideleg):
    bench = Bench()

    async def testbench():
        await bench.write_csr(Csr.MIE, 1 << 9)
        await bench.write_csr(Csr.MIDELEG, mideleg)
        bench.records.clear()
        bench.set(interrupts__mtip=1)
        await bench.put(**system(System.WFI))
        for _ in range(5):
            assert not bench.get("ready")
            assert not bench.get("wen")
            await bench.tick()
        bench.set(interrupts__seip=1)
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
            {"fetch__fault": PAGE},
            {"illegal": 1},
        ):
            await bench.enter(M)
            await bench.put(**system(System.WFI, **fields))
            assert bench.get("redirect__valid")
            assert bench.get("csrs__trap__valid")
            await bench.tick()
            assert bench.get("empty")

    bench.run(testbench)
