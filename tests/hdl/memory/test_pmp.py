"""The checker of physical memory protection against the golden model."""

import random

import pytest

from hdl.memory.pmp import PmpChecker
from tests.support import simulate
from tests.verify.golden.pmp import NA4, NAPOT, OFF, TOR, L, Pmp, R, W, X, fields_of, napot

SEED = 1
TOP = (1 << 56) - 8
#: What fetches, loads, stores and atomics need.
PERMISSIONS = (X, R, W, R | W)


class Bench:
    """A checker with the entries of a golden model."""

    def __init__(self, ctx, dut):
        self.ctx, self.dut = ctx, dut

    def protect(self, *pairs):
        """Entries of these (configuration, address) pairs; the others are off."""
        count = self.dut.entries.shape().length
        pairs = [*pairs, *[(OFF, 0)] * (count - len(pairs))]
        self.golden = Pmp(count, [cfg for cfg, _ in pairs], [addr for _, addr in pairs])
        self.ctx.set(self.dut.entries, fields_of(self.golden))

    def check(self, address, log_size, permission, mode):
        """The checker agrees with the golden model, on the other 4 of 8 bytes, too."""
        dut, ctx = self.dut, self.ctx
        for name, value in (
            ("address", address),
            ("size", log_size),
            ("reads", bool(permission & R)),
            ("writes", bool(permission & W)),
            ("executes", bool(permission & X)),
            ("machine", mode == "M"),
        ):
            ctx.set(getattr(dut, name), value)
        case = f"{self.golden} {address:#x} {1 << log_size} {permission} {mode}"
        permitted = self.golden.permits(address, 1 << log_size, permission, mode)
        assert ctx.get(dut.permitted) == permitted, case
        far = self.golden.permits((address ^ 4) & ~3, 4, permission, mode)
        assert ctx.get(dut.far_permitted) == far, case
        return permitted


def run(testbench, entries=2):
    dut = PmpChecker(entries=entries)

    async def bench(ctx):
        testbench(Bench(ctx, dut))

    simulate(dut, bench)


def test_there_must_be_an_entry():
    with pytest.raises(ValueError, match="entries must be at least 1, not 0"):
        PmpChecker(entries=0)


def test_permissions_of_one_region():
    """Every set of them, locked or not, against every access of every mode."""

    def testbench(bench):
        for cfg in range(8):
            for lock in (0, L):
                bench.protect((NAPOT | cfg | lock, napot(0x1000, 0x1000)))
                for permission in PERMISSIONS:
                    for mode in "USM":
                        for address in (0xFF8, 0x1000, 0x1FF8, 0x2000):
                            bench.check(address, 3, permission, mode)

    run(testbench)


def test_borders_of_every_size_of_region():
    def testbench(bench):
        for log_size in range(3, 56):
            size = 1 << log_size
            for base in {0, size * (0x5A5A5A5A5A5A5A & (1 << 56 - log_size) - 1)}:
                bench.protect((NAPOT | R, napot(base, size)))
                found = [
                    bench.check(address % (1 << 56) & ~7, 3, R, "U")
                    for address in (base, base + size - 1, base - 1, base + size, base ^ size)
                ]
                assert found[:2] == [True, True]

    run(testbench)


def test_the_whole_address_space_is_one_region():
    def testbench(bench):
        bench.protect((NAPOT | R, (1 << 54) - 1))
        assert all(bench.check(address, 3, R, "U") for address in (0, 0x8000_0000, TOP))

    run(testbench)


def test_tops_of_ranges():
    """Also an empty range, one that ends before it begins, and one above an entry of any kind."""

    def testbench(bench):
        for low, high in ((0, 4), (2, 4), (3, 4), (3, 5), (4, 4), (5, 3), (0, (1 << 54) - 1)):
            for kind in (OFF, TOR, NA4, NAPOT):
                bench.protect((kind | R, low), (TOR | R | W, high))
                for address in (*range(0, 32, 4), TOP, TOP + 4):
                    for log_size in (2, 3):
                        if not address % (1 << log_size):
                            bench.check(address, log_size, W, "S")

    run(testbench)


def test_the_lowest_entry_that_matches_decides():
    def testbench(bench):
        region, part = napot(0x1000, 0x1000), napot(0x1800, 0x10)
        for first, second in (((0, region), (R, part)), ((0, part), (R, region))):
            bench.protect((NAPOT | first[0], first[1]), (NAPOT | second[0], second[1]))
            for address in (0x17F8, 0x1800, 0x1808, 0x1810):
                bench.check(address, 3, R, "U")

    run(testbench)


def test_accesses_that_lie_in_a_region_in_part():
    """They fail in M-mode, too, and though another entry would let all of it pass."""

    def testbench(bench):
        bench.protect((NA4 | R | W | X, 0x1000 >> 2), (NAPOT | R | W | X, (1 << 54) - 1))
        for mode in "USM":
            assert not bench.check(0x1000, 3, R, mode)
            for address in (0x1000, 0x1004, 0x1008):
                for log_size in range(3):
                    assert bench.check(address, log_size, R, mode)

    run(testbench)


@pytest.mark.parametrize("entries", [1, 8, 16])
def test_random_accesses(entries):
    """Many entries that are near each other, and accesses at their borders."""
    rng = random.Random(SEED)

    def near():
        return rng.randrange(64) if rng.random() < 0.8 else rng.getrandbits(54)

    def testbench(bench):
        for _ in range(1600 // entries):
            kinds = rng.choice(((OFF, TOR, NA4, NAPOT), (OFF, TOR), (NAPOT,), (OFF, NA4)))
            bench.protect(
                *(
                    (rng.choice(kinds) | rng.randrange(8) | rng.choice((0, L)), near())
                    for _ in range(entries)
                )
            )
            for _ in range(20):
                log_size = rng.randrange(4)
                address = near() << 2 | rng.randrange(4)
                address = address >> log_size << log_size
                bench.check(address, log_size, rng.choice(PERMISSIONS), rng.choice("USM"))

    run(testbench, entries)
