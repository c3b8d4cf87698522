"""Misaligned accesses: nothing begins before both portions are permitted, and the second is last.

With these, nothing is stored when the second page faults: the execute stage requests an access only
when its answer is good (`misaligned_execute.access_uses_its_translation`).
"""

from amaranth.hdl import Signal

from hdl.mmu.vocabulary import Fault
from hdl.pipeline.execute import Execute
from hdl.pipeline.misaligned import Joiner, JoinState, Splitter
from hdl.units.decoder import Unit
from tests.verify.formal.execute import ExecuteProof
from tests.verify.formal.proof import Proof, assumes, free_inputs, invariant, proves

__all__ = ["JoinerProof", "MisalignedExecuteProof", "SplitterProof"]


def _next(va):
    """The next doubleword, by arithmetic."""
    return (va - va % 8 + 8)[:64]


class SplitterProof(Proof):
    """The splitter, with memory protection: which answer an access gets, and when."""

    base = 3
    depth = 5

    def dut(self):
        """What is proven."""
        return Splitter(protected=True)

    def build(self, m):
        self.part = part = self.dut()
        m.submodules.part = part
        free_inputs(m, part)
        good = (part.fault == Fault.NONE) & ~part.update
        self.good = part.valid & part.done & good & ~(part.misaligned & part.device)
        self.permitted = (part.answer.fault == Fault.NONE) & ~part.answer.update
        #: The first of two portions has been permitted, with this address.
        self.first_good, self.kept = Signal(), Signal(part.pa.shape())
        bytes_ = 1 << part.bytes_log2
        self.two = (part.access_va[:3] + bytes_) > 8
        with m.If(part.renew):
            m.d.sync += self.first_good.eq(0)
        with m.Elif(self.good & self.two & ~self.first_good):
            m.d.sync += [self.first_good.eq(1), self.kept.eq(part.pa)]

    @assumes
    def access_stays(self, m):
        """The access stays the same until another instruction may come."""
        part = self.part
        same = (part.access_va == self.past(m, part.access_va)) & (
            part.bytes_log2 == self.past(m, part.bytes_log2)
        )
        return self.past(m, part.renew, init=1) | same

    @assumes
    def answers_have_one_meaning(self, m):
        """The MMU answers with a known fault, or a need of an update, or an address."""
        part = self.part
        known = part.fault.as_value() != 3
        return known & (~part.update | (part.fault == Fault.NONE))

    @invariant
    def first_address_is_kept(self, m):
        """Where the second portion is asked about, the first was permitted; its address is kept."""
        part = self.part
        asks_second = part.va != part.access_va
        kept = (part.answer.pa == self.kept) & (part.va == _next(part.access_va)) & self.two
        return (asks_second == self.first_good) & (~self.first_good | kept)

    @invariant
    def second_is_told(self, m):
        """An access reaches the next doubleword where its bytes say so."""
        return self.part.second.valid == self.two

    @proves
    def both_are_permitted_first(self, m):
        """An access of two portions is permitted only when both were, the first one before."""
        part = self.part
        when = part.valid & part.answer.done & self.permitted & self.two
        both = self.first_good & self.good & (part.va == _next(part.access_va))
        return when, both & (part.answer.pa == self.kept) & (part.second.pa == part.pa)

    @proves
    def refusal_is_of_its_portion(self, m):
        """A refusal is the MMU's, or that of no RAM, about the portion at the address shown."""
        part = self.part
        when = part.valid & part.answer.done & ~self.permitted
        own = (part.answer.fault == part.fault) & (part.answer.update == part.update)
        no_ram = part.misaligned & part.device & (part.answer.fault == Fault.ACCESS)
        shown = (part.va == part.access_va) | (self.first_good & (part.va == _next(part.access_va)))
        return when, part.done & (own | no_ram) & shown

    @proves
    def misaligned_works_in_ram_only(self, m):
        """No misaligned access is permitted outside RAM."""
        part = self.part
        return part.valid & part.done & part.misaligned & part.device, ~(
            part.answer.done & self.permitted
        )

    @proves
    def aligned_is_as_translated(self, m):
        """An aligned access has the MMU's answer in the same cycle, and no second portion."""
        part = self.part
        answer = (
            (part.answer.fault == part.fault)
            & (part.answer.update == part.update)
            & (part.answer.pa == part.pa)
            & (part.va == part.access_va)
        )
        return part.valid & part.done & ~part.misaligned, (
            part.answer.done & answer & ~part.advances & ~part.second.valid
        )


class JoinerProof(Proof):
    """The joiner: when the second portion is requested, and where it goes."""

    base = 3
    depth = 6

    def dut(self):
        """What is proven."""
        return Joiner()

    def build(self, m):
        self.part = part = self.dut()
        # Elaborated here, so that the invariants can look into it.
        m.submodules.part = part.elaborate(None)
        free_inputs(m, part)
        request, response = part.request, part.response
        #: The other portion of the instruction in the stage: whether there is one, and where.
        self.two, self.pa = Signal(), Signal(request.address.shape())
        #: The first response came and was good; the second portion was accepted.
        self.came, self.accepted = Signal(), Signal()
        with m.If(part.take):
            m.d.sync += [self.two.eq(part.second.valid), self.pa.eq(part.second.pa)]
        self.good = part.active & self.two & ~self.came & response.valid & ~response.error
        with m.If(self.good):
            m.d.sync += self.came.eq(1)
        with m.If(request.valid & request.ready):
            m.d.sync += self.accepted.eq(1)
        with m.Elif(self.accepted & response.valid):
            m.d.sync += [self.came.eq(0), self.accepted.eq(0)]

    @assumes
    def instruction_stays_for_its_responses(self, m):
        """Between the first good response and the last the instruction stays where it is."""
        part = self.part
        last = self.accepted & part.response.valid
        goes = part.take & (self.good | (self.came & ~last))
        return ~goes & (~self.came | part.active)

    @assumes
    def responses_are_owed(self, m):
        """Until the second portion is accepted, no second response comes."""
        return ~(self.came & ~self.accepted & self.part.response.valid)

    @invariant
    def state_says_how_far_it_is(self, m):
        """The state and the held portion are what was observed."""
        part = self.part
        state = (part.state == JoinState.OFFER) == (self.came & ~self.accepted)
        state &= (part.state == JoinState.SECOND) == self.accepted
        held = (part.other.valid == self.two) & (part.other.pa == self.pa)
        known = part.state.as_value() != 3 if hasattr(part.state, "as_value") else part.state != 3
        return state & held & known & (~self.accepted | self.came) & (~self.came | self.two)

    @proves
    def second_follows_a_good_first(self, m):
        """The second portion is requested only when the first has had its response, a good one."""
        return self.part.request.valid, self.part.active & self.two & (self.came | self.good)

    @proves
    def second_is_requested_once(self, m):
        """What was accepted is not requested again."""
        return self.accepted, ~self.part.request.valid

    @proves
    def second_goes_to_its_address(self, m):
        """The second portion is of its doubleword, and writes exactly if it is of a store."""
        request, store = self.part.request, self.part.executed.unit == Unit.STORE
        kind = (request.write == store) & (request.size == 3) & ~request.lock
        return request.valid, kind & (request.address == self.pa) & (store | ~request.strobe.any())

    @proves
    def last_response_ends_it(self, m):
        """An access of two portions ends with the second response, or with an error."""
        part = self.part
        ends = part.active & self.two & part.response.valid & ~part.waits
        return ends, self.accepted | part.response.error


class MisalignedExecuteProof(ExecuteProof):
    """The execute stage of a hart that does misaligned accesses."""

    def dut(self):
        """What is proven."""
        return Execute(misaligned=True, protected=True)

    @assumes
    def translations_are_responses(self, m):
        """The MMU responds to every request, with a fault, a need of an update, or an address."""
        translation = self.translation
        known = translation.fault.as_value() != 3
        return known & (~translation.update | (translation.fault == Fault.NONE))

    @proves
    def misaligned_is_not_translated(self, m):
        """A misaligned atomic is neither translated nor started; only atomics must be aligned."""
        accesses = self.translation.valid | self.request.valid
        misaligned = self.stage.splitter.misaligned & self._is_atomic()
        return self.executed.misaligned & self.stage.valid, misaligned & ~accesses

    @proves
    def access_uses_its_translation(self, m):
        """An access goes to the address that the splitter permits, or the doubleword around it."""
        request, splitter = self.request, self.stage.splitter
        answer, executed = splitter.answer, self.executed
        good = answer.done & (answer.fault == Fault.NONE) & ~answer.update
        asked = (splitter.access_va == executed.data.va) & self.translation.valid
        asked &= splitter.bytes_log2 == executed.funct3[:2]
        whole = (request.address == answer.pa) & (request.size == executed.funct3[:2])
        around = (request.address == answer.pa - answer.pa[:3]) & (request.size == 3)
        same = (splitter.misaligned & around) | (~splitter.misaligned & whole)
        return request.valid, good & asked & same & (executed.pa == answer.pa)

    @proves
    def first_portion_is_written(self, m):
        """A misaligned store writes the bytes of its first portion, from its address up."""
        request, splitter = self.request, self.stage.splitter
        when = request.valid & request.write & splitter.misaligned
        return when, request.strobe == splitter.strobe

    @proves
    def faults_are_handed_over(self, m):
        """What the splitter refuses goes on with its instruction, and the portion's address."""
        answer, executed = self.stage.splitter.answer, self.executed
        same = (executed.data.fault == answer.fault) & (executed.data.update == answer.update)
        told = ~executed.data.is_refused() | (executed.data.va == self.translation.va)
        return self.handed_over & self.translation.valid, answer.done & same & told

    @proves
    def failed_sc_accesses_nothing(self, m):
        """An SC accesses memory only with a reservation for its address, and then returns 0."""
        stage = self.stage
        holds = stage.reserved & (stage.reservation == stage.splitter.answer.pa)
        sc = self.request.valid & (self.executed.unit == Unit.SC)
        return sc, holds & (self.executed.result == 0)
