"""What the CSR file tells the rest of the hart: modes, fields and interrupts."""

from hdl.arch import Priv
from tests.hdl.priv.csr.bench import Bench, M, S, U
from tests.hdl.priv.csr.expected import (
    ADUE,
    DELEGABLE,
    FIOM,
    MACHINE,
    MEDELEG,
    MIE,
    MPRV,
    MXR,
    ONES,
    SIE,
    STCE,
    SUM,
    TSR,
    TVM,
    TW,
)


def test_environment_shows_the_fields():
    bench = Bench()

    async def testbench():
        fields = {"sum_": SUM, "mxr": MXR, "tvm": TVM, "tw": TW, "tsr": TSR}
        for name, bit in fields.items():
            await bench.write("mstatus", bit)
            assert {other: bench.env(other) for other in fields} == {
                other: int(other == name) for other in fields
            }
        for value, expected in ((ADUE, 1), (STCE | FIOM, 0)):
            await bench.write("menvcfg", value)
            assert bench.env("adue") == expected
        await bench.write("medeleg", ONES)
        assert bench.env("medeleg") == MEDELEG

    bench.run(testbench)


def test_mprv_lends_data_accesses_the_previous_mode():
    bench = Bench()

    async def testbench():
        for mpp in Priv:
            await bench.write("mstatus", mpp << 11)
            assert bench.env("data_priv") == M
            await bench.write("mstatus", MPRV | mpp << 11)
            assert (bench.env("priv"), bench.env("data_priv")) == (M, mpp)

    bench.run(testbench)


def test_interrupts_obey_status_and_mode():
    bench = Bench()

    async def testbench():
        await bench.write("mie", DELEGABLE | MACHINE)
        await bench.write("mideleg", DELEGABLE)
        bench.set(interrupts__seip=1)
        await bench.write("mstatus", MIE | SIE)
        # Delegated: M-mode is never interrupted by it, but a wfi ends.
        assert (bench.env("interrupt"), bench.env("wake")) == (0, 1)
        await bench.enter(S)
        assert (bench.env("interrupt"), bench.env("interrupt_cause")) == (1, 9)
        await bench.write("sstatus", 0)
        assert bench.env("interrupt") == 0
        bench.set(interrupts__mtip=1)
        assert (bench.env("interrupt"), bench.env("interrupt_cause")) == (1, 7)
        bench.set(interrupts__mtip=0)
        await bench.enter(U)
        assert (bench.env("interrupt"), bench.env("interrupt_cause")) == (1, 9)
        bench.set(interrupts__seip=0)
        assert (bench.env("interrupt"), bench.env("wake")) == (0, 0)

    bench.run(testbench)
