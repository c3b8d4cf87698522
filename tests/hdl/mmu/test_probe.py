"""The MMU's probe: look-ups in vain, and what the walker reads for them."""

from hdl.mmu.vocabulary import Fault, Side
from tests.hdl.mmu.support import DATA, U, drive, drop, run, set_context
from tests.verify.golden.sv39 import Request

VA = 0x1000


def shown(request, cycles, *, flags=DATA | U, mapped=True):
    """What the probe says of the port's side, cycle by cycle, while `request` stands there."""
    told = []

    async def bench(ctx, dut, memory, tables):
        if mapped:
            tables.map(VA, 0x8000_5000, flags)
        fetches = request.access == "FETCH"
        port, side = (dut.fetch, dut.probe.fetch) if fetches else (dut.data, dut.probe.data)
        other = dut.probe.data if fetches else dut.probe.fetch
        probe = dut.probe
        set_context(ctx, dut, request)
        drive(ctx, port, request)
        for _ in range(cycles):
            _, _, miss, fault, va, read, of, level, elsewhere = await ctx.tick().sample(
                side.miss, side.fault, side.va, probe.read, probe.side, probe.level, other.miss
            )
            assert not elsewhere
            told.append((miss, Fault(fault), va, (Side(of), level) if read else None))
        drop(ctx, port)
        _, _, miss, fault = await ctx.tick().sample(side.miss, side.fault)
        assert (miss, Fault(fault)) == (0, Fault.NONE)

    run(bench)
    return told


def request(access="LOAD", **changes):
    return Request(va=VA, access=access, priv="U", **changes)


def test_a_miss_shows_until_the_hit_and_three_reads_in_it():
    miss = (1, Fault.NONE, VA)
    assert shown(request(), 6) == [
        (*miss, (Side.DATA, 2)),
        (*miss, (Side.DATA, 1)),
        (*miss, (Side.DATA, 0)),
        (*miss, None),
        *[(0, Fault.NONE, VA, None)] * 2,
    ]


def test_a_walk_that_ends_in_a_hole_is_a_miss_and_then_a_refusal():
    told = shown(request("FETCH"), 5, mapped=False)
    assert [(miss, fault) for miss, fault, *_ in told] == [
        (1, Fault.NONE), (1, Fault.NONE), (0, Fault.PAGE), (0, Fault.PAGE), (0, Fault.PAGE),
    ]  # fmt: skip
    assert [read for *_, read in told] == [(Side.FETCH, 2), None, None, None, None]


def test_an_address_that_is_none_is_refused_without_a_miss():
    told = shown(Request(va=1 << 62, access="LOAD", priv="U"), 2)
    assert [(miss, fault, read) for miss, fault, _, read in told] == [(0, Fault.PAGE, None)] * 2
