"""When a data access may go out of the execute stage, and what it asks for."""

import random

import pytest

from hdl.arch import Priv
from hdl.memory.port import Source
from hdl.pipeline.probe import Stall
from hdl.units.decoder import Unit
from tests.hdl.pipeline.execute.bench import ACCESS, ACCESSES, ATOMIC, MEMORY, NONE, PAGE, Bench


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
        await bench.judge(unit)
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
        assert bench.get("executed__data__va") == 0x9000 + imm
        assert bench.get("executed__pa") == 0x12_3000
        await bench.tick()
        assert not bench.get("request__valid"), "one instruction, one request"

    bench.run(testbench, each=MEMORY)


def test_the_probe_tells_whom_an_access_waits_for():
    """Memory; an atomic first for the trap stage to be empty."""
    bench = Bench()

    async def testbench(unit):
        await bench.put_access(unit)
        for empty in (0, 1):
            bench.set(request__ready=0, trap_empty=empty)
            waits_for_others = unit in ATOMIC and not empty
            assert bench.get("probe__stall") is (Stall.NEXT if waits_for_others else Stall.MEMORY)

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
            if "translation__done" in step:
                await bench.judge(unit)
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
            await bench.judge(unit)
            assert bench.get("valid")
            assert not bench.get("request__valid")
            assert not bench.get("executed__requested")
            assert bench.get("executed__data__fault") is fault
            assert bench.get("executed__data__update") == update
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
                if not misaligned:
                    await bench.judge(unit)
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
        await bench.judge(unit)
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
        await bench.judge(Unit.SC)
        assert bench.get("request__valid") == succeeds
        assert bench.get("executed__requested") == succeeds
        assert bench.get("valid")
        assert bench.get("executed__result") == (0 if succeeds else 1)
        # A fault counts whether or not it would have written.
        bench.set(translation__fault=PAGE)
        assert bench.get("executed__data__fault") is PAGE
        assert not bench.get("request__valid")

    bench.run(testbench)


def test_the_reservation_is_physical():
    bench = Bench()

    async def testbench(succeeds):
        await bench.put_access(Unit.SC, va=0x9000)
        bench.set(translation__pa=0x8000_0000)
        if succeeds:
            bench.set(reservation=0x8000_0000)
        await bench.judge(Unit.SC)
        assert bench.get("request__valid") == succeeds

    bench.run(testbench, each=(False, True))
