"""The second half of an atomic read-modify-write, under the lock of its read."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

from hdl.memory.port import RequestSignature, ResponseSignature, Source
from hdl.pipeline.stages import Executed
from hdl.units.atomic import AmoAlu

__all__ = ["AmoState", "AmoUnit"]


class AmoState(enum.IntEnum, shape=2):  # type: ignore[call-arg]
    """How far an atomic read-modify-write is."""

    READ = 0
    OFFER = 1
    WRITE = 2


class AmoUnit(wiring.Component):
    """Takes an AMO from the response of its read to that of its write.

    ===== ================= =================================== =====
    State Waits for         Does                                Next
    ===== ================= =================================== =====
    READ  read's response   keeps what was read                 OFFER
    OFFER `request.ready`   offers the write, which ends a lock WRITE
    WRITE write's response                                      READ
    ===== ================= =================================== =====

    Unprivileged specification, "Atomic Memory Operations".
    """

    #: An AMO whose read was requested is in the trap stage: `executed`.
    valid: In(1)
    executed: In(Executed())
    #: Of the data port, and the value in it as a load would see it.
    response: Out(ResponseSignature())
    value: In(64)
    #: The write.
    request: Out(RequestSignature())
    #: What was read, from the cycle after its response on, and what is written.
    loaded: Out(64)
    stored: Out(64)
    #: The response of this cycle is the last one.
    last: Out(1)

    def __init__(self) -> None:
        super().__init__()
        self.state = Signal(AmoState)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.alu = alu = AmoAlu()
        executed, request, response = self.executed, self.request, self.response
        size = executed.funct3[:2]
        # Of both sizes that there are, so of a word two, or a doubleword.
        lanes = Cat(alu.result[:32], Mux(alu.word, alu.result[:32], alu.result[32:]))
        upper = executed.data.va[2]
        strobe = Cat((~alu.word | ~upper).replicate(4), (~alu.word | upper).replicate(4))
        m.d.comb += [
            alu.op.eq(executed.insn[27:32]),
            alu.word.eq(size == 2),
            alu.memory.eq(self.loaded),
            alu.operand.eq(executed.rs2_data),
            self.stored.eq(alu.result),
            # A read that gets an error has no second half.
            self.last.eq((self.state == AmoState.WRITE) | response.error),
            request.valid.eq(self.state == AmoState.OFFER),
            request.address.eq(executed.pa),
            request.write.eq(1),
            request.data.eq(lanes),
            request.strobe.eq(strobe),
            request.size.eq(size),
            request.source.eq(Source.DATA),
            request.id.eq(executed.id),
        ]
        with m.Switch(self.state):
            with m.Case(AmoState.READ):
                with m.If(self.valid & response.valid & ~response.error):
                    m.d.sync += [self.loaded.eq(self.value), self.state.eq(AmoState.OFFER)]
            with m.Case(AmoState.OFFER):
                with m.If(request.ready):
                    m.d.sync += self.state.eq(AmoState.WRITE)
            with m.Case(AmoState.WRITE):
                with m.If(response.valid):
                    m.d.sync += self.state.eq(AmoState.READ)
        return m
