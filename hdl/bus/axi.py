"""AXI4-Lite: what a memory port asks for, on a bus of 64 bits."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import PA_BITS
from hdl.memory.port import MemoryPort, Source

__all__ = ["AxiLiteAdapter", "AxiLiteSignature"]


class AxiLiteSignature(wiring.Signature):
    """An AXI4-Lite bus of 64 bits, described from the manager's side, with the names of its manual.

    AMBA AXI and ACE protocol specification, B1 "AMBA AXI4-Lite".
    """

    def __init__(self) -> None:
        super().__init__(
            {
                #: Where to read; physical address in bytes.
                "arvalid": Out(1),
                "arready": In(1),
                "araddr": Out(PA_BITS),
                "arprot": Out(3),
                #: What was read.
                "rvalid": In(1),
                "rready": Out(1),
                "rdata": In(64),
                "rresp": In(2),
                #: Where to write.
                "awvalid": Out(1),
                "awready": In(1),
                "awaddr": Out(PA_BITS),
                "awprot": Out(3),
                #: What to write.
                "wvalid": Out(1),
                "wready": In(1),
                "wdata": Out(64),
                "wstrb": Out(8),
                #: What became of the write.
                "bvalid": In(1),
                "bready": Out(1),
                "bresp": In(2),
            }
        )


class AxiLiteAdapter(wiring.Component):
    """Makes a transaction of AXI4-Lite of each request of a memory port.

    All outputs to the bus are registers: a request is on the bus in the cycle after its acceptance.
    The response comes in the cycle of `rvalid` or `bvalid`, and is an error for SLVERR and DECERR.
    The next request is accepted in that cycle at the earliest. Address and data of a write are
    offered together, and may be taken in any order. `arprot` and `awprot` are 0b001 (privileged)
    of a walk, 0b100 (an instruction) of a fetch, and 0 of data.

    AXI4-Lite has nothing to keep others out between two transactions. So a locked request gets a
    response with an error in the next cycle, and never reaches the bus: an update of A and D is an
    access fault, and so is an atomic of a hart.

    Parameters
    ----------
    alone : bool
        Somebody promises that nobody else writes to what locked requests are for, between them and
        the next request of the port. Then they are requests as all others.

    Members
    -------
    port : In(MemoryPort())
        Who asks. Accepts whenever nothing is under way, or what was ends.
    bus : Out(AxiLiteSignature())
        Who answers.
    """

    port: In(MemoryPort())
    bus: Out(AxiLiteSignature())

    def __init__(self, *, alone: bool = False) -> None:
        super().__init__()
        self._alone = alone
        #: The request under way is refused.
        self.refused = Signal()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        request, response, bus = self.port.request, self.port.response, self.bus
        # The bus is ready for what is under way, and for nothing else.
        read_ends, write_ends = bus.rready & bus.rvalid, bus.bready & bus.bvalid
        ended = Signal()
        accepted = Signal()
        locked = Signal()
        m.d.comb += [
            ended.eq(read_ends | write_ends | self.refused),
            accepted.eq(request.valid & request.ready),
            locked.eq(0 if self._alone else request.lock),
            request.ready.eq(~(bus.rready | bus.bready | self.refused) | ended),
            response.valid.eq(ended),
            response.data.eq(bus.rdata),
            response.error.eq(self.refused | Mux(bus.bready, bus.bresp[1], bus.rresp[1])),
        ]
        for valid, ready in (
            (bus.arvalid, bus.arready),
            (bus.awvalid, bus.awready),
            (bus.wvalid, bus.wready),
        ):
            with m.If(ready):
                m.d.sync += valid.eq(0)
        with m.If(ended):
            m.d.sync += [bus.rready.eq(0), bus.bready.eq(0), self.refused.eq(0)]
        with m.If(accepted):
            reads, writes = ~locked & ~request.write, ~locked & request.write
            walks, fetches = request.source == Source.WALK, request.source == Source.FETCH
            m.d.sync += [
                self.refused.eq(locked),
                *(signal.eq(reads) for signal in (bus.arvalid, bus.rready)),
                *(signal.eq(writes) for signal in (bus.awvalid, bus.wvalid, bus.bready)),
                *(signal.eq(request.address) for signal in (bus.araddr, bus.awaddr)),
                *(signal[0].eq(walks) for signal in (bus.arprot, bus.awprot)),
                *(signal[2].eq(fetches) for signal in (bus.arprot, bus.awprot)),
                bus.wdata.eq(request.data),
                bus.wstrb.eq(request.strobe),
            ]
        return m
