"""The trap unit: which exception an instruction takes, where it goes, and what the CSRs record.

Every exception that an instruction collects on its way through the pipeline arrives here with it,
and so does an interrupt; one chain of conditions picks one.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, ValueLike
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import Cause, Priv
from hdl.mmu.ports import AddressSignature
from hdl.mmu.vocabulary import Fault
from hdl.priv.interrupts import WIDTH

__all__ = ["Collected", "TrapTarget", "TrapUnit"]


class Collected(wiring.Signature):
    """The exceptions of an instruction, and the interrupt before it, in the trap stage."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: An interrupt was pending and enabled when it left the execute stage.
                "interrupt": Out(1),
                "interrupt_cause": Out(4),
                #: Of its fetch. `update` is 0 here: a fault of the update of A is in `fault`.
                "fetch": Out(AddressSignature()),
                #: No instruction, or forbidden by the privilege or by a CSR.
                "illegal": Out(1),
                "ebreak": Out(1),
                "ecall": Out(1),
                #: Its data access writes (stores, AMOs and SC; not LR).
                "writes": Out(1),
                "misaligned": Out(1),
                #: Of its data access; `update` is 0 here, too.
                "data": Out(AddressSignature()),
                "pc": Out(64),
                #: As fetched; a compressed instruction in bits 15:0.
                "insn": Out(32),
            }
        )


class TrapTarget(wiring.Signature):
    """A trap to take: how the CSRs change and where execution goes on."""

    def __init__(self) -> None:
        super().__init__(
            {
                #: A trap is to be taken; the other members are valid with it.
                "valid": Out(1),
                "interrupt": Out(1),
                #: Exception or interrupt number, without the interrupt bit.
                "cause": Out(4),
                #: Goes to S-mode (1) or to M-mode (0).
                "to_s": Out(1),
                "epc": Out(64),
                "tval": Out(64),
                #: Virtual address of the handler.
                "vector": Out(64),
            }
        )


class TrapUnit(wiring.Component):
    """Chooses at most one trap for the instruction in the trap stage, combinationally.

    Members
    -------
    collected : In(Collected())
        Its exceptions.
    priv : In(Priv)
        Its privilege.
    medeleg : In(16)
    mideleg : In(12)
    stvec, mtvec : In(64)
        The CSRs as they stand before the trap.
    enable : In(1)
        The instruction leaves the trap stage at the end of the cycle.
    chosen : Out(1)
        It takes a trap when it leaves.
    target : Out(TrapTarget())
        The trap, valid with `enable`. One chain chooses it, in the order of the privileged
        specification, table "Synchronous exception priority in decreasing priority order";
        interrupts come first.

    `xtval` is the address of the faulting portion, the instruction's bits for an illegal one, the
    pc for ebreak, 0 for ecall and interrupts. Misaligned data addresses rank above the faults of
    their translation, which is not even started.
    """

    collected: In(Collected())
    priv: In(Priv)
    medeleg: In(16)
    mideleg: In(WIDTH)
    stvec: In(64)
    mtvec: In(64)
    enable: In(1)
    chosen: Out(1)
    target: Out(TrapTarget())

    def __init__(self) -> None:
        super().__init__()
        #: What is chosen is delegated to S-mode, if it is met below M-mode.
        self._delegated = Signal(name="delegated")

    def elaborate(self, platform: object) -> Module:
        m = Module()
        target = self.target
        self._choose(m)
        m.d.comb += [
            target.valid.eq(self.chosen & self.enable),
            target.interrupt.eq(self.collected.interrupt),
            target.epc.eq(self.collected.pc),
            # "Traps never transition from a more-privileged mode to a less-privileged mode":
            # medeleg and mideleg count only below M.
            target.to_s.eq((self.priv != Priv.M) & self._delegated),
        ]
        self._direct(m)
        return m

    def _direct(self, m: Module) -> None:
        """Where the handler is. Of an interrupt that is known before any exception is."""
        c, target = self.collected, self.target
        to_s = (self.priv != Priv.M) & self.mideleg.bit_select(c.interrupt_cause, 1)
        tvec = Mux(to_s, self.stvec, self.mtvec)
        # Vectored mode (bit 0) concerns interrupts only.
        vectored = tvec[2:] + Mux(tvec[0], c.interrupt_cause, 0)
        direct = Mux(target.to_s, self.stvec[2:], self.mtvec[2:])
        m.d.comb += target.vector.eq(Cat(Const(0, 2), Mux(c.interrupt, vectored[:62], direct)))

    def _choose(self, m: Module) -> None:
        """The first one, and whether it is delegated: in one go, that is known sooner."""
        c, target = self.collected, self.target

        def choose(cause: ValueLike, delegated: Value, tval: ValueLike = 0) -> None:
            m.d.comb += [self.chosen.eq(1), target.cause.eq(cause), target.tval.eq(tval)]
            m.d.comb += self._delegated.eq(delegated)

        def take(cause: Cause, tval: Value) -> None:
            choose(cause, self.medeleg[cause], tval)

        def take_by_kind(load: Cause, store: Cause) -> None:
            delegated = Mux(c.writes, self.medeleg[store], self.medeleg[load])
            choose(Mux(c.writes, store, load), delegated, c.data.va)

        with m.If(c.interrupt):
            # It reaches M-mode delegated only while M-mode has it masked: its own bit decides.
            choose(c.interrupt_cause, self.mideleg.bit_select(c.interrupt_cause, 1))
        with m.Elif(c.fetch.fault == Fault.PAGE):
            take(Cause.FETCH_PAGE, c.fetch.va)
        with m.Elif(c.fetch.fault == Fault.ACCESS):
            take(Cause.FETCH_ACCESS, c.fetch.va)
        with m.Elif(c.illegal):
            take(Cause.ILLEGAL, c.insn)
        with m.Elif(c.ecall):
            # ECALL_U, ECALL_S and ECALL_M follow each other in the order of the privileges.
            delegated = self.medeleg[Cause.ECALL_U :].bit_select(self.priv, 1)
            choose(Cause.ECALL_U + self.priv, delegated)
        with m.Elif(c.ebreak):
            take(Cause.BREAKPOINT, c.pc)
        with m.Elif(c.misaligned):
            take_by_kind(Cause.LOAD_MISALIGNED, Cause.STORE_MISALIGNED)
        with m.Elif(c.data.fault == Fault.PAGE):
            take_by_kind(Cause.LOAD_PAGE, Cause.STORE_PAGE)
        with m.Elif(c.data.fault == Fault.ACCESS):
            take_by_kind(Cause.LOAD_ACCESS, Cause.STORE_ACCESS)
