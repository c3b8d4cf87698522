"""The control and status registers, and how traps and returns change them.

Privileged specification, chapters "Machine-Level ISA" and "Supervisor-Level ISA"; Zicntr, Zihpm
and Sstc.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import (
    ASID_BITS,
    HPMCOUNTERS,
    INTERRUPT_BIT,
    MHPMCOUNTERS,
    MHPMEVENTS,
    PMPADDRS,
    PMPCFGS,
    PPN_BITS,
    Csr,
    Priv,
)
from hdl.events import Event
from hdl.memory.pmp import pmp_layout
from hdl.priv.exception import TrapTarget
from hdl.priv.interrupts import WIDTH, InterruptLines, InterruptUnit, word_of
from hdl.priv.legality import Legality, is_of
from hdl.priv.monitors import Monitors
from hdl.priv.pmp import PmpRegisters
from hdl.priv.table import MEDELEG_MASK, REGISTERS, Action, Field, Register, State
from hdl.priv.timer import SupervisorTimer

__all__ = ["CsrFile", "Environment", "Wholes"]

#: What a trap to S-mode enters, and one to M-mode: where it came from, its cause, and its value.
TRAPPED = (Csr.SEPC, Csr.SCAUSE, Csr.STVAL, Csr.MEPC, Csr.MCAUSE, Csr.MTVAL)


class Environment(wiring.Signature):
    """The CSR fields that control the rest of the hart, live."""

    def __init__(self) -> None:
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
                #: `mstatus.SPP` and `mstatus.MPP`: the privileges that sret and mret return to.
                "spp": Out(1),
                "mpp": Out(Priv),
                #: An interrupt is to be taken, its number; some enabled one is pending at all.
                "interrupt": Out(1),
                "interrupt_cause": Out(4),
                "wake": Out(1),
            }
        )


class Wholes(wiring.Signature):
    """Registers that instructions write by another's name, live, for the records of the hart."""

    def __init__(self) -> None:
        super().__init__(
            {
                "mstatus": Out(64),
                "mie": Out(WIDTH),
                "mip": Out(WIDTH),
                #: Of `mip` the bits that software sets and clears.
                "mip_held": Out(WIDTH),
            }
        )


class CsrFile(wiring.Component):
    """All CSRs. One instruction at a time accesses them, from the trap stage.

    Parameters
    ----------
    hart_id : int
        Value of `mhartid`, 64 bits.
    hpm_counters : int
        Counters of events, 0 to 29.
    pmp_entries : int
        Entries of physical memory protection, 0 to 16.
    pmp_csrs : bool
        Without entries, too, there are `pmpcfg0`, `pmpcfg2` and `pmpaddr0` to `pmpaddr15`, and
        read-only 0; else they are illegal instructions then.

    Members
    -------
    address, read_data, modify_data
        The register at `address` is read combinationally. `modify_data` is the value that csrrs and
        csrrc start from; it differs from `read_data` in `mip.SEIP` only.
    asked, attempt, legal
        An access at the address `asked`, which also writes if `attempt` is 1, is allowed now. That
        of the next instruction is asked for, so that the answer is there when that one is.
    write, write_data
        Writes at the end of the cycle. Unsupported values are dropped or made legal (WARL).
    settles
        `stimecmp` was written in the last cycle: STIP is still that of the old value.
    trap, sret, mret
        Take this trap, or return, at the end of the cycle. At most one of `write`, a trap and a
        return in a cycle.
    retire
        An instruction retires at the end of the cycle; counts in `minstret`, unless it writes it.
    events
        Those of the cycle, by the numbers of `hdl.events`, for the counters of events.
    mtime, interrupts
        What the CSR `time` shows, and the interrupt lines.
    environment, pmp
        The fields that control the rest of the hart; physical memory protection, if there is any.
    wholes
        What records show besides the register at `address`.
    """

    def __init__(
        self,
        *,
        hart_id: int = 0,
        hpm_counters: int = 4,
        pmp_entries: int = 0,
        pmp_csrs: bool = False,
    ) -> None:
        if not 0 <= hart_id < 1 << 64:
            raise ValueError(f"hart_id must be a 64-bit number, not {hart_id!r}")
        self._hart_id = hart_id
        self._pmp_csrs = pmp_csrs or pmp_entries != 0
        self._pmp = PmpRegisters(entries=pmp_entries) if pmp_entries else None
        super().__init__(
            {
                "address": In(12),
                "asked": In(12),
                "attempt": In(1),
                **dict.fromkeys(("legal", "settles"), Out(1)),
                **dict.fromkeys(("read_data", "modify_data"), Out(64)),
                "write": In(1),
                "write_data": In(64),
                "trap": In(TrapTarget()),
                **dict.fromkeys(("sret", "mret", "retire"), In(1)),
                "events": In(len(Event)),
                "mtime": In(64),
                "interrupts": In(InterruptLines()),
                "environment": Out(Environment()),
                **({"pmp": Out(pmp_layout(pmp_entries))} if pmp_entries else {}),
                "wholes": Out(Wholes()),
            }
        )
        self._priv = Signal(Priv, init=Priv.M, name="privilege")
        self._interrupts = InterruptUnit()
        self.monitors = Monitors(counters=hpm_counters)
        #: State, by CSR: a signal for each register, or for each field (see `hdl.priv.table`).
        self.registers = {
            register.csr: Signal(register.bits.bit_length(), name=register.csr.name.lower())
            for register in REGISTERS
            if register.state is State.WHOLE
        }
        self.fields = {
            register.csr: {field.name: _stored(register, field) for field in register.fields}
            for register in REGISTERS
            if register.state is State.FIELDS
        }
        #: For simulators: what counts on its own, and what `mtime` is compared with.
        self.mcycle, self.stimecmp = self.registers[Csr.MCYCLE], self.registers[Csr.STIMECMP]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.interrupts = interrupts = self._interrupts
        m.submodules.monitors = self.monitors
        m.submodules.supervisor_timer = timer = SupervisorTimer()
        if self._pmp is not None:
            m.submodules.protection = pmp = self._pmp
            m.d.comb += [
                pmp.number.eq(self.address),
                pmp.written.eq(self.write_data),
                self.pmp.eq(pmp.entries),
            ]
        wiring.connect(m, wiring.flipped(self.interrupts), interrupts.interrupts)
        m.d.comb += [
            timer.now.eq(self.mtime),
            timer.compared.eq(self.stimecmp),
            timer.writes.eq(self.write & (self.address == Csr.STIMECMP)),
            self.settles.eq(timer.settles),
            interrupts.timer.eq(timer.due),
            interrupts.stce.eq(self.fields[Csr.MENVCFG]["STCE"]),
            interrupts.priv.eq(self._priv),
            interrupts.machine_enable.eq(self.fields[Csr.MSTATUS]["MIE"]),
            interrupts.supervisor_enable.eq(self.fields[Csr.MSTATUS]["SIE"]),
            interrupts.data.eq(self.write_data),
        ]
        for csr in (Csr.MSTATUS, Csr.MIE, Csr.MIP):
            register = next(each for each in REGISTERS if each.csr is csr)
            m.d.comb += getattr(self.wholes, csr.name.lower()).eq(self._value(register))
        m.d.comb += self.wholes.mip_held.eq(interrupts.mip_held)
        self._environment(m)
        self._monitor(m)
        self._access(m)
        self._count(m)
        self._judge(m)
        self._take_trap(m)
        self._return(m)
        return m

    def _access(self, m: Module) -> None:
        """Reads and writes the register at `address`."""
        monitors = self.monitors
        with m.Switch(self.address):
            for register in REGISTERS:
                with m.Case(register.csr):
                    m.d.comb += self.read_data.eq(self._value(register))
            if self._pmp is not None:
                with m.Case(*PMPCFGS, *PMPADDRS):
                    m.d.comb += [
                        self.read_data.eq(self._pmp.value),
                        self._pmp.write.eq(self.write),
                    ]
            with m.Default():
                counters = Cat(is_of(self.address, each) for each in (MHPMCOUNTERS, HPMCOUNTERS))
                with m.If(is_of(self.address, MHPMEVENTS)):
                    m.d.comb += self.read_data.eq(monitors.selection)
                with m.Elif(counters.any()):
                    m.d.comb += self.read_data.eq(monitors.counter)
        m.d.comb += self.modify_data.eq(
            Mux(self.address == Csr.MIP, self._interrupts.mip_written, self.read_data)
        )
        with m.If(self.write):
            with m.Switch(self.address):
                for register in REGISTERS:
                    if register.state is not State.SHOWN and register.csr not in TRAPPED:
                        with m.Case(register.csr):
                            self._write(m, register)

    def _value(self, register: Register) -> Value:
        """What `register` reads as."""
        interrupts, name = self._interrupts, register.csr.name.lower()
        delegated = interrupts.mideleg
        elsewhere = {
            Csr.SIE: interrupts.mie & delegated,
            Csr.SIP: interrupts.mip & delegated,
            Csr.TIME: self.mtime,
            Csr.CYCLE: self.mcycle,
            Csr.INSTRET: self.registers[Csr.MINSTRET],
            Csr.MHARTID: Const(self._hart_id, 64),
        }
        if register.csr in elsewhere:
            return elsewhere[register.csr]
        match register.state:
            case State.WHOLE:
                return self.registers[register.csr]
            case State.INTERRUPTS:
                return getattr(interrupts, name)
            case State.SHOWN:
                return word_of({f.low: Const(f.value, f.width) for f in register.fields})
        held = self.fields[register.of or register.csr]
        return word_of({field.low: held[field.name] for field in register.fields})

    def _write(self, m: Module, register: Register) -> None:
        """What a write of `register` changes, at the end of the cycle."""
        data = self.write_data
        match register.state:
            case State.INTERRUPTS:
                m.d.comb += getattr(self._interrupts, f"write_{register.csr.name.lower()}").eq(1)
            case State.WHOLE:
                with m.If(register.accepts(data) if register.accepts else 1):
                    m.d.sync += self.registers[register.csr].eq(data & register.bits)
            case _:
                for field in register.fields:
                    if field.action is not Action.READ_ONLY:
                        held = self.fields[register.of or register.csr][field.name]
                        written = data[field.low : field.high + 1]
                        m.d.sync += held.eq(field.legal(written) if field.legal else written)

    def _environment(self, m: Module) -> None:
        environment, interrupts = self.environment, self._interrupts
        status, satp = self.fields[Csr.MSTATUS], self.registers[Csr.SATP]
        shown = ("mxr", "tvm", "tw", "tsr", "spp", "mpp")
        m.d.comb += [
            environment.priv.eq(self._priv),
            environment.data_priv.eq(Mux(status["MPRV"], status["MPP"], self._priv)),
            environment.sum_.eq(status["SUM"]),
            *(getattr(environment, n).eq(status[n.upper()]) for n in shown),
            # MODE is Bare or Sv39, 8.
            environment.sv39.eq(satp[63]),
            environment.asid.eq(satp[PPN_BITS:]),
            environment.root.eq(satp),
            environment.adue.eq(self.fields[Csr.MENVCFG]["ADUE"]),
            environment.mideleg.eq(interrupts.mideleg),
            environment.interrupt.eq(interrupts.pending),
            environment.interrupt_cause.eq(interrupts.cause),
            environment.wake.eq(interrupts.wake),
        ]
        for csr in (Csr.MEDELEG, Csr.STVEC, Csr.MTVEC, Csr.SEPC, Csr.MEPC):
            m.d.comb += getattr(environment, csr.name.lower()).eq(self.registers[csr])

    def _count(self, m: Module) -> None:
        """Counters; a write in the same cycle replaces the increment."""
        inhibit, minstret = self.registers[Csr.MCOUNTINHIBIT], self.registers[Csr.MINSTRET]
        written = {csr: self.write & (self.address == csr) for csr in (Csr.MCYCLE, Csr.MINSTRET)}
        with m.If(~inhibit[0] & ~written[Csr.MCYCLE]):
            m.d.sync += self.mcycle.eq(self.mcycle + 1)
        with m.If(self.retire & ~inhibit[2] & ~written[Csr.MINSTRET]):
            m.d.sync += minstret.eq(minstret + 1)

    def _monitor(self, m: Module) -> None:
        """The counters of events."""
        monitors = self.monitors
        m.d.comb += [
            monitors.events.eq(self.events),
            monitors.inhibit.eq(self.registers[Csr.MCOUNTINHIBIT]),
            monitors.number.eq(self.address),
            monitors.data.eq(self.write_data),
            monitors.write_counter.eq(self.write & is_of(self.address, MHPMCOUNTERS)),
            monitors.write_selection.eq(self.write & is_of(self.address, MHPMEVENTS)),
        ]

    def _judge(self, m: Module) -> None:
        """Whether the access at `asked` is legal."""
        m.submodules.legality = legality = Legality(pmp_csrs=self._pmp_csrs)
        m.d.comb += [
            legality.address.eq(self.asked),
            legality.attempt.eq(self.attempt),
            legality.priv.eq(self._priv),
            legality.tvm.eq(self.fields[Csr.MSTATUS]["TVM"]),
            legality.stce.eq(self.fields[Csr.MENVCFG]["STCE"]),
            legality.machine_enables.eq(self.registers[Csr.MCOUNTEREN]),
            legality.supervisor_enables.eq(self.registers[Csr.SCOUNTEREN]),
            self.legal.eq(legality.legal),
        ]

    def _take_trap(self, m: Module) -> None:
        trap, status = self.trap, self.fields[Csr.MSTATUS]
        cause = word_of({0: trap.cause, INTERRUPT_BIT: trap.interrupt})
        to_s, to_m = trap.valid & trap.to_s, trap.valid & ~trap.to_s
        # What a trap enters and what is written come on one way, to the registers of both modes.
        told = (trap.epc, cause, trap.tval)
        entered = [Mux(trap.valid, value, self.write_data) for value in told]
        for csr, enters, value in zip(TRAPPED, (to_s,) * 3 + (to_m,) * 3, entered * 2, strict=True):
            register = next(each for each in REGISTERS if each.csr is csr)
            with m.If(enters | (self.write & (self.address == csr))):
                m.d.sync += self.registers[csr].eq(value & register.bits)
        with m.If(to_s):
            m.d.sync += [
                status["SPIE"].eq(status["SIE"]),
                status["SIE"].eq(0),
                status["SPP"].eq(self._priv),
                self._priv.eq(Priv.S),
            ]
        with m.If(to_m):
            m.d.sync += [
                status["MPIE"].eq(status["MIE"]),
                status["MIE"].eq(0),
                status["MPP"].eq(self._priv),
                self._priv.eq(Priv.M),
            ]

    def _return(self, m: Module) -> None:
        # "xRET sets xPP to the least-privileged mode; if xPP != M, xRET also sets MPRV=0", where
        # the xPP of that sentence is the mode returned to.
        status = self.fields[Csr.MSTATUS]
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


def _stored(register: Register, field: Field) -> Value:
    """What holds `field` of a register whose fields are apart."""
    if field.action is Action.READ_ONLY:
        return Const(field.value, field.width)
    return Signal(field.shape or field.width, name=f"{register.csr.name}_{field.name}".lower())
