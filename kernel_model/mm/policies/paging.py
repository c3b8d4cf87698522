"""A paging policy that is put together: each of its parts decides one thing."""

from dataclasses import dataclass, field

from hdl.arch import (
    PAGE_SIZE,
    PTE_SIZE,
    PTES_PER_PAGE,
    Pte,
    make_pte,
    page_round_down,
)
from kernel_model.facts.costs import Mark, Step
from kernel_model.mm.areas import born_with, is_common
from kernel_model.mm.fault import reason, refused
from kernel_model.mm.lazy import Lazy
from kernel_model.mm.pagetable import SPAN, frame_of, mappages, walk
from kernel_model.mm.policies.overcommit import Always, Commit
from kernel_model.mm.policies.parts import (
    Blocks,
    CopyAll,
    Fork,
    NoBlocks,
    OnePage,
    OwnFrame,
    Reach,
    Touch,
)
from kernel_model.mm.policies.unshare import shared_page, unshare
from kernel_model.mm.regions import Owner, Region
from kernel_model.mm.served import Decision, FaultOutcome, PteWrite, Why
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.state import MemoryState, Policy

__all__ = ["Paging"]

_V, _U, _W, _X = int(Pte.V), int(Pte.U), int(Pte.W), int(Pte.X)


@dataclass(frozen=True)
class Paging:
    """A policy made of parts; without any it does what `Lazy` does.

    A page that may be written, and is mapped without W, is shared: the first store to it gets the
    process a frame of its own.
    """

    #: When memory is given: by `sbrk` and `exec`.
    growth: Policy = field(default_factory=Lazy)
    reach: Reach = field(default_factory=OnePage)
    touch: Touch = field(default_factory=OwnFrame)
    blocks: Blocks = field(default_factory=NoBlocks)
    sharing: Fork = field(default_factory=CopyAll)
    commit: Commit = field(default_factory=Always)

    def boot(self, kernel: MemoryState) -> None:
        """What a first touch needs."""
        self.touch.boot(kernel)

    def grow(self, kernel: MemoryState, space: AddressSpace, size: int, eager: bool) -> bool:
        """As `growth` does, if `commit` allows it."""
        allowed = self.commit.grow(kernel, space, size)
        return allowed and self.growth.grow(kernel, space, size, eager)

    def map(self, kernel: MemoryState, space: AddressSpace, area: Region) -> bool:
        """As `growth` does, if `commit` allows it."""
        return self.commit.map(kernel, space, area) and self.growth.map(kernel, space, area)

    def exec(self, kernel: MemoryState, space: AddressSpace, start: int, end: int) -> bool:
        """As `growth` does."""
        return self.growth.exec(kernel, space, start, end)

    def fork(self, kernel: MemoryState, old: AddressSpace, new: AddressSpace) -> bool:
        """As `sharing` does, if `commit` allows it."""
        return self.commit.fork(kernel, old, new) and self.sharing.fork(kernel, old, new)

    def copy(self, kernel: MemoryState, space: AddressSpace, va: int, access: int) -> FaultOutcome:
        """As if the process itself had touched the page."""
        return self.fault(kernel, space, va, access)

    def fault(self, kernel: MemoryState, space: AddressSpace, va: int, access: int) -> FaultOutcome:
        """Fills the page if it waits, and others with it; or ends its sharing."""
        before = kernel.meter.mark()
        why, region, pte = reason(kernel, space, va, access)
        if why is Why.UNTOUCHED and region is not None:
            if self.touch.owns(access):
                writes = self.blocks.fill(kernel, space, va, region)
                if writes:
                    return _filled(kernel, space, va, region, writes, before)
            return self._fill(kernel, space, va, access, region, before)
        if access == _W and why in (Why.PAGE_RIGHTS, Why.PAST_SIZE):
            shared = shared_page(kernel, space, va)
            if shared is not None:
                return unshare(kernel, space, va, shared, before)
        return refused(kernel, space, why, region, pte, before)

    def _fill(
        self,
        kernel: MemoryState,
        space: AddressSpace,
        va: int,
        access: int,
        region: Region,
        before: Mark,
    ) -> FaultOutcome:
        """Map the page of `va`, and those that `reach` names while there is memory."""
        why = Why.COMMON if is_common(kernel, region, va) else Why.UNTOUCHED
        frame, rights = self.touch.page(kernel, region, va, access)
        if frame == 0:
            return refused(kernel, space, Why.NO_FRAME, region, 0, before)
        page, perm, born = page_round_down(va), rights | _U, born_with(kernel, region, access)
        writes: list[PteWrite] = []
        if not mappages(kernel, space.root, page, PAGE_SIZE, frame, perm, log=writes, born=born):
            kernel.kmem.kfree(frame)
            return refused(kernel, space, Why.NO_TABLE, region, 0, before)
        _note(kernel, space, region, frame, why)
        ahead = self._fill_ahead(kernel, space, region, page, access)
        if region.rights & _X:
            kernel.wrote_code = True  # the frames may have held other code
        return FaultOutcome(
            decision=Decision.MAPPED,
            why=Why.NEVER_STORED if frame == kernel.zero_frame else why,
            size=space.size,
            region=region,
            frame=frame,
            writes=tuple(writes),
            work=kernel.meter.since(before),
            ahead=tuple(ahead),
        )

    def _fill_ahead(
        self, kernel: MemoryState, space: AddressSpace, region: Region, page: int, access: int
    ) -> list[int]:
        """Map what `reach` names, up to the first page for which memory lacks; the pages mapped."""
        mapped: list[int] = []
        table_of, table = -1, 0
        for other in self.reach.pages(space, region, page):
            if other // SPAN[1] != table_of:
                table_of = other // SPAN[1]
                table = walk(kernel, space.root, table_of * SPAN[1], alloc=True)
                if table == 0:
                    break
            entry = table + PTE_SIZE * (other // PAGE_SIZE % PTES_PER_PAGE)
            kernel.charge(Step.PTE)  # the look
            if kernel.memory.read_u64(entry) & _V:
                continue
            why = Why.COMMON if is_common(kernel, region, other) else Why.UNTOUCHED
            frame, rights = self.touch.page(kernel, region, other, access)
            if frame == 0:
                break
            kernel.charge(Step.PTE)
            flags = rights | _U | _V | born_with(kernel, region, 0)
            kernel.memory.write_u64(entry, make_pte(frame, flags))
            _note(kernel, space, region, frame, why)
            mapped.append(other)
        return mapped


def _filled(
    kernel: MemoryState,
    space: AddressSpace,
    va: int,
    region: Region,
    writes: list[PteWrite],
    before: Mark,
) -> FaultOutcome:
    """The record of a superpage that was mapped by `writes`, and is in the books now."""
    space.reside(PTES_PER_PAGE)
    if region.owner is Owner.HEAP:
        kernel.heap.frames += PTES_PER_PAGE
    return FaultOutcome(
        decision=Decision.MAPPED,
        why=Why.UNTOUCHED,
        size=space.size,
        region=region,
        frame=frame_of(writes[-1].after, writes[-1].level, va),
        writes=tuple(writes),
        work=kernel.meter.since(before),
    )


def _note(kernel: MemoryState, space: AddressSpace, region: Region, frame: int, why: Why) -> None:
    """Take a page that was mapped, for that reason, into the books."""
    space.reside(1)
    if frame == kernel.zero_frame or why is Why.COMMON:
        return
    if region.owner is Owner.HEAP:
        kernel.heap.frames += 1
    elif region.area:
        kernel.areas.frames += 1
