"""The memory port: how the hart and its MMU reach memory and devices."""

from enum import IntEnum

from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import PA_BITS

__all__ = ["ID_BITS", "MemoryPort", "RequestSignature", "ResponseSignature", "Source"]

#: Bits of the identifier that every fetched instruction carries; see `hdl.pipeline.fetch`.
ID_BITS = 32


class Source(IntEnum):
    """What made a request."""

    FETCH = 0
    DATA = 1
    WALK = 2


class RequestSignature(wiring.Signature):
    """A request, seen from the initiator. Its payload is valid while `valid` is high."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: An offer; it is accepted at the clock edge where `valid` and `ready` are high.
                "valid": Out(1),
                #: The target takes the offer. Never depends combinationally on `valid`.
                "ready": In(1),
                #: Physical address in bytes, naturally aligned to `1 << size`.
                "address": Out(PA_BITS),
                #: 1 for a write, 0 for a read.
                "write": Out(1),
                #: Data of a write, in its byte lanes (lane = address bits 2:0).
                "data": Out(64),
                #: Byte lanes that a write changes; 0 for a read.
                "strobe": Out(8),
                #: Log2 of the access's bytes, 0 to 3.
                "size": Out(2),
                #: What made the request; of a walk, the level of the page table (2 is the root).
                "source": Out(Source),
                "level": Out(2),
                #: Hold the memory for this initiator until its next accepted request.
                "lock": Out(1),
                #: Identifier of the instruction (fetch: of the first halfword of the fetched word).
                "id": Out(ID_BITS),
            }
        )


class ResponseSignature(wiring.Signature):
    """A response, seen from the initiator, which always accepts it."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: High for one cycle per accepted request, never in the cycle of its acceptance.
                "valid": In(1),
                #: The aligned 64-bit word around the read address; valid with `valid`.
                "data": In(64),
                #: An access fault: nothing was read or written; valid with `valid`.
                "error": In(1),
            }
        )


class MemoryPort(wiring.Signature):
    """A port to physical memory, described from the initiator's side.

    1. A request is accepted at a clock edge where `request.valid` and `request.ready` are high.
    2. Until it is accepted it is only an offer: it may change or be withdrawn. Once accepted it is
       never abandoned: it gets exactly one response.
    3. `request.ready` never depends combinationally on `request.valid` or on the payload.
    4. Responses come in the order of the requests, one cycle after acceptance at the earliest and
       as late as the target likes. The initiator accepts each in its cycle.
    5. A request with `lock` reserves the memory: until the initiator's next request is accepted, or
       the locked one gets a response with `error`, the target accepts no other request (neither of
       other ports nor of other sources behind the same port).
    6. `request.valid` may depend combinationally on `response`, so a target must not derive a
       response from the request of the same cycle.
    """

    def __init__(self) -> None:
        super().__init__({"request": Out(RequestSignature()), "response": Out(ResponseSignature())})
