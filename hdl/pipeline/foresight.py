"""What is known of an instruction before it is in the trap stage: registers filled as it enters.

So what the trap stage tells the others, above all whether it is ready, does not begin with finding
out which CSR an instruction accesses and whether it may.
"""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.pipeline.stages import ACCESSES, Executed
from hdl.pipeline.system import Sequel, forbid, is_barred, sequel
from hdl.priv.csr import Environment
from hdl.units.decoder import System, Unit

__all__ = ["Foresight", "Known"]


class Known(data.Struct):
    """What is found out, as in `Foresight`."""

    forbidden: 1
    barred: 1
    calls: 1
    sequel: Sequel


class Foresight(wiring.Component):
    """What keeps the instruction in the trap stage from retiring, and what it does to others.

    The privilege and the CSRs are those of the cycle in which it enters, and they are the same when
    it is there: with a write of a CSR that could change what is found out, a trap or a return
    nothing enters that it concerns.

    Parameters
    ----------
    protected, misaligned : bool
        As in `hdl.pipeline.system.sequel`.

    Members
    -------
    next, take
        The instruction in the execute stage; it enters at the end of the cycle.
    environment, legal
        Live CSR state; a CSR instruction there may access its CSR.
    elsewhere
        No instruction that is fetched already lies in a page with the address of the fence.
    csr
        The CSR of the last CSR instruction: the record of a write shows it a cycle later.
    forbidden, barred
        The instruction in the trap stage is privileged, or accesses a CSR, and that is forbidden.
        It will not retire for this or another reason; see `hdl.pipeline.system.is_barred`.
    calls
        It is an ecall or ebreak.
    serial, refetches
        A younger instruction must not enter beside it. If nothing bars it, what follows is not what
        was fetched behind it.
    """

    def __init__(self, *, protected: bool, misaligned: bool) -> None:
        self._kinds = {"protected": protected, "misaligned": misaligned}
        super().__init__(
            {
                "next": In(Executed()),
                "take": In(1),
                "environment": In(Environment()),
                "legal": In(1),
                "elsewhere": In(1),
                "csr": Out(12),
                "forbidden": Out(1),
                "barred": Out(1),
                "calls": Out(1),
                "serial": Out(1),
                "refetches": Out(1),
            }
        )
        #: State, for proofs: what is known of the instruction in the trap stage.
        self.known = Signal(Known, name="known", reset_less=True)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        next_, known = self.next, self.known
        found = Signal(Known, name="found")
        forbid(m, found.forbidden, next_, self.environment, self.legal)
        sequel(m, found.sequel, next_, **self._kinds)
        called = (next_.system == System.ECALL) | (next_.system == System.EBREAK)
        m.d.comb += [
            found.barred.eq(is_barred(next_, found.forbidden)),
            found.calls.eq((next_.unit == Unit.SYSTEM) & called),
        ]
        csr = Signal(12, name="csr_address", reset_less=True)
        with m.If(self.take):
            m.d.sync += known.eq(found)
            with m.If(next_.unit == Unit.CSR):
                m.d.sync += csr.eq(next_.insn[20:32])
        accesses = Cat(next_.unit == unit for unit in ACCESSES).any()
        behind = known.sequel
        m.d.comb += [
            self.csr.eq(csr),
            self.forbidden.eq(known.forbidden),
            self.barred.eq(known.barred),
            self.calls.eq(known.calls),
            self.serial.eq(
                behind.waits
                | (behind.csrs_wait & (next_.unit == Unit.CSR))
                | (behind.fences & (~self.elsewhere | accesses))
            ),
            self.refetches.eq(behind.refetches | (behind.fences & ~self.elsewhere)),
        ]
        return m
