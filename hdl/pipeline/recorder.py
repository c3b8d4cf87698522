"""The recorder: turns what leaves the trap stage into records of the retire port."""

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import INTERRUPT_BIT, Csr, Priv
from hdl.pipeline.misaligned import SecondPortion
from hdl.pipeline.retire import RetirePort
from hdl.pipeline.stages import Executed
from hdl.priv.csr import Wholes
from hdl.priv.interrupts import word_of
from hdl.units.decoder import System, Unit

__all__ = ["Recorder"]

#: Units that read and that write memory.
READS = (Unit.LOAD, Unit.LR, Unit.AMO)
WRITES = (Unit.STORE, Unit.SC, Unit.AMO)
#: CSRs that are a part of another.
PARTS = {Csr.SSTATUS: Csr.MSTATUS, Csr.SIE: Csr.MIE, Csr.SIP: Csr.MIP}


class Recorder(wiring.Component):
    """Describes every instruction that leaves, in the cycle after it does.

    Parameters
    ----------
    misaligned : bool
        Loads and stores may be misaligned.

    Members
    -------
    executed : In(Executed())
        The instruction in the trap stage.
    finishes : In(1)
        It retires or traps at the end of the cycle; not if it is only fetched again.
    mode : In(Priv)
        Its privilege.
    next_pc : In(64)
        Where execution goes on.
    loaded, stored : In(64)
        What it writes to `rd`, and what it writes to memory.
    csr_writes, csr_operand
        Whether a CSR instruction writes its CSR, and what it writes, sets or clears there.
    csr_data : In(64)
        The CSR as read; in the cycle after a write that is its new value.
    csr_wholes : In(Wholes())
        The CSRs that others are a part of.
    trap_valid, trap_interrupt, trap_cause, trap_tval
        The trap that it takes; with `trap_interrupt` it is not recorded, since it did not run.
    second : In(SecondPortion())
        With `misaligned` only: the other portion of its access.
    retire : Out(RetirePort())
        The record.
    """

    def __init__(self, *, misaligned: bool = False) -> None:
        super().__init__(
            {
                "executed": In(Executed()),
                "finishes": In(1),
                "mode": In(Priv),
                "next_pc": In(64),
                "loaded": In(64),
                "stored": In(64),
                "csr_writes": In(1),
                "csr_operand": In(64),
                "csr_data": In(64),
                "csr_wholes": In(Wholes()),
                "trap_valid": In(1),
                "trap_interrupt": In(1),
                "trap_cause": In(4),
                "trap_tval": In(64),
                **({"second": In(SecondPortion())} if misaligned else {}),
                "retire": Out(RetirePort(misaligned=misaligned)),
            }
        )
        self._misaligned = misaligned

    def elaborate(self, platform: object) -> Module:
        m = Module()
        executed, retire = self.executed, self.retire
        order = Signal(64)
        first = Signal()
        first_cause = Signal(64)
        cause = word_of({0: self.trap_cause, INTERRUPT_BIT: self.trap_interrupt})
        recorded = self.finishes & ~(self.trap_valid & self.trap_interrupt)
        retires = recorded & ~self.trap_valid
        m.d.sync += retire.valid.eq(recorded)
        with m.If(recorded):
            m.d.sync += [order.eq(order + 1), first.eq(0)]
        with m.If(self.trap_valid):
            m.d.sync += [first.eq(1), first_cause.eq(cause)]
        m.d.sync += [
            retire.order.eq(order),
            retire.id.eq(executed.id),
            retire.insn.eq(executed.insn),
            retire.trap.eq(self.trap_valid),
            retire.intr.eq(first),
            retire.intr_cause.eq(Mux(first, first_cause, 0)),
            retire.mode.eq(self.mode),
            retire.ixl.eq(2),
            retire.rs1_addr.eq(executed.rs1),
            retire.rs2_addr.eq(executed.rs2),
            retire.rs1_rdata.eq(executed.rs1_data),
            retire.rs2_rdata.eq(executed.rs2_data),
            retire.rd_addr.eq(Mux(retires, executed.rd, 0)),
            retire.rd_wdata.eq(Mux(retires & (executed.rd != 0), self.loaded, 0)),
            retire.pc_rdata.eq(executed.pc),
            retire.pc_wdata.eq(self.next_pc),
            retire.cause.eq(Mux(self.trap_valid, cause, 0)),
            retire.tval.eq(Mux(self.trap_valid, self.trap_tval, 0)),
        ]
        self._access(m, retires & executed.requested)
        self._csr(m, retires & (executed.unit == Unit.CSR))
        self._whole_csr(m, retires)
        return m

    def _access(self, m: Module, accessed: Value) -> None:
        """The data access of the record."""
        executed, retire = self.executed, self.retire
        mask = Signal(8)
        with m.Switch(executed.funct3[:2]):
            for size in range(4):
                with m.Case(size):
                    m.d.comb += mask.eq((1 << (1 << size)) - 1)
        reads = Signal()
        writes = Signal()
        with m.Switch(executed.unit):
            with m.Case(*READS):
                m.d.comb += reads.eq(accessed)
        with m.Switch(executed.unit):
            with m.Case(*WRITES):
                m.d.comb += writes.eq(accessed)
        m.d.sync += [
            retire.mem_addr.eq(Mux(accessed, executed.data.va, 0)),
            retire.mem_paddr.eq(Mux(accessed, executed.pa, 0)),
            retire.mem_rmask.eq(Mux(reads, mask, 0)),
            retire.mem_wmask.eq(Mux(writes, mask, 0)),
            retire.mem_rdata.eq(Mux(reads, self.loaded, 0)),
            retire.mem_wdata.eq(Mux(writes, self.stored, 0)),
        ]
        if self._misaligned:
            second = self.second
            m.d.sync += retire.mem_paddr2.eq(Mux(accessed & second.valid, second.pa, 0))

    def _csr(self, m: Module, accessed: Value) -> None:
        """The CSR of the record."""
        executed, retire = self.executed, self.retire
        whole = executed.funct3[:2] == 1
        written = Signal()
        # csrrw to x0 does not read; see the specification of Zicsr.
        reads = accessed & ~(whole & (executed.rd == 0))
        writes = accessed & self.csr_writes
        mask = Mux(whole, ~Const(0, 64), self.csr_operand)
        m.d.sync += [
            written.eq(writes),
            retire.csr_addr.eq(Mux(accessed, executed.insn[20:32], 0)),
            retire.csr_rmask.eq(Mux(reads, ~Const(0, 64), 0)),
            retire.csr_rdata.eq(Mux(reads, self.csr_data, 0)),
            retire.csr_wmask.eq(Mux(writes, mask, 0)),
        ]
        m.d.comb += retire.csr_wdata.eq(Mux(written, self.csr_data, 0))

    def _whole_csr(self, m: Module, retires: Value) -> None:
        """The fields for the CSR that another is a part of, or that a return changes."""
        executed, retire, wholes = self.executed, self.retire, self.csr_wholes
        address = Signal(12)
        returns = Signal()
        with m.Switch(executed.system):
            with m.Case(System.SRET, System.MRET):
                m.d.comb += returns.eq(executed.unit == Unit.SYSTEM)
        with m.If(retires & returns):
            m.d.comb += address.eq(Csr.MSTATUS)
        with m.Elif(retires & (executed.unit == Unit.CSR) & self.csr_writes):
            with m.Switch(executed.insn[20:32]):
                for part, whole in PARTS.items():
                    with m.Case(part):
                        m.d.comb += address.eq(whole)
                with m.Default():
                    m.d.comb += address.eq(executed.insn[20:32])
        m.d.sync += [
            retire.csr_whole_addr.eq(address),
            retire.csr_mip_rdata.eq(Mux(address == Csr.MIP, wholes.mip_held, 0)),
        ]
        with m.Switch(retire.csr_whole_addr):
            with m.Case(Csr.MSTATUS):
                m.d.comb += retire.csr_whole_wdata.eq(wholes.mstatus)
            with m.Case(Csr.MIE):
                m.d.comb += retire.csr_whole_wdata.eq(wholes.mie)
            with m.Case(Csr.MIP):
                m.d.comb += [
                    retire.csr_whole_wdata.eq(wholes.mip),
                    retire.csr_mip_wdata.eq(wholes.mip_held),
                ]
            with m.Default():
                m.d.comb += retire.csr_whole_wdata.eq(retire.csr_wdata)
