"""Instructions in the trap stage: which are forbidden or refused, what CSRs become.

Privileged specification, "Virtualization Support in mstatus Register" (TVM, TW, TSR) and
"Trap-Return Instructions"; unprivileged specification, "CSR Instructions".
"""

from amaranth.hdl import Cat, Module, Value
from amaranth.lib import wiring

from hdl.arch import PMPADDRS, PMPCFGS, Csr, Priv
from hdl.units.decoder import System, Unit

__all__ = ["DATA_CSRS", "FETCH_CSRS", "INTERRUPT_CSRS", "forbid", "is_refused", "modify", "obeyed"]

# A CSR access has to be "performed after the execution of any prior instructions in program order
# whose behavior modifies or is modified by the CSR state and before the execution of any subsequent
# instructions whose behavior modifies or is modified by the CSR state" (unprivileged specification,
# "CSR Instructions"). Almost all state is looked at in the trap stage only, where one instruction
# follows the other: epc, cause, tval and scratch registers, counters, delegation and vectors of
# exceptions, what may be executed at all. A write of these holds nothing up. The rest:

#: What fetches obey; so what follows a write is fetched again. So do `pmpcfg` and `pmpaddr`.
FETCH_CSRS = (Csr.SATP, Csr.MENVCFG)
#: What translations of data obey, but fetches do not: SUM, MXR, MPRV and MPP. The next instruction
#: waits, and its address is looked up with the new values: results of walks are for the values
#: that they were asked with (`hdl.mmu.vocabulary.WalkKey`).
DATA_CSRS = (Csr.MSTATUS, Csr.SSTATUS)
#: What says whether an interrupt is taken before the next instruction, which is looked at when that
#: leaves the execute stage: "immediately following ... an explicit write to a CSR on which these
#: interrupt trap conditions expressly depend". `mstatus` and `sstatus` are such, too.
INTERRUPT_CSRS = (Csr.MIE, Csr.MIP, Csr.SIE, Csr.SIP, Csr.MIDELEG, Csr.STIMECMP)


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


def obeyed(address: Value, *, protected: bool, misaligned: bool) -> tuple[Value, Value]:
    """Whether fetches obey the CSR at `address`, and whether the execute stage does.

    With physical memory protection (`protected`) fetches obey that. Where accesses may be
    `misaligned` the execute stage keeps what it has learnt of a first portion, so what it is about
    to execute is fetched again, too, when that may change.
    """
    by_fetch = (*FETCH_CSRS, *((*PMPCFGS, *PMPADDRS) if protected else ()))
    by_fetch += DATA_CSRS if misaligned else ()
    by_execute = (*DATA_CSRS, *INTERRUPT_CSRS)
    return (
        Cat(address == csr for csr in by_fetch).any(),
        Cat(address == csr for csr in by_execute).any(),
    )
