"""Misaligned loads and stores in the trap stage of a hart that does them: two responses."""

import pytest

from hdl.units.decoder import Unit
from tests.hdl.pipeline.trap.bench import LOAD_DOUBLE, PA, Bench, M

VA, SECOND = 0x4015, 0x8030_0018
LOAD = LOAD_DOUBLE | {"data__va": VA, "pa": PA + 5}


async def put(bench, second=1, **fields):
    bench.set(second__valid=second, second__pa=SECOND, request__ready=1)
    await bench.put(**LOAD | fields)
    bench.set(second__valid=0, second__pa=0)


@pytest.mark.parametrize("latency", [1, 3])
def test_a_load_waits_for_both_responses(latency):
    bench = Bench(misaligned=True)

    async def testbench():
        await put(bench)
        for data in (0x0302_01FF_FFFF_FFFF, 0xFFFF_FF08_0706_0504):
            assert not bench.get("request__valid")
            bench.set(response__valid=0)
            for _ in range(latency - 1):
                assert (bench.get("ready"), bench.get("wen")) == (0, 0)
                await bench.tick()
            await bench.respond(data)
            if data >> 63 == 0:
                assert (bench.get("ready"), bench.get("wen")) == (0, 0)
                assert bench.gets("request", "valid", "address", "write") == (1, SECOND, 0)
                await bench.tick()
        assert (bench.get("ready"), bench.get("wen")) == (1, 1)
        assert bench.gets("forward", "rd", "known", "data") == (5, 1, 0x0807_0605_0403_0201)
        await bench.tick()

    bench.run(testbench)
    (record,) = bench.records
    names = ("mem_addr", "mem_paddr", "mem_rmask", "mem_wmask", "mem_rdata", "rd_wdata")
    value = 0x0807_0605_0403_0201
    assert tuple(record[name] for name in names) == (VA, PA + 5, 0xFF, 0, value, value)
    assert record["mem_paddr2"] == SECOND


def test_what_has_one_portion_waits_for_one_response():
    """Misaligned in its doubleword, with a sign; or an AMO, or a store that is aligned."""
    bench = Bench(misaligned=True)

    async def testbench():
        await put(bench, second=0, funct3=1, data__va=0x4013)
        await bench.respond(0x0000_0080_0100_0000)
        assert (bench.get("ready"), bench.get("wdata")) == (1, (1 << 64) - 0x7FFF)
        await bench.tick()
        bench.set(response__valid=0)
        await put(bench, second=0, unit=Unit.STORE, data__va=0x4010)
        await bench.respond()
        assert (bench.get("ready"), bench.get("request__valid")) == (1, 0)

    bench.run(testbench)


def test_the_record_of_a_store_is_of_the_whole():
    bench = Bench(misaligned=True)

    async def testbench():
        await put(bench, unit=Unit.STORE, rd=0, rs2_data=0x1122_3344_5566_7788)
        await bench.respond()
        assert bench.gets("request", "valid", "address", "write", "strobe") == (1, SECOND, 1, 0x1F)
        await bench.tick()
        await bench.respond()
        assert bench.get("ready")
        await bench.tick()

    bench.run(testbench)
    (record,) = bench.records
    names = ("mem_addr", "mem_paddr2", "mem_wmask", "mem_wdata", "trap")
    stored = 0x1122_3344_5566_7788
    assert tuple(record[name] for name in names) == (VA, SECOND, 0xFF, stored, 0)


@pytest.mark.parametrize("second", [False, True])
def test_a_portion_that_the_bus_refuses_is_told(second):
    bench = Bench(misaligned=True)

    async def testbench():
        for unit, cause in ((Unit.LOAD, 5), (Unit.STORE, 7)):
            await bench.enter(M)
            await put(bench, unit=unit)
            if second:
                await bench.respond()
                await bench.tick()
            await bench.respond(error=1)
            bench.check_trap(cause, 0x4018 if second else VA)
            await bench.tick()
            bench.set(response__valid=0, response__error=0)
            assert (bench.get("empty"), bench.get("request__valid")) == (1, 0)

    bench.run(testbench)
    assert {record["mem_paddr2"] for record in bench.records} == {0}


def test_a_refused_translation_tells_its_own_address():
    bench = Bench(misaligned=True)

    async def testbench():
        await bench.enter(M)
        await put(bench, requested=0, data__fault=1, data__va=0x4018)
        bench.check_trap(13, 0x4018)

    bench.run(testbench)


def test_an_atomic_has_its_second_half_as_ever():
    bench = Bench(misaligned=True)

    async def testbench():
        await put(bench, second=0, unit=Unit.AMO, data__va=0x4010, rs2_data=3)
        await bench.respond(data=4)
        await bench.tick()
        bench.set(response__valid=0)
        assert bench.gets("request", "valid", "write", "data") == (1, 1, 7)
        await bench.tick()
        await bench.respond()
        assert (bench.get("ready"), bench.get("wdata")) == (1, 4)

    bench.run(testbench)
