"""The hart: a five-stage in-order pipeline with an MMU, one fetch port and one data port."""

from amaranth.hdl import Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import PAGE_BITS, RAM_BASE, VPN_BITS
from hdl.memory.arbiter import Arbiter
from hdl.memory.pma import Pma
from hdl.memory.port import MemoryPort
from hdl.mmu.mmu import Mmu
from hdl.pipeline.align import Aligner
from hdl.pipeline.decode import Decode
from hdl.pipeline.events import EventUnit
from hdl.pipeline.execute import Execute
from hdl.pipeline.fetch import Fetch
from hdl.pipeline.probe import STAGES, ProbeSignature
from hdl.pipeline.retire import RetirePort
from hdl.pipeline.stages import copy
from hdl.pipeline.trap import TrapStage
from hdl.priv.interrupts import InterruptLines

__all__ = ["Hart"]


class Hart(wiring.Component):
    """RV64IMAC_Zicsr_Zifencei_Zicntr_Zihpm_Sstc with M, S and U mode and Sv39 (Svade, Svadu).

    ======= ============================================================================
    Stage   Does
    ======= ============================================================================
    fetch   predicts the next word, translates its address, requests it
    align   cuts words into instructions, expands compressed ones
    decode  decodes, reads registers, forwards results that are not in them yet
    execute computes, resolves branches, translates data addresses, starts data accesses
    trap    takes every exception and interrupt, finishes accesses, retires
    ======= ============================================================================

    Each is a module of `hdl.pipeline` of its name.

    The reset is synchronous; after it the hart is in M-mode at `reset_pc` with the rest of its
    state 0.

    Parameters
    ----------
    reset_pc : int
        Address of the first instruction, even.
    hart_id : int
        Value of `mhartid`.
    itlb_entries, dtlb_entries : int
        Pages that each TLB holds; at least 1.
    walk_cache_entries : int
        Pointers to level-0 page tables that the walker remembers; at least 1.
    l2_tlb : (int, int) or None
        Sets and ways of a second-level TLB, if there is one; see `hdl.mmu.second_level`.
    btb_entries : int
        Words of the branch target buffer; a power of two, at least 2.
    hpm_counters : int
        Counters of events, `mhpmcounter3` and the following: 0 to 29.
    pmp_entries : int
        Entries of physical memory protection: 0 to 16. As soon as there is one, S-mode and U-mode
        may access nothing until M-mode lets them.
    pmp_csrs : bool
        Without entries the registers of physical memory protection read 0 and ignore writes, for
        kernels that write them without looking; else they are illegal instructions then.
    misaligned : bool
        Loads and stores in RAM may have any alignment (Zicclsm); else those that are not aligned
        trap. See `hdl.pipeline.misaligned`.
    pma : Pma
        Where RAM is.

    Members
    -------
    fetch_port, data_port : Out(MemoryPort())
        Instruction fetches; data accesses and page-table walks. At most one request each is under
        way. See `hdl.memory.port.MemoryPort` for the rules.
    mtime : In(64)
        What the CSR `time` shows and `stimecmp` is compared with; counted outside.
    interrupts : In(InterruptLines())
        Interrupt lines, level-sensitive.
    retire : Out(RetirePort())
        One record for every instruction that retired or trapped.
    probe : Out(ProbeSignature())
        What is in each stage, what the MMU does, and the events of the cycle, for logs.

    Attributes
    ----------
    registers : MemoryData
        The 32 integer registers, 64 bits each, for simulators.
    mcycle, stimecmp : Signal
        The counter that changes in a cycle in which nothing else does, and what `mtime` is compared
        with: all that a simulator must know to pass over such cycles.
    ram_end : Signal
        That of `pma`, if that is adjustable: a constant that a simulator may set.
    """

    def __init__(
        self,
        *,
        reset_pc: int = RAM_BASE,
        hart_id: int = 0,
        itlb_entries: int = 8,
        dtlb_entries: int = 8,
        walk_cache_entries: int = 4,
        l2_tlb: tuple[int, int] | None = None,
        btb_entries: int = 64,
        hpm_counters: int = 4,
        pmp_entries: int = 0,
        pmp_csrs: bool = False,
        misaligned: bool = False,
        pma: Pma | None = None,
    ) -> None:
        super().__init__(
            {
                "fetch_port": Out(MemoryPort()),
                "data_port": Out(MemoryPort()),
                "mtime": In(64),
                "interrupts": In(InterruptLines()),
                "retire": Out(RetirePort(misaligned=misaligned)),
                "probe": Out(ProbeSignature()),
            }
        )
        pma = pma or Pma()
        protected = pmp_entries > 0
        self.fetch = Fetch(reset_pc=reset_pc, btb_entries=btb_entries, protected=protected)
        self.align = Aligner(protected=protected)
        self.decode = Decode()
        self.execute = Execute(misaligned=misaligned, protected=protected)
        self.trap = TrapStage(
            hart_id=hart_id,
            hpm_counters=hpm_counters,
            pmp_entries=pmp_entries,
            pmp_csrs=pmp_csrs,
            misaligned=misaligned,
        )
        self.mmu = Mmu(
            pma=pma,
            itlb_entries=itlb_entries,
            dtlb_entries=dtlb_entries,
            walk_cache_entries=walk_cache_entries,
            pmp_entries=pmp_entries,
            l2_tlb=l2_tlb,
        )
        self._protected = protected
        self._misaligned = misaligned
        self.arbiter = Arbiter()
        self.event_unit = EventUnit()
        self.registers = self.decode.registers.data
        if pma.adjustable:
            self.ram_end = pma.ram_end
        self.mcycle, self.stimecmp = self.trap.csrs.mcycle, self.trap.csrs.stimecmp

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for name in (*STAGES, "mmu", "arbiter", "event_unit"):
            m.submodules[name] = getattr(self, name)
        self._pipeline(m)
        self._flushes(m)
        self._memory(m)
        trap = self.trap
        wiring.connect(m, trap.retire, wiring.flipped(self.retire))
        wiring.connect(m, wiring.flipped(self.interrupts), trap.interrupts)
        m.d.comb += trap.mtime.eq(self.mtime)
        self._probe(m)
        return m

    def _probe(self, m: Module) -> None:
        """What the stages and the MMU show, and the events that follow from it."""
        events, probe = self.event_unit, wiring.flipped(self.probe)
        data_takes = self.execute.valid & self.trap.ready
        if self._misaligned:
            data_takes |= self.execute.advances
        for name in STAGES:
            wiring.connect(m, getattr(self, name).probe, getattr(probe, name))
        wiring.connect(m, self.mmu.probe, probe.mmu, events.mmu)
        m.d.comb += [
            events.fetch.asks.eq(self.fetch.translation.valid & ~self.fetch.redirect.valid),
            events.fetch.takes.eq(self.fetch.takes),
            events.fetch_waits.eq(self.fetch.waits),
            events.data.asks.eq(self.execute.translation.valid),
            events.data.takes.eq(data_takes),
            events.update_waits.eq(self.trap.update.valid & ~self.trap.update.done),
            probe.events.eq(events.events),
            self.trap.events.eq(events.events),
        ]

    def _pipeline(self, m: Module) -> None:
        """Each stage to the next, and results back to the decode stage."""
        fetch, align, decode = self.fetch, self.align, self.decode
        execute, trap = self.execute, self.trap
        wiring.connect(m, fetch.word, align.word)
        wiring.connect(m, align.fetched, decode.fetched)
        wiring.connect(m, decode.decoded, execute.decoded)
        wiring.connect(m, execute.executed, trap.executed)
        if self._misaligned:
            wiring.connect(m, execute.second, trap.second)
        wiring.connect(m, execute.forward, decode.from_execute)
        wiring.connect(m, trap.forward, decode.from_trap)
        wiring.connect(m, execute.learn, fetch.learn)
        wiring.connect(m, trap.environment, decode.environment, execute.environment)
        m.d.comb += [
            fetch.room.eq(align.room),
            fetch.priv.eq(decode.fetch_priv),
            decode.fetched_valid.eq(align.valid),
            align.take.eq(decode.take),
            execute.decoded_valid.eq(decode.valid),
            decode.ready.eq(execute.accept),
            decode.calm.eq(execute.calm & trap.calm),
            decode.arrived.eq(trap.arrived),
            fetch.fenced.eq(trap.sfence.va[PAGE_BITS + 2 * VPN_BITS :]),
            trap.elsewhere.eq(fetch.elsewhere),
            trap.executed_valid.eq(execute.valid),
            execute.ready.eq(trap.ready),
            execute.trap_empty.eq(trap.empty),
            trap.product.eq(execute.product),
            execute.reserved.eq(trap.reserved),
            execute.reservation.eq(trap.reservation),
            decode.rd.eq(trap.rd),
            decode.wdata.eq(trap.wdata),
            decode.wen.eq(trap.wen),
        ]

    def _flushes(self, m: Module) -> None:
        """A redirect of the trap stage is older than one of the execute stage, that than a leap."""
        leap, early, late = self.decode.leap, self.execute.redirect, self.trap.redirect
        redirect = self.fetch.redirect
        m.d.comb += [
            redirect.valid.eq(leap.valid | early.valid | late.valid),
            redirect.target.eq(Mux(early.valid, early.target, leap.target)),
            self.align.flush.eq(redirect.valid),
            self.decode.flush.eq(early.valid | late.valid),
            self.execute.flush.eq(late.valid),
        ]
        stack = self.fetch.repaired
        m.d.comb += copy(stack, self.execute.stack)
        with m.If(late.valid):
            m.d.comb += [
                redirect.target.eq(late.target),
                stack.depth.eq(self.execute.depth),
                stack.calls.eq(0),
            ]

    def _memory(self, m: Module) -> None:
        """The MMU and the two ports."""
        mmu, arbiter, trap = self.mmu, self.arbiter, self.trap
        wiring.connect(m, self.fetch.port, wiring.flipped(self.fetch_port))
        wiring.connect(m, arbiter.port, wiring.flipped(self.data_port))
        wiring.connect(m, self.execute.request, arbiter.access)
        wiring.connect(m, trap.request, arbiter.finish)
        wiring.connect(m, arbiter.response, trap.response)
        wiring.connect(m, mmu.port, arbiter.walk)
        wiring.connect(m, self.execute.translation, mmu.data)
        wiring.connect(m, self.fetch.translation, mmu.fetch)
        wiring.connect(m, trap.update, mmu.update)
        wiring.connect(m, trap.sfence, mmu.sfence)
        for name in ("sv39", "asid", "root", "sum_", "mxr", "adue"):
            m.d.comb += getattr(mmu.context, name).eq(getattr(trap.environment, name))
        if self._protected:
            m.d.comb += mmu.context.pmp.eq(trap.pmp)
