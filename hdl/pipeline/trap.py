"""The trap stage: the last one, where instructions retire, trap or are interrupted, in order.

Everything that cannot be undone happens here, or is started by the execute stage when this one is
sure to finish what it holds: CSR writes, traps, returns, fences, second halves of atomics, A and D.
"""

from amaranth.hdl import Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import PA_BITS
from hdl.events import Event
from hdl.memory.pmp import pmp_layout
from hdl.memory.port import RequestSignature, ResponseSignature
from hdl.mmu.ports import SfenceSignature, UpdateSignature
from hdl.mmu.vocabulary import Access, Fault
from hdl.pipeline.amo import AmoUnit
from hdl.pipeline.foresight import Foresight
from hdl.pipeline.misaligned import OFFER, Joiner, SecondPortion
from hdl.pipeline.probe import StageSignature, Stall
from hdl.pipeline.recorder import Recorder
from hdl.pipeline.retire import RetirePort
from hdl.pipeline.stages import ACCESSES, Executed, Forward, Redirect, copy, payload
from hdl.pipeline.system import attempts, lets_leap, modify
from hdl.priv.csr import CsrFile, Environment
from hdl.priv.exception import TrapUnit
from hdl.priv.interrupts import InterruptLines
from hdl.units.decoder import System, Unit
from hdl.units.lanes import load_value

__all__ = ["TrapStage"]


class TrapStage(wiring.Component):
    """Finishes one instruction at a time.

    ============================ ================================================ ================
    Instruction                  Waits for                                        Cycles here
    ============================ ================================================ ================
    interrupted or with a fault  nothing                                          1
    load, store, LR, SC          the bus response                                 latency
    load, store of two portions  both responses                                   2 latencies
    AMO                          the read's response, then the write's            2 latencies + 1
    needing an A or D bit        the MMU's update; then it is fetched again       walk and write
    wfi                          a pending interrupt that `mie` enables           any
    everything else              nothing                                          1
    ============================ ================================================ ================

    Traps, returns, fences and writes of some CSRs flush what is younger, and redirect the fetch
    stage; behind others it waits for a cycle (`ready`): `hdl.pipeline.system` says why.

    Parameters
    ----------
    hart_id, hpm_counters, pmp_entries, pmp_csrs
        See `hdl.priv.csr.CsrFile`.
    misaligned : bool
        Loads and stores may be misaligned; see `hdl.pipeline.misaligned`.

    Members
    -------
    executed_valid, executed, ready, empty
        From the execute stage; taken where `executed_valid` and `ready` are high.
    product
        What the instruction has multiplied or divided: in its first cycle here, the only one.
    response
        Of the data port, to the request that came with the instruction or to `request`.
    request
        The write of an AMO.
    reserved, reservation
        A reservation of this physical address is held, through traps, too, as in Spike, until an
        SC that does not fault.
    update, sfence
        To the MMU.
    forward, rd, wdata, wen
        The result: for readers in this cycle, and for the register file at its end.
    redirect
        Flush everything younger, and go on there.
    elsewhere
        None of what has been fetched since the last redirect lies in a page with `sfence.va`.
    calm, arrived
        The instruction lets younger ones leap; it has leapt itself, and leaves.
    environment, pmp, events, mtime, interrupts
        See `hdl.priv.csr.CsrFile`; `pmp` with physical memory protection only.
    retire, probe
        The record of the instruction, one cycle later; what is in the stage.
    second
        With `misaligned` only: the other portion of the access.
    """

    def __init__(
        self,
        *,
        hart_id: int = 0,
        hpm_counters: int = 4,
        pmp_entries: int = 0,
        pmp_csrs: bool = False,
        misaligned: bool = False,
    ) -> None:
        super().__init__(
            {
                "executed_valid": In(1),
                "executed": In(Executed()),
                "ready": Out(1),
                "empty": Out(1),
                "product": In(64),
                "response": Out(ResponseSignature()),
                "request": Out(RequestSignature()),
                "reserved": Out(1),
                "reservation": Out(PA_BITS),
                "update": Out(UpdateSignature()),
                "sfence": Out(SfenceSignature()),
                "forward": Out(Forward(splits=True)),
                "rd": Out(5),
                "wdata": Out(64),
                "wen": Out(1),
                "redirect": Out(Redirect()),
                "elsewhere": In(1),
                "calm": Out(1),
                "arrived": Out(1),
                "environment": Out(Environment()),
                **({"pmp": Out(pmp_layout(pmp_entries))} if pmp_entries else {}),
                "events": In(len(Event)),
                "mtime": In(64),
                "interrupts": In(InterruptLines()),
                "retire": Out(RetirePort(misaligned=misaligned)),
                "probe": Out(StageSignature()),
                **({"second": In(SecondPortion())} if misaligned else {}),
            }
        )
        #: What was known of the instruction before.
        self._foresight = Foresight(protected=pmp_entries > 0, misaligned=misaligned)
        self.csrs = CsrFile(
            hart_id=hart_id, hpm_counters=hpm_counters, pmp_entries=pmp_entries, pmp_csrs=pmp_csrs
        )
        self.traps, self.amo = TrapUnit(), AmoUnit()
        self.joiner = Joiner() if misaligned else None
        #: The instruction in the stage.
        self._held, self._occupied = payload(Executed(), "held"), Signal(name="occupied")
        #: It leaves at the end of the cycle; if it retires, it has happened.
        self._finishes, self._retires = Signal(name="leaves"), Signal(name="retires")
        #: An A or D bit has to be set first; that may fault, too.
        self._updates = Signal(name="updates")
        #: It leaves to be fetched again.
        self._replays = Signal(name="replays")
        #: What a CSR instruction works with, rs1 or the immediate; the value of a load.
        self._operand, self._value = Signal(64, name="operand"), Signal(64, name="loaded_value")

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for name in ("csrs", "traps", "amo"):
            m.submodules[name] = getattr(self, name)
        held, occupied, finishes = self._held, self._occupied, self._finishes
        # Known before the trap is, which is chosen from the same.
        refused = self._foresight.barred | held.data.is_refused()
        refused |= held.requested & self.response.error
        goes = finishes & ~refused & ~self._foresight.serial
        m.d.comb += [
            self.empty.eq(~occupied),
            self.ready.eq(Mux(occupied, goes, ~self.csrs.settles)),
            self._retires.eq(finishes & ~refused & ~self._foresight.calls),
        ]
        with m.If(self.ready):
            m.d.sync += [occupied.eq(self.executed_valid), *copy(held, self.executed)]
        with m.Elif(finishes):
            m.d.sync += occupied.eq(0)
        self._csr(m)
        self._system(m)
        self._collect(m)
        self._finish(m)
        self._amo(m)
        if self.joiner is not None:
            self._join(m, self.joiner)
        self._result(m)
        self._redirect(m, refused)
        self._record(m)
        self._probe(m)
        return m

    def _csr(self, m: Module) -> None:
        """Reads and writes the CSR of a Zicsr instruction."""
        csrs, held = self.csrs, self._held
        wiring.connect(m, wiring.flipped(self.interrupts), csrs.interrupts)
        wiring.connect(m, csrs.environment, wiring.flipped(self.environment))
        if "pmp" in self.signature.members:
            m.d.comb += self.pmp.eq(csrs.pmp)
        wiring.connect(m, self.traps.target, csrs.trap)
        m.d.comb += [
            csrs.events.eq(self.events),
            csrs.mtime.eq(self.mtime),
            self._operand.eq(Mux(held.funct3[2], held.insn[15:20], held.rs1_data)),
            csrs.address.eq(self._foresight.csr),
            csrs.write.eq(self._retires & (held.unit == Unit.CSR) & attempts(held)),
            csrs.retire.eq(self._retires),
        ]
        modify(m, csrs.write_data, held.funct3, csrs.modify_data, self._operand)

    def _system(self, m: Module) -> None:
        """The privileged instructions and fences, and whether they are allowed."""
        held, sfence, foresight, csrs = self._held, self.sfence, self._foresight, self.csrs
        retires = self._retires & (held.unit == Unit.SYSTEM)
        m.submodules.foresight = foresight
        wiring.connect(m, csrs.environment, foresight.environment)
        m.d.comb += [
            *copy(foresight.next, self.executed),
            foresight.take.eq(self.ready),
            foresight.legal.eq(csrs.legal),
            foresight.elsewhere.eq(self.elsewhere),
            csrs.asked.eq(self.executed.insn[20:32]),
            csrs.attempt.eq(attempts(self.executed)),
            csrs.sret.eq(retires & (held.system == System.SRET)),
            csrs.mret.eq(retires & (held.system == System.MRET)),
            sfence.valid.eq(retires & (held.system == System.SFENCE_VMA)),
            # The number of the register selects the form, not its value.
            sfence.has_va.eq(held.rs1 != 0),
            sfence.va.eq(held.rs1_data),
            sfence.has_asid.eq(held.rs2 != 0),
            sfence.asid.eq(held.rs2_data),
        ]

    def _collect(self, m: Module) -> None:
        """Every exception of the instruction, for the trap unit."""
        held, collected, environment = self._held, self.traps.collected, self.environment
        is_system, fetched = held.unit == Unit.SYSTEM, ~held.fetch.update
        # Where the fetch failed, if it did.
        fetch_va = Mux(held.fetch.second, held.next_pc, held.pc)
        # The fault of an update counts when the instruction leaves: then the response is there.
        update_fault, errors = self.update.fault, held.requested & self.response.error
        for name in ("interrupt", "interrupt_cause", "misaligned", "pc", "insn"):
            m.d.comb += getattr(collected, name).eq(getattr(held, name))
        m.d.comb += [
            self._updates.eq((held.fetch.update | held.data.update) & ~held.interrupt),
            collected.fetch.va.eq(fetch_va),
            collected.fetch.fault.eq(Mux(held.fetch.update, update_fault, held.fetch.fault)),
            # Until the A bit of its page is set it has not been fetched: its bits are stale.
            collected.illegal.eq(fetched & (held.illegal | self._foresight.forbidden)),
            collected.ebreak.eq(fetched & is_system & (held.system == System.EBREAK)),
            collected.ecall.eq(fetched & is_system & (held.system == System.ECALL)),
            collected.writes.eq((held.unit != Unit.LOAD) & (held.unit != Unit.LR)),
            collected.data.va.eq(held.data.va),
            collected.data.fault.eq(
                Mux(held.data.update, update_fault, Mux(errors, Fault.ACCESS, held.data.fault))
            ),
            self.traps.priv.eq(environment.priv),
            self.traps.medeleg.eq(environment.medeleg),
            self.traps.mideleg.eq(environment.mideleg),
            self.traps.stvec.eq(environment.stvec),
            self.traps.mtvec.eq(environment.mtvec),
        ]

    def _finish(self, m: Module) -> None:
        """When the instruction leaves; a trap is taken in that cycle."""
        held, environment, collected = self._held, self.environment, self.traps.collected
        atomic, target = held.unit == Unit.AMO, self.csrs.trap
        finished = Signal(init=1)
        with m.If(self._updates):
            m.d.comb += finished.eq(self.update.done)
        with m.Elif(held.requested):
            last = ~atomic | self.amo.last
            if self.joiner is not None:
                last &= ~self.joiner.waits
            m.d.comb += finished.eq(self.response.valid & last)
        with m.Elif((held.unit == Unit.SYSTEM) & (held.system == System.WFI)):
            m.d.comb += finished.eq(environment.wake | self._foresight.barred)
        m.d.comb += [
            self._finishes.eq(self._occupied & finished),
            self.traps.enable.eq(self._finishes),
            self._replays.eq(self._updates & ~target.valid),
            self.update.valid.eq(self._occupied & self._updates),
            self.update.va.eq(Mux(held.fetch.update, collected.fetch.va, held.data.va)),
            self.update.priv.eq(Mux(held.fetch.update, environment.priv, environment.data_priv)),
            self.update.id.eq(held.id),
        ]
        with m.If(held.fetch.update):
            m.d.comb += self.update.access.eq(Access.FETCH)
        with m.Else():
            with m.Switch(held.unit):
                for unit, access in ACCESSES.items():
                    with m.Case(unit):
                        m.d.comb += self.update.access.eq(access)

    def _amo(self, m: Module) -> None:
        """The second half of an atomic."""
        held, amo = self._held, self.amo
        wiring.connect(m, wiring.flipped(self.response), amo.response)
        wiring.connect(m, amo.request, wiring.flipped(self.request))
        m.d.comb += [
            amo.valid.eq(self._occupied & held.requested & (held.unit == Unit.AMO)),
            *copy(amo.executed, held),
            amo.value.eq(self._value),
        ]

    def _join(self, m: Module, joiner: Joiner) -> None:
        """The second portion of a load or store."""
        m.submodules.joiner = joiner
        wiring.connect(m, wiring.flipped(self.response), joiner.response)
        wiring.connect(m, wiring.flipped(self.second), joiner.second)
        m.d.comb += [
            *copy(joiner.executed, self._held),
            joiner.take.eq(self.ready),
            joiner.active.eq(self._occupied & self._held.requested),
            joiner.request.ready.eq(self.request.ready),
        ]
        with m.If(joiner.request.valid):
            m.d.comb += [getattr(self.request, n).eq(getattr(joiner.request, n)) for n in OFFER]
        with m.If(joiner.active):
            m.d.comb += self.traps.collected.data.va.eq(joiner.va)

    def _result(self, m: Module) -> None:
        """What is written to a register, and the reservation."""
        held, size, early = self._held, self._held.funct3[:2], self.forward.early
        low, word = held.data.va[:3], self.response.data
        if self.joiner is not None:
            low, word = Const(0, 3), self.joiner.word
        m.d.comb += self._value.eq(load_value(low, size, held.funct3[2], word))
        values = (self.amo.loaded, Unit.AMO), (self.product, Unit.MULDIV)
        with m.Switch(held.unit):
            for value, *units in ((self._value, Unit.LOAD, Unit.LR), *values):
                with m.Case(*units):
                    m.d.comb += early.eq(value)
            with m.Default():
                m.d.comb += early.eq(held.result)
        m.d.comb += self.wdata.eq(Mux(held.unit == Unit.CSR, self.csrs.read_data, early))
        m.d.comb += [
            self.rd.eq(held.rd),
            self.wen.eq(self._retires),
            self.forward.rd.eq(Mux(self._occupied, held.rd, 0)),
            self.forward.known.eq(self._finishes),
            self.forward.data.eq(self.wdata),
            self.forward.late.eq(held.unit == Unit.CSR),
        ]
        with m.If(self._retires & (held.unit == Unit.LR)):
            m.d.sync += [self.reserved.eq(1), self.reservation.eq(held.pa)]
        with m.If(self._retires & (held.unit == Unit.SC)):
            m.d.sync += self.reserved.eq(0)

    def _redirect(self, m: Module, refused: Value) -> None:
        """Where execution goes on, if it is `refused`, or drops what follows and has not leapt."""
        held, redirect = self._held, self.redirect
        m.d.comb += [
            # What is fetched from the next cycle on has seen a fence of this one.
            self.calm.eq(~self._occupied | lets_leap(held) | self.sfence.valid),
            self.arrived.eq(self._finishes & held.leapt),
            redirect.valid.eq(
                self._finishes & (refused | (self._foresight.refetches & ~held.leapt))
            ),
        ]
        system = held.unit == Unit.SYSTEM
        with m.If(self.traps.chosen):
            m.d.comb += redirect.target.eq(self.csrs.trap.vector)
        with m.Elif(self._updates):
            m.d.comb += redirect.target.eq(held.pc)
        with m.Elif(system & (held.system == System.SRET)):
            m.d.comb += redirect.target.eq(self.environment.sepc)
        with m.Elif(system & (held.system == System.MRET)):
            m.d.comb += redirect.target.eq(self.environment.mepc)
        with m.Else():
            m.d.comb += redirect.target.eq(held.next_pc)

    def _record(self, m: Module) -> None:
        """The retire port."""
        held, target = self._held, self.csrs.trap
        m.submodules.recorder = recorder = Recorder(misaligned=self.joiner is not None)
        wiring.connect(m, recorder.retire, wiring.flipped(self.retire))
        m.d.comb += [
            *copy(recorder.executed, held),
            recorder.finishes.eq(self._finishes & ~self._replays),
            recorder.mode.eq(self.environment.priv),
            recorder.next_pc.eq(self.redirect.target),
            recorder.loaded.eq(self.wdata),
            recorder.stored.eq(Mux(held.unit == Unit.AMO, self.amo.stored, held.rs2_data)),
            recorder.csr_writes.eq(attempts(held)),
            recorder.csr_operand.eq(self._operand),
            recorder.csr_data.eq(self.csrs.read_data),
            *copy(recorder.csr_wholes, self.csrs.wholes),
        ]
        if self.joiner is not None:
            m.d.comb += copy(recorder.second, self.joiner.other)
        for name in ("valid", "interrupt", "cause", "tval"):
            m.d.comb += getattr(recorder, f"trap_{name}").eq(getattr(target, name))

    def _probe(self, m: Module) -> None:
        """What is in the stage, and what it waits for, in the order of `_finish`."""
        held, probe = self._held, self.probe
        interrupted = self.csrs.trap.valid & self.csrs.trap.interrupt
        m.d.comb += [
            probe.valid.eq(self._occupied),
            probe.id.eq(held.id),
            probe.pc.eq(held.pc),
            probe.squash.eq(self._finishes & (self._replays | interrupted)),
        ]
        with m.If(self._finishes):
            m.d.comb += probe.stall.eq(Stall.NONE)
        with m.Elif(self._updates):
            m.d.comb += probe.stall.eq(Stall.TRANSLATION)
        with m.Elif(held.requested):
            m.d.comb += probe.stall.eq(Stall.MEMORY)
        with m.Else():
            m.d.comb += probe.stall.eq(Stall.INTERRUPT)
