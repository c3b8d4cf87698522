"""Updates of A and D, which an instruction in the trap stage waits for."""

import pytest

from hdl.arch import Csr
from hdl.mmu.vocabulary import Access
from hdl.units.decoder import System, Unit
from tests.hdl.pipeline.trap.bench import ACCESS, MTVEC, NONE, PAGE, PC, VA, Bench, M, S, U, system

UPDATES = {
    # What its bits look like does not matter yet; here an AMO.
    "fetch": (
        {"fetch__update": 1, "fetch__second": 1, "next_pc": 0x6000, "unit": Unit.AMO},
        Access.FETCH,
        0x6000,
    ),
    "load": ({"data__update": 1, "unit": Unit.LOAD, "data__va": VA}, Access.LOAD, VA),
    "store": ({"data__update": 1, "unit": Unit.STORE, "data__va": VA}, Access.STORE, VA),
    "lr": ({"data__update": 1, "unit": Unit.LR, "data__va": VA}, Access.LR, VA),
    "sc": ({"data__update": 1, "unit": Unit.SC, "data__va": VA}, Access.SC, VA),
    "amo": ({"data__update": 1, "unit": Unit.AMO, "data__va": VA}, Access.AMO, VA),
}


async def update(bench, kind, **more):
    """The instruction waits for its update; returns in the cycle of `done`."""
    fields, access, va = UPDATES[kind]
    bench.set(update__done=0, update__fault=NONE)
    await bench.enter(U)
    await bench.put(**fields | {"rd": 5, "id": 8} | more)
    for _ in range(3):
        names = ("valid", "va", "priv", "access", "id")
        assert bench.gets("update", *names) == (1, va, U, access, 8)
        assert not bench.get("ready")
        assert not bench.get("wen")
        assert not bench.get("redirect__valid")
        await bench.tick()
    bench.set(update__done=1)


def test_an_update_has_the_privilege_of_its_access():
    """That of data accesses is MPP under MPRV; that of a fetch is the mode."""
    bench = Bench()

    async def testbench():
        for mpp in (U, S):
            await bench.write_csr(Csr.MSTATUS, 1 << 17 | mpp << 11)
            for kind, priv in (("store", mpp), ("fetch", M)):
                await bench.put(**UPDATES[kind][0])
                assert bench.gets("update", "valid", "priv") == (1, priv)
                bench.set(update__done=1)
                await bench.tick()
                bench.set(update__done=0)

    bench.run(testbench)


def test_a_fault_counts_with_the_response():
    bench = Bench()

    async def testbench():
        for kind in UPDATES:
            fields = UPDATES[kind][0]
            bench.set(update__done=0, update__fault=PAGE)
            await bench.enter(U)
            await bench.put(**fields)
            await bench.tick()
            bench.check_no_trap()
            bench.set(update__done=1, update__fault=NONE)
            bench.check_no_trap()
            await bench.tick()

    bench.run(testbench)


def test_after_an_update_the_instruction_is_fetched_again():
    bench = Bench()

    async def testbench():
        for kind in UPDATES:
            await update(bench, kind)
            bench.check_no_trap()
            assert bench.gets("redirect", "valid", "target") == (1, PC), kind
            assert not bench.get("wen")
            await bench.tick()
            assert bench.get("empty")
            assert not bench.get("update__valid")
            assert not bench.get("reserved")
            await bench.tick()
            assert bench.records == [], "it is neither retired nor trapped"

    bench.run(testbench)


def test_a_refused_update_is_a_fault_of_the_access():
    bench = Bench()
    causes = {
        PAGE: {"fetch": 12, "load": 13, "lr": 13, "store": 15, "sc": 15, "amo": 15},
        ACCESS: {"fetch": 1, "load": 5, "lr": 5, "store": 7, "sc": 7, "amo": 7},
    }

    async def testbench():
        for fault, by_kind in causes.items():
            for kind, cause in by_kind.items():
                await update(bench, kind)
                bench.set(update__fault=fault)
                bench.check_trap(cause, UPDATES[kind][2])
                await bench.tick()
                (record,) = bench.records
                assert (record["trap"], record["cause"]) == (1, cause)

    bench.run(testbench)


@pytest.mark.parametrize(
    "garbage", [{"illegal": 1}, system(System.ECALL), system(System.MRET)], ids=str
)
def test_what_was_not_fetched_raises_nothing(garbage):
    """With `fetch.update` there is no instruction yet: its bits are whatever the bus showed."""
    bench = Bench()

    async def testbench():
        await update(bench, "fetch", **garbage)
        bench.check_no_trap()
        assert bench.gets("redirect", "valid", "target") == (1, PC)

    bench.run(testbench)


def test_an_interrupt_comes_before_an_update():
    bench = Bench()

    async def testbench():
        await bench.enter(M)
        await bench.put(fetch__update=1, interrupt=1, interrupt_cause=7)
        assert not bench.get("update__valid")
        assert bench.gets("csrs__trap", "valid", "interrupt", "cause") == (1, 1, 7)
        assert bench.get("redirect__target") == MTVEC

    bench.run(testbench)
