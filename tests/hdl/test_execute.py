"""The execute stage: results, predictions, and when a data access may go out."""

import random

import pytest

from hdl.alu import AluOp
from hdl.arch import Priv
from hdl.bus import Source
from hdl.decoder import Control, System, Unit
from hdl.execute import Execute
from hdl.mmu.context import Access, Fault
from tests.support import simulate

PC = 0x8000_1000
NONE, PAGE, ACCESS = Fault.NONE, Fault.PAGE, Fault.ACCESS
CONTROL = tuple(Control().members)
ACCESSES = {
    Unit.LOAD: Access.LOAD,
    Unit.STORE: Access.STORE,
    Unit.LR: Access.LR,
    Unit.SC: Access.SC,
    Unit.AMO: Access.AMO,
}
MEMORY = sorted(ACCESSES)
#: Inputs with which everything goes its way.
AGREEABLE = {
    **dict.fromkeys(("ready", "trap_empty", "request__ready", "translation__done"), 1),
    **dict.fromkeys(("flush", "environment__interrupt", "translation__update", "decoded_valid"), 0),
    "translation__fault": NONE,
}
ATOMIC = [Unit.LR, Unit.SC, Unit.AMO]


class Bench:
    """An execute stage whose MMU, bus and trap stage agree to everything unless told otherwise."""

    def __init__(self):
        self.dut = Execute()

    def run(self, testbench, *, each=None):
        """Runs `testbench()`, or `testbench(value)` for `each` value from the same start."""

        async def bound(ctx):
            self.ctx = ctx
            for arguments in [()] if each is None else [(value,) for value in each]:
                self.set(**AGREEABLE)
                try:
                    await testbench(*arguments)
                except AssertionError as error:
                    error.add_note(f"with {arguments}")
                    raise
                self.set(flush=1, ready=0)
                await self.tick()

        simulate(self.dut, bound)

    def set(self, **inputs):
        """Inputs by name, `__` for a dot."""
        for name, value in inputs.items():
            self.ctx.set(self._find(name), value)

    def get(self, name):
        return self.ctx.get(self._find(name))

    def _find(self, name):
        found = self.dut
        for part in name.split("__"):
            found = getattr(found, part)
        return found

    async def put(self, **fields):
        """Hands over an instruction; it is worked on from the next cycle on."""
        control = dict.fromkeys(CONTROL, 0) | {"unit": Unit.ALU, "system": System.FENCE}
        rest = {"pc": PC, "compressed": 0, "rs1_data": 0, "rs2_data": 0, "fault": NONE}
        rest |= {"update": 0, "fault_va": 0, "predicted": 0, "target": 0, "refetch": 0, "id": 0}
        for name, value in (control | rest | fields).items():
            place = "decoded__control" if name in CONTROL else "decoded"
            self.set(**{f"{place}__{name}": value})
        self.set(decoded_valid=1)
        assert self.get("accept")
        await self.tick()
        self.set(decoded_valid=0)

    async def tick(self):
        await self.ctx.tick()

    async def put_access(self, unit, va=0x9000, size=3, **fields):
        """A memory instruction whose translation is its own address."""
        base = {"unit": unit, "funct3": size, "rs1_data": va, "rs1": 1, "rd": 5}
        self.set(translation__pa=va, reserved=1, reservation=va)
        await self.put(**base | fields)


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
            assert bench.get("forward__known")
            assert bench.get("executed__result") == 1000 // 7
            await bench.tick()
        bench.set(ready=1)
        await bench.tick()
        assert not bench.get("valid")

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
    assert bench.get("executed__result") == 42


# -- Branches -----------------------------------------------------------------------------------

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
PREDICTIONS = {
    "none": {"predicted": 0, "target": TARGET},
    "right target": {"predicted": 1, "target": TARGET},
    "wrong target": {"predicted": 1, "target": TARGET + 2},
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
                assert bench.get("redirect__valid") == bench.get("learn__valid") == (not right)
                if fields.get("unit") == Unit.JUMP:
                    assert bench.get("executed__result") == pc + length
                if not right:
                    last = pc + length - 2
                    assert bench.get("redirect__target") == next_pc
                    assert bench.get("learn__taken") == jumps
                    assert bench.get("learn__word") == last >> 3
                    assert bench.get("learn__slot") == last >> 1 & 3
                    assert not jumps or bench.get("learn__target") == TARGET
                await bench.tick()

    bench.run(testbench)


def test_redirects_only_when_the_instruction_goes_on():
    bench = Bench()

    async def testbench():
        bench.set(ready=0)
        await bench.put(**KINDS["jal"][0])
        for _ in range(3):
            assert bench.get("valid")
            assert not bench.get("redirect__valid")
            assert not bench.get("learn__valid")
            await bench.tick()
        bench.set(ready=1)
        assert bench.get("redirect__valid")

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


@pytest.mark.parametrize("failure", [{"fault": PAGE}, {"update": 1}, {"illegal": 1}], ids=str)
def test_a_failed_instruction_goes_on_at_once_and_does_nothing(failure):
    bench = Bench()

    async def testbench():
        bench.set(trap_empty=0, translation__done=0, request__ready=0)
        for fields in (KINDS["jal"][0], {"unit": Unit.STORE}, {"unit": Unit.MULDIV}):
            await bench.put(**fields | failure | {"fault_va": 0x4000, "predicted": 0})
            assert bench.get("valid")
            for name in ("redirect__valid", "learn__valid", "request__valid"):
                assert not bench.get(name)
            assert not bench.get("translation__valid")
            assert bench.get("executed__fetch_fault") is failure.get("fault", NONE)
            assert bench.get("executed__fetch_update") == failure.get("update", 0)
            assert bench.get("executed__fetch_va") == 0x4000
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


# -- Data accesses ------------------------------------------------------------------------------


def test_an_access():
    bench = Bench()

    async def testbench(unit):
        bench.set(environment__data_priv=Priv.S)
        imm = 0 if unit in ATOMIC else 0x100
        await bench.put_access(unit, va=0x9000, imm=imm, rs2_data=0x1122, id=77)
        bench.set(translation__pa=0x12_3000, reservation=0x12_3000)
        assert bench.get("translation__valid")
        assert bench.get("translation__va") == 0x9000 + imm
        assert bench.get("translation__priv") == Priv.S
        assert bench.get("translation__access") is ACCESSES[unit]
        assert bench.get("translation__id") == 77
        write = unit in (Unit.STORE, Unit.SC)
        request = {
            "valid": 1,
            "address": 0x12_3000,
            "write": write,
            "strobe": 0xFF if write else 0,
            "size": 3,
            "source": Source.DATA,
            "lock": unit == Unit.AMO,
            "id": 77,
        }
        assert {name: bench.get(f"request__{name}") for name in request} == request
        assert not write or bench.get("request__data") == 0x1122
        assert bench.get("valid")
        assert bench.get("executed__requested")
        assert bench.get("executed__va") == 0x9000 + imm
        assert bench.get("executed__pa") == 0x12_3000
        await bench.tick()
        assert not bench.get("request__valid"), "one instruction, one request"

    bench.run(testbench, each=MEMORY)


def test_stores_use_the_lanes_of_their_address():
    bench = Bench()
    rng = random.Random(1)

    async def testbench():
        for size in range(4):
            for low in range(0, 8, 1 << size):
                data = rng.getrandbits(64)
                await bench.put_access(Unit.STORE, va=0x9000 + low, size=size, rs2_data=data)
                lanes = bench.get("request__data").to_bytes(8, "little")
                length = 1 << size
                assert lanes[low : low + length] == data.to_bytes(8, "little")[:length]
                assert bench.get("request__strobe") == ((1 << length) - 1) << low
                assert bench.get("request__size") == size
                await bench.tick()

    bench.run(testbench)


def test_no_request_before_the_trap_stage_is_ready():
    """An older instruction could still trap, and no device may see the access then."""
    bench = Bench()

    async def testbench(unit):
        bench.set(ready=0)
        await bench.put_access(unit)
        for _ in range(3):
            assert not bench.get("request__valid")
            assert not bench.get("accept")
            await bench.tick()
        bench.set(ready=1)
        assert bench.get("request__valid")

    bench.run(testbench, each=MEMORY)


def test_goes_on_in_the_cycle_of_its_request():
    bench = Bench()

    async def testbench(unit):
        bench.set(translation__done=0, request__ready=0)
        await bench.put_access(unit)
        for step in ({}, {"request__ready": 1}, {"request__ready": 0, "translation__done": 1}):
            bench.set(**step)
            for _ in range(2):
                assert not bench.get("valid"), step
                assert bench.get("translation__valid")
                assert bench.get("request__valid") == ("translation__done" in step)
                await bench.tick()
        bench.set(request__ready=1)
        assert bench.get("valid")
        assert bench.get("request__valid")
        assert bench.get("executed__requested")

    bench.run(testbench, each=MEMORY)


def test_a_refused_translation_goes_on_without_a_request():
    bench = Bench()

    async def testbench(unit):
        bench.set(request__ready=0)
        for fault, update in ((PAGE, 0), (ACCESS, 0), (NONE, 1)):
            await bench.put_access(unit)
            bench.set(translation__fault=fault, translation__update=update)
            assert bench.get("valid")
            assert not bench.get("request__valid")
            assert not bench.get("executed__requested")
            assert bench.get("executed__data_fault") is fault
            assert bench.get("executed__data_update") == update
            await bench.tick()

    bench.run(testbench, each=MEMORY)


def test_misaligned_accesses_are_not_even_translated():
    bench = Bench()

    async def testbench(unit):
        for size in (2, 3) if unit in ATOMIC else range(4):
            for low in range(8):
                await bench.put_access(unit, va=0x9000 + low, size=size)
                misaligned = low % (1 << size) != 0
                assert bench.get("executed__misaligned") == misaligned
                assert bench.get("translation__valid") == (not misaligned)
                assert bench.get("request__valid") == (not misaligned)
                assert bench.get("valid")
                await bench.tick()

    bench.run(testbench, each=MEMORY)


def test_atomics_wait_until_the_trap_stage_is_empty():
    """The reservation and the lock belong to the one in the trap stage."""
    bench = Bench()

    async def testbench(unit):
        bench.set(trap_empty=0)
        await bench.put_access(unit)
        goes = unit not in ATOMIC
        assert bench.get("request__valid") == goes
        assert bench.get("valid") == goes
        bench.set(trap_empty=1)
        assert bench.get("valid")
        assert bench.get("request__valid")

    bench.run(testbench, each=MEMORY)


@pytest.mark.parametrize(
    "state, succeeds",
    [
        ({"reserved": 1, "reservation": 0x9000}, True),
        ({"reserved": 0, "reservation": 0x9000}, False),
        ({"reserved": 1, "reservation": 0x9008}, False),
        ({"reserved": 1, "reservation": 1 << 55 | 0x9000}, False),
    ],
    ids=str,
)
def test_sc_writes_only_with_the_reservation(state, succeeds):
    bench = Bench()

    async def testbench():
        await bench.put_access(Unit.SC)
        bench.set(**state)
        assert bench.get("request__valid") == succeeds
        assert bench.get("executed__requested") == succeeds
        assert bench.get("valid")
        assert bench.get("executed__result") == (0 if succeeds else 1)
        # A fault counts whether or not it would have written.
        bench.set(translation__fault=PAGE)
        assert bench.get("executed__data_fault") is PAGE
        assert not bench.get("request__valid")

    bench.run(testbench)


def test_the_reservation_is_physical():
    bench = Bench()

    async def testbench():
        await bench.put_access(Unit.SC, va=0x9000)
        bench.set(translation__pa=0x8000_0000)
        assert not bench.get("request__valid")
        bench.set(reservation=0x8000_0000)
        assert bench.get("request__valid")

    bench.run(testbench)


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
