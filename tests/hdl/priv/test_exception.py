"""The trap unit against the table of exception priorities, for every combination of flags.

The table is "Synchronous exception priority in decreasing priority order" of the privileged
specification, with misaligned addresses above translation faults (one of its two options).
"""

import itertools
import random

import pytest
from amaranth.hdl import Cat

from hdl.arch import Priv
from hdl.mmu.vocabulary import Fault
from hdl.priv.exception import Collected, TrapTarget, TrapUnit
from tests.rigs import shared
from tests.support import leaves, member, simulate

SEED = 1
PRIVILEGES = (Priv.U, Priv.S, Priv.M)
FLAGS = {
    "interrupt": (0, 1),
    "fetch__fault": (Fault.NONE, Fault.PAGE, Fault.ACCESS),
    "illegal": (0, 1),
    "ebreak": (0, 1),
    "ecall": (0, 1),
    "writes": (0, 1),
    "misaligned": (0, 1),
    "data__fault": (Fault.NONE, Fault.PAGE, Fault.ACCESS),
}
MASK = (1 << 64) - 1
#: All bits of medeleg and of mideleg.
EXCEPTIONS, INTERRUPTS = (1 << 16) - 1, (1 << 12) - 1
COLLECTED, TARGET = leaves(Collected()), leaves(TrapTarget())
STATE = ("priv", "medeleg", "mideleg", "stvec", "mtvec", "enable")

#: Rows of (what has happened, cause, xtval), most important first. Where the cause depends on the
#: access it is (of loads, of stores and AMOs); where on the privilege, a dict.
PRIORITIES = [
    (lambda c: c["fetch__fault"] is Fault.PAGE, 12, "fetch__va"),
    (lambda c: c["fetch__fault"] is Fault.ACCESS, 1, "fetch__va"),
    (lambda c: c["illegal"], 2, "insn"),
    (lambda c: c["ecall"], {Priv.U: 8, Priv.S: 9, Priv.M: 11}, None),
    (lambda c: c["ebreak"], 3, "pc"),
    (lambda c: c["misaligned"], (4, 6), "data__va"),
    (lambda c: c["data__fault"] is Fault.PAGE, (13, 15), "data__va"),
    (lambda c: c["data__fault"] is Fault.ACCESS, (5, 7), "data__va"),
]


def reference(collected, state):
    """The trap as a dict, or None."""
    if collected["interrupt"]:
        number, tval, interrupt = collected["interrupt_cause"], 0, 1
    else:
        met = [(cause, source) for happened, cause, source in PRIORITIES if happened(collected)]
        if not met:
            return None
        cause, source = met[0]
        if isinstance(cause, dict):
            cause = cause[state["priv"]]
        number = cause[collected["writes"]] if isinstance(cause, tuple) else cause
        tval, interrupt = (collected[source] if source else 0), 0
    delegation = state["mideleg"] if interrupt else state["medeleg"]
    to_s = state["priv"] != Priv.M and delegation >> number & 1
    xtvec = state["stvec"] if to_s else state["mtvec"]
    base, vectored = xtvec & ~0b11, xtvec & 0b11 == 1
    return {
        "valid": state["enable"],
        "interrupt": interrupt,
        "cause": number,
        "to_s": int(to_s),
        "epc": collected["pc"],
        "tval": tval,
        "vector": (base + 4 * number) & MASK if interrupt and vectored else base,
    }


def pack(values, widths):
    """`values` in the places that they have in a `Cat` of signals with `widths`."""
    packed, position = 0, 0
    for value, width in zip(values, widths, strict=True):
        packed |= int(getattr(value, "value", value)) << position
        position += width
    return packed


class Bench:
    """Sets all inputs and reads all outputs at once, which simulates faster than one by one."""

    def __init__(self):
        self.dut = dut = shared(TrapUnit)
        inputs = [member(dut.collected, name) for name in COLLECTED]
        inputs += [getattr(dut, name) for name in STATE]
        outputs = [getattr(dut.target, name) for name in TARGET]
        self.input_widths = [len(Cat(signal)) for signal in inputs]
        self.output_widths = [len(signal) for signal in outputs]
        self.inputs, self.outputs = Cat(inputs), Cat(outputs)

    def check(self, ctx, collected, state):
        """Compares with the reference; returns what that said."""
        values = [collected[name] for name in COLLECTED] + [state[name] for name in STATE]
        ctx.set(self.inputs, pack(values, self.input_widths))
        expected = reference(collected, state)
        assert ctx.get(self.dut.chosen) == (expected is not None), (collected, state)
        if expected is None:
            assert not ctx.get(self.dut.target.valid), (collected, state)
        else:
            trap = pack((expected[name] for name in TARGET), self.output_widths)
            assert ctx.get(self.outputs) == trap, (collected, state, expected)
        return expected


def random_values(rng, flags):
    """`flags` with a random rest: (collected, state)."""
    collected = {
        name: flags.get(name, 0) if name in FLAGS else rng.getrandbits(64) for name in COLLECTED
    }
    collected["interrupt_cause"] = rng.choice((1, 3, 5, 7, 9, 11))
    collected["insn"] &= 0xFFFF_FFFF
    collected |= {"fetch__update": 0, "data__update": 0}
    state = {name: rng.getrandbits(64) for name in ("stvec", "mtvec")}
    state |= {"medeleg": rng.getrandbits(16), "mideleg": rng.getrandbits(12)}
    state["stvec"] &= ~0b10
    state["mtvec"] &= ~0b10
    state["priv"] = rng.choice(PRIVILEGES)
    state["enable"] = 1
    return collected, state


def test_every_combination_of_flags_in_every_mode():
    bench = Bench()
    rng = random.Random(SEED)
    causes = set()

    async def testbench(ctx):
        for values in itertools.product(*FLAGS.values()):
            flags = dict(zip(FLAGS, values, strict=True))
            for priv in PRIVILEGES:
                collected, state = random_values(rng, flags)
                for exceptions, interrupts in ((0, 0), (EXCEPTIONS, INTERRUPTS)):
                    state |= {"priv": priv, "medeleg": exceptions, "mideleg": interrupts}
                    trap = bench.check(ctx, collected, state)
                    if trap:
                        causes.add((trap["interrupt"], trap["cause"], trap["to_s"]))

    simulate(bench.dut, testbench)
    exceptions = {cause for interrupt, cause, _ in causes if not interrupt}
    assert exceptions == {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15}
    # Everything but an ecall from M-mode, 12 exceptions and 6 interrupts, went both ways.
    assert len(causes) == 2 * (12 + 6) + 1


def test_random_delegation_and_nothing_taken_while_not_enabled():
    bench = Bench()
    rng = random.Random(SEED)

    async def testbench(ctx):
        for _ in range(500):
            flags = {name: rng.choice(values) for name, values in FLAGS.items()}
            collected, state = random_values(rng, flags)
            state["enable"] = rng.getrandbits(1)
            bench.check(ctx, collected, state)

    simulate(bench.dut, testbench)


@pytest.mark.parametrize("cause", sorted({1, 3, 5, 7, 9, 11}))
def test_delegation_looks_at_the_own_bit_only(cause):
    """One bit of mideleg or medeleg set, or all but one: only the trap's own bit counts."""
    bench = Bench()
    rng = random.Random(SEED)

    async def testbench(ctx):
        for bit in range(16):
            for inverted in (False, True):
                collected, state = random_values(rng, {"interrupt": 1})
                collected["interrupt_cause"] = cause
                state["mideleg"] = (INTERRUPTS * inverted ^ 1 << bit) & INTERRUPTS
                state["medeleg"] = (EXCEPTIONS * inverted ^ 1 << bit) & EXCEPTIONS
                for priv in PRIVILEGES:
                    state["priv"] = priv
                    trap = bench.check(ctx, collected, state)
                    expected = priv != Priv.M and (bit == cause) != inverted
                    assert trap["to_s"] == expected

    simulate(bench.dut, testbench)


def test_only_interrupts_are_vectored():
    bench = Bench()
    rng = random.Random(SEED)

    async def testbench(ctx):
        for flags, offset in (({"interrupt": 1}, 4 * 9), ({"ecall": 1}, 0), ({"illegal": 1}, 0)):
            collected, state = random_values(rng, flags)
            collected["interrupt_cause"] = 9
            state |= {
                "priv": Priv.S,
                "stvec": 0x8000_0101,
                "mideleg": INTERRUPTS,
                "medeleg": EXCEPTIONS,
            }
            trap = bench.check(ctx, collected, state)
            assert trap["vector"] == 0x8000_0100 + offset

    simulate(bench.dut, testbench)
