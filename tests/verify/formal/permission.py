"""The permission check and the PTE's own rules, against the specification's table.

Privileged specification, "Virtual Address Translation Process", steps 3 to 9, and "Memory
Privilege in mstatus Register" (SUM, MXR).
"""

from functools import reduce
from itertools import product
from operator import or_

from amaranth.hdl import Cat, Const, Signal

from hdl.arch import Priv
from hdl.mmu.permission import is_permitted, needs_update
from hdl.mmu.vocabulary import Access, PageTableEntry, PteFlags
from tests.verify.formal.proof import Proof, assumes, free, proves

__all__ = ["PermissionProof", "allowed", "broken"]

WRITING = (Access.STORE, Access.SC, Access.AMO)


def allowed(access, *, r, w, x, u, supervisor, sum_, mxr):
    """The specification's table in plain Python: whether `access` (an `Access`) may pass."""
    if supervisor and u and (access == Access.FETCH or not sum_):
        return False
    if not supervisor and not u:
        return False
    reads = r or (x and mxr)
    return {
        Access.FETCH: x,
        Access.LOAD: reads,
        Access.LR: reads,
        Access.STORE: w,
        Access.SC: w,
        Access.AMO: r and w,
    }[access]


def broken(pte, level):
    """Whether a walk that reads `pte` (64 bits) at `level` ends in a page fault; by bit numbers."""
    v, r, w, x, u, a, d = pte[0], pte[1], pte[2], pte[3], pte[4], pte[6], pte[7]
    pointer = ~r & ~w & ~x
    low_ppn = Cat(pte[10:19] != 0, pte[19:28] != 0)
    return (
        ~v
        | (~r & w)
        | (pte[54:61] != 0)
        | (pte[61:63] != 0)
        | pte[63]
        | (pointer & (a | d | u | (level == 0)))
        | (~pointer & (level == 1) & low_ppn[0])
        | (~pointer & (level == 2) & low_ppn.any())
    )


class PermissionProof(Proof):
    """Permissions, A and D, and malformed PTEs: functions without state."""

    depth = 1

    def build(self, m):
        self.pte, self.level = Signal(64), Signal(2)
        self.access, self.supervisor = Signal(3), Signal()
        self.sum_, self.mxr = Signal(), Signal()
        self.entry = PageTableEntry(self.pte)
        self.flags = PteFlags(self.pte[1:8])
        self.r, self.w, self.x, self.u = (self.pte[i] for i in range(1, 5))
        m.d.comb += [
            self.pte.eq(free(64)),
            self.level.eq(free(2)),
            Cat(self.access, self.supervisor, self.sum_, self.mxr).eq(free(6)),
        ]
        self.permitted = Signal()
        self._priv = Signal(Priv)
        permitted = is_permitted(self.flags, self.access, self._priv, self.sum_, self.mxr)
        m.d.comb += [self._priv.eq(self.supervisor), self.permitted.eq(permitted)]

    @assumes
    def level_exists(self, m):
        """Levels are 0, 1 and 2, and an access is one of the six kinds."""
        return (self.level != 3) & (self.access != 0b011) & (self.access != 0b100)

    @proves
    def permission_is_the_table(self, m):
        """A leaf lets an access pass exactly where the specification's table says so."""
        kinds = {kind.value: kind for kind in Access}
        rows = [
            access in kinds
            and allowed(kinds[access], r=r, w=w, x=x, u=u, supervisor=s, sum_=sum_, mxr=mxr)
            for mxr, sum_, s, access, u, x, w, r in product(*[(0, 1)] * 3, range(8), *[(0, 1)] * 4)
        ]
        table = Const(sum(bool(row) << i for i, row in enumerate(rows)), len(rows))
        index = Cat(
            self.r, self.w, self.x, self.u, self.access, self.supervisor, self.sum_, self.mxr
        )
        return ~self.w | self.r, self.permitted == table.bit_select(index, 1)

    @proves
    def user_pages_are_users(self, m):
        """No leaf is open to U-mode and, without SUM or for a fetch, to S-mode as well."""
        user = is_permitted(self.flags, self.access, Const(Priv.U, 2), self.sum_, self.mxr)
        fetch = self.access == Access.FETCH
        return self.supervisor & self.permitted & (fetch | ~self.sum_), ~user

    @proves
    def mxr_is_for_loads(self, m):
        """MXR changes nothing but that loads and LR may read what is executable."""
        without = is_permitted(self.flags, self.access, self._priv, self.sum_, 0)
        loads = (self.access == Access.LOAD) | (self.access == Access.LR)
        return (~self.w | self.r) & (self.permitted != without), self.mxr & loads & self.x & ~self.r

    @proves
    def update_is_the_rule(self, m):
        """A or D needs an update exactly if A is clear, or D is and the access writes."""
        writes = reduce(or_, (self.access == kind for kind in WRITING))
        expected = ~self.pte[6] | (writes & ~self.pte[7])
        return expected | ~writes, needs_update(self.flags, self.access) == expected

    @proves
    def malformed_is_the_list(self, m):
        """A PTE ends the walk at once exactly if one of the specification's clauses applies."""
        return self.pte[0], self.entry.is_malformed(self.level) == broken(self.pte, self.level)

    @proves
    def invalid_is_malformed(self, m):
        """A PTE with V=0 always ends the walk, whatever its other bits are."""
        return ~self.pte[0], self.entry.is_malformed(self.level)
