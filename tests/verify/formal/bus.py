"""The adapters for other buses: the rules of the bus on one side, of the memory port on the other.

Memory port and bus are free, and on Wishbone nothing is assumed of either.
"""

from amaranth.hdl import Cat, Signal

from hdl.bus.axi import AxiLiteAdapter
from hdl.bus.wishbone import WishboneAdapter
from tests.verify.formal.proof import Proof, assumes, free_inputs, invariant, proves

__all__ = ["AxiLiteProof", "PipelinedWishboneProof", "WishboneProof"]


class _AdapterProof(Proof):
    """What is the same of all: whether a response is owed, and the request that it is owed to."""

    depth = 7

    def dut(self):
        """What is proven; mutants bend it."""
        raise NotImplementedError

    def build(self, m):
        m.submodules.dut = self.adapter = adapter = self.dut()
        self.request, self.response = adapter.port.request, adapter.port.response
        self.bus = adapter.bus
        free_inputs(m, adapter)
        self.owed, self.accepted = Signal(), Signal()
        m.d.comb += self.accepted.eq(self.request.valid & self.request.ready)
        with m.If(self.response.valid):
            m.d.sync += self.owed.eq(0)
        with m.If(self.accepted):
            m.d.sync += self.owed.eq(1)


class WishboneProof(_AdapterProof):
    """The adapter for classic Wishbone."""

    def dut(self):
        return WishboneAdapter()

    def build(self, m):
        super().build(m)
        bus = self.bus
        self.payload = Cat(bus.adr, bus.dat_w, bus.sel, bus.we)
        self.taken = bus.stb & (bus.ack | bus.err)
        # From a locked request on until the end of the next one, or an error of the first.
        self.opened, self.closing = Signal(), Signal()
        refused = self.response.valid & bus.err
        with m.If(self.response.valid & (self.closing | bus.err)):
            m.d.sync += self.opened.eq(0)
        with m.If(self.accepted):
            kept = self.opened & ~self.closing & ~refused
            m.d.sync += [
                self.opened.eq(self.request.lock | kept),
                self.closing.eq(~self.request.lock),
            ]

    @invariant
    def state_is_as_watched(self, m):
        """What the adapter holds is what has been seen at its ports."""
        held = self.opened & ~self.closing
        return (self.adapter.busy == self.owed) & (self.adapter.held == held)

    @invariant
    def closing_is_of_what_is_under_way(self, m):
        """The request that ends a locked cycle is under way until that ends."""
        return ~(self.opened & self.closing) | self.owed

    @proves
    def cycle_is_open_for_a_reason(self, m):
        """`cyc` is high exactly while a request is under way, or one is to follow a locked one."""
        bus = self.bus
        return bus.cyc, (self.owed | self.opened) & (~bus.stb | self.owed)

    @proves
    def requests_lie_in_a_cycle(self, m):
        """`stb` is never high without `cyc`, and not without a request of the port."""
        return self.bus.stb, self.bus.cyc & self.owed

    @proves
    def request_stands_until_it_is_taken(self, m):
        """A request that is not taken is there in the next cycle, with `cyc`, and the same."""
        stood = self.past(m, self.bus.stb & ~self.taken)
        same = self.payload == self.past(m, self.payload)
        return stood, self.bus.stb & self.bus.cyc & same

    @proves
    def bus_is_asked_what_was_accepted(self, m):
        """In the cycle after acceptance the bus sees the request's address, data and bytes."""
        request, bus = self.request, self.bus
        asked = Cat(request.address[3:], request.data, request.write)
        right = Cat(bus.adr, bus.dat_w, bus.we) == self.past(m, asked)
        strobe = ~bus.we | (bus.sel == self.past(m, request.strobe))
        lane = self.past(m, request.address[:3])
        read = bus.we | (((bus.sel >> lane) & 1) == 1)
        return self.past(m, self.accepted), bus.stb & right & strobe & read

    @proves
    def cycle_of_a_lock_is_not_left(self, m):
        """From a locked request to the end of the next one `cyc` and `lock` are high throughout."""
        return self.opened, self.bus.cyc & self.bus.lock

    @proves
    def lock_ends(self, m):
        """`lock` is low for what is not locked and follows nothing that is."""
        return ~self.opened & self.owed, ~self.bus.lock

    @proves
    def wishbone_response_is_the_targets(self, m):
        """A response comes with the end of its request on the bus, and says what that says."""
        response, bus = self.response, self.bus
        said = (response.data == bus.dat_r) & (response.error == bus.err)
        return response.valid, self.owed & (bus.ack | bus.err) & said

    @proves
    def wishbone_end_is_a_response(self, m):
        """What ends on the bus has its response in the same cycle."""
        return self.taken & self.bus.cyc, self.response.valid

    @proves
    def wishbone_takes_one_at_a_time(self, m):
        """A request is accepted only if none is under way, or in the cycle of its response."""
        return self.accepted, ~self.owed | self.response.valid


class PipelinedWishboneProof(WishboneProof):
    """The adapter for pipelined Wishbone."""

    def dut(self):
        return WishboneAdapter(pipelined=True)

    def build(self, m):
        super().build(m)
        self.taken = self.bus.stb & ~self.bus.stall

    @proves
    def wishbone_end_is_a_response(self, m):
        """What ends on the bus after it was taken has its response in the same cycle."""
        ends = self.bus.ack | self.bus.err
        return self.owed & ends & ~(self.bus.stb & self.bus.stall), self.response.valid

    @proves
    def request_is_taken_once(self, m):
        """After a request was taken `stb` is low until another one was accepted."""
        return self.past(m, self.taken & ~self.accepted), ~self.bus.stb


class AxiLiteProof(_AdapterProof):
    """The adapter for AXI4-Lite, which refuses what is locked."""

    def dut(self):
        return AxiLiteAdapter()

    def _offers(self):
        bus = self.bus
        return {
            "ar": (bus.arvalid, bus.arready, Cat(bus.araddr, bus.arprot)),
            "aw": (bus.awvalid, bus.awready, Cat(bus.awaddr, bus.awprot)),
            "w": (bus.wvalid, bus.wready, Cat(bus.wdata, bus.wstrb)),
        }

    @assumes
    def subordinate_responds_to_what_it_took(self, m):
        """A response is offered only after all of its transaction was taken in earlier cycles."""
        bus = self.bus
        early = (bus.rvalid & bus.arvalid) | (bus.bvalid & (bus.awvalid | bus.wvalid))
        return ~early

    @invariant
    def axi_state_is_as_watched(self, m):
        """What is under way is a read, a write, or refused, and offered only as such."""
        bus, refused = self.bus, self.adapter.refused
        kinds = Cat(bus.rready, bus.bready, refused)
        offers = (~bus.arvalid | bus.rready) & (~(bus.awvalid | bus.wvalid) | bus.bready)
        return (kinds.any() == self.owed) & ((kinds & (kinds - 1)) == 0) & offers

    @proves
    def offers_stand_until_they_are_taken(self, m):
        """On each channel what is offered stays, unchanged, until it is taken."""
        waits = [self.past(m, valid & ~ready) for valid, ready, _ in self._offers().values()]
        stands = [
            ~waited | (valid & (payload == self.past(m, payload)))
            for waited, (valid, _, payload) in zip(waits, self._offers().values(), strict=True)
        ]
        return Cat(waits).any(), Cat(stands).all()

    @proves
    def offers_are_taken_once(self, m):
        """After it was taken a channel offers nothing until another request was accepted."""
        takes = [
            self.past(m, valid & ready & ~self.accepted)
            for valid, ready, _ in self._offers().values()
        ]
        offers = [valid for valid, _, _ in self._offers().values()]
        return Cat(takes).any(), (Cat(takes) & Cat(offers)) == 0

    @proves
    def transaction_is_what_was_accepted(self, m):
        """In the cycle after acceptance the channels of a read or a write offer the request."""
        request, bus = self.request, self.bus
        address, write = self.past(m, request.address), self.past(m, request.write)
        read_right = bus.arvalid & ~bus.awvalid & ~bus.wvalid & (bus.araddr == address)
        written = Cat(bus.awaddr, bus.wdata, bus.wstrb)
        wanted = Cat(address, self.past(m, request.data), self.past(m, request.strobe))
        write_right = ~bus.arvalid & bus.awvalid & bus.wvalid & (written == wanted)
        right = (write & write_right) | (~write & read_right)
        return self.past(m, self.accepted & ~request.lock), right

    @proves
    def locked_requests_stay_off_the_bus(self, m):
        """A locked request offers nothing, and gets an error in the next cycle."""
        bus, response = self.bus, self.response
        offered = bus.arvalid | bus.awvalid | bus.wvalid | bus.rready | bus.bready
        return self.past(m, self.accepted & self.request.lock), (
            ~offered & response.valid & response.error
        )

    @proves
    def axi_response_is_the_subordinates(self, m):
        """A response is that of the transaction, an error for SLVERR and DECERR."""
        bus, response = self.bus, self.response
        read, write = bus.rready & bus.rvalid, bus.bready & bus.bvalid
        said = (read & (response.data == bus.rdata) & (response.error == bus.rresp[1])) | (
            write & (response.error == bus.bresp[1])
        )
        return response.valid & ~self.adapter.refused, self.owed & said

    @proves
    def axi_end_is_a_response(self, m):
        """What ends on the bus has its response in the same cycle."""
        bus = self.bus
        return (bus.rready & bus.rvalid) | (bus.bready & bus.bvalid), self.response.valid

    @proves
    def axi_takes_one_at_a_time(self, m):
        """A request is accepted only if none is under way, or in the cycle of its response."""
        return self.accepted, ~self.owed | self.response.valid
