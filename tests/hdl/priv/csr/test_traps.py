"""What traps, sret and mret do to mstatus, the mode and the trap CSRs."""

import random

from hdl.arch import Priv
from tests.hdl.priv.csr.bench import SEED, Bench, M, S, U, address_of
from tests.hdl.priv.csr.expected import (
    MIE,
    MPIE,
    MPP,
    MPRV,
    NAMES,
    ONES,
    SIE,
    SPIE,
    SPP,
    STATUS_BITS,
    XL,
)


def trap_status(status, priv, to_s):
    """mstatus after a trap: xPIE = xIE, xIE = 0, xPP = the mode it came from."""
    if to_s:
        result = status & ~(SIE | SPIE | SPP)
        return result | (SPIE if status & SIE else 0) | (SPP if priv == S else 0)
    result = status & ~(MIE | MPIE | MPP)
    return result | (MPIE if status & MIE else 0) | priv << 11


def return_status(status, kind):
    """(mstatus, mode) after sret or mret."""
    if kind == "sret":
        mode = S if status & SPP else U
        result = status & ~(SIE | SPP) | SPIE | (SIE if status & SPIE else 0)
    else:
        mode = Priv(status >> 11 & 3)
        result = status & ~(MIE | MPP) | MPIE | (MIE if status & MPIE else 0)
    return (result if mode == M else result & ~MPRV), mode


def test_random_traps_and_returns():
    """Whole mstatus, mode and trap CSRs after each step of a random walk."""
    bench = Bench()
    rng = random.Random(SEED)
    steps = set()

    async def testbench():
        status, priv = 0, M
        registers = dict.fromkeys(("sepc", "scause", "stval", "mepc", "mcause", "mtval"), 0)
        for number in range(400):
            where = f"seed {SEED}, step {number}"
            kind = rng.choice(("trap", "sret", "mret", "write"))
            if kind == "write":
                status = rng.getrandbits(64) & STATUS_BITS
                status &= ~MPP if status & MPP == 2 << 11 else ONES
                await bench.write("mstatus", status)
            elif kind == "trap":
                to_s = int(priv != M and rng.getrandbits(1))
                cause, interrupt = rng.randrange(16), rng.getrandbits(1)
                epc, tval = rng.getrandbits(63) << 1, rng.getrandbits(64)
                await bench.trap(to_s=to_s, cause=cause, interrupt=interrupt, epc=epc, tval=tval)
                steps.add((kind, priv, to_s))
                status = trap_status(status, priv, to_s)
                prefix = "s" if to_s else "m"
                registers[prefix + "epc"] = epc
                registers[prefix + "cause"] = interrupt << 63 | cause
                registers[prefix + "tval"] = tval
                priv = S if to_s else M
            else:
                await bench.strobe(kind)
                mprv, (status, priv) = status & MPRV, return_status(status, kind)
                steps.add((kind, priv, bool(mprv)))
            assert bench.read("mstatus") == status | XL, where
            assert bench.env("priv") == priv, where
            data_priv = status >> 11 & 3 if status & MPRV else priv
            assert bench.env("data_priv") == data_priv, where
            assert {name: bench.read(name) for name in registers} == registers, where
            assert (bench.env("sepc"), bench.env("mepc")) == (registers["sepc"], registers["mepc"])

    bench.run(testbench)
    # Traps from every mode to every mode that may serve them, returns to every mode, each with
    # MPRV set and clear.
    assert {step for step in steps if step[0] == "trap"} == {
        *(("trap", priv, 0) for priv in Priv),
        ("trap", U, 1),
        ("trap", S, 1),
    }
    assert {("sret", priv, mprv) for priv in (U, S) for mprv in (False, True)} <= steps
    assert {("mret", priv, mprv) for priv in Priv for mprv in (False, True)} <= steps


def test_an_invalid_trap_changes_nothing():
    bench = Bench()

    async def testbench():
        names = sorted(NAMES - {"mcycle", "cycle"})
        before = {name: bench.read(name) for name in names}
        for name, value in (("cause", 5), ("epc", 8), ("tval", 9), ("to_s", 1), ("interrupt", 1)):
            bench.ctx.set(getattr(bench.dut.trap, name), value)
        bench.set(write_data=ONES, address=address_of("mscratch"))
        await bench.ctx.tick()
        assert {name: bench.read(name) for name in names} == before
        assert bench.env("priv") == M

    bench.run(testbench)
