"""The translator's response on a hit, a miss and a result, with live CSRs.

What the TLB holds is free here (`tests.verify.formal.tlb` says what it may be); the response must
be what the specification makes of it under the CSRs of this very cycle.
"""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import Priv
from hdl.memory.pma import Pma
from hdl.mmu.ports import SfenceSignature
from hdl.mmu.tlb import FillSignature
from hdl.mmu.translator import Translator
from hdl.mmu.vocabulary import Access, Fault, Translation
from tests.verify.formal.permission import WRITING
from tests.verify.formal.proof import Proof, assumes, free_inputs, proves
from tests.verify.formal.sv39 import permits

__all__ = ["AnyTlb", "TranslatorProof", "compose", "is_stale", "leaf_of"]


class AnyTlb(wiring.Component):
    """A TLB with any result, and the ports of `hdl.mmu.tlb.Tlb`.

    It judges its page, and knows what is RAM, as `tests.verify.formal.tlb` shows of the real one.
    """

    asid: In(16)
    vpn: In(27)
    access: In(Access)
    priv: In(Priv)
    sum_: In(1)
    mxr: In(1)
    hit: Out(1)
    refuses: Out(1)
    ready: Out(1)
    answers: Out(1)
    ram: Out(1)
    page: Out(Translation)
    evicts: Out(1)
    evicted_level: Out(2)
    fill: In(FillSignature())
    sfence: In(SfenceSignature())

    def elaborate(self, platform):
        m = Module()
        free_inputs(m, wiring.flipped(self), but=("refuses", "ready", "answers", "ram"))
        permitted = permits(leaf_of(self.page), self.access, self.priv[0], self.sum_, self.mxr)
        m.d.comb += [
            self.refuses.eq(self.hit & ~permitted),
            self.answers.eq(self.refuses | self.ready),
            self.ram.eq(Pma().is_ram(compose(m, self.page, Cat(Const(0, 12), self.vpn)))),
            self.ready.eq(self.hit & permitted & ~is_stale(self.page.flags, self.access)),
        ]
        return m


def leaf_of(page):
    """The PTE (64 bits) of a TLB's `page`."""
    return Cat(Const(1, 1), page.flags.as_value(), Const(0, 2), page.ppn, Const(0, 10))


def compose(m, page, va):
    """The physical address (56 bits) of `va` in `page`."""
    composed = Signal(56)
    with m.Switch(page.level):
        for level, bits in {0: 12, 1: 21, 2: 30}.items():
            with m.Case(level):
                m.d.comb += composed.eq(Cat(va[:bits], page.ppn[bits - 12 :]))
    return composed


def is_stale(flags, access):
    """Whether A, or D of an access that writes, is missing."""
    writes = Cat(access == kind for kind in WRITING).any()
    return ~flags.a | (writes & ~flags.d)


class TranslatorProof(Proof):
    """One translation port: which response it gives, and when it asks for a walk."""

    base = 1
    depth = 2

    def dut(self):
        """What is proven; mutants bend it."""
        return Translator(pma=Pma(), entries=1)

    def build(self, m):
        self.part = part = self.dut()
        part.tlb = AnyTlb()
        m.submodules.translator = part
        self.request, self.context, self.tlb = part.request, part.context, part.tlb
        free_inputs(m, part)
        self._specify(m)

    def _specify(self, m):
        """The cases of the specification, each a signal."""
        request, context, page = self.request, self.context, self.tlb.page
        va, access = request.va, request.access
        flags = page.flags
        leaf = leaf_of(page)
        names = "translates canonical permitted stale ready hit ram_only"
        for name in names.split():
            setattr(self, name, Signal(name=name))
        m.d.comb += [
            self.translates.eq(context.sv39 & (request.priv != Priv.M)),
            self.canonical.eq(va[39:] == Mux(va[38], (1 << 25) - 1, 0)),
            self.permitted.eq(permits(leaf, access, request.priv[0], context.sum_, context.mxr)),
            #: A or D does not let the entry response.
            self.stale.eq(is_stale(flags, access)),
            self.hit.eq(request.valid & self.translates & self.canonical & self.tlb.hit),
            self.ready.eq(self.hit & self.permitted & ~self.stale),
            self.ram_only.eq(
                (access == Access.FETCH)
                | (access == Access.LR)
                | (access == Access.SC)
                | (access == Access.AMO)
            ),
        ]
        #: Physical address: the page's, with as much of the virtual one as its size says.
        self.composed = compose(m, page, va)

    def _answers(self, fault):
        return self.request.done & (self.request.fault == fault)

    @assumes
    def request_is_legal(self, m):
        """The access is one of six, the privilege U, S or M, and the TLB's page a good leaf."""
        access, page = self.request.access.as_value(), self.tlb.page
        legal = (access != 0b011) & (access != 0b100) & (self.request.priv != 2)
        return legal & (page.level != 3) & (~page.flags.w | page.flags.r)

    @assumes
    def result_has_one_meaning(self, m):
        """The walker's result is no fault or a known one, and a need of an update is no fault."""
        result = self.part.result
        return (result.fault.as_value() != 3) & (~result.update | (result.fault == Fault.NONE))

    @proves
    def bare_is_the_address(self, m):
        """In M-mode and Bare the physical address is the virtual one, never truncated."""
        request = self.request
        bare = request.valid & ~self.translates
        outside = request.va[56:].any() | (self.ram_only & ~Pma().is_ram(request.va))
        fault = Mux(outside, Fault.ACCESS.value, Fault.NONE.value)
        right = request.fault.as_value() == fault
        return bare, request.done & right & (outside | (request.pa == request.va[:56]))

    @proves
    def non_canonical_faults(self, m):
        """Where bits 63:39 differ from bit 38: a page fault in the same cycle, without a walk."""
        wrong = self.request.valid & self.translates & ~self.canonical
        return wrong, self._answers(Fault.PAGE) & ~self.part.miss

    @proves
    def every_hit_is_checked(self, m):
        """A hit on a page that the live CSRs and privilege do not permit is a page fault."""
        return self.hit & ~self.permitted, self._answers(Fault.PAGE) & ~self.part.miss

    @proves
    def hit_composes_the_address(self, m):
        """A good hit responds with the page's PPN, a superpage's low part from the address."""
        return self.ready, self.request.done & (self.request.pa == self.composed)

    @proves
    def device_is_refused(self, m):
        """Outside RAM a fetch or an atomic is an access fault; a load or store is let through."""
        refused = self.ram_only & ~Pma().is_ram(self.composed)
        fault = Mux(refused, Fault.ACCESS.value, Fault.NONE.value)
        device = self.request.device == ~Pma().is_ram(self.composed)
        right = (self.request.fault.as_value() == fault) & ~self.request.update & device
        return self.ready & ~Pma().is_ram(self.composed), right

    @proves
    def good_hit_never_faults(self, m):
        """A good hit in RAM is no fault."""
        return self.ready & Pma().is_ram(self.composed), self._answers(Fault.NONE)

    @proves
    def stale_flags_walk(self, m):
        """A permitted hit with A clear, or D clear for a write, gets no response from the entry."""
        stale = self.hit & self.permitted & self.stale
        return stale, self.part.miss | self.part.result_used

    @proves
    def one_response(self, m):
        """Every request gets its response or a walk, never both."""
        return self.request.valid, self.request.done ^ self.part.miss

    @proves
    def response_has_one_meaning(self, m):
        """A response is a page fault, an access fault, a need of an update or an address."""
        request = self.request
        known = request.fault.as_value() != 3
        return request.done, known & (~request.update | (request.fault == Fault.NONE))

    @proves
    def silent_without_request(self, m):
        """Without a request there is no response, no walk is requested, and no result is used."""
        silence = ~self.request.done & ~self.part.miss & ~self.part.result_used
        return ~self.request.valid, silence

    @proves
    def result_is_for_its_request(self, m):
        """A walk's result responses only the very request it is for, with every CSR as it was."""
        request, context, result = self.request, self.context, self.part.result
        key = result.key
        same = (
            (key.vpn == request.va[12:39])
            & (key.access == request.access)
            & (key.priv == request.priv)
            & (key.asid == context.asid)
            & (key.root == context.root)
            & (Cat(key.sum_, key.mxr, key.adue) == Cat(context.sum_, context.mxr, context.adue))
        )
        asked = request.valid & self.translates & self.canonical & self.part.result_valid
        return self.part.result_used, asked & same

    @proves
    def result_is_passed_on(self, m):
        """A result that is used reaches the requester unchanged."""
        result = self.part.result
        same = (self.request.fault == result.fault) & (self.request.update == result.update)
        return self.part.result_used, self.request.done & same

    @proves
    def walks_are_for_the_request(self, m):
        """A walk is wanted for a canonical address that is translated, with the live CSRs."""
        request, context, key = self.request, self.context, self.part.key
        same = (
            (key.vpn == request.va[12:39])
            & (key.access == request.access)
            & (key.priv == request.priv)
            & (key.asid == context.asid)
            & (key.root == context.root)
            & (Cat(key.sum_, key.mxr, key.adue) == Cat(context.sum_, context.mxr, context.adue))
        )
        return self.part.miss, same & self.translates & self.canonical
