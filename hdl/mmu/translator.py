"""One side of the MMU: a translation port and its TLB."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value, ValueLike
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import MAXVA_BITS, PA_BITS, PAGE_BITS, VPN_BITS, Priv
from hdl.memory.pma import Pma
from hdl.memory.pmp import PmpChecker
from hdl.mmu.ports import ContextSignature, SfenceSignature, TranslationSignature
from hdl.mmu.tlb import FillSignature, Tlb
from hdl.mmu.vocabulary import (
    Access,
    Fault,
    WalkKey,
    WalkResult,
    assign_key,
    is_atomic,
    is_read,
    is_write,
)

__all__ = ["Translator"]


class Translator(wiring.Component):
    """Responds to the requests of one port from its TLB, or signals a miss: a walk is needed.

    All responses are combinational. A hit with A clear, or with D clear for a write, counts as a
    miss: whether that is a fault or an update is decided by a walk, which reads the PTE again.

    Privileged specification, "Virtual Address Translation Process".

    Parameters
    ----------
    pma : Pma
        Physical memory attributes of translated addresses.
    entries : int
        Pages that the TLB holds; at least 1.
    pmp_entries : int
        Entries of physical memory protection; with 0 there is none.

    Raises
    ------
    ValueError
        If `entries` is not a positive integer.
    """

    def __init__(self, *, pma: Pma, entries: int, pmp_entries: int = 0) -> None:
        super().__init__(
            {
                #: Live CSR fields.
                "context": In(ContextSignature(pmp_entries=pmp_entries)),
                #: The port that it serves.
                "request": In(TranslationSignature()),
                #: Entries to invalidate, and a new one: both act at the end of the cycle.
                "sfence": In(SfenceSignature()),
                "fill": In(FillSignature()),
                #: The result of the last walk, and whether that walk was for this side.
                "result": In(WalkResult),
                "result_valid": In(1),
                #: The TLB answers the request of this cycle, with a page of this level, permitted
                #: or not.
                "answers": Out(1),
                "level": Out(2),
                #: A page of this level has to make room in the TLB for another one at the end of
                #: the cycle.
                "displaces": Out(1),
                "displaced_level": Out(2),
                #: The request misses: a walk is needed for `key`; in the cycle of the request.
                "miss": Out(1),
                #: The same, or the TLB or the last walk has the answer: known before.
                "asks": Out(1),
                #: What the result of a walk for the request depends on.
                "key": Out(WalkKey),
                #: The result of the last walk is the response to the request of this cycle.
                "result_used": Out(1),
            }
        )
        self._pma = pma
        self.tlb = Tlb(entries=entries, pma=pma)
        self.checker = PmpChecker(entries=pmp_entries) if pmp_entries else None

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.tlb = tlb = self.tlb
        wiring.connect(m, wiring.flipped(self.sfence), tlb.sfence)
        wiring.connect(m, wiring.flipped(self.fill), tlb.fill)
        m.d.comb += [
            tlb.vpn.eq(self.request.va[PAGE_BITS:MAXVA_BITS]),
            tlb.asid.eq(self.context.asid),
            tlb.access.eq(self.request.access),
            tlb.priv.eq(self.request.priv),
            tlb.sum_.eq(self.context.sum_),
            tlb.mxr.eq(self.context.mxr),
            *assign_key(self.key, self.request, self.context),
            self.level.eq(tlb.page.level),
            self.displaces.eq(tlb.evicts),
            self.displaced_level.eq(tlb.evicted_level),
        ]
        self._respond(m)
        return m

    def _respond(self, m: Module) -> None:
        """The response of this cycle: the first rule that applies."""
        request, tlb = self.request, self.tlb
        translate = self.context.sv39 & (request.priv != Priv.M)
        high = request.va[MAXVA_BITS - 1 :]
        canonical = high.all() | ~high.any()
        m.d.comb += request.pa.eq(Mux(translate, self._translated(tlb.page), request.va[:PA_BITS]))
        in_ram = self._pma.is_ram(request.pa)
        if not self._pma.adjustable:
            # Before the physical address is there.
            in_ram = Mux(translate, tlb.ram, self._pma.is_ram(request.va))
        m.d.comb += request.device.eq(~in_ram)
        fetched = (request.access == Access.FETCH) & ~self._pma.is_rom(request.pa)
        ram_only = fetched | is_atomic(request.access)
        refused = (request.device & ram_only) | self._is_forbidden(m)

        def refuse(fault: ValueLike) -> None:
            m.d.comb += request.fault.eq(fault)

        # A miss is not what is left of these cases, but told at once: memory waits for it.
        asked = request.valid & translate & canonical
        usable = Signal()
        m.d.comb += [
            self.asks.eq(asked),
            usable.eq(self.result_valid & self._is_for_this()),
            self.miss.eq(asked & ~tlb.answers & ~usable),
            request.done.eq(request.valid & (~translate | ~canonical | tlb.answers | usable)),
        ]
        with m.If(~request.valid):
            pass
        with m.Elif(~translate & request.va[PA_BITS:].any()):
            refuse(Fault.ACCESS)
        with m.Elif(translate & ~canonical):
            refuse(Fault.PAGE)
        with m.Elif(translate & tlb.refuses):
            refuse(Fault.PAGE)
            m.d.comb += self.answers.eq(1)
        with m.Elif(~translate | tlb.ready):
            m.d.comb += self.answers.eq(translate)
            with m.If(refused):
                refuse(Fault.ACCESS)
        with m.Elif(usable):
            refuse(self.result.fault)
            m.d.comb += [self.result_used.eq(1), request.update.eq(self.result.update)]

    def _is_for_this(self) -> Value:
        """Whether the result of the last walk is that of this request."""
        result, key = self.result.key, self.key
        same = Cat(
            getattr(result, name) == getattr(key, name) for name in ("vpn", "access", "priv")
        )
        # What both sides have in common is compared once for both.
        context = ("sum_", "mxr", "adue", "asid", "root")
        shared = [Cat(getattr(each, name) for name in context) for each in (result, key)]
        return same.all() & (shared[0] == shared[1])

    def _is_forbidden(self, m: Module) -> ValueLike:
        """Whether physical memory protection refuses the access; also drives `narrow`."""
        if self.checker is None:
            return 0
        request = self.request
        m.submodules.checker = checker = self.checker
        m.d.comb += [
            checker.entries.eq(self.context.pmp),
            checker.address.eq(request.pa),
            checker.size.eq(request.size),
            checker.reads.eq(is_read(request.access)),
            checker.writes.eq(is_write(request.access)),
            checker.executes.eq(request.access == Access.FETCH),
            checker.machine.eq(request.priv == Priv.M),
            request.narrow.eq(~checker.far_permitted),
        ]
        return ~checker.permitted

    def _translated(self, page: data.View) -> Value:
        """The physical address: a superpage takes the low fields of its page number from `va`."""
        va, ppn = self.request.va, page.ppn
        low, middle = PAGE_BITS + VPN_BITS, PAGE_BITS + 2 * VPN_BITS
        return Cat(
            va[:PAGE_BITS],
            Mux(page.level == 0, ppn[:VPN_BITS], va[PAGE_BITS:low]),
            Mux(page.level == 2, va[low:middle], ppn[VPN_BITS : 2 * VPN_BITS]),
            ppn[2 * VPN_BITS :],
        )
