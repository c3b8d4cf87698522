import pytest
from amaranth.hdl import Elaboratable, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hdl.memory.port import MemoryPort
from tests.support import accept, issue, respond, send, simulate, transact


class Echo(wiring.Component):
    """Answers every read with its address, one cycle later; refuses writes."""

    port: In(MemoryPort())

    def elaborate(self, platform):
        m = Module()
        request, response = self.port.request, self.port.response
        m.d.comb += request.ready.eq(~response.valid)
        taken = request.valid & request.ready
        m.d.sync += [
            response.valid.eq(taken),
            response.data.eq(request.address),
            response.error.eq(taken & request.write),
        ]
        return m


class Asker(wiring.Component):
    """Reads address 8 for ever and keeps what the last answer was."""

    port: Out(MemoryPort())
    last: Out(64)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [self.port.request.valid.eq(1), self.port.request.address.eq(8)]
        with m.If(self.port.response.valid):
            m.d.sync += self.last.eq(self.port.response.data)
        return m


class Latch(wiring.Component):
    """Keeps the last payload, taking one every other cycle."""

    input: In(stream.Signature(data.StructLayout({"a": 4, "b": 4})))
    last: Out(8)

    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.input.ready.eq(~self.input.ready)
        with m.If(self.input.valid & self.input.ready):
            m.d.sync += self.last.eq(self.input.payload)
        return m


class Inverter(Elaboratable):
    """Only combinational."""

    def __init__(self):
        self.a, self.y = Signal(), Signal()

    def elaborate(self, platform):
        m = Module()
        m.d.comb += self.y.eq(~self.a)
        return m


def test_transact_returns_data_and_error():
    dut = Echo()
    seen = []

    async def testbench(ctx):
        seen.append(await transact(ctx, dut.port, address=0x40, size=3))
        seen.append(await transact(ctx, dut.port, address=0x48, write=1))

    simulate(dut, testbench)
    assert seen == [[0x40, 0], [0x48, 1]]


def test_accept_and_respond_serve_an_initiator():
    dut = Asker()

    async def testbench(ctx):
        request = await accept(ctx, dut.port)
        assert (request["address"], request["write"]) == (8, 0)
        await respond(ctx, dut.port, data=1234)
        assert ctx.get(dut.last) == 1234

    simulate(dut, testbench)


def test_send_waits_for_ready():
    dut = Latch()

    async def testbench(ctx):
        for a in range(3):
            await send(ctx, dut.input, {"a": a, "b": 5})
            assert ctx.get(dut.last) == 0x50 | a

    simulate(dut, testbench)


def test_combinational_design_needs_no_clock():
    dut = Inverter()

    async def testbench(ctx):
        ctx.set(dut.a, 1)
        assert ctx.get(dut.y) == 0

    simulate(dut, testbench)


def test_a_testbench_that_never_ends_times_out():
    dut = Echo()

    async def testbench(ctx):
        await ctx.tick().until(dut.port.response.valid)

    with pytest.raises(TimeoutError, match="20 cycles"):
        simulate(dut, testbench, max_cycles=20)


def test_a_handshake_that_never_comes_times_out():
    dut = Asker()

    async def testbench(ctx):
        await issue(ctx, dut.port, max_cycles=10)

    async def stalled(ctx):
        await accept(ctx, dut.port, max_cycles=10)
        await respond(ctx, dut.port)

    simulate(dut, stalled)
    with pytest.raises(TimeoutError, match="10 cycles"):
        simulate(Asker(), testbench)


def test_vcd_is_written_on_request(tmp_path):
    dut = Inverter()

    async def testbench(ctx):
        await ctx.delay(1e-6)

    simulate(dut, testbench, vcd=tmp_path / "waves" / "inverter.vcd")
    assert "$enddefinitions" in (tmp_path / "waves" / "inverter.vcd").read_text()
