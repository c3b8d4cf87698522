"""Bugs to plant in `hdl/`, each in one place, and the property that must find it.

Most are what users of other cores have reported; the others are easy to make here.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["BUGS", "Bug", "is_refuted"]

ROOT = Path(__file__).parents[3]

#: Says whether a property fails.
SCRIPT = """\
import sys
from tests.verify.formal import solver
from tests.verify.formal.proofs import PROOFS
print(solver.refute(PROOFS[sys.argv[1]](), sys.argv[2]))
"""


@dataclass(frozen=True)
class Bug:
    """`old`, which stands once in `hdl/FILE`, becomes `new`; `proof` must refute `property_`."""

    file: str
    old: str
    new: str
    proof: str
    property_: str


BUGS = {
    "S-mode fetches from user pages with SUM": Bug(
        "mmu/permission.py",
        "(sum_ & ~fetch)",
        "sum_",
        "permission",
        "permission_is_the_table",
    ),
    "reserved bits 60:54 are ignored": Bug(
        "mmu/vocabulary.py",
        "self.as_value()[54:] != 0",
        "self.as_value()[61:] != 0",
        "permission",
        "malformed_is_the_list",
    ),
    "sfence.vma in the cycle of a refill": Bug(
        "mmu/walker.py",
        "self.fill.valid.eq(~killed & ~self.stale)",
        "self.fill.valid.eq(~self.stale)",
        "walker",
        "killed_walks_fill_nothing",
    ),
    "a PTE that changed before its update is written all the same": Bug(
        "mmu/walker.py",
        "with m.Elif(self.port.response.data == pte.as_value()):",
        "with m.Elif(1):",
        "walker",
        "writes_what_it_compared",
    ),
    "G of a pointer is forgotten": Bug(
        "mmu/walker.py",
        "self.g.eq(self.g | pte.flags.g)",
        "self.g.eq(pte.flags.g)",
        "walker",
        "fill_as_specified",
    ),
    "the bus is asked for a PTE outside RAM": Bug(
        "mmu/walker.py",
        "with m.If(~self.read_in_ram | ~self.accessible):",
        "with m.If(~self.accessible):",
        "walker",
        "stays_in_ram",
    ),
    "a late response is taken by the next walk": Bug(
        "mmu/walker.py",
        "state.eq(Mux(owed, WalkerState.DRAIN, WalkerState.IDLE))",
        "state.eq(WalkerState.IDLE)",
        "walker",
        "one_request_at_a_time",
    ),
    "a fence spares the superpage around its address": Bug(
        "mmu/tlb.py",
        "larger = Mux(tag.level > level, tag.level, level)",
        "larger = level",
        "tlb",
        "fenced_page_misses",
    ),
    "one page under two ASIDs, once global": Bug(
        "mmu/tlb.py",
        "together & (shared | same_asid)",
        "together & same_asid",
        "tlb",
        "never_two_hits",
    ),
    "a pointer is filled in the cycle of a fence": Bug(
        "mmu/walk_cache.py",
        "self._fill(m, self.fill.valid & ~self.flush)",
        "self._fill(m, self.fill.valid)",
        "walk_cache",
        "flush_forgets_all",
    ),
    # The induction step of this one passes: only the base case knows how things begin.
    "no entry's turn to be replaced comes first": Bug(
        "mmu/walk_cache.py",
        "self.turn = Signal(entries, init=1)",
        "self.turn = Signal(entries)",
        "walk_cache",
        "victim_is_one",
    ),
    "permissions are not checked on a hit": Bug(
        "mmu/translator.py",
        "with m.Elif(translate & tlb.refuses):",
        "with m.Elif(0):",
        "translator",
        "every_hit_is_checked",
    ),
    "a result outlives a change of privilege": Bug(
        "mmu/translator.py",
        '("vpn", "access", "priv")',
        '("vpn", "access")',
        "translator",
        "result_is_for_its_request",
    ),
    "a megapage takes too much of the address": Bug(
        "mmu/translator.py",
        "Mux(page.level == 2, va[low:middle]",
        "Mux(page.level != 0, va[low:middle]",
        "mmu",
        "data_response_as_specified",
    ),
    "an access that an entry matches in part passes": Bug(
        "memory/pmp.py",
        "granted & near & Mux(both, far, near)",
        "granted & (near | Mux(both, far, 0))",
        "pmp",
        "lowest_entry_decides",
    ),
    "a locked top of range leaves its base open": Bug(
        "priv/pmp.py",
        "locked |= above.locked & (above.match == PmpMatch.TOR)",
        "pass",
        "pmp_registers",
        "locked_ranges_keep_their_base",
    ),
    "a hit is not checked by memory protection": Bug(
        "mmu/translator.py",
        "return ~checker.permitted",
        "return 0",
        "pmp_translator",
        "answers_nothing_forbidden",
    ),
    "A and D are set where S-mode must not write": Bug(
        "mmu/walker.py",
        "with m.If(~self.accessible):",
        "with m.If(0):",
        "pmp_walker",
        "writes_nothing_forbidden",
    ),
    "a fetch takes the half of its word that is forbidden": Bug(
        "pipeline/fetch.py",
        "m.d.comb += [request.size.eq(2), ",
        "m.d.comb += [",
        "pmp_fetch",
        "fetches_what_is_answered",
    ),
    "MTI before MSI": Bug(
        "priv/interrupts.py",
        "MACHINE = (Interrupt.MEI, Interrupt.MSI, Interrupt.MTI)",
        "MACHINE = (Interrupt.MEI, Interrupt.MTI, Interrupt.MSI)",
        "interrupts",
        "highest_priority_is_taken",
    ),
    "traps out of M-mode are delegated": Bug(
        "priv/exception.py",
        "(self.priv != Priv.M) & self._delegated",
        "self._delegated",
        "trap_unit",
        "never_down_from_m",
    ),
    "exceptions are vectored": Bug(
        "priv/exception.py",
        "Mux(c.interrupt, vectored[:62], direct)",
        "vectored[:62]",
        "trap_unit",
        "direct_vector",
    ),
    "mret leaves MPRV": Bug(
        "priv/csr.py",
        'with m.If(status["MPP"] != Priv.M):',
        "with m.If(0):",
        "csrs",
        "mret_unstacks",
    ),
    "minstret never counts": Bug(
        "priv/csr.py",
        "minstret.eq(minstret + 1)",
        "minstret.eq(minstret)",
        "csrs",
        "minstret_counts_retiring",
    ),
    "mcycle never counts": Bug(
        "priv/csr.py",
        "self.mcycle.eq(self.mcycle + 1)",
        "self.mcycle.eq(self.mcycle)",
        "csrs",
        "mcycle_counts_cycles",
    ),
    "mcountinhibit.IR does nothing": Bug(
        "priv/csr.py",
        "self.retire & ~inhibit[2]",
        "self.retire",
        "csrs",
        "inhibited_minstret_stands",
    ),
    "a trap writes its register all the same": Bug(
        "pipeline/trap.py",
        "self.wen.eq(self._retires)",
        "self.wen.eq(self._finishes)",
        "trap_stage",
        "traps_change_nothing_else",
    ),
    "what a trap squashes comes in": Bug(
        "pipeline/trap.py",
        "goes = finishes & ~refused & ~self._foresight.serial",
        "goes = finishes & ~self._foresight.serial",
        "trap_stage",
        "squashed_stay_out",
    ),
    "what a CSR instruction may do is asked before a write of what says so": Bug(
        "pipeline/system.py",
        "result.csrs_wait.eq(1)",
        "result.csrs_wait.eq(0)",
        "trap_stage",
        "csrs_are_not_judged_too_early",
    ),
    "a return leaps before an older write of its xepc": Bug(
        "pipeline/leap.py",
        "wants & ~done & ~ahead & self.calm",
        "wants & ~done & ~ahead",
        "leap",
        "leaps_when_calm",
    ),
    "what is cut in two by a prediction accesses memory": Bug(
        "pipeline/execute.py",
        "| control.illegal | held.refetch)",
        "| control.illegal)",
        "execute",
        "access_goes_with_its_instruction",
    ),
    "of a fault of the second page the first one's address is told": Bug(
        "pipeline/execute.py",
        "executed.data.va.eq(self.splitter.va)",
        "executed.data.va.eq(held.address)",
        "misaligned_execute",
        "faults_are_handed_over",
    ),
    "a store across pages begins before its second page is looked at": Bug(
        "pipeline/misaligned.py",
        "answer.done.eq(self.done & ~self.advances)",
        "answer.done.eq(self.done)",
        "splitter",
        "both_are_permitted_first",
    ),
    "the second portion is stored though the first was refused": Bug(
        "pipeline/misaligned.py",
        "(self.waits & response.valid)",
        "response.valid",
        "joiner",
        "second_follows_a_good_first",
    ),
    "a fence forgets another set of the second level": Bug(
        "mmu/second_level.py",
        "va = self.sfence.va[PAGE_BITS:MAXVA_BITS]",
        "va = self.sfence.va[PAGE_BITS + 1 : MAXVA_BITS]",
        "second_level",
        "l2_fenced_page_is_gone",
    ),
    "the second level reads a set while it is written": Bug(
        "mmu/second_level.py",
        "& ~self.asked & ~self.writes &",
        "& ~self.asked &",
        "second_level",
        "l2_never_stale_or_wrong",
    ),
    "another initiator comes between a locked read and its write": Bug(
        "bus/wishbone.py",
        "bus.cyc.eq(keeps)",
        "bus.cyc.eq(0)",
        "wishbone",
        "cycle_of_a_lock_is_not_left",
    ),
    "a request is taken twice from a pipelined bus": Bug(
        "bus/wishbone.py",
        "with m.If(~bus.stall):",
        "with m.If(~bus.stall & bus.ack):",
        "wishbone_pipelined",
        "request_is_taken_once",
    ),
    "the bus has what is locked without a lock": Bug(
        "bus/axi.py",
        "reads, writes = ~locked & ~request.write, ~locked & request.write",
        "reads, writes = ~request.write, request.write",
        "axi_lite",
        "locked_requests_stay_off_the_bus",
    ),
}


def is_refuted(bug: Bug, folder: Path) -> bool:
    """Whether its property finds `bug`, planted into a copy of `hdl/` in `folder`.

    Raises ValueError if `bug.old` does not stand in its file, or more than once.
    """
    shutil.copytree(ROOT / "hdl", folder / "hdl", ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "hdl" / bug.file
    source = path.read_text()
    if source.count(bug.old) != 1:
        raise ValueError(f"{bug.old!r} stands {source.count(bug.old)} times in {bug.file}")
    path.write_text(source.replace(bug.old, bug.new))
    # -P keeps the working directory off the path, so the copy is what `hdl` means.
    result = subprocess.run(
        [sys.executable, "-P", "-W", "ignore", "-c", SCRIPT, bug.proof, bug.property_],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
        check=True,
    )
    return result.stdout.strip() == "True"
