"""The interrupt unit against the rules for `mip`, `mie`, `mideleg` and the choice between them."""

import random

from amaranth.hdl import Cat, Const

from hdl.arch import Priv
from hdl.priv.interrupts import InterruptUnit, word_of
from tests.support import simulate

SEED = 1
SSI, MSI, STI, MTI, SEI, MEI = 1, 3, 5, 7, 9, 11
#: "Multiple simultaneous interrupts destined for the same privilege mode are handled in the
#: following decreasing priority order: MEI, MSI, MTI, SEI, SSI, STI."
PRIORITY = (MEI, MSI, MTI, SEI, SSI, STI)
SUPERVISOR_BITS = 1 << SSI | 1 << STI | 1 << SEI
ALL_BITS = SUPERVISOR_BITS | 1 << MSI | 1 << MTI | 1 << MEI
LINES = ("msip", "mtip", "meip", "seip", "timer", "stce")
MODES = ("machine_enable", "supervisor_enable", "priv")
WRITES = ("write_mip", "write_sip", "write_mie", "write_sie", "write_mideleg")


class Model:
    """The registers as the specification has them."""

    def __init__(self):
        self.mie = self.mideleg = self.ssip = self.stip = self.seip = 0

    def mip(self, lines, *, written=False):
        stip = lines["timer"] if lines["stce"] else self.stip
        seip = self.seip if written else self.seip | lines["seip"]
        bits = {SSI: self.ssip, STI: stip, SEI: seip}
        bits |= {MSI: lines["msip"], MTI: lines["mtip"], MEI: lines["meip"]}
        return sum(value << bit for bit, value in bits.items())

    def held(self, lines):
        """What of `mip` is software's alone."""
        stip = 0 if lines["stce"] else self.stip
        return self.ssip << SSI | stip << STI | self.seip << SEI

    def write(self, name, data, lines):
        if name == "write_mip":
            self.ssip, self.seip = data >> SSI & 1, data >> SEI & 1
            if not lines["stce"]:
                self.stip = data >> STI & 1
        elif name == "write_sip":
            if self.mideleg >> SSI & 1:
                self.ssip = data >> SSI & 1
        elif name == "write_mie":
            self.mie = data & ALL_BITS
        elif name == "write_sie":
            self.mie = self.mie & ~self.mideleg | data & self.mideleg
        elif name == "write_mideleg":
            self.mideleg = data & SUPERVISOR_BITS

    def taken(self, lines, modes):
        """Number of the interrupt that is taken, or None."""
        ready = self.mip(lines) & self.mie
        to_m = ready & ~self.mideleg
        to_s = ready & self.mideleg
        priv = modes["priv"]
        if not (priv < Priv.M or modes["machine_enable"]):
            to_m = 0
        if not (priv < Priv.S or (priv == Priv.S and modes["supervisor_enable"])):
            to_s = 0
        for candidates in (to_m, to_s):
            for number in PRIORITY:
                if candidates >> number & 1:
                    return number
        return None


async def write(ctx, dut, name, data):
    ctx.set(dut.data, data)
    ctx.set(getattr(dut, name), 1)
    await ctx.tick()
    ctx.set(getattr(dut, name), 0)


def line_of(dut, name):
    return getattr(dut if name in ("timer", "stce") else dut.interrupts, name)


def registers(ctx, dut):
    names = ("mip", "mip_written", "mip_held", "mie", "mideleg")
    return {name: ctx.get(getattr(dut, name)) for name in names}


def test_everything_is_0_after_reset():
    dut = InterruptUnit()

    async def testbench(ctx):
        assert set(registers(ctx, dut).values()) == {0}
        assert not ctx.get(dut.pending)
        assert not ctx.get(dut.wake)

    simulate(dut, testbench)


def test_writes_of_all_ones_set_what_is_writable():
    dut = InterruptUnit()
    ones = (1 << 64) - 1

    async def testbench(ctx):
        for name in ("write_mip", "write_mie", "write_mideleg"):
            await write(ctx, dut, name, ones)
        assert registers(ctx, dut) == {
            # MEIP, MTIP and MSIP are the lines' alone.
            "mip": SUPERVISOR_BITS,
            "mip_written": SUPERVISOR_BITS,
            "mip_held": SUPERVISOR_BITS,
            "mie": ALL_BITS,
            "mideleg": SUPERVISOR_BITS,
        }

    simulate(dut, testbench)


def test_the_supervisor_sees_and_writes_only_what_is_delegated():
    dut = InterruptUnit()
    ones = (1 << 64) - 1

    async def testbench(ctx):
        await write(ctx, dut, "write_sie", ones)
        await write(ctx, dut, "write_sip", ones)
        assert (ctx.get(dut.mie), ctx.get(dut.mip)) == (0, 0)
        await write(ctx, dut, "write_mideleg", 1 << SSI | 1 << SEI)
        await write(ctx, dut, "write_sie", ones)
        await write(ctx, dut, "write_sip", ones)
        # Of sip only SSIP can be written.
        assert (ctx.get(dut.mie), ctx.get(dut.mip)) == (1 << SSI | 1 << SEI, 1 << SSI)
        await write(ctx, dut, "write_mie", ALL_BITS)
        await write(ctx, dut, "write_sie", 0)
        assert ctx.get(dut.mie) == ALL_BITS & ~(1 << SSI | 1 << SEI)

    simulate(dut, testbench)


def test_seip_is_the_line_or_what_software_wrote():
    dut = InterruptUnit()

    async def testbench(ctx):
        for software in (0, 1):
            await write(ctx, dut, "write_mip", software << SEI)
            for line in (0, 1):
                ctx.set(dut.interrupts.seip, line)
                assert ctx.get(dut.mip) == (software | line) << SEI
                assert ctx.get(dut.mip_written) == software << SEI

    simulate(dut, testbench)


def test_with_stce_stip_is_the_comparison_alone():
    dut = InterruptUnit()

    async def testbench(ctx):
        ctx.set(dut.stce, 1)
        for timer in (0, 1):
            ctx.set(dut.timer, timer)
            for data in (0, 1 << STI):
                await write(ctx, dut, "write_mip", data)
                assert ctx.get(dut.mip) == timer << STI
        ctx.set(dut.stce, 0)
        ctx.set(dut.timer, 1)
        assert ctx.get(dut.mip) == 0
        await write(ctx, dut, "write_mip", 1 << STI)
        assert ctx.get(dut.mip) == 1 << STI

    simulate(dut, testbench)


def test_every_set_of_pending_interrupts():
    """All 64 pending sets under every delegation, mode and enable: which one is taken."""
    dut = InterruptUnit()
    lines = Cat(line_of(dut, name) for name in LINES)
    modes = Cat(*(getattr(dut, name) for name in MODES))
    taken = set()

    def spread(index, bits):
        return sum((index >> place & 1) << bit for place, bit in enumerate(bits))

    async def testbench(ctx):
        model = Model()
        ctx.set(lines, 0)
        for name, data in (("write_mie", ALL_BITS), ("write_mip", 1 << SSI)):
            await write(ctx, dut, name, data)
            model.write(name, data, {"stce": 1})
        for delegation in range(8):
            mideleg = spread(delegation, (SSI, STI, SEI))
            await write(ctx, dut, "write_mideleg", mideleg)
            model.write("write_mideleg", mideleg, {})
            for enabled in range(64):
                mie = spread(enabled, PRIORITY)
                await write(ctx, dut, "write_mie", mie)
                model.write("write_mie", mie, {})
                line_values = dict.fromkeys(LINES, 1)
                ctx.set(lines, 0b111111)
                for priv in Priv:
                    for bits in range(4):
                        mode_values = {
                            "machine_enable": bits & 1,
                            "supervisor_enable": bits >> 1,
                            "priv": priv,
                        }
                        ctx.set(modes, bits | priv << 2)
                        expected = model.taken(line_values, mode_values)
                        where = f"{mideleg=:#x} {mie=:#x} {mode_values}"
                        assert ctx.get(dut.pending) == (expected is not None), where
                        assert expected is None or ctx.get(dut.cause) == expected, where
                        taken.add((expected, priv))
                assert ctx.get(dut.wake) == (mie != 0)

    simulate(dut, testbench)
    assert taken == {(number, priv) for number in (*PRIORITY, None) for priv in Priv}


def test_random_writes_and_lines():
    dut = InterruptUnit()
    rng = random.Random(SEED)
    lines = Cat(line_of(dut, name) for name in LINES)
    modes = Cat(*(getattr(dut, name) for name in MODES))
    seen = set()

    async def testbench(ctx):
        model = Model()
        for cycle in range(1500):
            line_values = {name: rng.getrandbits(1) for name in LINES}
            mode_values = {"machine_enable": rng.getrandbits(1)}
            mode_values["supervisor_enable"] = rng.getrandbits(1)
            mode_values["priv"] = rng.choice(list(Priv))
            ctx.set(lines, sum(value << i for i, value in enumerate(line_values.values())))
            ctx.set(
                modes,
                mode_values["machine_enable"]
                | mode_values["supervisor_enable"] << 1
                | mode_values["priv"] << 2,
            )
            where = f"seed {SEED}, cycle {cycle}"
            assert registers(ctx, dut) == {
                "mip": model.mip(line_values),
                "mip_written": model.mip(line_values, written=True),
                "mip_held": model.held(line_values),
                "mie": model.mie,
                "mideleg": model.mideleg,
            }, where
            expected = model.taken(line_values, mode_values)
            assert ctx.get(dut.pending) == (expected is not None), where
            assert expected is None or ctx.get(dut.cause) == expected, where
            assert ctx.get(dut.wake) == bool(model.mip(line_values) & model.mie), where
            seen.add(expected)
            name, data = rng.choice(WRITES), rng.getrandbits(64)
            await write(ctx, dut, name, data)
            model.write(name, data, line_values)

    simulate(dut, testbench)
    assert seen == {*PRIORITY, None}


def test_word_of_puts_fields_in_place():
    word = word_of({63: Const(1, 1), 3: Const(3, 2), 0: Const(1, 1)})
    assert len(word) == 64
    assert Const.cast(word).value == 1 << 63 | 3 << 3 | 1
    assert len(word_of({0: Const(1, 1)}, width=8)) == 8
