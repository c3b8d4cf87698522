"""Misaligned loads and stores in the execute stage of a hart that does them."""

import random

import pytest

from hdl.units.decoder import Unit
from tests.hdl.pipeline.execute.bench import ACCESS, ATOMIC, MEMORY, NONE, PAGE, Bench

#: The last bytes of a page, and the next page.
END = 0x9FFD
NEXT = 0xA000


def test_what_is_misaligned_in_a_doubleword_takes_a_cycle_and_one_access():
    bench, rng = Bench(misaligned=True), random.Random(4)

    async def testbench():
        for low, size in ((1, 1), (3, 1), (5, 1), (1, 2), (2, 2), (3, 2)):
            for unit in (Unit.LOAD, Unit.STORE):
                data = rng.getrandbits(64)
                await bench.put_access(unit, va=0x9010 + low, size=size, rs2_data=data)
                write, count = unit == Unit.STORE, 1 << size
                assert (bench.get("valid"), bench.get("request__valid")) == (1, 1)
                assert (bench.get("request__address"), bench.get("request__size")) == (0x9010, 3)
                strobe = ((1 << count) - 1) << low if write else 0
                assert bench.get("request__strobe") == strobe
                lanes = bench.get("request__data").to_bytes(8, "little")
                assert lanes[low : low + count] == data.to_bytes(8, "little")[:count]
                assert (bench.get("executed__pa"), bench.get("second__valid")) == (0x9010 + low, 0)
                assert not bench.get("executed__misaligned")
                await bench.tick()

    bench.run(testbench)


@pytest.mark.parametrize("protected", [False, True])
def test_the_doubleword_behind_it_costs_a_translation_if_it_may_differ(protected):
    bench = Bench(misaligned=True, protected=protected)

    async def testbench():
        for va, apart in ((0x9015, protected), (END, True)):
            await bench.put_access(Unit.LOAD, va=va)
            if apart:
                assert (bench.get("valid"), bench.get("request__valid")) == (0, 0)
                assert bench.get("advances")
                await bench.tick()
                assert bench.get("translation__va") == (va | 7) + 1
                bench.set(translation__pa=0x1_2000)
            assert (bench.get("valid"), bench.get("request__valid")) == (1, 1)
            assert bench.get("request__address") == va & ~7
            assert bench.get("executed__data__va") == va
            assert bench.get("second__valid")
            assert bench.get("second__pa") == (0x1_2000 if apart else 0x9018)
            await bench.tick()

    bench.run(testbench)


def test_nothing_is_requested_when_the_second_page_refuses():
    """What goes on tells where the second page begins; the next access is asked from its start."""
    bench = Bench(misaligned=True)

    async def testbench():
        for unit in (Unit.LOAD, Unit.STORE):
            for fault, update in ((PAGE, 0), (ACCESS, 0), (NONE, 1)):
                await bench.put_access(unit, va=END)
                assert not bench.get("request__valid")
                await bench.tick()
                bench.set(translation__fault=fault, translation__update=update)
                assert (bench.get("valid"), bench.get("request__valid")) == (1, 0)
                assert bench.get("executed__data__va") == NEXT
                assert bench.get("executed__data__fault") is fault
                assert bench.get("executed__data__update") == update
                await bench.tick()
                bench.set(translation__fault=NONE, translation__update=0)
        await bench.put_access(Unit.LOAD, va=END)
        assert bench.get("translation__va") == END

    bench.run(testbench)


def test_a_refusal_of_the_first_page_asks_nothing_more():
    bench = Bench(misaligned=True)

    async def testbench():
        await bench.put_access(Unit.STORE, va=END)
        bench.set(translation__fault=PAGE)
        assert (bench.get("valid"), bench.get("request__valid")) == (1, 0)
        assert bench.get("executed__data__va") == END

    bench.run(testbench)


def test_no_request_before_the_trap_stage_and_the_bus_are_ready():
    """Both translations are there by then; that of the second is asked for all the while."""
    bench = Bench(misaligned=True)

    async def testbench():
        await bench.put_access(Unit.STORE, va=END)
        await bench.tick()
        for ready, accepts in ((0, 1), (1, 0), (0, 0)):
            bench.set(ready=ready, request__ready=accepts)
            assert not bench.get("accept")
            assert bench.get("translation__va") == NEXT
            await bench.tick()
        bench.set(ready=1, request__ready=1)
        assert (bench.get("valid"), bench.get("request__valid")) == (1, 1)
        assert bench.get("request__address") == END & ~7

    bench.run(testbench)


@pytest.mark.parametrize("squash", [{"flush": 1, "ready": 0}, {"environment__interrupt": 1}])
def test_a_squash_or_an_interrupt_between_the_translations_begins_anew(squash):
    bench = Bench(misaligned=True)

    async def testbench():
        await bench.put_access(Unit.STORE, va=END)
        await bench.tick()
        bench.set(**squash)
        assert not bench.get("request__valid")
        await bench.tick()
        bench.set(flush=0, ready=1, environment__interrupt=0)
        await bench.put_access(Unit.STORE, va=END)
        assert bench.get("translation__va") == END
        assert not bench.get("request__valid")

    bench.run(testbench)


def test_atomics_must_be_aligned():
    bench = Bench(misaligned=True)

    async def testbench(unit):
        for size in (2, 3) if unit in ATOMIC else range(4):
            for low in range(8):
                await bench.put_access(unit, va=0x9000 + low, size=size)
                misaligned = unit in ATOMIC and low % (1 << size) != 0
                assert bench.get("executed__misaligned") == misaligned
                assert bench.get("translation__valid") == (not misaligned)
                if not misaligned:
                    await bench.judge(unit)
                assert bench.get("request__valid") == (not misaligned)
                await bench.tick()

    bench.run(testbench, each=MEMORY)
