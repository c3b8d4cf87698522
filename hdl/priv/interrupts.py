"""Interrupts: pending, enabled and delegated bits, and which one is to be taken."""

from collections.abc import Mapping

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import INTERRUPT_LINES, Interrupt, Priv

__all__ = ["WIDTH", "InterruptLines", "InterruptUnit", "word_of"]

#: M-mode's own interrupts, and those that it may delegate, each in order of priority.
MACHINE = (Interrupt.MEI, Interrupt.MSI, Interrupt.MTI)
SUPERVISOR = (Interrupt.SEI, Interrupt.SSI, Interrupt.STI)
ALL = sum(1 << i for i in MACHINE + SUPERVISOR)
#: Bits that the registers need; what lies above is 0.
WIDTH = ALL.bit_length()
DELEGABLE = sum(1 << i for i in SUPERVISOR)


def word_of(fields: Mapping[int, Value], width: int = 64) -> Value:
    """A `width`-bit value with each of `fields` (lowest bit: Value) in place, and 0 elsewhere."""
    parts, position = [], 0
    for bit, value in sorted(fields.items()):
        parts += [Const(0, bit - position), value]
        position = bit + len(value)
    return Cat(*parts, Const(0, width - position))


class InterruptLines(wiring.Signature):
    """The interrupt lines of a hart, as seen from what drives them; level-sensitive.

    Privileged specification, "Machine Interrupt Registers (mip and mie)": the bits of `mip` that
    software in M-mode cannot write.
    """

    def __init__(self) -> None:
        super().__init__({name: Out(1) for name in INTERRUPT_LINES})


class InterruptUnit(wiring.Component):
    """Holds `mie`, `mideleg` and the writable bits of `mip`; selects the interrupt to be taken.

    Privileged specification, "Machine Interrupt Registers (mip and mie)", "Supervisor Interrupt
    Registers (sip and sie)", and the Sstc extension for STIP.
    """

    #: From outside.
    interrupts: In(InterruptLines())
    #: `time >= stimecmp`, and `menvcfg.STCE`, with which that is STIP.
    timer: In(1)
    stce: In(1)
    #: `mstatus.MIE`, `mstatus.SIE` and the current privilege.
    machine_enable: In(1)
    supervisor_enable: In(1)
    priv: In(Priv)
    #: New values of the registers; each is taken at the end of a cycle with its write bit.
    write_mip: In(1)
    write_sip: In(1)
    write_mie: In(1)
    write_sie: In(1)
    write_mideleg: In(1)
    data: In(WIDTH)
    #: The registers as read. `mip_written` is `mip` with SEIP as software wrote it, which is what
    #: csrrs and csrrc modify; of `mip_held` each bit is one that software sets and clears.
    mip: Out(WIDTH)
    mip_written: Out(WIDTH)
    mip_held: Out(WIDTH)
    mie: Out(WIDTH)
    mideleg: Out(WIDTH)
    #: An interrupt is to be taken before the next instruction, and its number.
    pending: Out(1)
    cause: Out(4)
    #: Some interrupt is pending and enabled in `mie`, whatever else masks it: ends a wfi.
    wake: Out(1)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        ssip = Signal()
        stip = Signal()
        #: SEIP as software wrote it; the line is another.
        seip_written = Signal()
        pending: dict[int, Value] = {
            Interrupt.SSI: ssip,
            Interrupt.MSI: self.interrupts.msip,
            Interrupt.STI: Mux(self.stce, self.timer, stip),
            Interrupt.MTI: self.interrupts.mtip,
            Interrupt.MEI: self.interrupts.meip,
        }
        m.d.comb += [
            self.mip.eq(word_of({**pending, Interrupt.SEI: seip_written | self.interrupts.seip})),
            self.mip_written.eq(word_of({**pending, Interrupt.SEI: seip_written})),
            self.mip_held.eq(
                word_of(
                    {
                        Interrupt.SSI: ssip,
                        Interrupt.STI: stip & ~self.stce,
                        Interrupt.SEI: seip_written,
                    }
                )
            ),
        ]
        with m.If(self.write_mip):
            m.d.sync += [
                ssip.eq(self.data[Interrupt.SSI]),
                seip_written.eq(self.data[Interrupt.SEI]),
            ]
            # With STCE, STIP is read-only and shows the comparison.
            with m.If(~self.stce):
                m.d.sync += stip.eq(self.data[Interrupt.STI])
        # sip shows only what is delegated, and of that only SSIP can be written.
        with m.If(self.write_sip & self.mideleg[Interrupt.SSI]):
            m.d.sync += ssip.eq(self.data[Interrupt.SSI])
        self._masks(m)
        self._select(m)
        return m

    def _masks(self, m: Module) -> None:
        with m.If(self.write_mie):
            m.d.sync += self.mie.eq(self.data & ALL)
        with m.If(self.write_sie):
            m.d.sync += self.mie.eq((self.mie & ~self.mideleg) | (self.data & self.mideleg))
        with m.If(self.write_mideleg):
            m.d.sync += self.mideleg.eq(self.data & DELEGABLE)

    def _select(self, m: Module) -> None:
        ready = Signal(WIDTH)
        to_m = Signal(WIDTH)
        to_s = Signal(WIDTH)
        machine = (self.priv != Priv.M) | self.machine_enable
        supervisor = (self.priv == Priv.U) | ((self.priv == Priv.S) & self.supervisor_enable)
        m.d.comb += [
            ready.eq(self.mip & self.mie),
            to_m.eq(Mux(machine, ready & ~self.mideleg, 0)),
            to_s.eq(Mux(supervisor, ready & self.mideleg, 0)),
            self.wake.eq(ready != 0),
            self.pending.eq((to_m | to_s) != 0),
        ]
        # Those bound for M-mode come first, then external > software > timer.
        order = [to_m[i] for i in MACHINE + SUPERVISOR] + [to_s[i] for i in SUPERVISOR]
        numbers = (*MACHINE, *SUPERVISOR, *SUPERVISOR)
        for bit, number in reversed(list(zip(order, numbers, strict=True))):
            with m.If(bit):
                m.d.comb += self.cause.eq(number)
