"""The page-table walker, shared by both TLBs and by the updates of A and D."""

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import LEVELS, PAGE_BITS, PPN_BITS, VPN_BITS
from hdl.memory.pma import Pma
from hdl.memory.pmp import PmpChecker, pmp_layout
from hdl.memory.port import ID_BITS, MemoryPort, Source
from hdl.mmu.permission import is_permitted, needs_update
from hdl.mmu.ports import StartSignature
from hdl.mmu.probe import Verdict
from hdl.mmu.tlb import FillSignature
from hdl.mmu.vocabulary import (
    Fault,
    PageTableEntry,
    Side,
    WalkResult,
    is_write,
)
from hdl.mmu.walk_cache import PointerFillSignature

__all__ = ["Walker", "WalkerState"]


#: How a walk ends whose result is kept, by its `Fault`.
_VERDICTS: dict[Any, Any] = {
    Fault.NONE: Verdict.FOUND,
    Fault.PAGE: Verdict.PAGE_FAULT,
    Fault.ACCESS: Verdict.ACCESS_FAULT,
}


class WalkerState(enum.Enum, shape=4):  # type: ignore[call-arg]
    """What the walker is doing; see `Walker`."""

    IDLE = 0
    OFFER = 1
    READ = 2
    REREAD = 3
    COMPARE = 4
    WRITE = 5
    CONFIRM = 6
    DRAIN = 7
    DONE = 8


class Walker(wiring.Component):
    """Reads the page table for one request at a time, and sets A and D for updates.

    ========  ==========================  ========================================  =============
    State     Waits for                   Does                                      Next
    ========  ==========================  ========================================  =============
    IDLE      `start.valid`               latches it, offers the first read         READ, OFFER
    OFFER     `request.ready`             offers the same read again                READ
    READ      response                    pointer: offers the next read             READ, OFFER
                                          leaf that is good: fills the TLB          IDLE, DONE
                                          A or D is clear, and it is an update      REREAD
                                          anything else: keeps the result           DONE
    REREAD    `request.ready`             offers a locked read of the leaf PTE      COMPARE
    COMPARE   response                    PTE as before: sets A and D in `pte`      WRITE
                                          else: walks again from the root           OFFER
    WRITE     `request.ready`             offers the write, which ends the lock     CONFIRM
    CONFIRM   response                    fills the TLB                             DONE
    DRAIN     response                    drops it                                  IDLE
    DONE      the end of the request      shows the result; starts as IDLE does     IDLE, READ...
    ========  ==========================  ========================================  =============

    Any state goes to DONE with an access fault if a PTE lies outside RAM or physical memory
    protection refuses it to S-mode, which is checked before a read is offered to the bus, or if the
    bus responds with an error. REREAD also checks whether the PTE may be written.

    A fetch or data walk that is squashed, or overtaken by a fence, fills no TLB and has no result:
    an offer that was not accepted is withdrawn, the response to one that was accepted is dropped.
    The pointers that a squashed walk has read are valid and stay in the walk cache.

    An update is never abandoned, but fills no TLB after a fence. It does not use the walk cache:
    every retry starts with a read of the root, which releases the lock. Retries are not bounded,
    since each of them means that another initiator has changed the PTE and so made progress.

    Privileged specification, "Virtual Address Translation Process".

    Parameters
    ----------
    pma : Pma
        Physical memory attributes: where page tables may lie.
    pmp_entries : int
        Entries of physical memory protection; with 0 there is none.
    """

    def __init__(self, *, pma: Pma, pmp_entries: int = 0) -> None:
        super().__init__(
            {
                #: The walk that has priority.
                "start": In(StartSignature()),
                #: The requests of the fetch or of the data port up to and in this cycle are
                #: squashed.
                "squash_fetch": In(1),
                "squash_data": In(1),
                #: An `sfence.vma` acts at the end of this cycle.
                "fence": In(1),
                #: The result is the response to the request of this cycle: keep it.
                "result_used": In(1),
                #: A new entry for the walk cache.
                "pointer": Out(PointerFillSignature()),
                #: A leaf for the TLB of the side of `result.key.access`.
                "fill": Out(FillSignature()),
                #: How the last walk ended, valid with `result_valid`; its `key` is that of the
                #: latest walk.
                "result": Out(WalkResult),
                "result_valid": Out(1),
                #: Reads and writes of PTEs.
                "port": Out(MemoryPort()),
                #: A walk begins in this cycle, for logs; one ends, and how.
                "begins": Out(1),
                #: That one begins at a table that the walk cache knows.
                "skips": Out(1),
                "ends": Out(1),
                "verdict": Out(Verdict),
                #: The entries of physical memory protection. They change only in a cycle in which
                #: both ports are squashed and no update is under way.
                **({"pmp": In(pmp_layout(pmp_entries))} if pmp_entries else {}),
            }
        )
        self._pma = pma
        self.checker = PmpChecker(entries=pmp_entries) if pmp_entries else None
        #: State of the walk; its request is latched in `result`.
        self.state = Signal(WalkerState)
        self.table_ppn = Signal(PPN_BITS, reset_less=True)
        self.level = Signal(2, reset_less=True)
        self.id = Signal(ID_BITS, reset_less=True)
        #: A pointer on the way had G set.
        self.g = Signal()
        #: The leaf PTE that an update has read, then the one that it writes.
        self.pte = Signal(PageTableEntry, reset_less=True)
        #: A fence came during the update, which must fill no TLB then.
        self.stale = Signal()
        #: The parts of the PTE address of this cycle.
        self.read = Signal()
        self.read_table = Signal(PPN_BITS)
        self.read_in_ram = Signal()
        self.read_level = Signal(2)
        self.read_vpn = Signal(LEVELS * VPN_BITS)
        self.read_side = Signal(Side)
        #: The walk of this cycle must fill no TLB and have no result.
        self.killed = Signal()
        #: Physical memory protection lets the PTE be read, or in REREAD also written.
        self.accessible = Signal()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        state, response = self.state, self.port.response
        self._connect(m)
        with m.Switch(state):
            with m.Case(WalkerState.IDLE, WalkerState.DONE):
                self._start(m)
            with m.Case(WalkerState.OFFER):
                m.d.comb += self.read.eq(1)
            with m.Case(WalkerState.READ):
                pte = PageTableEntry(response.data)
                # For a pointer, whether it is one or not: so what is offered waits for no verdict.
                m.d.comb += [*self._table(pte.ppn), self.read_level.eq(self.level - 1)]
                with m.If(response.valid):
                    self._examine(m, pte)
            with m.Case(WalkerState.REREAD):
                self._reread(m)
            with m.Case(WalkerState.COMPARE):
                with m.If(response.valid):
                    self._compare(m)
            with m.Case(WalkerState.WRITE):
                m.d.comb += [self.port.request.valid.eq(1), self.port.request.write.eq(1)]
                with m.If(self.port.request.ready):
                    m.d.sync += state.eq(WalkerState.CONFIRM)
            with m.Case(WalkerState.CONFIRM):
                with m.If(response.valid):
                    self._confirm(m)
            with m.Case(WalkerState.DRAIN):
                with m.If(response.valid):
                    m.d.sync += state.eq(WalkerState.IDLE)
        self._offer(m)
        self._protect(m)
        self._kill(m)
        return m

    def _connect(self, m: Module) -> None:
        """What does not depend on the state, and the defaults of what does."""
        request, key = self.port.request, self.result.key
        page_entry = self.fill.entry
        read = PageTableEntry(self.port.response.data)
        leaf = PageTableEntry(Mux(self.state == WalkerState.CONFIRM, self.pte, read))
        m.d.comb += [
            self.result_valid.eq(self.state == WalkerState.DONE),
            *self._table(self.table_ppn),
            self.read_level.eq(self.level),
            self.read_vpn.eq(key.vpn),
            self.read_side.eq(self.result.side),
            request.source.eq(Source.WALK),
            request.size.eq(3),
            request.strobe.eq(request.write.replicate(8)),
            request.data.eq(self.pte),
            request.level.eq(self.read_level),
            request.id.eq(self.id),
            request.address.eq(
                Cat(
                    Const(0, 3),
                    self.read_vpn.word_select(self.read_level, VPN_BITS),
                    self.read_table,
                )
            ),
            self.pointer.pointer.vpn.eq(key.vpn[VPN_BITS:]),
            self.pointer.pointer.asid.eq(key.asid),
            self.pointer.pointer.g.eq(self.g | read.flags.g),
            self.pointer.pointer.ppn.eq(read.ppn),
            page_entry.page.ppn.eq(leaf.ppn),
            page_entry.page.flags.eq(leaf.flags),
            page_entry.page.flags.g.eq(self.g | leaf.flags.g),
            page_entry.vpn.eq(key.vpn),
            page_entry.asid.eq(key.asid),
            page_entry.page.level.eq(self.level),
        ]

    def _start(self, m: Module) -> None:
        """IDLE and DONE: begin the requested walk."""
        start, origin = self.start, self.start.origin
        # The offer, whether it is made or not: so its payload waits for no miss.
        m.d.comb += [
            self.read_table.eq(origin.table),
            self.read_in_ram.eq(origin.in_ram),
            self.read_level.eq(Mux(origin.cached, 0, LEVELS - 1)),
            self.read_vpn.eq(start.key.vpn),
            self.port.request.id.eq(start.id),
        ]
        with m.If(start.valid):
            m.d.comb += [
                self.begins.eq(1),
                self.skips.eq(origin.cached),
                self.read.eq(1),
                self.read_side.eq(start.side),
            ]
            m.d.sync += [
                self.result.side.eq(start.side),
                self.result.key.eq(start.key),
                self.id.eq(start.id),
                self.g.eq(origin.cached & origin.g),
                self.stale.eq(0),
            ]
        with m.Elif(~self.result_used):
            m.d.sync += self.state.eq(WalkerState.IDLE)

    def _examine(self, m: Module, pte: data.View) -> None:
        """READ: the first rule that applies to the PTE decides how the walk goes on."""
        key, flags = self.result.key, pte.flags
        permitted = is_permitted(flags, key.access, key.priv, key.sum_, key.mxr)
        with m.If(self.port.response.error):
            self._conclude(m, Fault.ACCESS)
        with m.Elif(pte.is_malformed(self.level)):
            self._conclude(m, Fault.PAGE)
        with m.Elif(pte.is_pointer()):
            self._descend(m, pte)
        with m.Elif(~permitted):
            self._conclude(m, Fault.PAGE)
        with m.Elif(~needs_update(flags, key.access)):
            self._fill(m)
        with m.Elif(~key.adue):
            self._conclude(m, Fault.PAGE)
        with m.Elif(self.result.side != Side.UPDATE):
            self._conclude(m, Fault.NONE, update=1)
        with m.Else():
            m.d.sync += [self.pte.eq(pte), self.state.eq(WalkerState.REREAD)]

    def _descend(self, m: Module, pte: data.View) -> None:
        """READ: go on with the table that a pointer names; one of level 0 fills the walk cache.

        Not one outside RAM: so the cache need not be asked for that when a walk begins.
        """
        m.d.comb += [
            self.read.eq(1),
            self.pointer.valid.eq(
                (self.level == 1) & (self.result.side != Side.UPDATE) & self._is_ram(pte.ppn)
            ),
        ]
        m.d.sync += self.g.eq(self.g | pte.flags.g)

    def _reread(self, m: Module) -> None:
        """REREAD: lock the memory for the write, if that may happen."""
        request = self.port.request
        with m.If(~self.accessible):
            self._conclude(m, Fault.ACCESS)
        with m.Else():
            m.d.comb += [request.valid.eq(1), request.lock.eq(1)]
            with m.If(request.ready):
                m.d.sync += self.state.eq(WalkerState.COMPARE)

    def _compare(self, m: Module) -> None:
        """COMPARE: the PTE must still be the one that the walk has read."""
        key, pte = self.result.key, self.pte
        with m.If(self.port.response.error):
            self._conclude(m, Fault.ACCESS)
        with m.Elif(self.port.response.data == pte.as_value()):
            m.d.sync += [
                pte.flags.a.eq(1),
                pte.flags.d.eq(pte.flags.d | is_write(key.access)),
                self.state.eq(WalkerState.WRITE),
            ]
        with m.Else():
            m.d.sync += [
                self.table_ppn.eq(key.root),
                self.level.eq(LEVELS - 1),
                self.g.eq(0),
                self.state.eq(WalkerState.OFFER),
            ]

    def _confirm(self, m: Module) -> None:
        """CONFIRM: only a PTE that has been written may fill the TLB."""
        with m.If(self.port.response.error):
            self._conclude(m, Fault.ACCESS)
        with m.Else():
            self._fill(m)

    def _fill(self, m: Module) -> None:
        """Hand the leaf to the TLB: in the next cycle the request hits it."""
        # Not `killed`, which waits for what begins.
        killed = self._is_killed(self.result.side)
        m.d.comb += [
            self.ends.eq(1),
            self.verdict.eq(Verdict.FOUND),
            self.fill.valid.eq(~killed & ~self.stale),
        ]
        m.d.sync += self.state.eq(WalkerState.IDLE)
        with m.If(self.result.side == Side.UPDATE):
            self._conclude(m, Fault.NONE)

    def _conclude(self, m: Module, fault: Any, *, update: int = 0) -> None:
        """Keep the result: it is the response to the request from the next cycle on."""
        verdict = Verdict.UPDATE if update else _VERDICTS[fault]
        m.d.comb += [self.ends.eq(1), self.verdict.eq(verdict)]
        m.d.sync += [
            self.result.fault.eq(fault),
            self.result.update.eq(update),
            self.state.eq(WalkerState.DONE),
        ]

    def _table(self, ppn: data.View) -> list[object]:
        """The table that is read is this one. What it is chosen of is looked at before it is."""
        return [self.read_table.eq(ppn), self.read_in_ram.eq(self._is_ram(ppn))]

    def _is_ram(self, ppn: Value) -> Value:
        return self._pma.is_ram(Cat(Const(0, PAGE_BITS), ppn))

    def _offer(self, m: Module) -> None:
        """Offer the read of this cycle to the bus, or fault if the PTE must not be read."""
        request = self.port.request
        with m.If(self.read):
            m.d.sync += [self.table_ppn.eq(self.read_table), self.level.eq(self.read_level)]
            with m.If(~self.read_in_ram | ~self.accessible):
                self._conclude(m, Fault.ACCESS)
            with m.Else():
                m.d.comb += request.valid.eq(1)
                m.d.sync += self.state.eq(Mux(request.ready, WalkerState.READ, WalkerState.OFFER))

    def _protect(self, m: Module) -> None:
        """What physical memory protection says of the PTE at the address of this cycle."""
        if self.checker is None:
            m.d.comb += self.accessible.eq(1)
            return
        m.submodules.checker = checker = self.checker
        # "The PMP check applies to page-table accesses for virtual-address translation, for which
        # the effective privilege mode is S."
        m.d.comb += [
            checker.entries.eq(self.pmp),
            checker.address.eq(self.port.request.address),
            checker.size.eq(3),
            checker.reads.eq(1),
            checker.writes.eq(self.state == WalkerState.REREAD),
            self.accessible.eq(checker.permitted),
        ]

    def _is_killed(self, side: Value) -> Value:
        """Whether a walk for `side` must fill no TLB and have no result."""
        return (
            self.fence
            | (self.squash_fetch & (side == Side.FETCH))
            | (self.squash_data & (side == Side.DATA))
        )

    def _kill(self, m: Module) -> None:
        """A squash or a fence overrides the transition of the state."""
        request, response, state = self.port.request, self.port.response, self.state
        m.d.comb += self.killed.eq(self._is_killed(self.read_side))
        pending = (state == WalkerState.READ) | (state == WalkerState.DRAIN)
        owed = (request.valid & request.ready) | (pending & ~response.valid)
        walks = self.begins | (state == WalkerState.OFFER) | (state == WalkerState.READ)
        with m.If(self.killed):
            m.d.sync += self.stale.eq(1)
            with m.If(self.read_side != Side.UPDATE):
                m.d.comb += [self.ends.eq(walks), self.verdict.eq(Verdict.SQUASHED)]
                m.d.sync += state.eq(Mux(owed, WalkerState.DRAIN, WalkerState.IDLE))
