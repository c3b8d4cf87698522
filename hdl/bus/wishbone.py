"""Wishbone B4: what a memory port asks for, on a bus of 64 bits."""

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import PA_BITS
from hdl.memory.port import MemoryPort

__all__ = ["WishboneAdapter", "WishboneSignature"]


class WishboneSignature(wiring.Signature):
    """A Wishbone bus of 64 bits with bytes to select, described from the initiator's side.

    It has the members of amaranth-soc's `wishbone.Signature` with `addr_width=53`, `data_width=64`,
    `granularity=8`, and the features `err` and `lock`, if pipelined also `stall`; so
    `wiring.connect` joins the two. There is no `rty`.
    """

    def __init__(self, *, pipelined: bool = False) -> None:
        super().__init__(
            {
                #: Physical address in units of 8 bytes.
                "adr": Out(PA_BITS - 3),
                "dat_w": Out(64),
                "dat_r": In(64),
                #: The bytes that are meant, of reads too.
                "sel": Out(8),
                #: A cycle: one request, or a locked one and the next.
                "cyc": Out(1),
                #: A request; it stands until its end, if pipelined until `stall` is low.
                "stb": Out(1),
                "we": Out(1),
                #: The end of a request: done, or refused.
                "ack": In(1),
                "err": In(1),
                #: No other initiator may come between the requests of this cycle.
                "lock": Out(1),
                #: The target does not take the request yet.
                **({"stall": In(1)} if pipelined else {}),
            }
        )


class WishboneAdapter(wiring.Component):
    """Makes a cycle of Wishbone of each request of a memory port.

    All outputs to the bus are registers: a request is on the bus in the cycle after its acceptance.
    The response comes in the cycle of `ack` or `err`. The next request is accepted in that cycle at
    the earliest; then `cyc` stays high. So a request takes one cycle longer than on the memory port
    if the target answers in the cycle after that of `stb`, and no cycle longer if it answers in the
    cycle of `stb`.

    From a locked request to the end of the next one `cyc` and `lock` stay high, also between the
    two, unless the locked one ends with `err`. That keeps others out if the arbiter of the bus does
    not change while `cyc`, or while `cyc` and `lock`, are high.

    What ends a request that nobody has made is ignored.

    Wishbone B4, 3.2 "Classic standard and pipelined"; 3.3 "Block cycles".

    Parameters
    ----------
    pipelined : bool
        The bus has `stall`: a request stands until it is taken, and not until its end. At most one
        is under way all the same, as on the memory port.

    Members
    -------
    port : In(MemoryPort())
        Who asks. Accepts whenever nothing is under way, or what was ends.
    bus : Out(WishboneSignature(pipelined=pipelined))
        Who answers.
    """

    def __init__(self, *, pipelined: bool = False) -> None:
        super().__init__(
            {"port": In(MemoryPort()), "bus": Out(WishboneSignature(pipelined=pipelined))}
        )
        self._pipelined = pipelined
        #: A request is under way; the last one was locked.
        self.busy = Signal()
        self.held = Signal()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        request, response, bus = self.port.request, self.port.response, self.bus
        busy, held = self.busy, self.held
        stalled = bus.stb & bus.stall if self._pipelined else Const(0)
        ended = Signal()
        keeps = Signal()
        m.d.comb += [
            ended.eq(busy & ~stalled & (bus.ack | bus.err)),
            keeps.eq(held & ~(ended & bus.err)),
            request.ready.eq(~busy | ended),
            response.valid.eq(ended),
            response.data.eq(bus.dat_r),
            response.error.eq(bus.err),
        ]
        if self._pipelined:
            with m.If(~bus.stall):
                m.d.sync += bus.stb.eq(0)
        with m.If(ended):
            m.d.sync += [
                busy.eq(0),
                bus.stb.eq(0),
                bus.cyc.eq(keeps),
                bus.lock.eq(keeps),
                held.eq(keeps),
            ]
        with m.If(request.valid & request.ready):
            m.d.sync += [
                busy.eq(1),
                bus.stb.eq(1),
                bus.cyc.eq(1),
                bus.lock.eq(request.lock | keeps),
                held.eq(request.lock),
                bus.we.eq(request.write),
                bus.adr.eq(request.address[3:]),
                bus.dat_w.eq(request.data),
                bus.sel.eq(Mux(request.write, request.strobe, _bytes(request))),
            ]
        return m


def _bytes(request: wiring.PureInterface) -> object:
    """The byte lanes that a read of this size and address is about, 8 bits."""
    masks = [Const((1 << (1 << size)) - 1, 8) for size in range(4)]
    lanes = masks[3]
    for size in range(3):
        lanes = Mux(request.size == size, masks[size], lanes)
    return (lanes << request.address[:3])[:8]
