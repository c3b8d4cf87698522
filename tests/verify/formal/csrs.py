"""What traps, returns and writes do to the CSRs, read back through the port of the CSR file.

Any one register is read in two cycles that follow each other: what happened in the first decides
what the second shows. So each property also says which registers keep their value.

Privileged specification, "Privilege and Global Interrupt-Enable Stack in mstatus register",
"Memory Privilege in mstatus Register", and the registers' own sections.
"""

from amaranth.hdl import Cat, Const, Mux, Signal

from hdl.arch import HPMCOUNTERS, MHPMCOUNTERS, MHPMEVENTS, Csr, Priv
from hdl.events import Event
from hdl.priv.csr import CsrFile
from tests.verify.formal.proof import Proof, assumes, free_inputs, invariant, proves
from tests.verify.formal.watched_trap_stage import OF_MODE

__all__ = ["CsrProof"]

SIE, MIE, SPIE, MPIE, SPP, MPP, MPRV = 1, 3, 5, 7, 8, 11, 17
#: They change on their own, or show lines: `tests.verify.formal.interrupts` is about the latter.
MOVING = (
    *(Csr.MCYCLE, Csr.CYCLE, Csr.TIME, Csr.MINSTRET, Csr.INSTRET, Csr.MIP, Csr.SIP),
    *(*MHPMCOUNTERS, *HPMCOUNTERS),
)
#: Bits that a write changes, where all of them simply take the new value.
WRITABLE = {
    Csr.SSTATUS: 0x000C_0122,
    Csr.STVEC: ~0b10,
    Csr.SCOUNTEREN: 0xFFFF_FFFF,
    Csr.SENVCFG: 1,
    Csr.SSCRATCH: ~0,
    Csr.SEPC: ~1,
    Csr.SCAUSE: ~0,
    Csr.STVAL: ~0,
    Csr.STIMECMP: ~0,
    Csr.MEDELEG: 0xB3FE,
    Csr.MIDELEG: 0x222,
    Csr.MIE: 0xAAA,
    Csr.MTVEC: ~0b10,
    Csr.MCOUNTEREN: 0xFFFF_FFFF,
    Csr.MENVCFG: 1 << 63 | 1 << 61 | 1,
    Csr.MCOUNTINHIBIT: 0xFFFF_FFFD,
    MHPMEVENTS[0]: (1 << len(Event)) - 1,
    Csr.MSCRATCH: ~0,
    Csr.MEPC: ~1,
    Csr.MCAUSE: ~0,
    Csr.MTVAL: ~0,
    Csr.MCYCLE: ~0,
    Csr.MINSTRET: ~0,
}
#: Likewise, but for MPP, which is WARL.
MSTATUS_WRITABLE = 0x007E_01AA
READ_ONLY = (
    Csr.MISA,
    Csr.MVENDORID,
    Csr.MARCHID,
    Csr.MIMPID,
    Csr.MHARTID,
    Csr.MCONFIGPTR,
)


def with_fields(value, **fields):
    """`value` (64 bits) with other contents of the fields of mstatus that are named."""
    bits = list(value)
    for name, field in fields.items():
        low = globals()[name]
        for i, bit in enumerate(field):
            bits[low + i] = bit
    return Cat(bits)


class CsrProof(Proof):
    """The CSR file: traps, mret, sret, writes, and what none of them touches."""

    base = 2
    depth = 5

    def dut(self):
        """What is proven; mutants bend it."""
        return CsrFile()

    def build(self, m):
        m.submodules.csrs = self.csrs = csrs = self.dut()
        free_inputs(m, csrs)
        self.trap, self.environment = csrs.trap, csrs.environment
        address = self.past(m, csrs.address)
        #: The same register is read as in the previous cycle; its value then and now.
        self.steady = Signal()
        m.d.comb += self.steady.eq(self.past(m, 1) & (address == csrs.address))
        self.old, self.new = self.past(m, csrs.read_data), csrs.read_data
        self.old_priv = self.past(m, self.environment.priv, init=Priv.M)
        self.old_trap = {
            name: self.past(m, getattr(self.trap, name))
            for name in ("valid", "interrupt", "cause", "to_s", "epc", "tval")
        }
        self.sret, self.mret = self.past(m, csrs.sret), self.past(m, csrs.mret)
        self.written = self.past(m, csrs.write)
        self.written_data = self.past(m, csrs.write_data)
        self._count(m)

    def _count(self, m):
        """What the counters must be, and whether each grew just now or was kept from it."""
        csrs = self.csrs
        self.inhibit, self.counters, self.grew, self.stood = Signal(32), {}, {}, {}
        with m.If(csrs.write & (csrs.address == Csr.MCOUNTINHIBIT)):
            m.d.sync += self.inhibit.eq(csrs.write_data & WRITABLE[Csr.MCOUNTINHIBIT])
        self.selected = Signal(len(Event))
        chosen = csrs.write & (csrs.address == MHPMEVENTS[0])
        with m.If(chosen):
            m.d.sync += self.selected.eq(csrs.write_data)
        happens = (csrs.events & self.selected).any()
        for csr, event, bit in (
            (Csr.MCYCLE, Const(1), 0),
            (Csr.MINSTRET, csrs.retire, 2),
            (MHPMCOUNTERS[0], happens, 3),
        ):
            counter = self.counters[csr] = Signal(64)
            written = csrs.write & (csrs.address == csr)
            grows = event & ~self.inhibit[bit] & ~written
            if csr == MHPMCOUNTERS[0]:
                # Events are counted a cycle later, unless that writes the counter; and not those
                # of a cycle that chooses others.
                self.due = Signal()
                m.d.sync += self.due.eq(grows & ~chosen)
                grows = self.due & ~written
            m.d.sync += counter.eq(Mux(written, csrs.write_data, counter + grows))
            self.grew[csr] = self.past(m, grows)
            self.stood[csr] = self.past(m, event & self.inhibit[bit] & ~written)

    def _reads(self, *csrs):
        return Cat(self.csrs.address == csr for csr in csrs).any()

    def _trapped(self, to_s):
        return self.steady & self.old_trap["valid"] & (self.old_trap["to_s"] == to_s)

    @assumes
    def one_event_at_a_time(self, m):
        """In a cycle there is at most one of a write, a trap, an mret and an sret."""
        events = Cat(self.csrs.write, self.trap.valid, self.csrs.mret, self.csrs.sret)
        return (events & (events - 1)) == 0

    @assumes
    def traps_are_legal(self, m):
        """A trap out of M-mode goes to M-mode, and the pc of an instruction is even."""
        down = self.trap.to_s & (self.environment.priv == Priv.M)
        return ~self.trap.valid | (~down & ~self.trap.epc[0])

    @invariant
    def modes_are_legal(self, m):
        """The reserved mode 2 is in no register, and what was seen last is what is."""
        status = self.csrs.fields[Csr.MSTATUS]
        return (self.environment.priv != 2) & (status["MPP"] != 2) & (self.old_priv != 2)

    @invariant
    def counters_are_counted(self, m):
        """What has been counted here is in the registers, and so is what inhibits that."""
        registers, counters, monitors = self.csrs.registers, self.counters, self.csrs.monitors
        return (
            (monitors.counters[3] == counters[MHPMCOUNTERS[0]])
            & (monitors.selected[3] == self.selected)
            & ((monitors.open[3] & (monitors.selected[3] & monitors.seen).any()) == self.due)
            & (registers[Csr.MINSTRET] == counters[Csr.MINSTRET])
            & (registers[Csr.MCYCLE] == counters[Csr.MCYCLE])
            & (registers[Csr.MCOUNTINHIBIT] == self.inhibit)
        )

    @proves
    def trap_to_m_records(self, m):
        """A trap to M-mode writes mepc, mcause and mtval with the trap's pc, cause and value."""
        trap = self.old_trap
        cause = Cat(trap["cause"], Const(0, 59), trap["interrupt"])
        value = Mux(
            self._reads(Csr.MEPC), trap["epc"], Mux(self._reads(Csr.MCAUSE), cause, trap["tval"])
        )
        reads = self._reads(Csr.MEPC, Csr.MCAUSE, Csr.MTVAL)
        return self._trapped(0) & reads, self.new == value

    @proves
    def trap_to_s_records(self, m):
        """A trap to S-mode writes sepc, scause and stval with the trap's pc, cause and value."""
        trap = self.old_trap
        cause = Cat(trap["cause"], Const(0, 59), trap["interrupt"])
        value = Mux(
            self._reads(Csr.SEPC), trap["epc"], Mux(self._reads(Csr.SCAUSE), cause, trap["tval"])
        )
        reads = self._reads(Csr.SEPC, Csr.SCAUSE, Csr.STVAL)
        return self._trapped(1) & reads, self.new == value

    @proves
    def trap_to_m_stacks(self, m):
        """A trap to M-mode: MPIE=MIE, MIE=0, MPP=the interrupted mode, nothing else of mstatus."""
        old = self.old
        value = with_fields(old, MPIE=old[MIE], MIE=Const(0, 1), MPP=self.old_priv)
        return self._trapped(0) & self._reads(Csr.MSTATUS), self.new == value

    @proves
    def trap_to_s_stacks(self, m):
        """A trap to S-mode: SPIE=SIE, SIE=0, SPP=the interrupted mode, nothing else of mstatus."""
        old = self.old
        value = with_fields(old, SPIE=old[SIE], SIE=Const(0, 1), SPP=self.old_priv[0])
        return self._trapped(1) & self._reads(Csr.MSTATUS, Csr.SSTATUS), self.new == value

    @proves
    def trap_changes_the_mode(self, m):
        """After a trap the hart runs in the mode that it went to."""
        to_s = self.old_trap["to_s"]
        return self.old_trap["valid"], self.environment.priv == Mux(to_s, Priv.S, Priv.M)

    @proves
    def trap_spares_the_rest(self, m):
        """A trap changes no register but those four of the mode that it goes to."""
        changed = Mux(
            self.old_trap["to_s"],
            self._reads(Csr.SEPC, Csr.SCAUSE, Csr.STVAL, Csr.MSTATUS, Csr.SSTATUS),
            self._reads(Csr.MEPC, Csr.MCAUSE, Csr.MTVAL, Csr.MSTATUS),
        )
        trapped = self.steady & self.old_trap["valid"]
        return trapped & ~changed & ~self._reads(*MOVING), self.new == self.old

    @proves
    def mret_unstacks(self, m):
        """mret: MIE=MPIE, MPIE=1, MPP=U, MPRV=0 unless MPP was M, and the mode is the old MPP."""
        old = self.old
        mpp = old[MPP : MPP + 2]
        value = with_fields(
            old,
            MIE=old[MPIE],
            MPIE=Const(1, 1),
            MPP=Const(Priv.U, 2),
            MPRV=old[MPRV] & (mpp == Priv.M),
        )
        returned = self.steady & self.mret & self._reads(Csr.MSTATUS)
        return returned, (self.new == value) & (self.environment.priv == mpp)

    @proves
    def sret_unstacks(self, m):
        """sret: SIE=SPIE, SPIE=1, SPP=U, MPRV=0, and the mode is the old SPP."""
        old = self.old
        value = with_fields(old, SIE=old[SPIE], SPIE=Const(1, 1), SPP=Const(0, 1), MPRV=Const(0, 1))
        returned = self.steady & self.sret & self._reads(Csr.MSTATUS)
        mode = Mux(old[SPP], Priv.S, Priv.U)
        return returned, (self.new == value) & (self.environment.priv == mode)

    @proves
    def returns_spare_the_rest(self, m):
        """mret and sret change no register but mstatus, and sstatus with it."""
        returned = self.steady & (self.mret | self.sret)
        others = ~self._reads(*MOVING, Csr.MSTATUS, Csr.SSTATUS)
        return returned & others, self.new == self.old

    @proves
    def mode_changes_by_traps_and_returns(self, m):
        """Without a trap or a return the privilege stays as it is."""
        event = self.old_trap["valid"] | self.mret | self.sret
        return self.past(m, 1) & ~event, self.environment.priv == self.old_priv

    @proves
    def mprv_lends_mpp(self, m):
        """Data accesses run with MPP's privilege under MPRV, else with the current one."""
        status = self.new
        mode = Mux(status[MPRV], status[MPP : MPP + 2], self.environment.priv)
        return self._reads(Csr.MSTATUS), self.environment.data_priv == mode

    @proves
    def write_keeps_what_is_writable(self, m):
        """After a write a register holds the data's writable bits, and 0 elsewhere but in UXL."""
        expected, known = Const(0, 64), Const(0)
        for csr, mask in WRITABLE.items():
            fixed = 2 << 32 if csr == Csr.SSTATUS else 0
            expected = Mux(self._reads(csr), (self.written_data & mask) | fixed, expected)
            known |= self._reads(csr)
        return self.steady & self.written & known, self.new == expected[:64]

    @proves
    def write_of_mstatus(self, m):
        """A write of mstatus changes its writable bits; MPP never becomes the reserved mode 2."""
        data, mask = self.written_data, MSTATUS_WRITABLE
        mpp = data[MPP : MPP + 2]
        value = with_fields((self.old & ~mask) | (data & mask), MPP=Mux(mpp == 2, 0, mpp))
        return self.steady & self.written & self._reads(Csr.MSTATUS), self.new == value

    @proves
    def write_of_satp(self, m):
        """A write of satp takes all 64 bits if MODE is Bare or Sv39, and changes nothing if not."""
        mode = self.written_data[60:]
        value = Mux((mode == 0) | (mode == 8), self.written_data, self.old)
        return self.steady & self.written & self._reads(Csr.SATP), self.new == value

    @proves
    def read_only_is_constant(self, m):
        """misa and the machine's identity never change, whatever happens."""
        return self.steady & self._reads(*READ_ONLY), self.new == self.old

    @proves
    def nothing_changes_on_its_own(self, m):
        """Without a write, a trap or a return no register changes but counters and mip."""
        event = self.old_trap["valid"] | self.mret | self.sret | self.written
        return self.steady & ~event & ~self._reads(*MOVING), self.new == self.old

    @proves
    def minstret_counts_retiring(self, m):
        """minstret grows by one when an instruction retires, unless IR is set or it is written."""
        reads = self._reads(Csr.MINSTRET, Csr.INSTRET)
        return self.grew[Csr.MINSTRET] & reads, self.new == self.counters[Csr.MINSTRET]

    @proves
    def mcycle_counts_cycles(self, m):
        """mcycle grows by one in every cycle, unless CY is set or it is written."""
        reads = self._reads(Csr.MCYCLE, Csr.CYCLE)
        return self.grew[Csr.MCYCLE] & reads, self.new == self.counters[Csr.MCYCLE]

    @proves
    def inhibited_minstret_stands(self, m):
        """minstret keeps its value while mcountinhibit.IR is set, unless it is written."""
        reads = self._reads(Csr.MINSTRET, Csr.INSTRET)
        return self.stood[Csr.MINSTRET] & reads, self.new == self.counters[Csr.MINSTRET]

    @proves
    def inhibited_mcycle_stands(self, m):
        """mcycle keeps its value while mcountinhibit.CY is set, unless it is written."""
        reads = self._reads(Csr.MCYCLE, Csr.CYCLE)
        return self.stood[Csr.MCYCLE] & reads, self.new == self.counters[Csr.MCYCLE]

    @proves
    def mhpmcounter_counts_events(self, m):
        """mhpmcounter3 grows by one a cycle after an event of mhpmevent3, unless HPM3 was set."""
        reads = self._reads(MHPMCOUNTERS[0], HPMCOUNTERS[0])
        return self.grew[MHPMCOUNTERS[0]] & reads, self.new == self.counters[MHPMCOUNTERS[0]]

    @proves
    def inhibited_mhpmcounter_stands(self, m):
        """An event while mcountinhibit.HPM3 is set never grows mhpmcounter3."""
        reads = self._reads(MHPMCOUNTERS[0], HPMCOUNTERS[0])
        return self.stood[MHPMCOUNTERS[0]] & reads, self.new == self.counters[MHPMCOUNTERS[0]]

    @proves
    def only_retiring_counts(self, m):
        """A cycle in which nothing retires does not count in minstret."""
        unwritten = self.steady & ~self.written & self._reads(Csr.MINSTRET)
        return unwritten & ~self.past(m, self.csrs.retire), self.new == self.old

    @proves
    def legality_is_steady(self, m):
        """What is legal changes only after a write, a trap or a return."""
        csrs = self.csrs
        event = Cat(csrs.write, self.trap.valid, csrs.mret, csrs.sret).any()
        asked = Cat(csrs.asked, csrs.attempt)
        quiet = self.past(m, ~event) & (asked == self.past(m, asked))
        return quiet, csrs.legal == self.past(m, csrs.legal)

    @proves
    def mode_is_steady(self, m):
        """The mode, TVM, TW and TSR change only after a trap, a return or a write of mstatus."""
        csrs = self.csrs
        written = csrs.write & self._reads(Csr.MSTATUS)
        event = Cat(written, self.trap.valid, csrs.mret, csrs.sret).any()
        mode = Cat(getattr(self.environment, name) for name in OF_MODE)
        return self.past(m, ~event), mode == self.past(m, mode)

    @proves
    def access_needs_privilege(self, m):
        """A legal access has the address's privilege, writes nothing read-only, and obeys TVM."""
        csrs, priv = self.csrs, self.environment.priv
        trapped = (csrs.asked == Csr.SATP) & (priv == Priv.S) & self.environment.tvm
        writes = csrs.attempt & (csrs.asked[10:] == 0b11)
        return csrs.legal, (priv >= csrs.asked[8:10]) & ~writes & ~trapped
