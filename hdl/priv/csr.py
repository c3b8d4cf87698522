"""The control and status registers, and how traps and returns change them.

Privileged specification, chapters "Machine-Level ISA" and "Supervisor-Level ISA"; Zicntr and Sstc.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import (
    ASID_BITS,
    INTERRUPT_BIT,
    MENVCFG_ADUE,
    MENVCFG_FIOM,
    MENVCFG_STCE,
    MHPMCOUNTERS,
    MHPMEVENTS,
    PPN_BITS,
    Csr,
    Mstatus,
    Priv,
    SatpMode,
)
from hdl.priv.exception import TrapTarget
from hdl.priv.interrupts import WIDTH, InterruptLines, InterruptUnit, word_of

__all__ = ["CsrFile", "Environment"]

#: Causes that can occur and be delegated: bits of `medeleg`. Bit 11 (ecall from M) is 0.
MEDELEG_MASK = 0xB3FE
#: RV64 with the extensions A, C, I, M, and S and U mode. Read-only.
MISA = 2 << 62 | sum(1 << (ord(letter) - ord("A")) for letter in "ACIMSU")
#: The counters that can be gated and inhibited: CY, TM and IR; TM cannot be inhibited.
COUNTEREN_MASK = 0b111
COUNTINHIBIT_MASK = 0b101

#: Bits of `sstatus` that are bits of `mstatus`.
SSTATUS_FIELDS = ("SIE", "SPIE", "SPP", "SUM", "MXR")


class Environment(wiring.Signature):
    """The state that the rest of the hart obeys, live."""

    def __init__(self):
        super().__init__(
            {
                "priv": Out(Priv),
                #: Privilege of data accesses: `mstatus.MPP` under MPRV.
                "data_priv": Out(Priv),
                "sum_": Out(1),
                "mxr": Out(1),
                "tvm": Out(1),
                "tw": Out(1),
                "tsr": Out(1),
                #: `satp`: MODE is Sv39, ASID, PPN of the root page table.
                "sv39": Out(1),
                "asid": Out(ASID_BITS),
                "root": Out(PPN_BITS),
                #: `menvcfg.ADUE`: hardware updates A and D.
                "adue": Out(1),
                #: Bits by number of an exception and of an interrupt; higher ones are 0.
                "medeleg": Out(MEDELEG_MASK.bit_length()),
                "mideleg": Out(WIDTH),
                "stvec": Out(64),
                "mtvec": Out(64),
                "sepc": Out(64),
                "mepc": Out(64),
                #: An interrupt is to be taken, its number; some enabled one is pending at all.
                "interrupt": Out(1),
                "interrupt_cause": Out(4),
                "wake": Out(1),
            }
        )


class CsrFile(wiring.Component):
    """All CSRs. One instruction at a time accesses them, from the trap stage.

    Parameters
    ----------
    hart_id : int
        Value of `mhartid`, 64 bits.

    Members
    -------
    address, read_data, modify_data
        The register at `address` is read combinationally. `modify_data` is the value that csrrs and
        csrrc start from; it differs from `read_data` in `mip.SEIP` only.
    attempt, legal
        The access at `address`, which also writes if `attempt` is 1, is allowed now.
    write, write_data
        Writes at the end of the cycle. Unsupported values are dropped or made legal (WARL).
    trap, sret, mret
        Take this trap, or return, at the end of the cycle. At most one of `write`, a trap and a
        return in a cycle.
    retire
        An instruction retires at the end of the cycle; counts in `minstret`, unless it writes it.
    mtime, interrupts
        What the CSR `time` shows, and the interrupt lines.
    environment
        What the rest of the hart obeys.
    """

    def __init__(self, *, hart_id=0):
        if not 0 <= hart_id < 1 << 64:
            raise ValueError(f"hart_id must be a 64-bit number, not {hart_id!r}")
        self._hart_id = hart_id
        super().__init__(
            {
                "address": In(12),
                "attempt": In(1),
                "legal": Out(1),
                "read_data": Out(64),
                "modify_data": Out(64),
                "write": In(1),
                "write_data": In(64),
                "trap": In(TrapTarget()),
                "sret": In(1),
                "mret": In(1),
                "retire": In(1),
                "mtime": In(64),
                "interrupts": In(InterruptLines()),
                "environment": Out(Environment()),
            }
        )
        fields = {name: Signal(name=f"mstatus_{name.lower()}") for name in Mstatus.__members__}
        fields |= {"MPP": Signal(Priv, name="mstatus_mpp"), "UXL": Const(2, 2), "SXL": Const(2, 2)}
        #: Fields of `mstatus` by name.
        self._mstatus = fields
        self._priv = Signal(Priv, init=Priv.M, name="privilege")
        for name in ("sscratch", "sepc", "scause", "stval", "stimecmp", "stvec"):
            setattr(self, f"_{name}", Signal(64, name=name))
        for name in ("mscratch", "mepc", "mcause", "mtval", "mtvec"):
            setattr(self, f"_{name}", Signal(64, name=name))
        self._medeleg = Signal(MEDELEG_MASK.bit_length(), name="medeleg")
        self._mcycle, self._minstret = Signal(64, name="mcycle"), Signal(64, name="minstret")
        #: For simulators: what counts on its own, and what `mtime` is compared with.
        self.mcycle, self.stimecmp = self._mcycle, self._stimecmp
        self._mcounteren, self._scounteren = (
            Signal(3, name="mcounteren"),
            Signal(3, name="scounteren"),
        )
        self._mcountinhibit = Signal(3, name="mcountinhibit")
        self._satp = Signal(64, name="satp")
        self._adue, self._stce = Signal(name="menvcfg_adue"), Signal(name="menvcfg_stce")
        self._mfiom, self._sfiom = Signal(name="menvcfg_fiom"), Signal(name="senvcfg_fiom")

    def elaborate(self, platform):
        m = Module()
        interrupts = self._interrupts = m.submodules.interrupts = InterruptUnit()
        wiring.connect(m, wiring.flipped(self.interrupts), interrupts.interrupts)
        m.d.comb += [
            interrupts.timer.eq(self.mtime >= self._stimecmp),
            interrupts.stce.eq(self._stce),
            interrupts.priv.eq(self._priv),
            interrupts.machine_enable.eq(self._mstatus["MIE"]),
            interrupts.supervisor_enable.eq(self._mstatus["SIE"]),
            interrupts.data.eq(self.write_data),
        ]
        self._environment(m)
        self._count(m)
        registers = self._registers()
        known = Signal()
        with m.Switch(self.address):
            for csr, (value, _write) in registers.items():
                with m.Case(csr):
                    m.d.comb += [self.read_data.eq(value), known.eq(1)]
        m.d.comb += self.modify_data.eq(
            Mux(self.address == Csr.MIP, interrupts.mip_written, self.read_data)
        )
        m.d.comb += self.legal.eq((known | self._monitors()) & self._allowed())
        with m.If(self.write):
            with m.Switch(self.address):
                for csr, (_value, write) in registers.items():
                    if write is not None:
                        with m.Case(csr):
                            write(m, self.write_data)
        self._take_trap(m)
        self._return(m)
        return m

    def _environment(self, m):
        status, environment, interrupts = self._mstatus, self.environment, self._interrupts
        m.d.comb += [
            environment.priv.eq(self._priv),
            environment.data_priv.eq(Mux(status["MPRV"], status["MPP"], self._priv)),
            environment.sum_.eq(status["SUM"]),
            environment.mxr.eq(status["MXR"]),
            environment.tvm.eq(status["TVM"]),
            environment.tw.eq(status["TW"]),
            environment.tsr.eq(status["TSR"]),
            # MODE is Bare or Sv39, 8; see _write_satp.
            environment.sv39.eq(self._satp[63]),
            environment.asid.eq(self._satp[PPN_BITS:]),
            environment.root.eq(self._satp),
            environment.adue.eq(self._adue),
            environment.mideleg.eq(interrupts.mideleg),
            environment.interrupt.eq(interrupts.pending),
            environment.interrupt_cause.eq(interrupts.cause),
            environment.wake.eq(interrupts.wake),
        ]
        for name in ("medeleg", "stvec", "mtvec", "sepc", "mepc"):
            m.d.comb += getattr(environment, name).eq(getattr(self, f"_{name}"))

    def _count(self, m):
        """Counters; a write later in the same cycle replaces the increment."""
        with m.If(~self._mcountinhibit[0]):
            m.d.sync += self._mcycle.eq(self._mcycle + 1)
        with m.If(self.retire & ~self._mcountinhibit[2]):
            m.d.sync += self._minstret.eq(self._minstret + 1)

    def _registers(self):
        """Of each CSR its value as read, and what writes it (None: writes change nothing)."""
        interrupts = self._interrupts
        status = word_of({Mstatus[name]: value for name, value in self._mstatus.items()})
        sstatus = word_of({Mstatus[name]: self._mstatus[name] for name in (*SSTATUS_FIELDS, "UXL")})
        menvcfg = {MENVCFG_FIOM: self._mfiom, MENVCFG_ADUE: self._adue, MENVCFG_STCE: self._stce}
        hold, sip = _hold, interrupts.mip & interrupts.mideleg
        return {
            Csr.SSTATUS: (sstatus, self._write_sstatus),
            Csr.SIE: (interrupts.mie & interrupts.mideleg, _strobe(interrupts.write_sie)),
            Csr.STVEC: (self._stvec, hold(self._stvec, ~0b10)),
            Csr.SCOUNTEREN: (self._scounteren, hold(self._scounteren)),
            Csr.SENVCFG: (word_of({MENVCFG_FIOM: self._sfiom}), hold(self._sfiom)),
            Csr.SSCRATCH: (self._sscratch, hold(self._sscratch)),
            # IALIGN is 16 with C: only bit 0 of an xepc is always 0.
            Csr.SEPC: (self._sepc, hold(self._sepc, ~1)),
            Csr.SCAUSE: (self._scause, hold(self._scause)),
            Csr.STVAL: (self._stval, hold(self._stval)),
            Csr.SIP: (sip, _strobe(interrupts.write_sip)),
            Csr.STIMECMP: (self._stimecmp, hold(self._stimecmp)),
            Csr.SATP: (self._satp, self._write_satp),
            Csr.MSTATUS: (status, self._write_mstatus),
            Csr.MISA: (Const(MISA, 64), None),
            Csr.MEDELEG: (self._medeleg, hold(self._medeleg, MEDELEG_MASK)),
            Csr.MIDELEG: (interrupts.mideleg, _strobe(interrupts.write_mideleg)),
            Csr.MIE: (interrupts.mie, _strobe(interrupts.write_mie)),
            Csr.MTVEC: (self._mtvec, hold(self._mtvec, ~0b10)),
            Csr.MCOUNTEREN: (self._mcounteren, hold(self._mcounteren, COUNTEREN_MASK)),
            Csr.MENVCFG: (word_of(menvcfg), self._write_menvcfg),
            Csr.MCOUNTINHIBIT: (self._mcountinhibit, hold(self._mcountinhibit, COUNTINHIBIT_MASK)),
            Csr.MSCRATCH: (self._mscratch, hold(self._mscratch)),
            Csr.MEPC: (self._mepc, hold(self._mepc, ~1)),
            Csr.MCAUSE: (self._mcause, hold(self._mcause)),
            Csr.MTVAL: (self._mtval, hold(self._mtval)),
            Csr.MIP: (interrupts.mip, _strobe(interrupts.write_mip)),
            Csr.MCYCLE: (self._mcycle, hold(self._mcycle)),
            Csr.MINSTRET: (self._minstret, hold(self._minstret)),
            Csr.CYCLE: (self._mcycle, None),
            Csr.TIME: (self.mtime, None),
            Csr.INSTRET: (self._minstret, None),
            # "A value of 0 can be returned to indicate that the field is not implemented."
            Csr.MVENDORID: (Const(0, 64), None),
            Csr.MARCHID: (Const(0, 64), None),
            Csr.MIMPID: (Const(0, 64), None),
            Csr.MHARTID: (Const(self._hart_id, 64), None),
            # "The register must be implemented, but it may be zero to indicate the configuration
            # data structure does not exist."
            Csr.MCONFIGPTR: (Const(0, 64), None),
        }

    def _monitors(self):
        """Whether this is one of the event counters and selectors, which read 0.

        "All counters should be implemented, but a legal implementation is to make both the counter
        and its corresponding event selector be read-only 0." (section "Hardware Performance
        Monitor")
        """
        first = MHPMCOUNTERS.start % 32
        blocks = [self.address[5:] == numbers.start // 32 for numbers in (MHPMCOUNTERS, MHPMEVENTS)]
        return Cat(blocks).any() & (self.address[:5] >= first)

    def _allowed(self):
        """Whether the privilege, TVM and the counter gates let the access through."""
        address, priv = self.address, self._priv
        machine = priv == Priv.M
        enabled = self._mcounteren & Mux(priv == Priv.U, self._scounteren, COUNTEREN_MASK)
        counter = (address[2:] == Csr.CYCLE >> 2) & ~machine
        satp = (address == Csr.SATP) & (priv == Priv.S) & self._mstatus["TVM"]
        stimecmp = (address == Csr.STIMECMP) & ~machine & ~(self._mcounteren[1] & self._stce)
        return (
            (priv >= address[8:10])
            & ~(self.attempt & (address[10:12] == 3))
            & ~(counter & ~enabled.bit_select(address[:2], 1))
            & ~satp
            & ~stimecmp
        )

    def _write_sstatus(self, m, data):
        for name in SSTATUS_FIELDS:
            m.d.sync += self._mstatus[name].eq(data[Mstatus[name]])

    def _write_mstatus(self, m, data):
        for name, field in self._mstatus.items():
            if name not in ("MPP", "UXL", "SXL"):
                m.d.sync += field.eq(data[Mstatus[name]])
        # MPP is WARL: the reserved mode becomes U.
        mpp = data[Mstatus.MPP : Mstatus.MPP + 2]
        m.d.sync += self._mstatus["MPP"].eq(Mux(mpp == 2, Priv.U, mpp))

    def _write_satp(self, m, data):
        # "If satp is written with an unsupported MODE, the entire write has no effect."
        with m.If((data[60:] == SatpMode.BARE) | (data[60:] == SatpMode.SV39)):
            m.d.sync += self._satp.eq(data)

    def _write_menvcfg(self, m, data):
        m.d.sync += [
            self._mfiom.eq(data[MENVCFG_FIOM]),
            self._adue.eq(data[MENVCFG_ADUE]),
            self._stce.eq(data[MENVCFG_STCE]),
        ]

    def _take_trap(self, m):
        trap, status = self.trap, self._mstatus
        cause = word_of({0: trap.cause, INTERRUPT_BIT: trap.interrupt})
        with m.If(trap.valid & trap.to_s):
            m.d.sync += [
                self._sepc.eq(trap.epc),
                self._scause.eq(cause),
                self._stval.eq(trap.tval),
                status["SPIE"].eq(status["SIE"]),
                status["SIE"].eq(0),
                status["SPP"].eq(self._priv),
                self._priv.eq(Priv.S),
            ]
        with m.Elif(trap.valid):
            m.d.sync += [
                self._mepc.eq(trap.epc),
                self._mcause.eq(cause),
                self._mtval.eq(trap.tval),
                status["MPIE"].eq(status["MIE"]),
                status["MIE"].eq(0),
                status["MPP"].eq(self._priv),
                self._priv.eq(Priv.M),
            ]

    def _return(self, m):
        # "xRET sets xPP to the least-privileged mode; if xPP != M, xRET also sets MPRV=0", where
        # the xPP of that sentence is the mode returned to.
        status = self._mstatus
        with m.If(self.sret):
            m.d.sync += [
                status["SIE"].eq(status["SPIE"]),
                status["SPIE"].eq(1),
                status["SPP"].eq(0),
                status["MPRV"].eq(0),
                self._priv.eq(Cat(status["SPP"], Const(0, 1))),
            ]
        with m.If(self.mret):
            m.d.sync += [
                status["MIE"].eq(status["MPIE"]),
                status["MPIE"].eq(1),
                status["MPP"].eq(Priv.U),
                self._priv.eq(status["MPP"]),
            ]
            with m.If(status["MPP"] != Priv.M):
                m.d.sync += status["MPRV"].eq(0)


def _hold(signal, mask=~0):
    """A write that keeps the bits of the data in `mask`."""
    return lambda m, data: m.d.sync.__iadd__(signal.eq(data & mask))


def _strobe(signal):
    """A write that another unit does: tells it so."""
    return lambda m, data: m.d.comb.__iadd__(signal.eq(1))
