"""The interrupt unit: what is pending, what may be written, and which one is taken, where.

Privileged specification, "Machine Interrupt Registers (mip and mie)", "Supervisor Interrupt
Registers (sip and sie)" and "Machine Trap Delegation Registers"; Sstc.
"""

from amaranth.hdl import Cat, Const, Mux, Signal

from hdl.arch import Priv
from hdl.priv.interrupts import InterruptUnit
from tests.verify.formal.proof import Proof, assumes, free_inputs, invariant, proves

__all__ = ["InterruptProof"]

#: MEI, MSI, MTI, SEI, SSI, STI: "handled in the following decreasing priority order".
ORDER = (11, 3, 7, 9, 1, 5)
M_ONLY, S_ALSO = (11, 3, 7), (9, 1, 5)
LEGAL = sum(1 << bit for bit in ORDER)
DELEGABLE = sum(1 << bit for bit in S_ALSO)


class InterruptProof(Proof):
    """mip, mie and mideleg, and the choice of an interrupt."""

    depth = 4

    def dut(self):
        """What is proven; mutants bend it."""
        return InterruptUnit()

    def build(self, m):
        m.submodules.unit = self.unit = unit = self.dut()
        free_inputs(m, unit)
        self.writes = (
            unit.write_mip,
            unit.write_sip,
            unit.write_mie,
            unit.write_sie,
            unit.write_mideleg,
        )
        self.ready, self.enabled_m, self.enabled_s = Signal(64), Signal(), Signal()
        m.d.comb += [
            self.ready.eq(unit.mip & unit.mie),
            self.enabled_m.eq((unit.priv != Priv.M) | unit.machine_enable),
            self.enabled_s.eq(
                (unit.priv == Priv.U) | ((unit.priv == Priv.S) & unit.supervisor_enable)
            ),
        ]

    def _taken(self, bit):
        """The clauses for interrupt `bit`: whether it traps to M-mode, and to S-mode."""
        unit = self.unit
        to_m = self.ready[bit] & ~unit.mideleg[bit] & self.enabled_m
        to_s = self.ready[bit] & unit.mideleg[bit] & self.enabled_s
        return to_m, to_s

    @assumes
    def one_write_at_a_time(self, m):
        """One CSR is written in a cycle, and the privilege is U, S or M."""
        writes = Cat(self.writes)
        return ((writes & (writes - 1)) == 0) & (self.unit.priv != 2)

    @invariant
    def registers_are_legal(self, m):
        """No other bit is ever set, though it could be in the registers."""
        unit = self.unit
        return ((unit.mie & ~LEGAL) == 0) & ((unit.mideleg & ~DELEGABLE) == 0)

    @proves
    def taken_if_some_may_trap(self, m):
        """An interrupt is taken exactly if one is ready and not masked where it goes."""
        some = Cat(Cat(self._taken(bit)).any() for bit in ORDER).any()
        return (self.ready != 0), self.unit.pending == some

    @proves
    def none_without_cause(self, m):
        """Without a pending and enabled interrupt none is taken, and wfi waits."""
        return self.ready == 0, ~self.unit.pending & ~self.unit.wake

    @proves
    def highest_priority_is_taken(self, m):
        """What goes to M-mode precedes what goes to S-mode; then MEI, MSI, MTI, SEI, SSI, STI."""
        unit = self.unit
        order = [self._taken(bit)[0] for bit in ORDER] + [self._taken(bit)[1] for bit in ORDER]
        expected = Const(0, 4)
        for condition, bit in reversed(list(zip(order, ORDER * 2, strict=True))):
            expected = Mux(condition, bit, expected)
        return unit.pending, unit.cause == expected

    @proves
    def delegated_never_in_m(self, m):
        """While M-mode runs no delegated interrupt is taken."""
        unit = self.unit
        delegated = unit.mideleg.bit_select(unit.cause, 1)
        return unit.pending & (unit.priv == Priv.M), ~delegated & unit.machine_enable

    @proves
    def wfi_ignores_masks(self, m):
        """A pending interrupt that mie enables ends a wfi, whatever MIE, SIE and mideleg say."""
        return (self.ready != 0) & ~self.unit.pending, self.unit.wake

    @proves
    def only_legal_bits_stick(self, m):
        """mie and mip hold the six interrupts, mideleg only those of S-mode."""
        unit = self.unit
        illegal = ((unit.mip | unit.mie) & ~LEGAL) | (unit.mideleg & ~DELEGABLE)
        return Cat(unit.mie == LEGAL, unit.mideleg == DELEGABLE).all(), illegal == 0

    @proves
    def lines_show_in_mip(self, m):
        """MSIP, MTIP and MEIP are the lines, SEIP at least, and with STCE STIP is the timer."""
        unit, lines, mip = self.unit, self.unit.interrupts, self.unit.mip
        machine = Cat(mip[3], mip[7], mip[11]) == Cat(lines.msip, lines.mtip, lines.meip)
        return lines.msip | unit.stce, machine & (mip[9] | ~lines.seip) & (
            ~unit.stce | (mip[5] == unit.timer)
        )

    @proves
    def sie_writes_the_delegated(self, m):
        """A write of sie changes exactly the delegated bits of mie."""
        unit = self.unit
        old, mask = self.past(m, unit.mie), self.past(m, unit.mideleg)
        expected = (old & ~mask) | (self.past(m, unit.data) & mask)
        return self.past(m, unit.write_sie), unit.mie == expected

    @proves
    def sip_writes_ssip_only(self, m):
        """A write of sip changes SSIP, if it is delegated, and nothing else that software wrote."""
        unit = self.unit
        old, data = self.past(m, unit.mip_written), self.past(m, unit.data)
        delegated = self.past(m, unit.mideleg)[1]
        lines = 1 << 3 | 1 << 7 | 1 << 11 | 1 << 5
        expected = Mux(delegated, (old & ~2) | (data & 2), old)
        steady = (unit.mip_written & ~lines) == (expected & ~lines)
        return self.past(m, unit.write_sip), steady

    @proves
    def stce_makes_stip_read_only(self, m):
        """A write of mip sets SSIP, SEIP and, unless STCE makes it read-only, STIP."""
        unit = self.unit
        data = self.past(m, unit.data)
        new = unit.mip_written
        ssip_seip = (new[1] == data[1]) & (new[9] == data[9])
        stip = unit.stce | self.past(m, unit.stce) | (new[5] == data[5])
        return self.past(m, unit.write_mip), ssip_seip & stip
