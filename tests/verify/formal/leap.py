"""Leaps: they go where the instruction will lead, with that privilege, and nothing gets ahead."""

from amaranth.hdl import Cat, Mux, Signal

from hdl.arch import Priv
from hdl.pipeline.leap import LEAPING, Leap
from hdl.priv.exception import TrapUnit
from hdl.units.decoder import System, Unit
from tests.verify.formal.proof import Proof, assumes, free_inputs, invariant, proves

__all__ = ["LeapProof"]


class LeapProof(Proof):
    """The leap of an instruction in the decode stage, beside the trap unit that takes its trap."""

    base = 3
    depth = 6

    def dut(self):
        """What is proven; mutants bend it."""
        return Leap()

    def build(self, m):
        self.leap = leap = self.dut()
        m.submodules.leap, m.submodules.traps = leap, TrapUnit()
        traps = m.submodules.traps
        free_inputs(m, leap)
        self.environment = environment = leap.environment
        for name in ("priv", "medeleg", "stvec", "mtvec"):
            m.d.comb += getattr(traps, name).eq(getattr(environment, name))
        m.d.comb += [
            traps.enable.eq(1),
            traps.collected.ecall.eq(self._is(System.ECALL)),
            traps.collected.ebreak.eq(self._is(System.EBREAK)),
        ]
        self.target = traps.target
        self.leaps = leap.redirect.valid
        #: One that has leapt has not arrived, nor was dropped; it has left the decode stage.
        self.under_way, self.left = Signal(), Signal()
        with m.If(leap.flush | leap.arrived):
            m.d.sync += [self.under_way.eq(0), self.left.eq(0)]
        with m.Else():
            m.d.sync += [
                self.under_way.eq(self.under_way | self.leaps),
                self.left.eq(self.left | ((self.under_way | self.leaps) & leap.take)),
            ]
        self.after = Signal(Priv)
        returned = Mux(self._is(System.MRET), environment.mpp, environment.spp)
        m.d.comb += self.after.eq(
            Mux(traps.target.valid, Mux(self.target.to_s, Priv.S, Priv.M), returned)
        )

    def _is(self, *systems):
        """The instruction is one of `systems`."""
        chosen = Cat(self.leap.system == system for system in systems).any()
        return (self.leap.unit == Unit.SYSTEM) & chosen

    def _may(self):
        """It is one that leaps, and permitted."""
        priv = self.environment.priv
        returns = (self._is(System.SRET) & (priv != Priv.U)) | (
            self._is(System.MRET) & (priv == Priv.M)
        )
        return self.leap.valid & (self._is(System.ECALL, System.EBREAK) | returns)

    @assumes
    def modes_are_legal(self, m):
        """The privilege is U, S or M, and so is that which mret returns to."""
        return (self.environment.priv != 2) & (self.environment.mpp != 2)

    @assumes
    def what_arrives_has_left(self, m):
        """In the trap stage is no younger instruction than in the decode stage."""
        return ~self.leap.arrived | self.left

    @invariant
    def state_is_as_watched(self, m):
        """What has leapt is under way until it arrives, and has done so until it leaves."""
        leap = self.leap
        done = leap.done == (self.under_way & ~self.left)
        return (leap.ahead == self.under_way) & done & (~self.left | self.under_way)

    @proves
    def leaps_where_it_leads(self, m):
        """A leap goes to the vector that the trap unit chooses for it, or where xepc says."""
        epc = Mux(self._is(System.SRET), self.environment.sepc, self.environment.mepc)
        target = Mux(self.target.valid, self.target.vector, epc)
        return self.leaps, self._is(*LEAPING) & (self.leap.redirect.target == target)

    @proves
    def leaps_when_calm(self, m):
        """Only a permitted instruction leaps, when nothing older can change where, and tells so."""
        return self.leaps, self._may() & self.leap.calm & self.leap.leapt

    @proves
    def leaps_once(self, m):
        """An instruction that has leapt and stays does not leap again, and is marked."""
        leapt = self.past(m, self.leaps & ~self.leap.take & ~self.leap.flush)
        return leapt, ~self.leaps & self.leap.leapt

    @proves
    def waits_to_be_calm(self, m):
        """An instruction that may leap goes on only when it has."""
        return self._may() & ~self.leap.leapt, self.leap.holds

    @proves
    def what_follows_waits(self, m):
        """Until what has leapt has arrived nothing behind it leaves the decode stage, or leaps."""
        return self.left, self.leap.holds & ~self.leap.leapt

    @proves
    def nothing_else_waits(self, m):
        """What is none of these, and has none before it, is not held."""
        return ~self.under_way & ~self._may(), ~self.leap.holds & ~self.leap.leapt

    @proves
    def fetches_with_the_new_privilege(self, m):
        """From the cycle after a leap on fetches have the privilege that it leads to."""
        kept = self.past(m, self.leaps & ~self.leap.flush)
        return kept, self.leap.priv == self.past(m, self.after)

    @proves
    def else_with_the_current_one(self, m):
        """When what leapt was dropped or has arrived, the current privilege counts."""
        return self.past(m, self.leap.flush | self.leap.arrived), (
            self.leap.priv == self.environment.priv
        )
