"""Misaligned loads and stores (Zicclsm): cut into what the memory port can do, and put together.

The memory port reads and writes inside of one aligned doubleword. So a load or store is one
*portion*, or two if it reaches into the next doubleword. The `Splitter` stands in the execute stage
and finds out whether both may happen before the first of them does; the `Joiner` stands in the trap
stage and makes the second one. Neither is there in a hart that traps misaligned accesses.

Unprivileged specification, "Zicclsm"; privileged specification, "Supervisor Trap Value (stval)
Register".
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import PA_BITS, PAGE_BITS
from hdl.memory.port import RequestSignature, ResponseSignature, Source
from hdl.mmu.vocabulary import Fault
from hdl.pipeline.stages import Executed, copy
from hdl.units.decoder import Unit
from hdl.units.lanes import is_misaligned, reached_lanes, rotate_lanes

__all__ = [
    "OFFER",
    "AnswerSignature",
    "JoinState",
    "Joiner",
    "SecondPortion",
    "Splitter",
    "next_doubleword",
]

#: What makes an offer to memory.
OFFER = [name for name in RequestSignature().members if name != "ready"]
#: Bits of the offset inside a doubleword.
_LANE_BITS = 3


def next_doubleword(va: Value) -> Value:
    """The virtual address (64 bits) of the doubleword behind the one around `va`; it wraps."""
    return Cat(Const(0, _LANE_BITS), (va[_LANE_BITS:] + 1)[: 64 - _LANE_BITS])


class SecondPortion(wiring.Signature):
    """The portion of an access in its second doubleword, as it goes from execute to trap stage."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: There is one.
                "valid": Out(1),
                #: Its physical address, a multiple of 8; valid with `valid`.
                "pa": Out(PA_BITS),
            }
        )


class AnswerSignature(wiring.Signature):
    """What comes of the translation of a whole access, as seen from who gives the answer."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: The answer is there: `fault`, `update` or a good `pa`.
                "done": Out(1),
                #: Physical address of its first byte.
                "pa": Out(PA_BITS),
                #: Of the portion at `Splitter.va`, as in `hdl.mmu.ports.TranslationSignature`.
                "fault": Out(Fault),
                "update": Out(1),
            }
        )


class Splitter(wiring.Component):
    """Has the portions of an access translated, and answers for the whole.

    The second portion is translated by itself if it is in another page, or if there is physical
    memory protection, which may end between the two. That is in a cycle after the translation of
    the first, whose address is kept; so both are known to be permitted when the first is requested.
    Nothing can change that: what would flushes this stage. Of two faults the first portion's comes
    first.

    A misaligned access outside RAM is an access fault: "an access-fault exception can be raised
    instead of an address-misaligned exception if the misaligned access should not be emulated,
    e.g., if accesses to the memory region have side effects".

    Parameters
    ----------
    protected : bool
        There is physical memory protection.

    Members
    -------
    valid, access_va, bytes_log2
        A load, store or aligned atomic wants its translation: its virtual address, and log2 of its
        bytes.
    renew
        Another instruction may come at the end of the cycle, or none.
    done, pa, device, fault, update
        From the MMU, about the portion at `va`; see `hdl.mmu.ports.TranslationSignature`.
    va, size
        To the MMU: the virtual address of the portion that is translated in this cycle, and log2 of
        the aligned bytes around it, 4 or 8, which is all that memory protection tells apart.
    advances
        The translation of the first portion is taken, and the second one's follows.
    answer
        About the whole access. With `fault` or `update` it concerns the portion at `va`.
    misaligned, strobe
        It is not naturally aligned; and the byte lanes of its first portion.
    second
        The other portion, if the answer is good.
    """

    def __init__(self, *, protected: bool = False) -> None:
        super().__init__(
            {
                "valid": In(1),
                "access_va": In(64),
                "bytes_log2": In(2),
                "renew": In(1),
                "done": In(1),
                "pa": In(PA_BITS),
                "device": In(1),
                "fault": In(Fault),
                "update": In(1),
                "va": Out(64),
                "size": Out(2),
                "advances": Out(1),
                "answer": Out(AnswerSignature()),
                "misaligned": Out(1),
                "strobe": Out(8),
                "second": Out(SecondPortion()),
            }
        )
        self._protected = protected

    def elaborate(self, platform: object) -> Module:
        m = Module()
        va, answer, second = self.access_va, self.answer, self.second
        #: The first portion has been translated, to this address.
        halfway = Signal()
        first_pa = Signal(PA_BITS)
        lanes = Signal(16)
        asked = Mux(halfway, lanes[8:], lanes[:8])
        apart = second.valid & (self._protected | va[_LANE_BITS:PAGE_BITS].all())
        good = Signal()
        m.d.comb += [
            lanes.eq(reached_lanes(va[:_LANE_BITS], self.bytes_log2)),
            self.misaligned.eq(is_misaligned(va[:_LANE_BITS], self.bytes_log2)),
            self.strobe.eq(lanes[:8]),
            self.va.eq(Mux(halfway, next_doubleword(va), va)),
            self.size.eq(Cat(asked[:4].any() & asked[4:].any(), 1)),
            answer.fault.eq(self.fault),
            answer.update.eq(self.update),
            good.eq(self.done & (answer.fault == Fault.NONE) & ~self.update),
            self.advances.eq(self.valid & good & apart & ~halfway),
            answer.done.eq(self.done & ~self.advances),
            answer.pa.eq(Mux(halfway, first_pa, self.pa)),
            second.valid.eq(lanes[8:].any()),
            second.pa.eq(
                Mux(
                    halfway,
                    self.pa,
                    Cat(
                        Const(0, _LANE_BITS),
                        (self.pa[_LANE_BITS:PAGE_BITS] + 1)[: PAGE_BITS - _LANE_BITS],
                        self.pa[PAGE_BITS:],
                    ),
                )
            ),
        ]
        with m.If(self.done & (self.fault == Fault.NONE) & ~self.update):
            with m.If(self.misaligned & self.device):
                m.d.comb += answer.fault.eq(Fault.ACCESS)
        with m.If(self.renew):
            m.d.sync += halfway.eq(0)
        with m.Elif(self.advances):
            m.d.sync += [halfway.eq(1), first_pa.eq(self.pa)]
        return m


class JoinState(enum.IntEnum, shape=2):  # type: ignore[call-arg]
    """How far an access of two portions is."""

    FIRST = 0
    OFFER = 1
    SECOND = 2


class Joiner(wiring.Component):
    """Takes an access of two portions from the response of the first to that of the second.

    ====== ================== ================================================= ======
    State  Waits for          Does                                              Next
    ====== ================== ================================================= ======
    FIRST  first's response   keeps what was read, offers the second portion    OFFER
    OFFER  `request.ready`    offers the second portion                         SECOND
    SECOND second's response  puts both together                                FIRST
    ====== ================== ================================================= ======

    The first offer is made in the cycle of the first response; if it is accepted at once OFFER is
    passed over. A first response with an error has no second portion.

    Members
    -------
    take, second
        From the execute stage: at the end of the cycle with `take` another instruction, or none,
        comes into the trap stage, with this other portion.
    other
        The other portion of the instruction in the trap stage, if it has one.
    active
        There is an instruction in the trap stage whose access was requested.
    executed
        The instruction.
    response
        Of the data port.
    request
        The second portion.
    waits
        The response of this cycle, if there is one, is not the last.
    va
        Virtual address of the portion that the response of this cycle is of.
    word
        What was read, rotated so that the first byte of the access is in lane 0; valid with the
        last response.
    """

    take: In(1)
    second: In(SecondPortion())
    other: Out(SecondPortion())
    active: In(1)
    executed: In(Executed())
    response: Out(ResponseSignature())
    request: Out(RequestSignature())
    waits: Out(1)
    va: Out(64)
    word: Out(64)

    def __init__(self) -> None:
        super().__init__()
        self.state = Signal(JoinState)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        state, other, executed, response = self.state, self.other, self.executed, self.response
        low, is_second = executed.data.va[:_LANE_BITS], self.state == JoinState.SECOND
        first = Signal(64)
        both = Signal(64)
        offers = Signal()
        with m.If(self.take):
            m.d.sync += copy(other, self.second)
        m.d.comb += [
            self.waits.eq(other.valid & ~is_second & ~response.error),
            self.va.eq(Mux(is_second, next_doubleword(executed.data.va), executed.data.va)),
            offers.eq(
                self.active
                & other.valid
                & ((state == JoinState.OFFER) | (self.waits & response.valid))
            ),
            *(
                both.word_select(lane, 8).eq(
                    Mux(is_second & (lane >= low), first, response.data).word_select(lane, 8)
                )
                for lane in range(8)
            ),
            self.word.eq(rotate_lanes(both, -low)),
        ]
        self._request(m, offers)
        with m.If(response.valid & (state == JoinState.FIRST)):
            m.d.sync += first.eq(response.data)
        with m.If(offers):
            m.d.sync += state.eq(Mux(self.request.ready, JoinState.SECOND, JoinState.OFFER))
        with m.If(is_second & response.valid):
            m.d.sync += state.eq(JoinState.FIRST)
        return m

    def _request(self, m: Module, offers: Value) -> None:
        """The second portion."""
        executed, request = self.executed, self.request
        low, size = executed.data.va[:_LANE_BITS], executed.funct3[:2]
        write = executed.unit == Unit.STORE
        m.d.comb += [
            request.valid.eq(offers),
            request.address.eq(self.other.pa),
            request.write.eq(write),
            request.data.eq(rotate_lanes(executed.rs2_data, low)),
            request.strobe.eq(Mux(write, reached_lanes(low, size)[8:], 0)),
            request.size.eq(3),
            request.source.eq(Source.DATA),
            request.id.eq(executed.id),
        ]
