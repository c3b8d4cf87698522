"""The units for misaligned accesses by themselves: against bytes, and against the golden model."""

import random

import pytest

from hdl.memory.port import Source
from hdl.mmu.vocabulary import Fault
from hdl.pipeline.misaligned import OFFER, Joiner, JoinState, Splitter
from hdl.units.decoder import Unit
from tests.rigs import shared
from tests.support import member, simulate
from tests.verify.golden.portions import portions
from tests.verify.golden.sv39 import Request

#: A page end: what begins here and is longer than the rest of the page is in two.
END = 1 << 63 | 0x5000
#: The highest physical address has this bit.
HIGH = 1 << 55
MASK = (1 << 64) - 1
#: Every place of an access in its doubleword: (low, log2 of the bytes).
PLACES = [(low, size) for size in range(4) for low in range(8)]
REFUSALS = ((Fault.PAGE, 0), (Fault.ACCESS, 0), (Fault.NONE, 1))


def crosses(low, size):
    return low + (1 << size) > 8


class SplitBench:
    """A splitter between an execute stage and an MMU that the test plays."""

    def __init__(self, **parameters):
        self.dut = shared(Splitter, **parameters)

    def run(self, testbench):
        async def bound(ctx):
            self.ctx = ctx
            await testbench()

        simulate(self.dut, bound)

    def set(self, **inputs):
        for name, value in inputs.items():
            self.ctx.set(member(self.dut, name), value)

    def get(self, *names):
        got = tuple(self.ctx.get(member(self.dut, name)) for name in names)
        return got if len(names) > 1 else got[0]

    def ask(self, va, size, pa=None):
        """An access whose translation is there at once."""
        self.set(valid=1, access_va=va, bytes_log2=size, renew=0)
        pa = va % HIGH if pa is None else pa
        self.set(done=1, pa=pa, device=0, fault=Fault.NONE, update=0)

    async def leave(self):
        self.set(renew=1)
        await self.ctx.tick()
        self.set(renew=0)


@pytest.mark.parametrize("protected", [False, True])
@pytest.mark.parametrize("doubleword", [0x4010, END - 0x808, END - 16, END - 8])
def test_portions_are_those_of_the_golden_model(protected, doubleword):
    """Their addresses, lanes and number; the second is translated only if it has to be."""
    bench = SplitBench(protected=protected)

    async def testbench():
        for low, size in PLACES:
            va, pa = doubleword + low, HIGH | (doubleword + low) % HIGH
            parts = portions(Request(va, "STORE", size=1 << size))
            bench.ask(va, size, pa=pa)
            assert bench.get("misaligned") == parts[0].part
            assert bench.get("va") == va
            assert bench.get("strobe") == ((1 << parts[0].size) - 1) << low
            assert bench.get("second__valid") == (len(parts) > 1) == crosses(low, size)
            if len(parts) > 1 and (protected or doubleword == END - 8):
                assert bench.get("advances", "answer__done") == (1, 0)
                await bench.ctx.tick()
                assert bench.get("va") == parts[1].va
                bench.set(pa=0x8030_0000)
                second = 0x8030_0000
            else:
                second = (pa | 7) + 1
            assert bench.get("advances", "answer__done") == (0, 1)
            assert bench.get("answer__pa", "answer__fault") == (pa, Fault.NONE)
            assert not bench.get("second__valid") or bench.get("second__pa") == second
            await bench.leave()

    bench.run(testbench)


def test_memory_protection_is_asked_about_the_grains_that_are_reached():
    """Their size is that of the aligned bytes around the portion: 4 or 8."""
    bench = SplitBench(protected=True)

    async def testbench():
        for low, size in PLACES:
            bench.ask(0x4010 + low, size)
            for part in portions(Request(0x4010 + low, "LOAD", size=1 << size)):
                last = part.va + part.size - 1
                assert bench.get("size") == (3 if part.va >> 2 != last >> 2 else 2)
                await bench.ctx.tick()
            await bench.leave()

    bench.run(testbench)


@pytest.mark.parametrize("fault, update", REFUSALS, ids=str)
@pytest.mark.parametrize("second", [False, True])
def test_a_refusal_is_about_the_portion_that_has_it(fault, update, second):
    """And keeps the answer from being good; the first one is told before the second is asked."""
    bench = SplitBench()

    async def testbench():
        bench.ask(END - 3, 3)
        if second:
            await bench.ctx.tick()
        bench.set(fault=fault, update=update)
        assert bench.get("answer__done", "answer__fault", "answer__update") == (1, fault, update)
        assert bench.get("va") == (END if second else END - 3)
        assert not bench.get("advances")
        await bench.leave()
        bench.ask(END - 3, 3)
        assert bench.get("va") == END - 3, "the next access begins anew"

    bench.run(testbench)


def test_it_waits_for_each_translation():
    bench = SplitBench()

    async def testbench():
        bench.ask(END - 1, 1)
        for va in (END - 1, END):
            bench.set(done=0)
            for _ in range(3):
                assert bench.get("va", "answer__done", "advances") == (va, 0, 0)
                await bench.ctx.tick()
            bench.set(done=1)
            if va < END:
                await bench.ctx.tick()
        assert bench.get("answer__done", "answer__pa") == (1, (END - 1) % HIGH)

    bench.run(testbench)


def test_what_is_no_request_advances_nothing():
    """An interrupt takes the request back; other instructions have addresses, too."""
    bench = SplitBench()

    async def testbench():
        bench.ask(END - 1, 1)
        bench.set(valid=0)
        assert not bench.get("advances")
        await bench.ctx.tick()
        assert bench.get("va") == END - 1

    bench.run(testbench)


def test_the_address_of_the_first_portion_is_kept():
    bench = SplitBench()

    async def testbench():
        first = HIGH | 0x8123_4FFF
        bench.ask(END - 1, 3, pa=first)
        await bench.ctx.tick()
        for pa in (0x8000_0000, HIGH | 0x8456_7000):
            bench.set(pa=pa)
            assert bench.get("answer__pa", "second__pa") == (first, pa)
            await bench.ctx.tick()

    bench.run(testbench)


def test_misaligned_accesses_work_in_ram_only():
    """Aligned ones reach devices, and a refused translation has nothing to say of any."""
    bench = SplitBench()

    async def testbench():
        for low, size in PLACES:
            bench.ask(0x4010 + low, size)
            bench.set(device=1)
            aligned = low % (1 << size) == 0
            assert bench.get("answer__done")
            assert bench.get("answer__fault") == (Fault.NONE if aligned else Fault.ACCESS)
            bench.set(fault=Fault.PAGE)
            assert bench.get("answer__fault") == Fault.PAGE
            bench.set(fault=Fault.NONE, update=1)
            assert bench.get("answer__fault", "answer__update") == (Fault.NONE, 1)
            bench.set(update=0, done=0)
            assert bench.get("answer__fault", "answer__done") == (Fault.NONE, 0)
            await bench.leave()
        bench.ask(END - 1, 1)
        await bench.ctx.tick()
        bench.set(device=1)
        assert bench.get("answer__fault", "va") == (Fault.ACCESS, END)

    bench.run(testbench)


def test_the_address_space_is_a_circle():
    bench = SplitBench()

    async def testbench():
        bench.ask(MASK, 1)
        await bench.ctx.tick()
        assert bench.get("va") == 0

    bench.run(testbench)


class JoinBench:
    """A joiner between a trap stage and a bus that the test plays."""

    def run(self, testbench):
        self.dut = shared(Joiner)

        async def bound(ctx):
            self.ctx = ctx
            await testbench()

        simulate(self.dut, bound)

    set = SplitBench.set
    get = SplitBench.get

    async def put(self, unit=Unit.LOAD, va=0x4005, size=3, data=0, second=True):
        """An access comes into the trap stage; its other portion is at 0x8030_0000."""
        self.set(take=1, second__valid=int(second), second__pa=0x8030_0000, active=0)
        await self.ctx.tick()
        self.set(take=0, second__valid=0, second__pa=0, active=1)
        self.set(executed__unit=unit, executed__data__va=va, executed__funct3=size)
        self.set(executed__rs2_data=data, executed__id=7, request__ready=1)

    def respond(self, data=0, error=0, valid=1):
        self.set(response__valid=valid, response__data=data, response__error=error)


def test_loads_put_both_doublewords_together():
    bench, rng = JoinBench(), random.Random(1)

    async def testbench():
        for low, size in PLACES:
            memory = rng.randbytes(16)
            first, second = (int.from_bytes(memory[at : at + 8], "little") for at in (0, 8))
            both = crosses(low, size)
            await bench.put(va=0x4008 + low, size=size, second=both)
            bench.respond(first)
            assert bench.get("waits", "request__valid") == (both, both)
            if both:
                assert bench.get("request__strobe", "request__write") == (0, 0)
                await bench.ctx.tick()
                bench.respond(second)
            assert not bench.get("waits")
            count = 1 << size
            word = bench.get("word") & (1 << 8 * count) - 1
            assert word.to_bytes(count, "little") == memory[low : low + count]
            await bench.ctx.tick()
            bench.respond(valid=0)

    bench.run(testbench)


def test_stores_write_the_rest_in_the_next_doubleword():
    bench, rng = JoinBench(), random.Random(2)

    async def testbench():
        for low, size in PLACES:
            if not crosses(low, size):
                continue
            data, rest = rng.randbytes(8), low + (1 << size) - 8
            value = int.from_bytes(data, "little")
            await bench.put(Unit.STORE, 0x4008 + low, size, data=value)
            bench.respond()
            names = ("valid", "address", "write", "strobe", "size", "lock", "id", "source")
            got = bench.get(*(f"request__{name}" for name in names))
            assert got == (1, 0x8030_0000, 1, (1 << rest) - 1, 3, 0, 7, Source.DATA)
            lanes = bench.get("request__data").to_bytes(8, "little")
            assert lanes[:rest] == data[8 - low : 8 - low + rest]
            await bench.ctx.tick()
            assert not bench.get("request__valid"), "it is made once"
            await bench.ctx.tick()
            bench.respond(valid=0)

    bench.run(testbench)


def test_the_offer_stands_until_it_is_accepted():
    """What was read first is kept, whatever the bus shows meanwhile."""
    bench = JoinBench()

    async def testbench():
        await bench.put(va=0x4007, size=1)
        for _ in range(2):
            assert bench.get("request__valid", "state", "va") == (0, JoinState.FIRST, 0x4007)
            await bench.ctx.tick()
        bench.set(request__ready=0)
        bench.respond(0x11 << 56)
        assert bench.get("request__valid")
        await bench.ctx.tick()
        bench.respond(valid=0, data=MASK, error=1)
        for _ in range(2):
            assert bench.get("request__valid", "state") == (1, JoinState.OFFER)
            await bench.ctx.tick()
        bench.set(request__ready=1)
        await bench.ctx.tick()
        for _ in range(2):
            got = bench.get("request__valid", "state", "va")
            assert got == (0, JoinState.SECOND, 0x4008)
            await bench.ctx.tick()
        bench.respond(0x22)
        assert bench.get("word") & 0xFFFF == 0x2211
        assert not bench.get("waits")
        await bench.ctx.tick()
        assert bench.get("state") == JoinState.FIRST

    bench.run(testbench)


def test_an_error_ends_the_access():
    """The address is that of the portion which the bus has refused."""
    bench = JoinBench()

    async def testbench():
        await bench.put(va=END - 3)
        bench.respond(error=1)
        assert bench.get("waits", "request__valid", "va") == (0, 0, END - 3)
        await bench.ctx.tick()
        bench.respond(valid=0)
        assert bench.get("state") == JoinState.FIRST
        await bench.put(va=END - 3)
        bench.respond()
        await bench.ctx.tick()
        bench.respond(error=1)
        assert bench.get("waits", "va") == (0, END)
        await bench.ctx.tick()
        assert bench.get("state") == JoinState.FIRST

    bench.run(testbench)


def test_a_response_to_nobody_offers_nothing():
    """Without an access in the stage; and a portion stays that of the instruction it came with."""
    bench = JoinBench()

    async def testbench():
        await bench.put()
        bench.set(active=0)
        bench.respond()
        assert not bench.get("request__valid")
        await bench.ctx.tick()
        assert bench.get("state") == JoinState.FIRST
        bench.set(active=1, second__pa=0x8555_0000)
        await bench.ctx.tick()
        assert bench.get("request__address") == 0x8030_0000

    bench.run(testbench)


def test_an_offer_is_all_of_a_request_but_the_answer():
    assert set(OFFER) == set(Joiner().request.signature.members) - {"ready"}
