"""The permission function against a table that is written out by hand, over all its inputs."""

from itertools import product

from amaranth.hdl import Elaboratable, Module, Signal

from hdl.arch import Priv
from hdl.mmu.permission import is_permitted, needs_update
from hdl.mmu.vocabulary import Access, PteFlags
from tests.support import simulate

#: For pages that the mode may touch: R W X of the leaf -> what is allowed, and what MXR adds.
ALLOWED = {
    "---": ("", ""),
    "r--": ("LOAD LR", ""),
    "--x": ("FETCH", "LOAD LR"),
    "r-x": ("FETCH LOAD LR", ""),
    "rw-": ("LOAD LR STORE SC AMO", ""),
    "rwx": ("FETCH LOAD LR STORE SC AMO", ""),
}
#: Privilege, U bit, SUM -> which accesses the mode may make to the page at all.
OPEN = {
    ("U", 0, 0): "",
    ("U", 0, 1): "",
    ("U", 1, 0): "FETCH LOAD LR STORE SC AMO",
    ("U", 1, 1): "FETCH LOAD LR STORE SC AMO",
    ("S", 0, 0): "FETCH LOAD LR STORE SC AMO",
    ("S", 0, 1): "FETCH LOAD LR STORE SC AMO",
    ("S", 1, 0): "",
    ("S", 1, 1): "LOAD LR STORE SC AMO",
}
#: A and D -> which accesses need neither to be set.
FRESH = {
    (0, 0): "",
    (0, 1): "",
    (1, 0): "FETCH LOAD LR",
    (1, 1): "FETCH LOAD LR STORE SC AMO",
}


class Bench(Elaboratable):
    """The functions between signals."""

    def __init__(self):
        self.flags = Signal(PteFlags)
        self.access = Signal(Access)
        self.priv = Signal(Priv)
        self.sum_, self.mxr, self.permitted, self.update = (Signal() for _ in range(4))

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [
            self.permitted.eq(
                is_permitted(self.flags, self.access, self.priv, self.sum_, self.mxr)
            ),
            self.update.eq(needs_update(self.flags, self.access)),
        ]
        return m


def test_every_combination():
    dut = Bench()

    async def testbench(ctx):
        seen = {0: 0, 1: 0}
        for (rwx, (allowed, with_mxr)), ((priv, u, sum_), opened), mxr, access in product(
            ALLOWED.items(), OPEN.items(), (0, 1), Access
        ):
            r, w, x = (int(letter != "-") for letter in rwx)
            ctx.set(dut.flags, {"r": r, "w": w, "x": x, "u": u, "g": 0, "a": 1, "d": 1})
            ctx.set(dut.access, access)
            ctx.set(dut.priv, Priv[priv])
            ctx.set(dut.sum_, sum_)
            ctx.set(dut.mxr, mxr)
            words = (allowed + " " + (with_mxr if mxr else "")).split()
            expected = access.name in words and access.name in opened.split()
            assert ctx.get(dut.permitted) == expected, (rwx, priv, u, sum_, mxr, access)
            seen[expected] += 1
        assert min(seen.values()) > 100

    simulate(dut, testbench)


def test_accessed_and_dirty():
    dut = Bench()

    async def testbench(ctx):
        for ((a, d), fresh), access in product(FRESH.items(), Access):
            ctx.set(dut.flags, {"r": 1, "w": 1, "x": 1, "u": 0, "g": 0, "a": a, "d": d})
            ctx.set(dut.access, access)
            assert ctx.get(dut.update) == (access.name not in fresh.split()), (a, d, access)

    simulate(dut, testbench)
