"""The arbiter of the data port: data accesses and page-table walks share it."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.memory.port import MemoryPort, RequestSignature, ResponseSignature

__all__ = ["Arbiter"]


class Arbiter(wiring.Component):
    """Lets one request at a time through, and its response back.

    Data accesses go before walks: a walk waits while the instructions ahead of it use the port. At
    most one request is under way, so a response needs no tag; the next one may be accepted in the
    cycle of a response. Between a locked request and the next one of the same requester the other
    requester waits. Responses to walks go to `walk`, all others to `response`.

    Members
    -------
    access : In(RequestSignature())
        From the execute stage.
    finish : In(RequestSignature())
        The writes of AMOs, from the trap stage; never at the same time as `access`.
    response : In(ResponseSignature())
        To the trap stage, for both.
    walk : In(MemoryPort())
        From the MMU.
    port : Out(MemoryPort())
        The data port.
    """

    access: In(RequestSignature())
    finish: In(RequestSignature())
    response: In(ResponseSignature())
    walk: In(MemoryPort())
    port: Out(MemoryPort())

    def elaborate(self, platform: object) -> Module:
        m = Module()
        request, response = self.port.request, self.port.response
        #: A request is under way; that request is a walk's.
        busy = Signal()
        walking = Signal()
        #: The last request was locked; that request was a walk's.
        locked = Signal()
        walk_locks = Signal()

        free = ~busy | response.valid
        data_open = free & ~(locked & walk_locks)
        data_wanted = (self.access.valid | self.finish.valid) & ~(locked & walk_locks)
        walk_open = free & ~data_wanted & ~(locked & ~walk_locks)
        chosen = Signal()
        m.d.comb += [
            chosen.eq((data_wanted & data_open) | (self.walk.request.valid & walk_open)),
            request.valid.eq(chosen),
            self.access.ready.eq(request.ready & data_open),
            self.finish.ready.eq(request.ready & data_open),
            self.walk.request.ready.eq(request.ready & walk_open),
        ]
        for name in RequestSignature().members:
            if name not in ("valid", "ready"):
                access, finish, walk = (
                    getattr(source, name)
                    for source in (self.access, self.finish, self.walk.request)
                )
                m.d.comb += getattr(request, name).eq(
                    Mux(data_wanted, Mux(self.finish.valid, finish, access), walk)
                )
        with m.If(response.valid):
            m.d.sync += busy.eq(0)
            # An access that gets an error has no second half.
            with m.If(response.error):
                m.d.sync += locked.eq(0)
        with m.If(request.valid & request.ready):
            m.d.sync += [
                busy.eq(1),
                walking.eq(~data_wanted),
                locked.eq(request.lock),
                walk_locks.eq(~data_wanted),
            ]
        for side, mine in ((self.response, ~walking), (self.walk.response, walking)):
            m.d.comb += [
                side.valid.eq(response.valid & mine),
                side.data.eq(response.data),
                side.error.eq(response.error),
            ]
        return m
