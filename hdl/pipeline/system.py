"""Instructions in the trap stage: which are forbidden or refused, what CSRs become.

Privileged specification, "Virtualization Support in mstatus Register" (TVM, TW, TSR) and
"Trap-Return Instructions"; unprivileged specification, "CSR Instructions".
"""

from amaranth.hdl import Module, Value
from amaranth.lib import wiring

from hdl.arch import Priv
from hdl.units.decoder import System, Unit

__all__ = ["forbid", "is_refused", "modify"]


def forbid(
    m: Module,
    forbidden: Value,
    executed: wiring.PureInterface,
    environment: wiring.PureInterface,
    legal: Value,
) -> None:
    """Drives `forbidden`: the instruction `executed` (`Executed`) may not be executed.

    `environment` (`hdl.priv.csr.Environment`) is live; `legal` says of a CSR instruction that it
    may access its CSR.
    """
    user, supervisor = environment.priv == Priv.U, environment.priv == Priv.S
    with m.If(executed.unit == Unit.SYSTEM):
        with m.Switch(executed.system):
            with m.Case(System.SRET):
                m.d.comb += forbidden.eq(user | (supervisor & environment.tsr))
            with m.Case(System.MRET):
                m.d.comb += forbidden.eq(environment.priv != Priv.M)
            with m.Case(System.WFI):
                m.d.comb += forbidden.eq(user | (supervisor & environment.tw))
            with m.Case(System.SFENCE_VMA):
                m.d.comb += forbidden.eq(user | (supervisor & environment.tvm))
    with m.Elif(executed.unit == Unit.CSR):
        m.d.comb += forbidden.eq(~legal)


def is_refused(executed: wiring.PureInterface, forbidden: Value, error: Value) -> Value:
    """Whether `executed` (`Executed`) will not retire: it has an exception, or needs an update.

    It is one of those `forbidden` to it, or the bus responds with an `error`; ecall and ebreak are
    left out. That is known before the trap is, which is chosen from the same.
    """
    refused = executed.fetch.is_refused() | executed.data.is_refused() | executed.misaligned
    refused |= executed.interrupt | executed.illegal | forbidden | error
    return Value.cast(refused)


def modify(m: Module, written: Value, funct3: Value, old: Value, operand: Value) -> None:
    """Drives `written`: what a CSR of value `old` becomes by the instruction with `funct3`."""
    with m.Switch(funct3[:2]):
        with m.Case(2):
            m.d.comb += written.eq(old | operand)
        with m.Case(3):
            m.d.comb += written.eq(old & ~operand)
        with m.Default():
            m.d.comb += written.eq(operand)
