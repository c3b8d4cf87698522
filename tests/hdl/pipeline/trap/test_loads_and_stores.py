"""Loads and stores in the trap stage: their responses, and what they record."""

import pytest

from hdl.units.decoder import Unit
from tests.hdl.pipeline.trap.bench import LOAD_DOUBLE, MTVEC, PA, VA, Bench, M


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
                await bench.put(**LOAD_DOUBLE | {"funct3": funct3, "data__va": VA + low - VA % 8})
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
        # What an AMO has read stays where only AMOs look.
        await bench.put(**LOAD_DOUBLE | {"unit": Unit.AMO})
        await bench.respond(data=0x1111)
        bench.set(request__ready=1)
        for _ in range(3):
            await bench.tick()
        assert bench.get("empty")
        bench.records.clear()
        await bench.put(unit=Unit.STORE, funct3=1, requested=1, data__va=VA, pa=PA, rs2_data=0xABCD)
        await bench.respond()
        assert bench.get("ready")
        await bench.tick()

    bench.run(testbench)
    (record,) = bench.records
    names = ("mem_addr", "mem_paddr", "mem_rmask", "mem_wmask", "mem_wdata", "rd_addr")
    assert tuple(record[name] for name in names) == (VA, PA, 0, 0b11, 0xABCD, 0)


def test_an_error_counts_with_the_response_to_a_request():
    bench = Bench()

    async def testbench():
        bench.set(response__valid=0, response__error=1)
        await bench.do(rd=5)
        await bench.put(**LOAD_DOUBLE)
        for _ in range(3):
            bench.check_no_trap()
            await bench.tick()
        await bench.respond(data=7)
        bench.check_no_trap()
        assert (bench.get("wen"), bench.get("wdata")) == (1, 7)
        await bench.tick()

    bench.run(testbench)
    assert [record["trap"] for record in bench.records] == [0, 0]


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
