"""The campaign notices when the MMU is wrong: each of these breaks it in one place."""

import pytest
from amaranth.hdl import Cat, Mux

from hdl.arch import Priv
from hdl.mmu import tlb, translator, walker
from hdl.mmu.mmu import Mmu
from hdl.mmu.tlb import Tlb
from hdl.mmu.translator import Translator
from hdl.mmu.vocabulary import Access, PageTableEntry, is_write
from hdl.mmu.walk_cache import WalkCache
from hdl.mmu.walker import Walker, WalkerState
from tests.verify.campaign.bench import Bench
from tests.verify.campaign.campaign import first_disagreement

BREAKS = {}


def breaks(name):
    """Adds a function that breaks the MMU with pytest's `monkeypatch`."""

    def add(function):
        BREAKS[name] = function
        return function

    return add


def cut(patch, find, value=0):
    """The input that `find` finds in an `Mmu` has `value` for ever."""

    def elaborate(self, platform):
        m = whole(self, platform)
        # The last assignment wins.
        m.d.comb += find(self).eq(value)
        return m

    whole = Mmu.elaborate
    patch.setattr(Mmu, "elaborate", elaborate)


@breaks("a fence does not stop a walk")
def _(patch):
    cut(patch, lambda mmu: mmu.walker.fence)


@breaks("a fence for an address only knows pages of 4 KiB")
def _(patch):
    def change(self, m):
        # Else it is none of the pages that the comparison takes for one.
        patch.setattr(
            tlb, "_same_page", lambda a, b, level: right(a, b, Mux(self.sfence.valid, 0, level))
        )
        whole(self, m)
        patch.setattr(tlb, "_same_page", right)

    right, whole = tlb._same_page, Tlb._change
    patch.setattr(Tlb, "_change", change)


@breaks("a fence forgets no pointers")
def _(patch):
    cut(patch, lambda mmu: mmu.walk_cache.flush)


@breaks("a new entry of a TLB leaves others for its addresses there")
def _(patch):
    right = tlb.replace
    patch.setattr(
        tlb, "replace", lambda m, table, overlaps, fills: right(m, table, overlaps & 0, fills)
    )


@breaks("the walk cache takes an address space for another")
def _(patch):
    patch.setattr(WalkCache, "_matches", lambda self, entry, lookup: entry.vpn == lookup.vpn)


@breaks("a TLB takes an address space for another")
def _(patch):
    def matches(self, tag):
        return tlb._same_page(tag.vpn, self.vpn, tag.level)

    patch.setattr(Tlb, "_matches", matches)


@breaks("an update writes what it read first")
def _(patch):
    def compare(self, m):
        m.d.sync += [
            self.pte.flags.a.eq(1),
            self.pte.flags.d.eq(self.pte.flags.d | is_write(self.result.key.access)),
            self.state.eq(WalkerState.WRITE),
        ]

    patch.setattr(Walker, "_compare", compare)


@breaks("an update fills a TLB although a fence has come")
def _(patch):
    def fill(self, m):
        right(self, m)
        m.d.comb += self.fill.valid.eq(~self.killed)

    right = Walker._fill
    patch.setattr(Walker, "_fill", fill)


@breaks("an update does not lock the memory")
def _(patch):
    cut(patch, lambda mmu: mmu.port.request.lock)


@breaks("a refused write of A and D is taken for granted")
def _(patch):
    patch.setattr(Walker, "_confirm", lambda self, m: self._fill(m))


@breaks("supervisors may run code of users")
def _(patch):
    def is_permitted(flags, access, priv, sum_, mxr):
        allowed = permitted(flags, access, priv, sum_, mxr)
        return allowed | ((access == Access.FETCH) & (priv == Priv.S) & flags.u & flags.x & sum_)

    permitted = walker.is_permitted
    for module in (walker, tlb):
        patch.setattr(module, "is_permitted", is_permitted)


@breaks("LR sets D")
def _(patch):
    patch.setattr(walker, "is_write", lambda access: is_write(access) | (access == Access.LR))


@breaks("bit 60 of a PTE is not looked at")
def _(patch):
    def is_malformed(self, level):
        return whole(PageTableEntry(Cat(self.as_value()[:60], 0, self.as_value()[61:])), level)

    whole = PageTableEntry.is_malformed
    patch.setattr(PageTableEntry, "is_malformed", is_malformed)


@breaks("a page of 2 MiB has the wrong bit of its address")
def _(patch):
    def translated(self, page):
        return right(self, page) ^ Mux(page.level == 1, self.request.va[20:21] << 20, 0)

    right = Translator._translated
    patch.setattr(Translator, "_translated", translated)


@breaks("the topmost bit of a page number is lost")
def _(patch):
    right = Translator._translated
    patch.setattr(Translator, "_translated", lambda self, page: right(self, page)[:55])


@breaks("AMOs reach devices")
def _(patch):
    patch.setattr(translator, "is_atomic", lambda access: access == Access.LR)


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_mmu_is_noticed(name, monkeypatch):
    BREAKS[name](monkeypatch)
    assert first_disagreement(Bench(Mmu(), level="-O0"), cases=10_000) is not None
