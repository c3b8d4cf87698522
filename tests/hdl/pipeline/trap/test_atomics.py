"""AMO, LR and SC in the trap stage: the second half of an AMO, and the reservation."""

import random

from hdl.memory.port import Source
from hdl.units.decoder import Unit
from tests.hdl.pipeline.trap.bench import LOAD_DOUBLE, PA, PAGE, VA, Bench, M


def signed(value, bits):
    value %= 1 << bits
    return value - (1 << bits) if value >> bits - 1 else value


AMOS = {
    0x00: lambda old, new, bits: old + new,
    0x01: lambda old, new, bits: new,
    0x04: lambda old, new, bits: old ^ new,
    0x08: lambda old, new, bits: old | new,
    0x0C: lambda old, new, bits: old & new,
    0x10: lambda old, new, bits: min(signed(old, bits), signed(new, bits)),
    0x14: lambda old, new, bits: max(signed(old, bits), signed(new, bits)),
    0x18: lambda old, new, bits: min(old % (1 << bits), new % (1 << bits)),
    0x1C: lambda old, new, bits: max(old % (1 << bits), new % (1 << bits)),
}


def test_amos_read_then_write():
    bench = Bench()
    rng = random.Random(1)

    async def amo(funct5, size, low):
        bits = 8 << size
        word, operand = rng.getrandbits(64), rng.getrandbits(64)
        old = word >> 8 * low & (1 << bits) - 1
        bench.set(response__valid=0)
        await bench.put(
            **LOAD_DOUBLE
            | {"unit": Unit.AMO, "funct3": size, "insn": funct5 << 27, "rs2_data": operand}
            | {"data__va": VA & ~7 | low, "pa": PA & ~7 | low, "id": 3}
        )
        for _ in range(rng.randrange(3)):
            assert not bench.get("request__valid"), "the read has no response yet"
            await bench.tick()
        await bench.respond(word)
        assert not bench.get("ready")
        assert not bench.get("forward__known")
        await bench.tick()
        bench.set(response__valid=0, request__ready=0)
        for _ in range(rng.randrange(3)):
            assert bench.get("request__valid")
            await bench.tick()
        bench.set(request__ready=1)
        names = ("valid", "address", "write", "size", "source", "lock", "id")
        expected = (1, PA & ~7 | low, 1, size, Source.DATA, 0, 3)
        assert bench.gets("request", *names) == expected
        new = AMOS[funct5](old, operand, bits) % (1 << bits)
        length = 1 << size
        assert bench.get("request__strobe") == ((1 << length) - 1) << low
        assert bench.get("request__data") >> 8 * low & (1 << bits) - 1 == new, hex(funct5)
        await bench.tick()
        bench.set(request__ready=0)
        for _ in range(rng.randrange(3)):
            assert not bench.get("request__valid")
            assert not bench.get("wen")
            await bench.tick()
        await bench.respond(rng.getrandbits(64))
        assert bench.get("wen")
        assert bench.get("wdata") == signed(old, bits) % (1 << 64)
        await bench.tick()
        record = bench.records[-1]
        assert record["mem_rmask"] == record["mem_wmask"] == (1 << length) - 1
        assert record["mem_wdata"] % (1 << bits) == new
        assert record["mem_rdata"] % (1 << bits) == old

    places = [(2, 0), (2, 4), (3, 0)]
    bench.run(amo, each=[(funct5, *place) for funct5 in AMOS for place in places])


def test_an_amo_whose_write_is_refused_traps():
    bench = Bench()

    async def testbench():
        await bench.enter(M)
        bench.set(request__ready=1)
        for _ in range(2):
            await bench.put(**LOAD_DOUBLE | {"unit": Unit.AMO})
            await bench.respond()
            await bench.tick()
            bench.set(response__valid=0)
            await bench.tick()
            await bench.respond(error=1)
            bench.check_trap(7, VA)
            await bench.tick()
            bench.set(response__valid=0)

    bench.run(testbench)


def test_lr_reserves_and_sc_ends_it():
    bench = Bench()

    async def testbench():
        bench.set(response__valid=1)
        for requested in (1, 0):
            await bench.do(**LOAD_DOUBLE | {"unit": Unit.LR})
            assert (bench.get("reserved"), bench.get("reservation")) == (1, PA)
            # Neither loads nor stores nor AMOs of this hart end it.
            await bench.do(**LOAD_DOUBLE)
            await bench.do(**LOAD_DOUBLE | {"unit": Unit.STORE})
            assert bench.get("reserved")
            # An SC ends it, whether or not it has written.
            await bench.put(unit=Unit.SC, requested=requested, rd=4, result=1 - requested)
            assert (bench.get("wen"), bench.get("wdata")) == (1, 1 - requested)
            await bench.tick()
            assert not bench.get("reserved")

    bench.run(testbench)
    masks = [record["mem_wmask"] for record in bench.records]
    assert masks[3] != 0
    assert masks[7] == 0, "a failed SC has accessed nothing"


def test_a_reservation_is_of_the_whole_physical_address():
    bench = Bench()

    async def testbench():
        bench.set(response__valid=1)
        for pa in (1 << 55, (1 << 56) - 8):
            await bench.do(**LOAD_DOUBLE | {"unit": Unit.LR, "pa": pa})
            assert bench.get("reservation") == pa

    bench.run(testbench)


def test_a_faulting_lr_reserves_nothing():
    bench = Bench()

    async def testbench():
        await bench.do(**LOAD_DOUBLE | {"unit": Unit.LR, "requested": 0, "data__fault": PAGE})
        assert not bench.get("reserved")

    bench.run(testbench)
