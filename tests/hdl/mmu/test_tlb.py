"""The TLB alone: look-up, the four fences, pages of all sizes, overlap and replacement."""

import random
from dataclasses import dataclass
from itertools import product

import pytest

from hdl.arch import Priv
from hdl.mmu.tlb import Tlb
from hdl.mmu.vocabulary import Access
from tests.hdl.mmu.support import fence
from tests.hdl.mmu.test_permission import ALLOWED, FRESH
from tests.rigs import shared
from tests.support import simulate

#: A page number with bits in all three fields, and ones that share its 2 MiB and 1 GiB page.
PAGE = 0o123_456_707
SAME_2M = PAGE ^ 0o000_000_777
SAME_1G = PAGE ^ 0o000_777_000


@dataclass(frozen=True)
class Page:
    """A page and its translation."""

    vpn: int = PAGE
    ppn: int = 0x80042
    asid: int = 1
    g: int = 0
    level: int = 0

    def has(self, vpn, level=0):
        """Whether the page shares an address with the page of `vpn` at `level`."""
        shift = 9 * max(self.level, level)
        return self.vpn >> shift == vpn >> shift

    def overlaps(self, other):
        owned = self.g or other.g or self.asid == other.asid
        return owned and self.has(other.vpn, other.level)

    def survives(self, vpn, asid):
        """Whether `sfence.vma` with these operands (None for x0) may leave it."""
        return (vpn is not None and not self.has(vpn)) or (
            asid is not None and (self.g or self.asid != asid)
        )


async def fill(ctx, dut, page):
    """Fills `page` in one cycle; all its flags but G are set.

    Returns the level of the page that is evicted, or None.
    """
    ctx.set(dut.fill.valid, 1)
    ctx.set(
        dut.fill.entry,
        {
            "vpn": page.vpn,
            "asid": page.asid,
            "page": {
                "ppn": page.ppn,
                "level": page.level,
                "flags": dict.fromkeys("rwxuad", 1) | {"g": page.g},
            },
        },
    )
    evicted = ctx.get(dut.evicted_level) if ctx.get(dut.evicts) else None
    await ctx.tick()
    ctx.set(dut.fill.valid, 0)
    return evicted


def look_up(ctx, dut, vpn, asid=1):
    """`(ppn, level, g)` of a hit, or None."""
    ctx.set(dut.vpn, vpn)
    ctx.set(dut.asid, asid)
    page = dut.page
    if not ctx.get(dut.hit):
        return None
    return ctx.get(page.ppn), ctx.get(page.level), ctx.get(page.flags.g)


def run(testbench, *, entries=4):
    dut = shared(Tlb, entries=entries)

    async def bench(ctx):
        await testbench(ctx, dut)

    simulate(dut, bench)


def test_entries_must_be_positive():
    with pytest.raises(ValueError, match="entries must be a positive integer, not 0"):
        Tlb(entries=0)


def test_empty_after_reset():
    async def testbench(ctx, dut):
        assert look_up(ctx, dut, 0, asid=0) is None
        assert look_up(ctx, dut, PAGE) is None

    run(testbench)


def test_a_hit_is_judged_and_nothing_else():
    """As the specification says of each kind of page and access, whichever entry it is in."""

    async def testbench(ctx, dut):
        for number, (rwx, allowed) in enumerate(ALLOWED.items()):
            for (a, d), fresh in FRESH.items():
                flags = {name: int(name in rwx) for name in "rwx"} | {
                    "u": 1,
                    "g": 0,
                    "a": a,
                    "d": d,
                }
                page = {"ppn": 0x80042, "level": 0, "flags": flags}
                ctx.set(dut.fill.valid, 1)
                ctx.set(dut.fill.entry, {"vpn": PAGE + number, "asid": 1, "page": page})
                await ctx.tick()
                ctx.set(dut.fill.valid, 0)
                for access, mxr in product(Access, (0, 1)):
                    ctx.set(dut.access, access)
                    ctx.set(dut.mxr, mxr)
                    ctx.set(dut.priv, Priv.U)
                    permitted = access.name in " ".join(allowed[: 1 + mxr]).split()
                    ready = permitted and access.name in fresh.split()
                    assert look_up(ctx, dut, PAGE + number)
                    judged = ctx.get(dut.refuses), ctx.get(dut.ready), ctx.get(dut.answers)
                    assert judged == (not permitted, ready, ready or not permitted)
                    ctx.set(dut.priv, Priv.S)
                    ctx.set(dut.sum_, 0)
                    assert (ctx.get(dut.refuses), ctx.get(dut.ready)) == (1, 0)
                    assert not look_up(ctx, dut, PAGE ^ 1 << 20)
                    judged = ctx.get(dut.refuses), ctx.get(dut.ready), ctx.get(dut.answers)
                    assert judged == (0, 0, 0)

    run(testbench)


def test_whether_it_is_ram_is_known_of_a_hit():
    async def testbench(ctx, dut):
        pages = [Page(PAGE, 0x80042), Page(SAME_1G, 0x7FFFF), Page(1 << 18, 2 << 18, level=2)]
        for page in pages:
            await fill(ctx, dut, page)
        # RAM is from 0x8000_0000 on, 128 MiB, less than the page of 1 GiB.
        for vpn, ram in ((PAGE, 1), (SAME_1G, 0), (1 << 18, 1), (1 << 18 | 1 << 15, 0)):
            assert look_up(ctx, dut, vpn)
            assert ctx.get(dut.ram) == ram, oct(vpn)

    run(testbench)


def test_every_bit_of_a_page_number_counts():
    """What a page of each size leaves to the offset is not compared; everything else is."""

    async def testbench(ctx, dut):
        for level in range(3):
            page = Page(level=level, ppn=(1 << 44) - 1 << 9 * level & (1 << 44) - 1)
            await fill(ctx, dut, page)
            for bit in range(27):
                found = look_up(ctx, dut, PAGE ^ 1 << bit)
                assert found == ((page.ppn, level, 0) if bit < 9 * level else None), (level, bit)
            await fence(ctx, dut)

    run(testbench)


def test_every_bit_of_an_asid_counts():
    async def testbench(ctx, dut):
        for asid in (1 << bit for bit in range(16)):
            page = Page(asid=asid)
            await fill(ctx, dut, page)
            assert look_up(ctx, dut, PAGE, asid=asid) == (page.ppn, 0, 0)
            assert look_up(ctx, dut, PAGE, asid=0) is None
            await fence(ctx, dut, asid=0)
            assert look_up(ctx, dut, PAGE, asid=asid), "fenced as another address space"
            await fence(ctx, dut, asid=asid)
            assert look_up(ctx, dut, PAGE, asid=asid) is None

    run(testbench)


def test_asids_are_kept_apart_unless_global():
    """cva6#2943: the same page number under several ASIDs, then with G set."""

    async def testbench(ctx, dut):
        await fill(ctx, dut, Page(asid=1, ppn=0x111))
        await fill(ctx, dut, Page(asid=2, ppn=0x222))
        assert look_up(ctx, dut, PAGE, asid=1) == (0x111, 0, 0)
        assert look_up(ctx, dut, PAGE, asid=2) == (0x222, 0, 0)
        assert look_up(ctx, dut, PAGE, asid=3) is None

        await fill(ctx, dut, Page(asid=3, ppn=0x333, g=1))
        for asid in (1, 2, 3, 0xFFFF):
            assert look_up(ctx, dut, PAGE, asid=asid) == (0x333, 0, 1)
        assert ctx.get(dut.valid).bit_count() == 1, "the others would be second matches"

        await fill(ctx, dut, Page(asid=1, ppn=0x111))
        assert look_up(ctx, dut, PAGE, asid=1) == (0x111, 0, 0)
        assert ctx.get(dut.valid).bit_count() == 1

    run(testbench)


@pytest.mark.parametrize("first, second", [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1), (1, 1)])
def test_a_fill_drops_what_it_overlaps(first, second):
    async def testbench(ctx, dut):
        await fill(ctx, dut, Page(level=first, ppn=0x111))
        await fill(ctx, dut, Page(vpn=PAGE ^ 1 << 26, ppn=0x999))
        other = {0: PAGE, 1: SAME_2M, 2: SAME_1G}[max(first, second)]
        await fill(ctx, dut, Page(vpn=other, level=second, ppn=0x222))

        assert look_up(ctx, dut, other) == (0x222, second, 0)
        assert look_up(ctx, dut, PAGE ^ 1 << 26) == (0x999, 0, 0), "a neighbour was dropped"
        assert ctx.get(dut.valid).bit_count() == 2

    run(testbench)


@pytest.mark.parametrize("has_va", [False, True])
@pytest.mark.parametrize("has_asid", [False, True])
def test_the_four_forms_of_a_fence(has_va, has_asid):
    """XiangShan#5087, #1859: all pages, offsets and owners; global ones survive ASID forms only."""
    pages = [
        Page(vpn=PAGE ^ 1 << 20, asid=asid, g=g, level=level)
        for level in range(3)
        for asid, g in ((1, 0), (2, 0), (2, 1))
    ]

    async def testbench(ctx, dut):
        for page in pages:
            for offset in (0, 1, 0o777, 0o777_000, 1 << 20, 1 << 26):
                vpn = page.vpn ^ offset
                await fill(ctx, dut, page)
                await fence(
                    ctx,
                    dut,
                    va=(vpn << 12 | 0xABC) if has_va else None,
                    asid=1 if has_asid else None,
                )
                expected = page.survives(vpn if has_va else None, 1 if has_asid else None)
                assert ctx.get(dut.valid) == expected, (page, oct(offset))
                await fence(ctx, dut)

    run(testbench, entries=1)


def test_a_fence_uses_its_own_operands():
    """cva6#3307: a selective fence right after a look-up and another fence with other operands."""

    async def testbench(ctx, dut):
        mine, other = Page(vpn=0x111), Page(vpn=0x222)
        await fill(ctx, dut, mine)
        await fill(ctx, dut, other)
        assert look_up(ctx, dut, other.vpn)

        await fence(ctx, dut, va=0x333 << 12)
        await fence(ctx, dut, va=0x111 << 12)

        assert look_up(ctx, dut, mine.vpn) is None
        assert look_up(ctx, dut, other.vpn)

        ctx.set(dut.sfence.va, 0x222 << 12)  # operands without `valid` mean nothing
        await ctx.tick()
        assert look_up(ctx, dut, other.vpn)

    run(testbench)


def test_a_fence_wins_over_a_fill_of_its_cycle():
    async def testbench(ctx, dut):
        ctx.set(dut.sfence.valid, 1)
        await fill(ctx, dut, Page())
        ctx.set(dut.sfence.valid, 0)
        assert ctx.get(dut.valid) == 0

    run(testbench)


def test_invalid_entries_are_used_first_then_each_in_turn():
    async def testbench(ctx, dut):
        for vpn in range(4):
            await fill(ctx, dut, Page(vpn=vpn))
        assert all(look_up(ctx, dut, vpn) for vpn in range(4))

        await fence(ctx, dut, va=2 << 12)
        await fill(ctx, dut, Page(vpn=4))
        assert all(look_up(ctx, dut, vpn) for vpn in (0, 1, 3, 4))

        for vpn in range(5, 9):
            await fill(ctx, dut, Page(vpn=vpn))
        assert all(look_up(ctx, dut, vpn) for vpn in range(5, 9)), "some entry was never replaced"

    run(testbench)


def test_a_page_that_is_evicted_is_told_with_its_size():
    levels = (0, 2, 1)
    pages = [Page(vpn=number << 18, level=level) for number, level in enumerate(levels, 1)]

    async def testbench(ctx, dut):
        for page in pages:
            assert await fill(ctx, dut, page) is None
        assert await fill(ctx, dut, pages[0]) is None, "it takes its own place"
        assert [await fill(ctx, dut, Page(vpn=PAGE + n)) for n in range(3)] == [2, 1, 0]
        ctx.set(dut.sfence.valid, 1)
        assert await fill(ctx, dut, Page(vpn=PAGE + 3)) is None, "a fence drops the fill"

    run(testbench, entries=3)


@pytest.mark.parametrize("entries, seed", [(1, 1), (3, 2), (4, 3), (8, 4)])
def test_random_operations_against_a_model(entries, seed):
    """Every slot is modelled, so that hits, misses and replacement must all agree."""
    rng = random.Random(seed)
    slots, turn, hits = [None] * entries, 0, 0
    vpns = [a << 18 | b << 9 | c for a in (0, 511) for b in (0, 3) for c in (0, 511)]

    async def testbench(ctx, dut):
        nonlocal turn, hits
        for _ in range(400):
            if rng.random() < 0.7:
                page = Page(
                    vpn=rng.choice(vpns),
                    ppn=rng.getrandbits(44),
                    asid=rng.randrange(3),
                    g=rng.random() < 0.2,
                    level=rng.choice((0, 0, 0, 1, 2)),
                )
                slot = slots.index(None) if None in slots else turn
                turn = (turn + 1) % entries
                slots[:] = [s if s and not s.overlaps(page) else None for s in slots]
                slots[slot] = page
                await fill(ctx, dut, page)
            else:
                vpn = rng.choice([None, *vpns])
                asid = rng.choice([None, 0, 1, 2])
                slots[:] = [s if s and s.survives(vpn, asid) else None for s in slots]
                await fence(ctx, dut, va=None if vpn is None else vpn << 12, asid=asid)

            vpn, asid = rng.choice(vpns), rng.randrange(3)
            matches = [s for s in slots if s and s.has(vpn) and (s.g or s.asid == asid)]
            assert len(matches) <= 1, "the model itself has two hits"
            expected = [(s.ppn, s.level, s.g) for s in matches]
            assert look_up(ctx, dut, vpn, asid) == (expected[0] if expected else None)
            hits += len(matches)

    run(testbench, entries=entries)
    assert hits > 20
