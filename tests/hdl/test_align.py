"""The aligner against a cutter in Python, on random words that arrive and leave at random times."""

import random

import pytest
from amaranth.hdl import Cat

from hdl.align import Aligner
from hdl.fetch import FetchedWord
from hdl.mmu.context import Fault
from tests.support import simulate

NONE, PAGE, ACCESS = Fault.NONE, Fault.PAGE, Fault.ACCESS
WORD_FIELDS = [name for name in FetchedWord().members if name != "valid"]
MASK = (1 << 64) - 1


# -- Instructions -------------------------------------------------------------------------------


def c_li(rng):
    rd, imm = rng.randrange(1, 32), rng.randrange(-32, 32)
    parcel = 0b010 << 13 | (imm >> 5 & 1) << 12 | rd << 7 | (imm & 31) << 2 | 0b01
    return parcel, (imm & 0xFFF) << 20 | rd << 7 | 0x13


def c_mv(rng):
    rd, rs2 = rng.randrange(1, 32), rng.randrange(1, 32)
    return 0b1000 << 12 | rd << 7 | rs2 << 2 | 0b10, rs2 << 20 | rd << 7 | 0x33


def c_reserved(_rng):
    """c.addi4spn of 0 and its kin: no instruction."""
    return 0x0000, None


def random_parcel(rng):
    """A halfword: a compressed instruction, or the first half of a long one (odd in bits 1:0)."""
    if rng.random() < 0.5:
        return rng.getrandbits(14) << 2 | 0b11
    return rng.choice((c_li, c_mv, c_li, c_mv, c_reserved))(rng)[0]


def expansion(parcel):
    """(32-bit instruction, illegal) of one of the compressed instructions above."""
    if parcel == 0:
        return None, 1
    if parcel & 3 == 0b01:
        imm = (parcel >> 2 & 31) - (32 if parcel >> 12 & 1 else 0)
        return (imm & 0xFFF) << 20 | (parcel >> 7 & 31) << 7 | 0x13, 0
    return (parcel >> 2 & 31) << 20 | (parcel >> 7 & 31) << 7 | 0x33, 0


# -- Golden model -------------------------------------------------------------------------------


def halves_of(word):
    return [word["data"] >> 16 * slot & 0xFFFF for slot in range(4)]


def failed(word):
    return word["fault"] is not NONE or word["update"]


class Cutter:
    """Cuts the words since the last flush into instructions, one at a time."""

    def __init__(self):
        self.words = []
        self.offset = None

    def flush(self):
        self.words, self.offset = [], None

    def arrive(self, word):
        self.words.append(word)

    def front(self):
        """(instruction, words used up, next offset or None), or None if it is not complete."""
        if not self.words:
            return None
        first = self.words[0]
        offset = first["offset"] if self.offset is None else self.offset
        pc = (first["address"] << 3 | offset << 1) & MASK
        found = {
            "pc": pc,
            "id": first["number"] << 2 | offset,
            "fault": NONE,
            "update": 0,
            "refetch": 0,
            "predicted": 0,
            "illegal": 0,
        }
        if failed(first):
            failure = {"fault": first["fault"], "update": first["update"], "fault_va": pc}
            del found["illegal"], found["predicted"]
            return found | failure | {"raw": 0}, 1, None
        parcel = halves_of(first)[offset]
        jumps_here = first["predicted"] and first["slot"] == offset
        if parcel & 3 != 3:
            insn, illegal = expansion(parcel)
            found |= {"raw": parcel, "compressed": 1, "illegal": illegal}
            if not illegal:
                found["insn"] = insn
            return self._jump(found, first, jumps_here, 1, offset)
        found["compressed"] = 0
        if jumps_here:
            return found | {"refetch": 1}, 1, None
        if offset < 3:
            word = halves_of(first)[offset + 1] << 16 | parcel
            found |= {"raw": word, "insn": word}
            ends = first["predicted"] and first["slot"] == offset + 1
            return self._jump(found, first, ends, 2, offset)
        return self._straddling(found, parcel)

    def _jump(self, found, first, jumps, length, offset):
        if jumps:
            return found | {"predicted": 1, "target": first["target"]}, 1, None
        if offset + length < 4:
            return found, 0, offset + length
        return found, 1, None

    def _straddling(self, found, parcel):
        if len(self.words) < 2:
            return None
        second = self.words[1]
        if failed(second):
            del found["predicted"], found["illegal"], found["compressed"]
            failure = {"fault": second["fault"], "update": second["update"], "raw": 0}
            return found | failure | {"fault_va": second["address"] << 3}, 2, None
        word = halves_of(second)[0] << 16 | parcel
        found |= {"raw": word, "insn": word}
        if second["predicted"] and second["slot"] == 0:
            return found | {"predicted": 1, "target": second["target"]}, 2, None
        return found, 1, 1

    def take(self):
        found, used, self.offset = self.front()
        self.words = self.words[used:]
        return found


# -- The fetch stage ----------------------------------------------------------------------------


class Fetcher:
    """Makes the words that a fetch stage would: each continues where the last one predicts."""

    def __init__(self, rng, *, faults, predictions):
        self.rng = rng
        self.faults, self.predictions = faults, predictions
        self.number = 0
        self.redirect()

    def redirect(self):
        self.pc = self.rng.getrandbits(63) << 1
        self.stopped = False

    def word(self):
        rng, offset = self.rng, self.pc >> 1 & 3
        address = self.pc >> 3
        predicted = rng.random() < self.predictions
        word = {
            "data": sum(random_parcel(rng) << 16 * slot for slot in range(4)),
            "address": address,
            "offset": offset,
            "fault": NONE,
            "update": 0,
            "predicted": int(predicted),
            # Without a prediction these two mean nothing.
            "slot": rng.randrange(offset, 4) if predicted else rng.randrange(4),
            "target": rng.getrandbits(63) << 1,
            "number": self.number,
        }
        self.number += 1
        self.pc = word["target"] if predicted else (address + 1 << 3) & MASK
        if rng.random() < self.faults:
            self.stopped = True
            word |= rng.choice(({"fault": PAGE}, {"fault": ACCESS}, {"update": 1}))
            word["data"] = rng.getrandbits(64)
        return word


class Bench:
    def __init__(self, seed, *, faults=0.03, predictions=0.3, arrive=0.6, take=0.7, flush=0.02):
        self.rng = random.Random(seed)
        self.seed = seed
        self.arrive, self.take, self.flush = arrive, take, flush
        self.fetcher = Fetcher(self.rng, faults=faults, predictions=predictions)
        self.cutter = Cutter()
        self.dut = Aligner()
        self.kinds = {}

    def count(self, found):
        straddles = not found.get("compressed", 1) and found["pc"] & 6 == 6
        kind = {
            "refetch": found["refetch"],
            "failed second half": found["fault_va"] != found["pc"] if "fault_va" in found else 0,
            "failed first half": found.get("fault_va") == found["pc"],
            "update": found["update"],
            "predicted": found.get("predicted"),
            "straddles": straddles and not found["refetch"],
            "predicted and straddles": straddles and found.get("predicted"),
            "illegal": found.get("illegal"),
        }
        for name in [name for name, is_one in kind.items() if is_one] or ["plain"]:
            self.kinds[name] = self.kinds.get(name, 0) + 1

    def deliver(self, ctx, room):
        """Perhaps lets a word arrive in this cycle."""
        word = self.dut.word
        arrives = room and not self.fetcher.stopped and self.rng.random() < self.arrive
        if arrives:
            made = self.fetcher.word()
            self.cutter.arrive(made)
            for name in WORD_FIELDS:
                ctx.set(getattr(word, name), made[name])
        ctx.set(word.valid, int(arrives))

    async def cycle(self, ctx, number):
        dut, where = self.dut, f"seed {self.seed}, cycle {number}"
        held = ctx.get(dut.held)
        assert held <= 2, where
        self.deliver(ctx, held < 2)
        front = self.cutter.front()
        assert ctx.get(dut.valid) == (front is not None), where
        if front:
            found, _, _ = front
            got = {name: ctx.get(getattr(dut.fetched, name)) for name in found}
            assert got == found, where
        take = self.rng.random() < self.take
        # What follows a fault or a cut instruction is flushed by the trap or redirect.
        last = front and take and (found["refetch"] or "fault_va" in found)
        flush = last or self.rng.random() < self.flush
        ctx.set(dut.take, int(take))
        ctx.set(dut.flush, int(flush))
        await ctx.tick()
        if front and take:
            self.cutter.take()
            self.count(found)
        if flush:
            self.cutter.flush()
            self.fetcher.redirect()


@pytest.mark.parametrize(
    "seed, parameters",
    [
        (1, {}),
        (2, {"arrive": 1.0, "take": 1.0}),
        (3, {"arrive": 0.3, "take": 1.0, "predictions": 0.6, "faults": 0.15}),
        (4, {"arrive": 1.0, "take": 0.4, "faults": 0, "predictions": 0}),
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
    assert expected <= set(bench.kinds), bench.kinds


# -- Single cases -------------------------------------------------------------------------------


def word(*parcels, **fields):
    """A word with these parcels at 0x1000, nothing predicted."""
    made = dict.fromkeys(WORD_FIELDS, 0)
    made |= {"fault": NONE, "address": 0x200, "slot": 3}
    made["data"] = sum(parcel << 16 * slot for slot, parcel in enumerate(parcels))
    return made | fields


def put(ctx, dut, made):
    for name, value in made.items():
        ctx.set(getattr(dut.word, name), value)
    ctx.set(dut.word.valid, 1)


NOP = 0x0001
LONG = 0x0013


def test_a_word_is_used_in_the_cycle_of_its_arrival():
    dut = Aligner()

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
    dut = Aligner()

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
                    put(ctx, dut, word(*data, address=0x200 + cycle // 2, offset=offset))
                seen += ctx.get(dut.valid)
                await ctx.tick()
            assert seen >= 15

    simulate(dut, testbench)


def test_a_prediction_into_a_long_instruction_asks_for_it_again():
    dut = Aligner()

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
    dut = Aligner()

    async def testbench(ctx):
        put(ctx, dut, word(LONG, LONG, LONG, LONG, offset=3, fault=ACCESS))
        assert ctx.get(dut.valid)
        assert ctx.get(dut.fetched.fault) is ACCESS
        assert ctx.get(dut.fetched.fault_va) == 0x1006

    simulate(dut, testbench)


@pytest.mark.parametrize("failure", [{"fault": PAGE}, {"fault": ACCESS}, {"update": 1}], ids=str)
def test_the_second_halfs_fault_is_at_the_start_of_its_page(failure):
    dut = Aligner()

    async def testbench(ctx):
        put(ctx, dut, word(0, 0, 0, LONG, address=0x1FFF >> 3, offset=3))
        assert not ctx.get(dut.valid)
        await ctx.tick()
        put(ctx, dut, word(address=0x2000 >> 3, **failure))
        fetched = dut.fetched
        assert ctx.get(dut.valid)
        assert ctx.get(fetched.pc) == 0x1FFE
        assert ctx.get(fetched.fault) is failure.get("fault", NONE)
        assert ctx.get(fetched.update) == failure.get("update", 0)
        assert ctx.get(fetched.fault_va) == 0x2000
        assert ctx.get(fetched.raw) == 0

    simulate(dut, testbench)


def test_a_compressed_instruction_at_the_end_does_not_care_about_the_next_word():
    dut = Aligner()

    async def testbench(ctx):
        put(ctx, dut, word(0, 0, 0, NOP, offset=3))
        await ctx.tick()
        put(ctx, dut, word(address=0x201, fault=PAGE))
        assert ctx.get(dut.valid)
        assert ctx.get(dut.fetched.fault) is NONE
        assert ctx.get(dut.fetched.compressed)

    simulate(dut, testbench)


def test_flush_forgets_everything_and_the_arriving_word_too():
    dut = Aligner()

    async def testbench(ctx):
        put(ctx, dut, word(NOP, NOP, NOP, NOP))
        await ctx.tick()
        assert ctx.get(dut.held) == 1
        put(ctx, dut, word(NOP, NOP, NOP, NOP, address=0x201))
        ctx.set(dut.flush, 1)
        await ctx.tick()
        ctx.set(dut.flush, 0)
        ctx.set(dut.word.valid, 0)
        assert ctx.get(dut.held) == 0
        assert not ctx.get(dut.valid)

    simulate(dut, testbench)


def test_words_are_checked_whole():
    """A field that is added to a fetched word has to be tested here."""
    assert len(Cat(value for _, _, value in FetchedWord().flatten(FetchedWord().create()))) == 228
