"""The execute stage: results, and what an interrupt or a flush leaves of an instruction."""

import pytest

from hdl.units.alu import AluOp
from hdl.units.decoder import System, Unit
from tests.hdl.pipeline.execute.bench import MEMORY, PC, Bench


def test_empty_after_reset():
    bench = Bench()

    async def testbench():
        assert bench.get("accept")
        for name in ("valid", "request__valid", "translation__valid", "redirect__valid"):
            assert not bench.get(name)
        assert bench.get("forward__rd") == 0

    bench.run(testbench)


# -- Results ------------------------------------------------------------------------------------


def test_arithmetic():
    bench = Bench()
    minus_1 = (1 << 64) - 1

    async def testbench():
        for fields, expected in (
            ({"alu_op": AluOp.ADD, "rs1_data": 5, "rs2_data": 7}, 12),
            ({"alu_op": AluOp.SUB, "rs1_data": 5, "rs2_data": 6}, minus_1),
            ({"alu_op": AluOp.ADD, "rs1_data": 5, "use_imm": 1, "imm": minus_1}, 4),
            ({"alu_op": AluOp.ADD, "use_pc": 1, "use_imm": 1, "imm": 0x2000}, PC + 0x2000),
            ({"alu_op": AluOp.ADD, "word": 1, "rs1_data": 1 << 31}, minus_1 << 31 & minus_1),
        ):
            await bench.put(rd=3, **fields)
            assert bench.get("valid")
            assert bench.get("executed__result") == expected
            assert bench.get("executed__next_pc") == PC + 4
            forward = tuple(bench.get(f"forward__{name}") for name in ("rd", "known", "data"))
            assert forward == (3, 1, expected)
            assert not bench.get("request__valid")
            await bench.tick()
            assert not bench.get("valid")
            assert bench.get("forward__rd") == 0

    bench.run(testbench)


@pytest.mark.parametrize("unit", [*MEMORY, Unit.CSR])
def test_results_of_the_trap_stage_are_not_known_yet(unit):
    bench = Bench()

    async def testbench():
        await bench.put_access(unit)
        assert bench.get("forward__rd") == 5
        assert not bench.get("forward__known")

    bench.run(testbench)


def test_a_division_keeps_its_instruction_until_it_is_done():
    bench = Bench()

    async def testbench():
        await bench.put(unit=Unit.MULDIV, funct3=5, rs1_data=1000, rs2_data=7, rd=4)
        cycles = 0
        while not bench.get("valid"):
            assert not bench.get("forward__known")
            assert not bench.get("accept")
            await bench.tick()
            cycles += 1
            assert cycles < 80
        assert cycles > 2
        bench.set(ready=0)
        for _ in range(3):
            assert bench.get("valid")
            assert not bench.get("forward__known")
            await bench.tick()
        bench.set(ready=1)
        await bench.tick()
        assert not bench.get("valid")
        assert bench.get("product") == 1000 // 7

    bench.run(testbench)


def test_a_squashed_division_is_given_up():
    bench = Bench()

    async def testbench():
        await bench.put(unit=Unit.MULDIV, funct3=5, rs1_data=1000, rs2_data=7)
        await bench.tick()
        bench.set(flush=1, ready=0)
        await bench.tick()
        bench.set(flush=0, ready=1)
        assert not bench.get("valid")
        await check_product(bench)

    bench.run(testbench)


def test_an_interrupted_division_is_given_up():
    """What comes right behind it does not get its result."""
    bench = Bench()

    async def testbench():
        await bench.put(unit=Unit.MULDIV, funct3=5, rs1_data=1000, rs2_data=7)
        await bench.tick()
        bench.set(environment__interrupt=1)
        assert bench.get("valid")
        await check_product(bench)

    bench.run(testbench)


async def check_product(bench):
    """Hands over a multiplication now and waits for its result."""
    await bench.put(unit=Unit.MULDIV, funct3=0, rs1_data=6, rs2_data=7)
    bench.set(environment__interrupt=0)
    for _ in range(80):
        if bench.get("valid"):
            break
        await bench.tick()
    assert bench.get("valid")
    await bench.tick()
    assert bench.get("product") == 42


# -- Interrupts and squashes --------------------------------------------------------------------


def test_an_interrupted_instruction_goes_on_and_accesses_nothing():
    bench = Bench()

    async def testbench(unit):
        bench.set(trap_empty=0, translation__done=0)
        await bench.put_access(unit)
        bench.set(environment__interrupt=1, environment__interrupt_cause=9)
        assert bench.get("valid")
        assert not bench.get("request__valid")
        assert not bench.get("translation__valid")
        assert bench.get("executed__interrupt")
        assert bench.get("executed__interrupt_cause") == 9

    bench.run(testbench, each=[Unit.ALU, *MEMORY, Unit.MULDIV, Unit.SYSTEM])


def test_flush():
    """With a flush the trap stage is not ready, so nothing has been asked for."""
    bench = Bench()

    async def testbench(unit):
        bench.set(ready=0)
        await bench.put_access(unit)
        bench.set(flush=1, decoded_valid=1)
        assert bench.get("translation__squash")
        assert not bench.get("request__valid")
        await bench.tick()
        bench.set(flush=0, ready=1, decoded_valid=0)
        assert not bench.get("valid")
        assert not bench.get("request__valid")
        assert bench.get("forward__rd") == 0

    bench.run(testbench, each=[Unit.ALU, *MEMORY, Unit.MULDIV])


def test_hands_on_what_the_instruction_is():
    bench = Bench()

    async def testbench():
        same = {"unit": Unit.SYSTEM, "system": System.WFI, "funct3": 5, "rs1": 1, "rs2": 2}
        same |= {"rd": 3, "pc": PC + 2, "insn": 0x1234, "rs1_data": 11, "rs2_data": 22, "id": 9}
        await bench.put(**same)
        assert {name: bench.get(f"executed__{name}") for name in same} == same

    bench.run(testbench)
