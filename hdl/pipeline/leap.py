"""Leaps: where a return or a call of the environment leads is fetched before it is taken.

`sret`, `mret`, `ecall` and `ebreak` say in the decode stage already where execution goes on, as
long as nothing older changes that. So the fetch stage goes there, with the privilege that will be
the current one, two cycles before the instruction is in the trap stage, where alone it takes
effect. Until then what follows it waits in the decode stage.

That is speculation of fetches alone, like that of branches: "implementations are permitted to
perform speculative implicit reads" of memory without side effects (privileged specification,
"Physical Memory Attributes"), here from RAM and ROM; and translations of them ahead of time
(the same, "Supervisor Memory-Management Fence Instruction").
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import Cause, Priv
from hdl.pipeline.stages import Redirect
from hdl.priv.csr import Environment
from hdl.units.decoder import System, Unit

__all__ = ["LEAPING", "Leap"]

#: Instructions that leap.
LEAPING = (System.ECALL, System.EBREAK, System.SRET, System.MRET)


class Leap(wiring.Component):
    """Of the instruction in the decode stage: whether it leaps, and where.

    Members
    -------
    valid, unit, system
        An instruction of this kind is there, without a fault of its fetch, and legal as such.
    calm
        No older instruction can change where it leads, or what is fetched there: none writes a CSR
        or memory, or is a system instruction. Those that are squashed may be older.
    take
        It leaves the decode stage at the end of the cycle, or there is none.
    flush
        It is dropped at the end of the cycle, with what has leapt before it.
    arrived
        The one that leapt leaves the trap stage at the end of the cycle.
    environment
        Live CSR state.
    redirect, leapt
        It leaps in this cycle, once; it does so, or has done.
    holds
        It must not go on yet: until it is calm, or what has leapt before it has arrived.
    priv
        With which privilege instructions are fetched: the current one, or that after the leap.
    """

    valid: In(1)
    unit: In(Unit)
    system: In(System)
    calm: In(1)
    take: In(1)
    flush: In(1)
    arrived: In(1)
    environment: In(Environment())
    redirect: Out(Redirect())
    leapt: Out(1)
    holds: Out(1)
    priv: Out(Priv)

    def __init__(self) -> None:
        super().__init__()
        #: State, for proofs: the instruction has leapt before this cycle; one that has leapt has
        #: not arrived.
        self.done, self.ahead = Signal(name="done"), Signal(name="ahead")

    def elaborate(self, platform: object) -> Module:
        m = Module()
        environment, current = self.environment, self.environment.priv
        done, ahead = self.done, self.ahead
        #: What the instruction wants to be: a leap, to a privilege; the privilege of the last one.
        wants, to, later = Signal(name="wants"), Signal(Priv, name="to"), Signal(Priv, name="later")
        cause = Signal(4)
        to_s = (current != Priv.M) & environment.medeleg.bit_select(cause, 1)
        vector = Mux(to_s, environment.stvec, environment.mtvec)
        with m.If(self.valid & (self.unit == Unit.SYSTEM)):
            with m.Switch(self.system):
                with m.Case(System.ECALL, System.EBREAK):
                    calls = self.system == System.ECALL
                    m.d.comb += [
                        wants.eq(1),
                        # ECALL_U, ECALL_S and ECALL_M follow each other, as the privileges do.
                        cause.eq(Mux(calls, Cause.ECALL_U + current, Cause.BREAKPOINT)),
                        to.eq(Mux(to_s, Priv.S, Priv.M)),
                        self.redirect.target.eq(Cat(Const(0, 2), vector[2:])),
                    ]
                with m.Case(System.SRET):
                    m.d.comb += [
                        wants.eq(current != Priv.U),
                        to.eq(Mux(environment.spp, Priv.S, Priv.U)),
                        self.redirect.target.eq(environment.sepc),
                    ]
                with m.Case(System.MRET):
                    m.d.comb += [
                        wants.eq(current == Priv.M),
                        to.eq(environment.mpp),
                        self.redirect.target.eq(environment.mepc),
                    ]
        leaps = self.redirect.valid
        m.d.comb += [
            leaps.eq(wants & ~done & ~ahead & self.calm),
            self.leapt.eq(done | leaps),
            self.holds.eq((wants & ~self.leapt) | (ahead & ~done)),
            self.priv.eq(Mux(ahead, later, current)),
        ]
        with m.If(self.flush | self.arrived):
            m.d.sync += ahead.eq(0)
        with m.Elif(leaps):
            m.d.sync += [ahead.eq(1), later.eq(to)]
        m.d.sync += done.eq(self.leapt & ~self.take & ~self.flush)
        return m
