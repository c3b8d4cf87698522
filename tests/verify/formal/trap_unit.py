"""The trap unit: one trap an instruction, the one that the specification puts first.

Privileged specification, tables "Synchronous exception priority in decreasing priority order" and
"Machine cause register (mcause) values after trap", and "Machine Trap Delegation Registers".
"""

from amaranth.hdl import Cat, Const, Mux, Signal

from hdl.arch import Priv
from hdl.mmu.vocabulary import Fault
from hdl.priv.exception import TrapUnit
from tests.verify.formal.proof import Proof, assumes, free_inputs, proves

__all__ = ["TrapUnitProof"]


class TrapUnitProof(Proof):
    """Cause, value, destination and vector of a trap: functions without state."""

    base = 1
    depth = 2

    def dut(self):
        """What is proven; mutants bend it."""
        return TrapUnit()

    def build(self, m):
        m.submodules.unit = self.unit = self.dut()
        self.c, self.target = self.unit.collected, self.unit.target
        free_inputs(m, self.unit)
        c, unit = self.c, self.unit
        store = c.writes
        ecall = Mux(unit.priv == Priv.M, 11, Mux(unit.priv == Priv.S, 9, 8))
        #: Condition, cause and xtval of every exception, the highest priority first.
        self.table = [
            (c.fetch.fault == Fault.PAGE, Const(12), c.fetch.va),
            (c.fetch.fault == Fault.ACCESS, Const(1), c.fetch.va),
            (c.illegal, Const(2), c.insn),
            (c.ecall, ecall, Const(0)),
            (c.ebreak, Const(3), c.pc),
            (c.misaligned, Mux(store, 6, 4), c.data.va),
            (c.data.fault == Fault.PAGE, Mux(store, 15, 13), c.data.va),
            (c.data.fault == Fault.ACCESS, Mux(store, 7, 5), c.data.va),
        ]
        self.some = Signal()
        m.d.comb += self.some.eq(Cat(condition for condition, _, _ in self.table).any())
        self.exception = Signal()
        m.d.comb += self.exception.eq(self.target.valid & ~self.target.interrupt)

    def _first(self, column):
        """The value in `column` of the first row whose condition holds."""
        value = Const(0, 64)
        for row in reversed(self.table):
            value = Mux(row[0], row[column], value)
        return value

    @assumes
    def faults_are_known(self, m):
        """The privilege is U, S or M, and each fault is none, a page fault or an access fault."""
        c = self.c
        known = (c.fetch.fault.as_value() != 3) & (c.data.fault.as_value() != 3)
        return known & (self.unit.priv != 2)

    @proves
    def traps_if_there_is_cause(self, m):
        """A trap is taken exactly if there is an interrupt or an exception, when it may be."""
        cause = self.c.interrupt | self.some
        return self.unit.enable, self.target.valid == cause

    @proves
    def waits_for_its_turn(self, m):
        """No trap is taken before the instruction may leave."""
        return ~self.unit.enable & self.some, ~self.target.valid & self.unit.chosen

    @proves
    def interrupts_come_first(self, m):
        """An interrupt precedes every exception of its instruction, with its number and xtval 0."""
        target = self.target
        right = target.interrupt & (target.cause == self.c.interrupt_cause) & (target.tval == 0)
        return target.valid & self.c.interrupt, right

    @proves
    def cause_by_priority(self, m):
        """Of several exceptions the one that the specification puts first gives the cause."""
        return self.exception, ~self.c.interrupt & (self.target.cause == self._first(1))

    @proves
    def tval_of_the_cause(self, m):
        """xtval is the faulting address, the illegal instruction, an ebreak's pc, or 0."""
        return self.exception, self.target.tval == self._first(2)

    @proves
    def epc_is_the_pc(self, m):
        """xepc is the address of the instruction's start, whatever portion of it faulted."""
        return self.target.valid, self.target.epc == self.c.pc

    @proves
    def exceptions_by_medeleg(self, m):
        """An exception below M goes to S-mode exactly if its bit of medeleg is set."""
        delegated = self.unit.medeleg.bit_select(self.target.cause, 1)
        return self.exception & (self.unit.priv != Priv.M), self.target.to_s == delegated

    @proves
    def interrupts_by_mideleg(self, m):
        """An interrupt below M goes to S-mode exactly if its bit of mideleg is set."""
        delegated = self.unit.mideleg.bit_select(self.target.cause, 1)
        taken = self.target.valid & self.target.interrupt
        return taken & (self.unit.priv != Priv.M), self.target.to_s == delegated

    @proves
    def never_down_from_m(self, m):
        """A trap out of M-mode goes to M-mode, whatever is delegated."""
        return self.target.valid & (self.unit.priv == Priv.M), ~self.target.to_s

    @proves
    def direct_vector(self, m):
        """Every exception, and in direct mode every interrupt, goes to xtvec's base."""
        vector = Mux(self.target.to_s, self.unit.stvec, self.unit.mtvec)
        direct = self.exception | ~vector[0]
        return self.target.valid & direct, self.target.vector == (vector & ~0b11)

    @proves
    def vectored_interrupts(self, m):
        """In vectored mode an interrupt goes to xtvec's base plus 4 times its number."""
        vector = Mux(self.target.to_s, self.unit.stvec, self.unit.mtvec)
        vectored = self.target.valid & self.target.interrupt & vector[0]
        expected = (vector & ~0b11) + (self.target.cause << 2)
        return vectored, self.target.vector == expected[:64]
