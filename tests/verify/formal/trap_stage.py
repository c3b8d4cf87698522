"""The trap stage: every instruction retires, traps or is fetched again, and only one of them.

What traps or is fetched again has no other effect, and nothing younger gets past it. With
`tests.verify.formal.execute` that is: a squashed instruction changes no architectural state.
"""

from amaranth.hdl import Cat, Mux

from hdl.arch import Cause, Csr, Priv
from hdl.mmu.vocabulary import Access, Fault
from hdl.units.decoder import System, Unit
from tests.verify.formal.proof import proves
from tests.verify.formal.watched_trap_stage import WatchedTrapStage, carries_no_exception

__all__ = ["TrapStageProof"]

#: What each kind of access asks of the MMU.
ACCESSES = {
    Unit.LOAD: Access.LOAD,
    Unit.LR: Access.LR,
    Unit.STORE: Access.STORE,
    Unit.SC: Access.SC,
    Unit.AMO: Access.AMO,
}
#: CSRs that stages before the trap stage obey: translation and privilege, and interrupts.
OBEYED = (
    *(Csr.SATP, Csr.MENVCFG, Csr.MSTATUS, Csr.SSTATUS),
    *(Csr.MIE, Csr.MIP, Csr.SIE, Csr.SIP, Csr.MIDELEG, Csr.STIMECMP),
)


class TrapStageProof(WatchedTrapStage):
    """The trap stage: retiring, trapping, squashing, and what each may change."""

    base = 3
    depth = 8

    @proves
    def one_fate(self, m):
        """What leaves either retires, or traps, or is fetched again from its own pc."""
        again = ~self.stage.wen & self.redirect.valid & (self.redirect.target == self.insn.pc)
        return self.leaves, self.stage.wen ^ self.trap.valid ^ (again & ~self.trap.valid)

    @proves
    def traps_change_nothing_else(self, m):
        """An instruction that traps writes no register, CSR or memory, nor fences or counts."""
        return self.trap.valid, ~self.effects.any()

    @proves
    def refetched_changes_nothing(self, m):
        """An instruction that is fetched again writes no register, CSR or memory, nor counts."""
        return self.fetched_again, ~self.effects.any()

    @proves
    def waiting_changes_nothing(self, m):
        """Before it leaves an instruction changes nothing, but for the write of an AMO."""
        early = self.effects[:-1].any() | self.trap.valid | self.redirect.valid
        return self.held & ~self.leaves, ~early

    @proves
    def nothing_without_an_instruction(self, m):
        """An empty stage takes what comes, unless STIP settles; it does and asks for nothing."""
        idle = self.effects.any() | self.trap.valid | self.redirect.valid | self.stage.update.valid
        return ~self.held, (self.stage.ready | self.stage.csrs.settles) & ~idle & ~self.leaves

    @proves
    def squashed_stay_out(self, m):
        """What a trap, a return or a refetch squashes is not taken, and the stage is then empty."""
        redirected = self.past(m, self.redirect.valid)
        return redirected, ~self.past(m, self.stage.ready) & ~self.held

    @proves
    def traps_redirect(self, m):
        """Every trap squashes what is younger and goes on at its vector, or has leapt there."""
        to_vector = self.redirect.target == self.trap.vector
        called = self.is_system(System.ECALL, System.EBREAK) & carries_no_exception(self.insn)
        return self.trap.valid, (self.redirect.valid ^ (self.insn.leapt & called)) & to_vector

    @proves
    def returns_redirect(self, m):
        """mret and sret squash what is younger and go on at mepc and sepc, or have leapt there."""
        epc = Mux(self.csrs.mret, self.environment.mepc, self.environment.sepc)
        returned = self.csrs.mret | self.csrs.sret
        goes_on = self.redirect.valid ^ self.insn.leapt
        return returned, goes_on & (self.redirect.target == epc)

    @proves
    def leaps_arrive(self, m):
        """An instruction that has leapt tells when it leaves, and nothing enters beside it."""
        return self.leaves & self.insn.leapt, self.stage.arrived & ~self.stage.ready

    @proves
    def fences_and_csrs_refetch(self, m):
        """Fences and writes of CSRs that fetches obey refetch what follows and may lie there."""
        csrs = (Csr.SATP, Csr.MENVCFG)
        written = self.csrs.write & Cat(self.csrs.address == csr for csr in csrs).any()
        fence_i = self.stage.wen & self.is_system(System.FENCE_I)
        spared = self.stage.sfence.has_va & self.stage.elsewhere
        event = written | fence_i | (self.stage.sfence.valid & ~spared)
        return event, self.redirect.valid & (self.redirect.target == self.insn.next_pc)

    @proves
    def accesses_wait_for_fences(self, m):
        """No access enters beside a fence of translations, which it has to see."""
        accesses = Cat(self.stage.executed.unit == unit for unit in ACCESSES).any()
        return self.stage.sfence.valid & accesses, ~self.stage.ready

    @proves
    def csr_changes_are_alone(self, m):
        """Nothing enters beside a write of a CSR that other stages obey, a trap or a return."""
        obeyed = Cat(self.csrs.address == csr for csr in OBEYED).any()
        event = Cat(self.csrs.write & obeyed, self.csrs.sret, self.csrs.mret, self.trap.valid)
        return event.any(), ~self.stage.ready

    @proves
    def csrs_are_not_judged_too_early(self, m):
        """What a CSR instruction may do is asked as it enters, beside no write, trap or return."""
        enters = self.taken & (self.stage.executed.unit == Unit.CSR)
        event = Cat(self.csrs.write, self.csrs.sret, self.csrs.mret, self.trap.valid)
        asked = self.csrs.asked == self.stage.executed.insn[20:32]
        return enters, asked & ~event.any()

    @proves
    def csrs_are_read_when_leaving(self, m):
        """A CSR is read, at its instruction's address, in the cycle in which that leaves."""
        read = (self.csrs.address == self.insn.insn[20:32]) & (
            self.stage.wdata == self.csrs.read_data
        )
        return self.stage.wen & self.is_unit(Unit.CSR), read & self.leaves

    @proves
    def one_csr_event(self, m):
        """At most one of a write, a trap, an mret and an sret reaches the CSRs in a cycle."""
        event = Cat(self.csrs.write, self.csrs.sret, self.csrs.mret, self.trap.valid)
        return event.any(), (event & (event - 1)) == 0

    @proves
    def csrs_are_written_by_their_instructions(self, m):
        """A CSR is written only by a legal Zicsr instruction that retires, at its address."""
        legal = self.allowed & (self.csrs.address == self.insn.insn[20:32])
        return self.csrs.write, self.stage.wen & self.is_unit(Unit.CSR) & legal

    @proves
    def retiring_counts_once(self, m):
        """Exactly what retires counts: not ecall, ebreak, a trap or a refetched instruction."""
        counted = self.csrs.retire
        return self.leaves, (counted == self.stage.wen) & ~(
            counted & self.is_system(System.ECALL, System.EBREAK)
        )

    @proves
    def retires_without_exception(self, m):
        """What retires has met no exception and no error, and is allowed in this mode."""
        clean = carries_no_exception(self.insn) & ~self.is_forbidden()
        return self.stage.wen, clean & ~(self.insn.requested & self.response.error)

    @proves
    def privileged_need_their_mode(self, m):
        """mret needs M; sret, sfence.vma and wfi need S, or M under TSR, TVM and TW."""
        priv, environment = self.environment.priv, self.environment
        machine, supervisor = priv == Priv.M, priv == Priv.S
        gates = {
            System.SRET: ~environment.tsr,
            System.SFENCE_VMA: ~environment.tvm,
            System.WFI: ~environment.tw,
        }
        allowed = Cat(
            ~self.is_system(system) | machine | (supervisor & gate)
            for system, gate in gates.items()
        ).all() & (~self.is_system(System.MRET) | machine)
        return self.stage.wen & self.is_system(System.MRET, *gates), allowed

    @proves
    def forbidden_is_illegal(self, m):
        """A privileged or CSR instruction that is not allowed traps with cause 2 and its bits."""
        forbidden = self.held & self.is_forbidden() & carries_no_exception(self.insn)
        right = (self.trap.cause == Cause.ILLEGAL) & (self.trap.tval == self.insn.insn)
        return forbidden, self.trap.valid & ~self.trap.interrupt & right

    @proves
    def interrupts_trap_at_once(self, m):
        """An interrupted instruction traps in its first cycle, with the interrupt's number."""
        right = self.trap.interrupt & (self.trap.cause == self.insn.interrupt_cause)
        return self.held & self.insn.interrupt, self.trap.valid & right & ~self.stage.update.valid

    @proves
    def trap_is_its_own(self, m):
        """The xepc of a trap is the pc of the instruction that traps."""
        return self.trap.valid, self.held & (self.trap.epc == self.insn.pc)

    @proves
    def bus_error_is_access_fault(self, m):
        """A refused access, or half of an AMO, is an access fault of its kind at its address."""
        loads = self.is_unit(Unit.LOAD, Unit.LR)
        cause = Mux(loads, Cause.LOAD_ACCESS, Cause.STORE_ACCESS)
        refused = self.held & self.response.valid & self.response.error
        right = (self.trap.cause == cause) & (self.trap.tval == self.insn.data.va)
        return refused, self.trap.valid & ~self.trap.interrupt & right

    @proves
    def update_is_asked_for(self, m):
        """An update of A or D is asked for the address, access and privilege that need it."""
        update, insn, environment = self.stage.update, self.insn, self.environment
        data_access = Cat(
            ~self.is_unit(unit) | (update.access == access) for unit, access in ACCESSES.items()
        ).all()
        fetch = (
            (update.access == Access.FETCH)
            & (update.va == Mux(insn.fetch.second, insn.next_pc, insn.pc))
            & (update.priv == environment.priv)
        )
        data = data_access & (update.va == insn.data.va) & (update.priv == environment.data_priv)
        right = Mux(insn.fetch.update, fetch, insn.data.update & data)
        return update.valid, self.held & ~insn.interrupt & right

    @proves
    def update_stands(self, m):
        """An update that is asked for stands, unchanged, until it gets its response."""
        update = self.stage.update
        payload = Cat(update.va, update.priv, update.access, update.id)
        asked = self.past(m, update.valid & ~update.done)
        return asked, update.valid & (payload == self.past(m, payload))

    @proves
    def updated_is_fetched_again(self, m):
        """After an update the instruction is fetched again; refused, it traps with that fault."""
        update = self.stage.update
        fault, fetch = update.fault, self.insn.fetch.update
        loads = self.is_unit(Unit.LOAD, Unit.LR)
        page = Mux(fetch, 12, Mux(loads, 13, 15))
        access = Mux(fetch, 1, Mux(loads, 5, 7))
        cause = Mux(fault == Fault.PAGE, page, access)
        trapped = self.trap.valid & ~self.trap.interrupt & (self.trap.cause == cause)
        return update.done, Mux(fault == Fault.NONE, self.fetched_again, trapped)

    @proves
    def amo_writes_what_it_read(self, m):
        """Only an AMO writes from here, once, at its address, after a good response to its read."""
        request = self.stage.request
        amo = self.held & self.insn.requested & self.is_unit(Unit.AMO)
        once = self.was_read & ~self.was_written & ~self.owed
        return request.valid, amo & once & request.write & (request.address == self.insn.pa)

    @proves
    def written_amo_finishes(self, m):
        """An AMO that has written leaves with the response, and traps only if it was refused."""
        answered = self.held & self.was_written & self.response.valid
        return answered, self.leaves & (self.stage.wen == ~self.response.error)

    @proves
    def reservation_by_lr_and_sc(self, m):
        """A reservation is made by an LR that retires, ended by such an SC, and else stays."""
        stage = self.stage
        made = self.past(m, stage.wen & self.is_unit(Unit.LR))
        ended = self.past(m, stage.wen & self.is_unit(Unit.SC))
        kept = (stage.reserved == self.past(m, stage.reserved)) & (
            stage.reservation == self.past(m, stage.reservation)
        )
        made_right = stage.reserved & (stage.reservation == self.past(m, self.insn.pa))
        return stage.reserved | ended, Mux(made, made_right, Mux(ended, ~stage.reserved, kept))

    @proves
    def waits_for_a_reason(self, m):
        """An instruction stays only for memory, for an update, or as a wfi that nothing wakes."""
        sleeps = self.is_system(System.WFI) & ~self.environment.wake
        reason = self.owed | self.stage.request.valid | self.stage.update.valid | sleeps
        return self.held & ~self.leaves, reason

    @proves
    def result_is_forwarded(self, m):
        """What retires writes its own register, with the value that younger ones were given."""
        stage = self.stage
        own = (stage.rd == self.insn.rd) & (stage.forward.rd == stage.rd)
        return stage.wen, own & (stage.forward.data == stage.wdata)
