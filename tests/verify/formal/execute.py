"""The execute stage: it starts no access that could still be squashed, and none that must not be.

`tests.verify.formal.trap_stage` proves what this assumes of the trap stage, and assumes what this
proves of the instructions that are handed over.
"""

from amaranth.hdl import Cat, Signal, Value

from hdl.mmu.vocabulary import Access, Fault
from hdl.pipeline.execute import Execute
from hdl.pipeline.leap import LEAPING
from hdl.pipeline.stages import Decoded, copy
from hdl.units.decoder import Unit
from tests.verify.formal.proof import Proof, assumes, free_inputs, invariant, proves
from tests.verify.formal.watched_trap_stage import (
    ATOMIC_UNITS,
    carries_no_exception,
    has,
    is_consistent,
)

__all__ = ["ExecuteProof"]


def _is_decoded(decoded):
    """What the decode stage promises of every instruction that it hands over."""
    known = (decoded.control.unit <= max(Unit)) & (decoded.fetch.fault.as_value() != 3)
    fetch = ~decoded.fetch.update | (decoded.fetch.fault == Fault.NONE)
    clean = ~decoded.fetch.is_refused() & ~decoded.control.illegal & ~decoded.refetch
    leapt = (
        (decoded.control.unit == Unit.SYSTEM)
        & Cat(decoded.control.system == system for system in LEAPING).any()
        & clean
        & ~decoded.predicted
    )
    return known & fetch & (~decoded.leapt | leapt)


class ExecuteProof(Proof):
    """The execute stage: accesses, exceptions, squashing."""

    base = 3
    depth = 6

    def dut(self):
        """What is proven; mutants bend it."""
        return Execute()

    def build(self, m):
        self.stage = stage = self.dut()
        # Elaborated here, so that the invariants can look into it.
        m.submodules.stage = stage.elaborate(None)
        free_inputs(m, stage)
        self.request, self.translation = stage.request, stage.translation
        self.executed = stage.executed
        self.accepted, self.handed_over = Signal(), Signal()
        m.d.comb += [
            self.accepted.eq(self.request.valid & self.request.ready),
            self.handed_over.eq(stage.valid & stage.ready),
        ]
        self.insn = Decoded().create(path=("insn",))
        with m.If(stage.accept):
            m.d.sync += copy(self.insn, stage.decoded)

    def _is_atomic(self):
        return Cat(self.executed.unit == unit for unit in ATOMIC_UNITS).any()

    @assumes
    def instructions_are_decoded(self, m):
        """A known unit; a known fault of its fetch, or none; what has leapt may leap."""
        return _is_decoded(self.stage.decoded)

    @assumes
    def squashing_takes_nothing(self, m):
        """While the trap stage squashes it takes nothing; an empty one takes and squashes not."""
        stage = self.stage
        empty = ~stage.trap_empty | (stage.ready & ~stage.flush)
        return (~stage.flush | ~stage.ready) & empty

    @assumes
    def translations_are_responses(self, m):
        """The MMU responds to every request, with a fault, a need of an update, or an address."""
        translation = self.translation
        known = translation.fault.as_value() != 3
        meant = known & (~translation.update | (translation.fault == Fault.NONE))
        return ~translation.done | meant

    @assumes
    def answers_stand(self, m):
        """While an access waits, alone, its translation and the reservation stay as they are."""
        stage, translation = self.stage, self.translation
        what = Cat(translation.done, translation.pa, stage.reserved, stage.reservation)
        before = Signal.like(what, name="answered_before")
        m.d.sync += before.eq(what)
        asks = translation.valid & translation.done & stage.trap_empty
        stays = self.past(m, asks & ~stage.accept) & translation.valid & stage.trap_empty
        return ~stays | (what == before)

    @invariant
    def judgement_is_of_its_answer(self, m):
        """What an SC waited a cycle for is what its translation and the reservation say."""
        stage = self.stage
        holds = stage.reserved & (stage.reservation == stage._answer.pa)
        asks = self.translation.valid & stage.trap_empty & (self.insn.control.unit == Unit.SC)
        return ~(asks & stage._judged) | (holds == stage._reservation_holds)

    @invariant
    def instruction_is_held(self, m):
        """The stage holds what it took, which the decoder knows."""
        same = [
            Value.cast(a) == Value.cast(b)
            for (_, _, a), (_, _, b) in zip(
                self.insn.signature.flatten(self.insn),
                self.insn.signature.flatten(self.stage._held),
                strict=True,
            )
        ]
        return Cat(same).all() & _is_decoded(self.insn)

    @proves
    def access_goes_with_its_instruction(self, m):
        """Memory accepts an access exactly in the cycle that hands its instruction on with it."""
        handed_over = self.handed_over & self.executed.requested
        return self.accepted | handed_over, self.accepted & handed_over

    @proves
    def squashed_start_nothing(self, m):
        """In the cycle in which an instruction is squashed it starts no access and goes nowhere."""
        squashed = self.stage.flush & self.stage.valid
        return squashed, ~self.request.valid & ~self.handed_over

    @proves
    def squashed_are_gone(self, m):
        """In the cycle after a squash the stage is empty: no access, no walk, no redirect."""
        stage = self.stage
        anything = stage.valid | self.request.valid | self.translation.valid | stage.redirect.valid
        return self.past(m, stage.flush), ~anything

    @proves
    def leapt_do_not_redirect(self, m):
        """What has leapt does not send fetches elsewhere, whatever was predicted of it."""
        redirect = self.stage.redirect.valid
        return self.stage.valid & self.executed.leapt, ~redirect

    @proves
    def squash_reaches_the_mmu(self, m):
        """A squash also kills the walk that the instruction has asked for."""
        return self.stage.flush, self.translation.squash

    @proves
    def no_access_with_an_exception(self, m):
        """An instruction with an exception, of its fetch or its own, starts no access."""
        return self.request.valid, carries_no_exception(self.executed)

    @proves
    def interrupted_access_nothing(self, m):
        """An instruction that an interrupt will take the place of starts no access and no walk."""
        interrupted = self.stage.environment.interrupt & self.stage.valid
        return interrupted, ~self.request.valid & ~self.translation.valid

    @proves
    def interrupt_is_sampled_once(self, m):
        """What is handed over carries the interrupt of that cycle, and its number."""
        environment = self.stage.environment
        same = (self.executed.interrupt == environment.interrupt) & (
            self.executed.interrupt_cause == environment.interrupt_cause
        )
        return self.handed_over, same

    @proves
    def exceptions_are_consistent(self, m):
        """What is handed over has exceptions that can come together, as the trap stage expects."""
        return self.stage.valid, is_consistent(self.executed)

    @proves
    def fetch_faults_come_first(self, m):
        """With a fault of its fetch, or no legal instruction, its data address is not looked at."""
        failed = has(self.executed)["fetch"] | has(self.executed)["illegal"]
        found = has(self.executed)
        untouched = ~found["data"] & ~found["misaligned"] & ~self.translation.valid
        return self.stage.valid & failed, untouched

    @proves
    def misaligned_is_not_translated(self, m):
        """A misaligned access is neither translated nor started."""
        size, va = self.executed.funct3[:2], self.executed.data.va
        misaligned = (
            ((size == 1) & va[0]) | ((size == 2) & va[:2].any()) | ((size == 3) & va[:3].any())
        )
        accesses = self.translation.valid | self.request.valid
        return self.executed.misaligned & self.stage.valid, misaligned & ~accesses

    @proves
    def access_uses_its_translation(self, m):
        """An access goes to the physical address of its own translation, with its size, if good."""
        request, translation = self.request, self.translation
        good = translation.valid & translation.done & (translation.fault == Fault.NONE)
        asked = (translation.va == self.executed.data.va) & (
            translation.priv == self.stage.environment.data_priv
        )
        asked &= translation.size == request.size
        same = (request.address == translation.pa) & (self.executed.pa == translation.pa)
        return request.valid, good & ~translation.update & asked & same

    @proves
    def writes_need_write_access(self, m):
        """Only stores and SCs write, and what is locked is an AMO: each was translated as such."""
        access = self.translation.access
        store = (access == Access.STORE) | (access == Access.SC)
        kind = Cat(
            self.request.write == store,
            self.request.lock == (access == Access.AMO),
            self.request.write == self.request.strobe.any(),
        )
        return self.request.valid, kind.all()

    @proves
    def faults_are_handed_over(self, m):
        """A translation that is refused, or needs an update, goes on with its instruction."""
        translation, executed = self.translation, self.executed
        same = (executed.data.fault == translation.fault) & (
            executed.data.update == translation.update
        )
        return self.handed_over & translation.valid, translation.done & same

    @proves
    def atomics_wait_their_turn(self, m):
        """An atomic goes on, and accesses, only when no instruction is left before it."""
        early = self.stage.valid & self._is_atomic() & self.translation.valid
        return early, self.stage.trap_empty

    @proves
    def failed_sc_accesses_nothing(self, m):
        """An SC accesses memory only with a reservation for its address, and then returns 0."""
        stage = self.stage
        holds = stage.reserved & (stage.reservation == self.translation.pa)
        sc = self.request.valid & (self.executed.unit == Unit.SC)
        return sc, holds & (self.executed.result == 0)
