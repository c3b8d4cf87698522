"""Instructions in the trap stage: which are forbidden or refused, what CSRs become.

Privileged specification, "Virtualization Support in mstatus Register" (TVM, TW, TSR) and
"Trap-Return Instructions"; unprivileged specification, "CSR Instructions".
"""

from amaranth.hdl import Cat, Module, Value
from amaranth.lib import data, wiring

from hdl.arch import PMPADDRS, PMPCFGS, Csr, Priv
from hdl.units.decoder import System, Unit

__all__ = [
    *("DATA_CSRS", "FETCH_CSRS", "INTERRUPT_CSRS"),
    *("Sequel", "attempts", "forbid", "is_barred", "lets_leap", "modify", "sequel"),
]

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


def is_barred(executed: wiring.PureInterface, forbidden: Value) -> Value:
    """Whether `executed` (`Executed`) will not retire for what is known before its data access.

    It may be `forbidden`. Left out are ecall and ebreak.
    """
    barred = executed.fetch.is_refused() | executed.misaligned | executed.interrupt
    return Value.cast(barred | executed.illegal | forbidden)


def modify(m: Module, written: Value, funct3: Value, old: Value, operand: Value) -> None:
    """Drives `written`: what a CSR of value `old` becomes by the instruction with `funct3`."""
    with m.Switch(funct3[:2]):
        with m.Case(2):
            m.d.comb += written.eq(old | operand)
        with m.Case(3):
            m.d.comb += written.eq(old & ~operand)
        with m.Default():
            m.d.comb += written.eq(operand)


def attempts(executed: wiring.PureInterface) -> Value:
    """Whether `executed` (`Executed`), if it accesses a CSR, writes it, too.

    csrrs and csrrc write nothing if rs1 is x0, or the immediate 0.
    """
    return (executed.funct3[:2] == 1) | (executed.insn[15:20] != 0)


def lets_leap(executed: wiring.PureInterface) -> Value:
    """Whether a younger instruction than `executed` (`Executed`) may leap.

    Not before a write of a CSR, which may be one that says where it leads; nor before a system
    instruction, nor a store, since traps and returns fetch what was stored before them.
    """
    system, csr = executed.unit == Unit.SYSTEM, executed.unit == Unit.CSR
    stores = [executed.unit == unit for unit in (Unit.STORE, Unit.SC, Unit.AMO)]
    return ~(system | (csr & attempts(executed)) | Cat(stores).any())


class Sequel(data.Struct):
    """What becomes of the instructions behind one, if that retires."""

    #: The next one has to stay in the execute stage while this one is in the trap stage; it has to
    #: if it accesses a CSR.
    waits: 1
    csrs_wait: 1
    #: What follows is not what was fetched behind it: that is fetched again, or was called.
    refetches: 1
    #: This is a fence of an address. If that concerns what is fetched, the next one waits and all
    #: that follows is fetched again; else the next one waits if it accesses memory.
    fences: 1


def sequel(
    m: Module,
    result: data.View,
    executed: wiring.PureInterface,
    *,
    protected: bool,
    misaligned: bool,
) -> None:
    """Drives `result` (`Sequel`) for `executed` (`Executed`).

    Fences of an address are told apart for the sake of "if rs1≠x0, the fence orders only reads and
    writes made to leaf page table entries corresponding to the virtual address in rs1" (privileged
    specification, "Supervisor Memory-Management Fence Instruction").

    Where accesses may be `misaligned` the execute stage keeps what it has learnt of a first
    portion, so what it is about to execute is fetched again whenever that may have changed. With
    physical memory protection (`protected`) fetches obey that, too.
    """
    fences = executed.system == System.SFENCE_VMA
    others = (System.FENCE_I, System.SRET, System.MRET, System.ECALL, System.EBREAK)
    spares = fences & (0 if misaligned else executed.rs1 != 0)
    flushes = (fences & ~spares) | Cat(executed.system == system for system in others).any()
    by_fetch = (*FETCH_CSRS, *((*PMPCFGS, *PMPADDRS) if protected else ()))
    by_fetch += DATA_CSRS if misaligned else ()
    refetches, waits = (
        Cat(executed.insn[20:32] == csr for csr in csrs).any()
        for csrs in (by_fetch, (*DATA_CSRS, *INTERRUPT_CSRS))
    )
    # Of all other instructions nothing is found out: a simulator need not compare their bits.
    with m.If((executed.unit == Unit.CSR) & attempts(executed)):
        m.d.comb += [
            result.waits.eq(waits | refetches),
            # The record of a write shows what the CSR has become, so the next one must not be there
            # yet; nor may it be forbidden or not by what is written.
            result.csrs_wait.eq(1),
            result.refetches.eq(refetches),
        ]
    with m.If(executed.unit == Unit.SYSTEM):
        m.d.comb += [
            result.waits.eq(~spares),
            result.refetches.eq(flushes),
            result.fences.eq(spares),
        ]
