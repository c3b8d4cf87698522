"""The registers of physical memory protection: what is held, and what stays.

Privileged specification, "Physical Memory Protection CSRs" and "Locking and Privilege Mode".
"""

from amaranth.hdl import Cat, Const, Value

from hdl.arch import PMPADDRS, PMPCFGS
from hdl.memory.pmp import pmp_layout
from hdl.priv.pmp import PmpRegisters
from tests.verify.formal.proof import Proof, free_inputs, invariant, proves

__all__ = ["PmpRegistersProof"]

#: Field A of an entry whose region reaches from the address below to its own.
TOR = 1


class PmpRegistersProof(Proof):
    """The registers of physical memory protection with 4 entries."""

    base = 3
    depth = 5

    def dut(self):
        """What is proven; mutants bend it."""
        return PmpRegisters(entries=4)

    def build(self, m):
        m.submodules.registers = self.part = part = self.dut()
        free_inputs(m, part)
        self.now = [part.entries[i] for i in range(4)]
        self.before = [self.past(m, entry.as_value()) for entry in self.now]
        self.old = [_entry(value) for value in self.before]
        self.wrote = {
            csr: self.past(m, part.write & (part.number == csr % 32))
            for csr in (*PMPCFGS, *PMPADDRS)
        }
        self.data = self.past(m, part.written)
        self.begun = self.past(m, 1)

    def _same(self, number):
        return self.now[number].as_value() == self.before[number]

    @invariant
    def reset_is_known(self, m):
        """What was before the first cycle is what the reset leaves."""
        return self.begun | Cat(entry.as_value() == 0 for entry in self.now).all()

    @proves
    def locked_entries_stay(self, m):
        """An entry whose L is set never changes again, whatever is written."""
        locked = Cat(old.locked for old in self.old)
        return locked.any(), Cat(
            ~old.locked | self._same(i) for i, old in enumerate(self.old)
        ).all()

    @proves
    def locked_ranges_keep_their_base(self, m):
        """The address below a locked top of range never changes again."""
        kept = [above.locked & (Value.cast(above.match) == TOR) for above in self.old[1:]]
        same = [
            now.address == old.address for now, old in zip(self.now, self.old[:-1], strict=False)
        ]
        return Cat(kept).any(), Cat(~k | s for k, s in zip(kept, same, strict=True)).all()

    @proves
    def write_needs_read(self, m):
        """No entry ever permits writes and no reads."""
        return Const(1, 1), Cat(entry.r | ~entry.w for entry in self.now).all()

    @proves
    def configuration_is_held(self, m):
        """A write of pmpcfg0 gives every entry that is not locked what is legal of its byte."""
        wrote = self.wrote[PMPCFGS[0]]
        held = []
        for i, (now, old) in enumerate(zip(self.now, self.old, strict=True)):
            byte = self.data.word_select(i, 8)
            fields = Cat(now.r, now.w, now.x, now.match, Const(0, 2), now.locked)
            legal = Cat(byte[0], byte[0] & byte[1], byte[2:5], Const(0, 2), byte[7])
            held.append(old.locked | (fields == legal))
        return wrote, Cat(held).all()

    @proves
    def addresses_are_held(self, m):
        """A write of an address that nothing locks gives it bits 53:0 of what is written."""
        above = [*self.old[1:], None]
        wrote, held = [], []
        for i, (now, old) in enumerate(zip(self.now, self.old, strict=True)):
            bound = above[i]
            open_ = ~old.locked
            if bound is not None:
                open_ &= ~(bound.locked & (Value.cast(bound.match) == TOR))
            wrote.append(self.wrote[PMPADDRS[i]] & open_)
            held.append(~wrote[-1] | (now.address == self.data[:54]))
        return Cat(wrote).any(), Cat(held).all()

    @proves
    def entries_change_by_their_writes(self, m):
        """Nothing of an entry changes but by a write of its own registers."""
        touched = [self.wrote[PMPCFGS[0]] | self.wrote[PMPADDRS[i]] for i in range(4)]
        idle = self.begun & ~Cat(touched).all()
        return idle, Cat(touch | self._same(i) for i, touch in enumerate(touched)).all()


def _entry(value):
    """A view of an entry's bits."""
    return pmp_layout(1)(value)[0]
