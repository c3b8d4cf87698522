"""Branches and predictions in the execute stage, and what is fetched again."""

import pytest

from hdl.units.btb import TARGET_BITS, BranchKind
from hdl.units.decoder import Unit
from hdl.units.return_stack import DEPTH_BITS
from tests.hdl.pipeline.execute.bench import MEMORY, NONE, PAGE, PC, Bench

TARGET = PC + 0x40
#: Kinds of instruction: controls, whether it jumps.
BEQ = {"unit": Unit.BRANCH, "funct3": 0, "imm": 0x40}
KINDS = {
    "taken branch": (BEQ | {"rs1_data": 1, "rs2_data": 1}, True),
    "branch not taken": (BEQ | {"rs1_data": 1, "rs2_data": 2}, False),
    "jal": ({"unit": Unit.JUMP, "use_pc": 1, "imm": 0x40, "rd": 1}, True),
    # jalr clears bit 0 of its target.
    "jalr": ({"unit": Unit.JUMP, "rs1_data": TARGET - 4, "imm": 5, "rd": 1}, True),
    "no branch": ({"rd": 1}, False),
}
#: What is remembered of an address.
NEAR = (1 << TARGET_BITS) - 1
PREDICTIONS = {
    "none": {"predicted": 0, "target": TARGET & NEAR},
    "right target": {"known": 1, "predicted": 1, "target": TARGET & NEAR},
    "wrong target": {"known": 1, "predicted": 1, "target": TARGET + 2 & NEAR},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("compressed", [0, 1])
def test_predictions(kind, compressed):
    """A wrong one redirects, and teaches the slot of the instruction's last halfword."""
    bench = Bench()
    fields, jumps = KINDS[kind]
    length = 2 if compressed else 4

    async def testbench():
        for name, prediction in PREDICTIONS.items():
            for pc in (PC, PC + 6) if kind == "no branch" else (PC,):
                await bench.put(**fields | prediction | {"pc": pc, "compressed": compressed})
                next_pc = TARGET if jumps else pc + length
                right = name == ("right target" if jumps else "none")
                assert bench.get("executed__next_pc") == next_pc
                assert bench.get("redirect__valid") == (not right)
                assert bench.get("learn__valid") == (jumps or not right)
                if fields.get("unit") == Unit.JUMP:
                    assert bench.get("executed__result") == pc + length
                if not right:
                    last = pc + length - 2
                    assert bench.get("redirect__target") == next_pc
                    assert bench.get("learn__taken") == jumps
                    assert bench.get("learn__word") == last >> 3
                    assert bench.get("learn__slot") == last >> 1 & 3
                    assert not jumps or bench.get("learn__target") == TARGET & NEAR
                await bench.tick()

    bench.run(testbench)


@pytest.mark.parametrize(
    "known, before, taken, after",
    [
        (0, 0, 1, 2),
        *((1, before, 1, after) for before, after in enumerate((1, 2, 3, 3))),
        *((1, before, 0, after) for before, after in enumerate((0, 0, 1, 2))),
    ],
)
def test_a_branch_is_counted(known, before, taken, after):
    """Up or down by one as it leaves; one that was not known begins in the middle."""
    bench = Bench()

    async def testbench():
        fields, _ = KINDS["taken branch" if taken else "branch not taken"]
        prediction = {"known": known, "predicted": before >> 1, "strong": before & 1}
        await bench.put(**fields | prediction | {"target": TARGET & NEAR})
        assert bench.get("learn__valid")
        assert bench.get("learn__counter") == after
        bench.set(ready=0)
        assert not bench.get("learn__valid")

    bench.run(testbench)


JALS = {"unit": Unit.JUMP, "use_pc": 1, "imm": 0x40}
JALRS = {"unit": Unit.JUMP, "rs1_data": TARGET}


@pytest.mark.parametrize(
    "fields, kind, more",
    [
        *((JALS | {"rd": rd}, BranchKind.CALL, 1) for rd in (1, 5)),
        (JALS | {"rd": 0}, BranchKind.OTHER, 0),
        *((JALRS | {"rs1": rs1}, BranchKind.RETURN, -1) for rs1 in (1, 5)),
        (JALRS | {"rs1": 5, "rd": 1}, BranchKind.CALL, 1),
        (JALRS | {"rs1": 10, "rd": 1}, BranchKind.CALL, 1),
        (JALRS | {"rs1": 10}, BranchKind.OTHER, 0),
        (BEQ | {"rs1": 1, "rd": 1}, BranchKind.OTHER, 0),
        ({"rs1": 1, "rd": 1}, BranchKind.OTHER, 0),
        (JALS | {"rd": 1, "illegal": 1}, BranchKind.OTHER, 0),
    ],
)
def test_calls_and_returns_are_told_and_counted(fields, kind, more):
    """Not before they leave, and not if they are squashed."""
    bench = Bench()

    async def testbench():
        before = bench.get("depth")
        for last, flush in ((0, 1), (1, 0)):
            bench.set(ready=0)
            await bench.put(**fields, compressed=1)
            assert bench.get("learn__kind") is kind
            assert bench.get("stack__depth") == (before + more) % (1 << DEPTH_BITS)
            assert bench.get("stack__calls") == (kind is BranchKind.CALL)
            assert bench.get("stack__address") == PC + 2 & NEAR
            await bench.tick()
            assert bench.get("depth") == before
            bench.set(ready=last, flush=flush)
            await bench.tick()
            bench.set(flush=0)
        assert bench.get("depth") == (before + more) % (1 << DEPTH_BITS)

    bench.run(testbench)


@pytest.mark.parametrize("fields", [{"refetch": 1}, {"rd": 1}])
def test_what_is_no_branch_is_counted_out(fields):
    bench = Bench()

    async def testbench():
        await bench.put(known=1, predicted=1, strong=1, target=TARGET & NEAR, **fields)
        assert bench.get("learn__valid")
        assert bench.get("learn__counter") == 0

    bench.run(testbench)


@pytest.mark.parametrize("far", [TARGET ^ 1 << TARGET_BITS, TARGET ^ 1 << 63])
def test_a_target_in_another_part_of_the_address_space_redirects(far):
    """Though all that is remembered of it was right."""
    bench = Bench()

    async def testbench():
        jump = {"unit": Unit.JUMP, "rs1_data": far, "rd": 1}
        await bench.put(**jump, known=1, predicted=1, target=far & NEAR)
        assert bench.get("redirect__valid")
        assert bench.get("redirect__target") == far

    bench.run(testbench)


@pytest.mark.parametrize("compressed, redirects", [(0, 1), (1, 0)])
def test_a_jump_whose_second_half_lies_in_another_part_redirects(compressed, redirects):
    """What was predicted of it began there."""
    bench = Bench()

    async def testbench():
        pc = PC | NEAR - 1
        jump = {"unit": Unit.JUMP, "use_pc": 1, "imm": -0x40, "compressed": compressed}
        await bench.put(**jump, pc=pc, known=1, predicted=1, target=pc - 0x40 & NEAR)
        assert bench.get("redirect__valid") == redirects
        assert bench.get("redirect__target") == pc - 0x40

    bench.run(testbench)


def test_a_jump_redirects_at_once_and_once():
    """Before the trap stage is ready; then it goes on and is learnt, and the next one redirects."""
    bench = Bench()

    async def testbench():
        for _ in range(2):
            bench.set(ready=0)
            await bench.put(**KINDS["jal"][0])
            for first in (1, 0, 0):
                assert bench.get("valid")
                assert bench.get("redirect__valid") == first
                assert not bench.get("learn__valid")
                await bench.tick()
            bench.set(ready=1)
            assert bench.get("valid")
            assert bench.get("learn__valid")
            assert not bench.get("redirect__valid")
            await bench.tick()

    bench.run(testbench)


def test_what_cannot_jump_redirects_at_once_and_once():
    """Before its translation is there, and before the trap stage is ready; then it goes on."""
    bench = Bench()

    async def testbench():
        bench.set(ready=0, translation__done=0)
        await bench.put_access(Unit.LOAD, known=1, predicted=1, target=TARGET & NEAR)
        assert bench.get("redirect__valid")
        assert bench.get("redirect__target") == PC + 4
        assert bench.get("learn__valid")
        assert not bench.get("learn__taken")
        await bench.tick()
        bench.set(ready=1, translation__done=1)
        assert bench.get("valid")
        assert bench.get("request__valid")
        assert not bench.get("redirect__valid")
        assert not bench.get("learn__valid")

    bench.run(testbench)


@pytest.mark.parametrize("flush", [0, 1])
def test_what_is_older_than_its_redirect_still_squashes_it(flush):
    bench = Bench()

    async def testbench():
        await bench.put(known=1, predicted=1, target=TARGET & NEAR)
        bench.set(ready=0, flush=flush)
        assert bench.get("redirect__valid")
        await bench.tick()
        assert bench.get("valid") == (not flush)

    bench.run(testbench)


def test_what_comes_in_with_a_redirect_is_dropped():
    bench = Bench()

    async def testbench():
        await bench.put(**KINDS["jal"][0])
        bench.set(decoded_valid=1)
        assert bench.get("redirect__valid")
        assert bench.get("accept")
        await bench.tick()
        bench.set(decoded_valid=0)
        assert not bench.get("valid")

    bench.run(testbench)


@pytest.mark.parametrize(
    "failure", [{"fetch__fault": PAGE}, {"fetch__update": 1}, {"illegal": 1}], ids=str
)
def test_a_failed_instruction_goes_on_at_once_and_does_nothing(failure):
    bench = Bench()

    async def testbench():
        bench.set(trap_empty=0, translation__done=0, request__ready=0)
        for fields in (KINDS["jal"][0], {"unit": Unit.STORE}, {"unit": Unit.MULDIV}):
            await bench.put(**fields | failure | {"fetch__second": 1, "predicted": 0})
            assert bench.get("valid")
            for name in ("redirect__valid", "learn__valid", "request__valid"):
                assert not bench.get(name)
            assert not bench.get("translation__valid")
            assert bench.get("executed__fetch__fault") is failure.get("fetch__fault", NONE)
            assert bench.get("executed__fetch__update") == failure.get("fetch__update", 0)
            assert bench.get("executed__fetch__second")
            assert bench.get("executed__next_pc") == PC + 2
            assert bench.get("executed__illegal") == failure.get("illegal", 0)
            assert not bench.get("executed__misaligned")
            await bench.tick()

    bench.run(testbench)


def test_a_cut_instruction_is_fetched_again_and_never_goes_on():
    bench = Bench()

    async def testbench():
        # Even while the trap stage is busy: this one has no effect.
        bench.set(ready=0)
        await bench.put(refetch=1, pc=PC + 2, unit=Unit.STORE)
        assert not bench.get("valid")
        assert not bench.get("request__valid")
        assert bench.get("redirect__valid")
        assert bench.get("redirect__target") == PC + 2
        # The prediction that cut it is forgotten.
        assert bench.get("learn__valid")
        assert not bench.get("learn__taken")
        assert (bench.get("learn__word"), bench.get("learn__slot")) == (PC >> 3, 1)
        await bench.tick()
        assert not bench.get("redirect__valid")

    bench.run(testbench)


def test_a_cut_instruction_accesses_nothing():
    """Its bits may be halves of two instructions, and nobody would wait for the response."""
    bench = Bench()

    async def testbench(unit):
        await bench.put_access(unit, refetch=1)
        assert not bench.get("valid")
        assert not bench.get("request__valid")
        assert not bench.get("translation__valid")
        assert bench.get("redirect__valid")
        await bench.tick()

    bench.run(testbench, each=MEMORY)
