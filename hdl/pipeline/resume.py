"""Where execution goes on behind the instruction in the trap stage, and when fetches go there."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import Priv
from hdl.pipeline.stages import Executed, Redirect
from hdl.priv.csr import Environment
from hdl.priv.exception import TrapTarget, handler_of
from hdl.units.decoder import System, Unit

__all__ = ["Resume"]


class Resume(wiring.Component):
    """Redirects: at once for the stages, and for the fetch stage when it is known where to.

    Which trap is taken is found out late, and then where it leads. So for the fetch stage a trap,
    or an instruction that is fetched again, takes a cycle more: in its own cycle that stage is
    stopped by a redirect to anywhere, and in the next one redirected again. By then the CSRs have
    the trap, and the stage still holds its instruction.

    Members
    -------
    executed, ends
        The instruction in the trap stage; it leaves at the end of the cycle.
    refused, chosen, renews
        It does not retire; it traps then; else an A or D bit is set for it, and it is fetched
        again.
    redirects, calls
        Without being refused, it redirects; that is since it calls the environment, which traps.
    trap, environment
        The trap that it takes; live CSR state.
    redirect
        Flush everything younger, and go on there; all in the cycle in which it leaves.
    fetched
        The same for the fetch stage, `target` of what was refused a cycle later.
    """

    executed: In(Executed())
    ends: In(1)
    refused: In(1)
    chosen: In(1)
    renews: In(1)
    redirects: In(1)
    calls: In(1)
    trap: In(TrapTarget())
    environment: In(Environment())
    redirect: Out(Redirect())
    fetched: Out(Redirect())

    def __init__(self) -> None:
        super().__init__()
        #: State, for proofs: the last instruction trapped, or is fetched again; the trap's cause.
        self.late, self.again = Signal(name="late"), Signal(name="again")
        self.interrupt, self.cause = Signal(name="by_interrupt"), Signal(4, name="trap_cause")

    def elaborate(self, platform: object) -> Module:
        m = Module()
        executed, environment, trap = self.executed, self.environment, self.trap
        known, later = Signal(64, name="known"), Signal(64, name="later")
        m.d.comb += [
            self.redirect.valid.eq(self.ends & (self.refused | self.redirects)),
            self.redirect.target.eq(
                Mux(self.chosen, trap.vector, Mux(self.renews, executed.pc, known))
            ),
        ]
        system = executed.unit == Unit.SYSTEM
        with m.If(system & (executed.system == System.SRET)):
            m.d.comb += known.eq(environment.sepc)
        with m.Elif(system & (executed.system == System.MRET)):
            m.d.comb += known.eq(environment.mepc)
        with m.Else():
            m.d.comb += known.eq(executed.next_pc)
        m.d.sync += [
            self.late.eq(self.ends & (self.refused | (self.redirects & self.calls))),
            self.again.eq(~self.chosen),
            self.interrupt.eq(trap.interrupt),
            self.cause.eq(trap.cause),
        ]
        # The privilege is that of the handler now.
        vectors = Mux(environment.priv == Priv.S, environment.stvec, environment.mtvec)
        handler = handler_of(vectors, self.interrupt, self.cause)
        m.d.comb += [
            later.eq(Mux(self.again, executed.pc, handler)),
            self.fetched.valid.eq(self.redirect.valid | self.late),
            self.fetched.target.eq(Mux(self.late, later, known)),
        ]
        return m
