"""The aligner against a cutter in Python, on random words that arrive and leave at random times."""

import pytest
from amaranth.hdl import Cat

from hdl.pipeline.align import Aligner
from hdl.pipeline.stages import FetchedWord
from tests.hdl.pipeline.align.bench import ACCESS, NONE, PAGE, WORD_FIELDS, Bench
from tests.rigs import shared
from tests.support import member, simulate


@pytest.mark.parametrize(
    "seed, parameters",
    [
        (1, {}),
        (2, {"arrive": 1.0, "take": 1.0}),
        (3, {"arrive": 0.3, "take": 1.0, "predictions": 0.6, "faults": 0.15}),
        (4, {"arrive": 1.0, "take": 0.4, "faults": 0, "predictions": 0}),
        (5, {"cuts": 0.3, "take": 1.0}),
    ],
    ids=str,
)
def test_random_words(seed, parameters):
    bench = Bench(seed, **parameters)

    async def testbench(ctx):
        for number in range(900):
            await bench.cycle(ctx, number)

    simulate(bench.dut, testbench)
    expected = {"plain", "straddles", "illegal"}
    if parameters.get("predictions", 1):
        expected |= {"refetch", "predicted", "predicted and straddles"}
    if parameters.get("faults", 1):
        expected |= {"failed first half", "failed second half", "update"}
    if "cuts" in parameters:
        expected |= {"begins in a cut", "reaches into a cut"}
    assert expected <= set(bench.kinds), bench.kinds


# -- Single cases -------------------------------------------------------------------------------


def word(*parcels, address=0x1000, offset=0, fault=NONE, update=0, **fields):
    """A word with these parcels, at 0x1000 unless told otherwise, and nothing predicted."""
    made = dict.fromkeys(WORD_FIELDS, 0) | {"slot": 3}
    made |= {"fetch__va": address + 2 * offset, "fetch__fault": fault, "fetch__update": update}
    made["data"] = sum(parcel << 16 * slot for slot, parcel in enumerate(parcels))
    return made | fields


def put(ctx, dut, made):
    for name, value in made.items():
        ctx.set(member(dut.word, name), value)
    ctx.set(dut.word.valid, 1)


NOP = 0x0001
LONG = 0x0013


def test_a_word_is_used_in_the_cycle_of_its_arrival():
    dut = shared(Aligner)

    async def testbench(ctx):
        assert not ctx.get(dut.valid)
        ctx.set(dut.take, 1)
        put(ctx, dut, word(NOP, NOP, NOP, NOP))
        for slot in range(4):
            assert ctx.get(dut.valid)
            assert ctx.get(dut.fetched.pc) == 0x1000 + 2 * slot
            await ctx.tick()
            ctx.set(dut.word.valid, 0)
        assert not ctx.get(dut.valid)

    simulate(dut, testbench)


def test_an_instruction_a_cycle_from_a_word_every_other_cycle():
    """Two long instructions to a word keep one instruction a cycle going, aligned or not."""
    dut = shared(Aligner)

    async def testbench(ctx):
        ctx.set(dut.take, 1)
        for start in (0, 1):
            ctx.set(dut.flush, 1)
            ctx.set(dut.word.valid, 0)
            await ctx.tick()
            ctx.set(dut.flush, 0)
            seen = 0
            for cycle in range(16):
                ctx.set(dut.word.valid, 0)
                if cycle % 2 == 0:
                    data = (LONG, 0, LONG, 0) if start == 0 else (0, LONG, 0, LONG)
                    offset = start if cycle == 0 else 0
                    put(ctx, dut, word(*data, address=0x1000 + cycle // 2 * 8, offset=offset))
                seen += ctx.get(dut.valid)
                await ctx.tick()
            assert seen >= 15

    simulate(dut, testbench)


def test_a_prediction_into_a_long_instruction_asks_for_it_again():
    dut = shared(Aligner)

    async def testbench(ctx):
        for slot in range(4):
            put(ctx, dut, word(*[LONG] * 4, offset=slot, predicted=1, slot=slot, target=0x40))
            assert ctx.get(dut.valid)
            assert ctx.get(dut.fetched.refetch)
            assert not ctx.get(dut.fetched.predicted)
            assert ctx.get(dut.fetched.pc) == 0x1000 + 2 * slot
            ctx.set(dut.flush, 1)
            await ctx.tick()
            ctx.set(dut.flush, 0)

    simulate(dut, testbench)


def test_the_first_halfs_fault_comes_before_the_second_halfs():
    dut = shared(Aligner)

    async def testbench(ctx):
        put(ctx, dut, word(LONG, LONG, LONG, LONG, offset=3, fault=ACCESS))
        assert ctx.get(dut.valid)
        assert ctx.get(dut.fetched.fetch.fault) is ACCESS
        assert ctx.get(dut.fetched.pc) == 0x1006
        assert not ctx.get(dut.fetched.fetch.second)

    simulate(dut, testbench)


@pytest.mark.parametrize("failure", [{"fault": PAGE}, {"fault": ACCESS}, {"update": 1}], ids=str)
def test_the_second_halfs_fault_is_at_the_start_of_its_page(failure):
    dut = shared(Aligner)

    async def testbench(ctx):
        put(ctx, dut, word(0, 0, 0, LONG, address=0x1FF8, offset=3))
        assert not ctx.get(dut.valid)
        await ctx.tick()
        put(ctx, dut, word(address=0x2000, **failure))
        fetched = dut.fetched
        assert ctx.get(dut.valid)
        assert ctx.get(fetched.pc) == 0x1FFE
        assert ctx.get(fetched.fetch.fault) is failure.get("fault", NONE)
        assert ctx.get(fetched.fetch.update) == failure.get("update", 0)
        assert ctx.get(fetched.fetch.second)
        assert ctx.get(fetched.raw) == 0

    simulate(dut, testbench)


def test_a_compressed_instruction_at_the_end_does_not_care_about_the_next_word():
    dut = shared(Aligner)

    async def testbench(ctx):
        put(ctx, dut, word(0, 0, 0, NOP, offset=3))
        await ctx.tick()
        put(ctx, dut, word(address=0x1008, fault=PAGE))
        assert ctx.get(dut.valid)
        assert ctx.get(dut.fetched.fetch.fault) is NONE
        assert ctx.get(dut.fetched.compressed)

    simulate(dut, testbench)


def test_flush_forgets_everything_and_the_arriving_word_too():
    dut = shared(Aligner)

    async def testbench(ctx):
        put(ctx, dut, word(NOP, NOP, NOP, NOP))
        await ctx.tick()
        put(ctx, dut, word(NOP, NOP, NOP, NOP, address=0x1008))
        ctx.set(dut.flush, 1)
        await ctx.tick()
        ctx.set(dut.flush, 0)
        ctx.set(dut.word.valid, 0)
        assert ctx.get(dut.room)
        assert not ctx.get(dut.valid)

    simulate(dut, testbench)


def test_there_is_room_behind_a_word_but_not_behind_two():
    """Wherever the instructions at the front go: the word that is asked for comes a cycle later."""
    dut = shared(Aligner)

    async def testbench(ctx):
        ctx.set(dut.take, 1)
        for address, room in ((0x1000, True), (0x1008, False)):
            put(ctx, dut, word(NOP, NOP, NOP, NOP, address=address))
            assert ctx.get(dut.room) == room
            await ctx.tick()
        ctx.set(dut.word.valid, 0)
        # The last instruction of the first word makes room as it goes.
        for slot in (2, 3):
            assert ctx.get(dut.fetched.pc) == 0x1000 + 2 * slot
            assert ctx.get(dut.room) == (slot == 3)
            await ctx.tick()
        assert ctx.get(dut.room)

    simulate(dut, testbench)


def test_nothing_makes_room_behind_an_instruction_that_waits():
    dut = shared(Aligner)

    async def testbench(ctx):
        put(ctx, dut, word(NOP, NOP, NOP, NOP, offset=2))
        await ctx.tick()
        put(ctx, dut, word(NOP, NOP, NOP, NOP, address=0x1008))
        assert not ctx.get(dut.fetched.pc) & 2
        # It was not taken and waits; the one at the end of the word stays.
        for _ in range(3):
            assert not ctx.get(dut.room)
            await ctx.tick()
            ctx.set(dut.word.valid, 0)
        ctx.set(dut.take, 1)
        await ctx.tick()
        assert ctx.get(dut.fetched.pc) == 0x1006
        assert ctx.get(dut.room)

    simulate(dut, testbench)


def test_words_are_checked_whole():
    """A field that is added to a fetched word has to be tested here."""
    for protected, bits in ((False, 206), (True, 207)):
        word = FetchedWord(protected=protected)
        assert len(Cat(value for _, _, value in word.flatten(word.create()))) == bits
