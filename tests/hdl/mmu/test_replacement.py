"""Which slot a new entry takes, and what it drops; in the smallest table that can show it."""

import random

import pytest
from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.mmu.replacement import replace, victim
from tests.support import simulate

SEED = 1
#: Slots of the tables; three of the numbers are no power of two.
SIZES = (1, 2, 3, 5, 6, 8)
#: The tag of an entry that overlaps every other, as a large page does.
ANY = 0


class Entry(data.Struct):
    tag: 6
    number: 8


class Table(wiring.Component):
    """Takes `new` in a cycle with `fill`; forgets the slots of `drop` in one without."""

    def __init__(self, size):
        super().__init__({"fill": In(1), "new": In(Entry), "drop": In(size)})
        self.valid = Signal(size)
        self.entries = [Signal(Entry, name=f"entry{i}") for i in range(size)]
        self.turn = Signal(size, init=1)
        self.evicted = Signal(size)

    def elaborate(self, platform):
        m = Module()
        overlaps = Cat(self._overlaps(entry) for entry in self.entries)
        chosen, displaced = replace(m, self, overlaps, self.fill)
        m.d.comb += self.evicted.eq(displaced)
        with m.If(self.fill):
            for slot, entry in enumerate(self.entries):
                with m.If(chosen[slot]):
                    m.d.sync += entry.eq(self.new)
        with m.Else():
            m.d.sync += self.valid.eq(self.valid & ~self.drop)
        return m

    def _overlaps(self, entry):
        return (entry.tag == self.new.tag) | (entry.tag == ANY) | (self.new.tag == ANY)


class Chooser(wiring.Component):
    """`victim` alone."""

    def __init__(self, size):
        super().__init__({"valid": In(size), "turn": In(size), "chosen": Out(size)})

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.chosen.eq(victim(self.valid, self.turn))
        return m


class Bench:
    """A table of `size` slots; an entry is a tuple (tag, number), an invalid slot is None."""

    def __init__(self, size):
        self.dut = Table(size)

    def run(self, testbench):
        async def bound(ctx):
            self.ctx = ctx
            await testbench()

        simulate(self.dut, bound)

    async def fill(self, tag, number=0):
        """Returns the slots whose entries had to make room."""
        self.ctx.set(self.dut.new, {"tag": tag, "number": number})
        self.ctx.set(self.dut.fill, 1)
        evicted = self.ctx.get(self.dut.evicted)
        await self.ctx.tick()
        self.ctx.set(self.dut.fill, 0)
        return [slot for slot in range(len(self.dut.entries)) if evicted >> slot & 1]

    async def fill_up(self):
        """Tags 1, 2, ... in slots 0, 1, ..."""
        for slot in range(len(self.dut.entries)):
            await self.fill(slot + 1)

    async def drop(self, slots):
        """Forgets the slots in this mask."""
        self.ctx.set(self.dut.drop, slots)
        await self.ctx.tick()
        self.ctx.set(self.dut.drop, 0)

    def slots(self):
        valid = self.ctx.get(self.dut.valid)
        return [
            (self.ctx.get(entry.tag), self.ctx.get(entry.number)) if valid >> i & 1 else None
            for i, entry in enumerate(self.dut.entries)
        ]

    def tags(self):
        return [slot and slot[0] for slot in self.slots()]

    def turn(self):
        return self.ctx.get(self.dut.turn)


# -- The victim ---------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_the_victim_is_the_lowest_invalid_slot_or_else_whose_turn_it_is(size):
    dut = Chooser(size)

    async def testbench(ctx):
        for valid in range(1 << size):
            invalid = [slot for slot in range(size) if not valid >> slot & 1]
            for turn in range(size):
                ctx.set(dut.valid, valid)
                ctx.set(dut.turn, 1 << turn)
                expected = 1 << min(invalid, default=turn)
                assert ctx.get(dut.chosen) == expected, f"{valid=:#b} {turn=}"

    simulate(dut, testbench)


@pytest.mark.parametrize("size", SIZES)
def test_invalid_slots_come_first(size):
    bench = Bench(size)

    async def testbench():
        for filled in range(size + 1):
            assert bench.tags() == [*range(1, filled + 1)] + [None] * (size - filled)
            await bench.fill(filled + 1)

    bench.run(testbench)


@pytest.mark.parametrize("size", SIZES)
def test_a_full_table_is_replaced_slot_by_slot(size):
    """In turn, and from the first one again after the last."""
    bench = Bench(size)

    async def testbench():
        await bench.fill_up()
        for number in range(1, 3 * size):
            before = bench.slots()
            await bench.fill(size + number)
            taken = [i for i, slot in enumerate(bench.slots()) if slot != before[i]]
            assert taken == [(number - 1) % size]

    bench.run(testbench)


def test_a_hole_is_filled_before_it_is_anyones_turn():
    bench = Bench(5)

    async def testbench():
        await bench.fill_up()
        await bench.drop(0b01010)
        assert bench.tags() == [1, None, 3, None, 5]
        await bench.fill(6)
        assert bench.tags() == [1, 6, 3, None, 5]
        await bench.fill(7)
        assert bench.tags() == [1, 6, 3, 7, 5]
        # Two fills on, it is the turn of slot 2.
        await bench.fill(8)
        assert bench.tags() == [1, 6, 8, 7, 5]

    bench.run(testbench)


@pytest.mark.parametrize("size", SIZES)
def test_the_turn_is_one_slots_and_moves_with_each_fill_only(size):
    bench = Bench(size)

    async def testbench():
        for number in range(2 * size + 1):
            assert bench.turn() == 1 << number % size
            await bench.drop(0)
            assert bench.turn() == 1 << number % size
            await bench.fill(number + 1)

    bench.run(testbench)


def test_who_makes_room_is_told():
    """Not an entry that overlaps the new one: it would have had to go in any case."""
    bench = Bench(3)

    async def testbench():
        assert [await bench.fill(tag) for tag in (1, 2, 3)] == [[], [], []]
        assert await bench.fill(4) == [0]
        assert await bench.fill(2, 22) == []
        assert await bench.fill(4, 44) == [2]
        assert bench.tags() == [None, 2, 4]
        assert await bench.fill(5) == []

    bench.run(testbench)


# -- Overlap ------------------------------------------------------------------------------------


def test_what_overlaps_is_dropped_and_leaves_a_hole():
    """The victim is chosen among what was there before: the hole is for the next one."""
    bench = Bench(3)

    async def testbench():
        await bench.fill_up()
        await bench.fill(3, 33)
        assert bench.slots() == [(3, 33), (2, 0), None]
        await bench.fill(4)
        assert bench.tags() == [3, 2, 4]

    bench.run(testbench)


def test_a_victim_that_overlaps_is_replaced():
    bench = Bench(3)

    async def testbench():
        await bench.fill_up()
        await bench.fill(1, 11)
        assert bench.slots() == [(1, 11), (2, 0), (3, 0)]

    bench.run(testbench)


@pytest.mark.parametrize("size", SIZES)
def test_an_entry_that_overlaps_all_is_alone(size):
    bench = Bench(size)

    async def testbench():
        await bench.fill_up()
        await bench.fill(ANY, 7)
        assert bench.slots() == [(ANY, 7)] + [None] * (size - 1)
        # It gives way to the next one, which overlaps it as well.
        await bench.fill(5, 8)
        assert [slot for slot in bench.slots() if slot] == [(5, 8)]

    bench.run(testbench)


def test_an_invalid_slot_that_overlaps_stays_invalid():
    bench = Bench(3)

    async def testbench():
        await bench.fill_up()
        await bench.drop(0b110)
        await bench.fill(3, 33)
        assert bench.slots() == [(1, 0), (3, 33), None]

    bench.run(testbench)


# -- Everything at random -----------------------------------------------------------------------


class Model:
    """The table in Python."""

    def __init__(self, size):
        self.slots, self.turn = [None] * size, 0

    def fill(self, tag, number):
        """Returns how many other slots the new entry emptied, and which had to make room."""
        full = None not in self.slots
        taken = self.turn if full else self.slots.index(None)
        overlap = [
            slot is not None and (slot[0] == tag or ANY in (slot[0], tag)) for slot in self.slots
        ]
        self.slots = [None if o else slot for slot, o in zip(self.slots, overlap, strict=True)]
        self.slots[taken] = (tag, number)
        self.turn = (self.turn + 1) % len(self.slots)
        return sum(overlap) - overlap[taken], [taken] if full and not overlap[taken] else []

    def drop(self, slots):
        self.slots = [None if slots >> i & 1 else slot for i, slot in enumerate(self.slots)]


@pytest.mark.parametrize("size", SIZES)
def test_random_fills(size):
    bench, model = Bench(size), Model(size)
    rng = random.Random(SEED)
    emptied, full = [], 0

    async def testbench():
        nonlocal full
        for number in range(200):
            if rng.random() < 0.1:
                slots = rng.getrandbits(size)
                await bench.drop(slots)
                model.drop(slots)
            full += None not in model.slots
            tag = ANY if rng.random() < 0.05 else rng.randrange(1, 16)
            made_room = await bench.fill(tag, number)
            others, expected = model.fill(tag, number)
            emptied.append(others)
            assert made_room == expected
            assert bench.slots() == model.slots, f"seed {SEED}, fill {number}"
            assert bench.turn() == 1 << model.turn

    bench.run(testbench)
    assert full > 20
    assert max(emptied) == size - 1
