"""The execute stage: computes, resolves branches, translates data addresses and starts accesses."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import PA_BITS
from hdl.memory.port import RequestSignature, Source
from hdl.mmu.ports import TranslationSignature
from hdl.mmu.vocabulary import Fault
from hdl.pipeline.misaligned import SecondPortion, Splitter
from hdl.pipeline.probe import StageSignature, Stall
from hdl.pipeline.stages import ACCESSES, Decoded, Executed, Forward, Redirect, copy, payload
from hdl.pipeline.system import lets_leap
from hdl.priv.csr import Environment
from hdl.units.alu import Alu, branch_taken
from hdl.units.btb import TARGET_BITS, BranchKind, BranchUpdate, counted
from hdl.units.decoder import Unit
from hdl.units.lanes import is_misaligned, rotate_lanes, store_lanes
from hdl.units.muldiv import MulDiv
from hdl.units.return_stack import DEPTH_BITS, StackRepair

__all__ = ["Execute"]


class Execute(wiring.Component):
    """Works on one instruction until it can go on to the trap stage.

    A data access is requested in the cycle in which its instruction goes on, and only if no older
    instruction can still squash it: the trap stage is empty or finishes without a trap in
    that cycle (`ready`). So a device never sees an access that did not happen, and the trap stage
    waits for every response. An interrupt is sampled in the same cycle; an interrupted instruction
    starts no access.

    Parameters
    ----------
    misaligned, protected : bool
        Loads and stores may be misaligned; see `hdl.pipeline.misaligned`. There is physical memory
        protection, which only that has to know.

    Members
    -------
    decoded_valid, decoded, accept
        From the decode stage; taken where `decoded_valid` and `accept` are high.
    valid, executed, ready, trap_empty
        To the trap stage. It takes the instruction where `valid` and `ready` are high; with
        `trap_empty` it holds none. Atomics wait for that, since they share the reservation.
    translation, request
        To the MMU and to the data port. The response goes to the trap stage.
    reserved, reservation
        The reservation of the last LR, a physical address.
    environment
        Live CSR state.
    flush
        The trap stage squashes the instruction; it is gone at the end of the cycle.
    redirect, learn
        To the fetch stage, after a wrong prediction: where to go on, and the branch's outcome.
    depth, stack
        Calls less returns before the instruction, and what the return stack is behind it.
    forward, product
        Its result, to the decode stage; what was multiplied or divided for the one before, in the
        cycle after that one went, to the trap stage.
    calm
        The instruction lets younger ones leap; see `hdl.pipeline.leap`.
    probe
        The instruction; see `hdl.pipeline.probe`.
    second, advances
        With `misaligned` only: the other portion of an access that goes on, to the trap stage; and
        a translation is taken, though the instruction stays for another one.
    """

    def __init__(self, *, misaligned: bool = False, protected: bool = False) -> None:
        super().__init__(
            {
                "decoded_valid": In(1),
                "decoded": In(Decoded()),
                "accept": Out(1),
                "valid": Out(1),
                "executed": Out(Executed()),
                "ready": In(1),
                "trap_empty": In(1),
                "translation": Out(TranslationSignature()),
                "request": Out(RequestSignature()),
                "reserved": In(1),
                "reservation": In(PA_BITS),
                "environment": In(Environment()),
                "flush": In(1),
                "redirect": Out(Redirect()),
                "learn": Out(BranchUpdate()),
                "depth": Out(DEPTH_BITS),
                "stack": Out(StackRepair()),
                "forward": Out(Forward(sums=True)),
                "product": Out(64),
                "calm": Out(1),
                "probe": Out(StageSignature()),
                **({"second": Out(SecondPortion()), "advances": Out(1)} if misaligned else {}),
            }
        )
        self.muldiv = MulDiv()
        #: What makes portions of misaligned accesses.
        self.splitter = Splitter(protected=protected) if misaligned else None
        #: What the translation of the access comes to.
        self._answer = self.splitter.answer if self.splitter else self.translation
        #: The instruction in the stage.
        self._held = payload(Decoded(), "held")
        self._occupied = Signal(name="occupied")
        #: It has an exception already, or was cut in two and is no instruction at all, so it
        #: computes nothing and makes no access.
        self._failed = Signal(name="failed")
        #: It has redirected in an earlier cycle.
        self._redirected = Signal(name="redirected")
        #: Its work in this stage is done.
        self._finished = Signal(name="finished")
        #: Where execution goes on if it does not jump.
        self._fallthrough = Signal(64, name="fallthrough")
        #: It accesses memory: with LR, SC or an AMO, which wait for an empty trap stage.
        self._memory = Signal(name="memory")
        self._atomic = Signal(name="atomic")
        #: An SC's address was translated in the last cycle, with nothing before it that could
        #: change what follows from it: whether the reservation is for that address.
        self._judged = Signal(name="judged")
        self._translated = Signal(PA_BITS, name="translated", reset_less=True)
        self._reservation_holds = Signal(name="reservation_holds")
        self._succeeds = Signal(name="succeeds")
        #: The translated access is to be requested: no fault, no update, and no SC that fails.
        self._wanted = Signal(name="wanted")

    def elaborate(self, platform: object) -> Module:
        m = Module()
        held, control, occupied = self._held, self._held.control, self._occupied
        with m.If(self.accept):
            # With a redirect, what would come in is younger.
            m.d.sync += occupied.eq(self.decoded_valid & ~self.redirect.valid)
            m.d.sync += copy(held, self.decoded)
        m.d.sync += self._redirected.eq((self._redirected | self.redirect.valid) & ~self.accept)
        with m.If(self.flush):
            m.d.sync += occupied.eq(0)

        m.d.comb += [
            self._failed.eq(held.fetch.is_refused() | control.illegal | held.refetch),
            self.valid.eq(occupied & ~held.refetch & self._finished),
        ]
        self._branch(m)
        self._compute(m)
        self._translate(m)
        self._access(m)
        if self.splitter is not None:
            m.submodules.splitter = self.splitter
            self._split(m, self.splitter)
        self._finish(m)
        self._describe(m)
        self._probe(m)
        return m

    def _branch(self, m: Module) -> None:
        """Where execution goes on, and whether that was predicted.

        A redirect comes in the instruction's first cycle here, and once, whether it has to wait or
        not: it must not depend on the translation of a data address, nor on the trap stage. If an
        older instruction traps, what was fetched meanwhile is dropped as all that is younger.
        """
        held, control, fallthrough = self._held, self._held.control, self._fallthrough
        taken, wrong, jumps, crosses = (
            Signal(name=name) for name in ("taken", "wrong", "jumps", "crosses")
        )
        target = Cat(Const(0, 1), held.address[1:])
        branches = (control.unit == Unit.BRANCH) & branch_taken(
            control.funct3, held.rs1_data, held.rs2_data
        )
        foreseen = Cat(held.target, held.pc[TARGET_BITS:])
        final = held.pc + Mux(held.compressed | held.refetch, 0, 2)
        # What was cut in two is fetched again.
        length = Mux(held.refetch, 0, Mux(held.compressed | held.fetch.second, 2, 4))
        goes = taken & ~held.fetch.second & ~held.refetch
        leaves = self._occupied & self.ready & (taken | held.known)
        may = self._occupied & ~self._redirected
        soon = may & (held.refetch | (wrong & ~self._failed))
        counter = counted(held.known, Cat(held.strong, held.predicted), taken)
        m.d.comb += [
            jumps.eq((control.unit == Unit.BRANCH) | (control.unit == Unit.JUMP)),
            fallthrough.eq(held.pc + length),
            taken.eq(branches | (control.unit == Unit.JUMP)),
            # A prediction's upper bits are those of the word that the instruction ends in: its
            # own, unless they change behind its first half.
            crosses.eq(held.pc[1:TARGET_BITS].all() & ~held.compressed),
            wrong.eq((taken != held.predicted) | (taken & crosses)),
            self.executed.next_pc.eq(Mux(goes, target, fallthrough)),
            self.redirect.valid.eq(soon | (may & ~self._failed & taken & (target != foreseen))),
            self.redirect.target.eq(self.executed.next_pc),
            # A branch is counted as it leaves, once.
            self.learn.valid.eq(Mux(jumps & ~self._failed, leaves, self.redirect.valid)),
            self.learn.counter.eq(Mux(held.refetch | ~jumps, 0, counter)),
            self.learn.word.eq(final[3:]),
            self.learn.slot.eq(final[1:3]),
            self.learn.taken.eq(taken & ~held.refetch),
            self.learn.target.eq(target),
        ]
        self._nest(m)

    def _nest(self, m: Module) -> None:
        """How deep calls are nested; an instruction counts as it leaves."""
        control, learn = self._held.control, self.learn
        jumps = self._occupied & ~self._failed & (control.unit == Unit.JUMP)
        links, linked = ((register | 4) == 5 for register in (control.rd, control.rs1))
        calls, returns = jumps & links, jumps & linked & ~links
        kind = Mux(calls, BranchKind.CALL, Mux(returns, BranchKind.RETURN, BranchKind.OTHER))
        m.d.comb += [
            learn.kind.eq(kind),
            self.stack.depth.eq(self.depth + calls - returns),
            self.stack.calls.eq(calls),
            self.stack.address.eq(self._fallthrough),
        ]
        # It changes with a jump only, which waits for nothing else.
        with m.If(self.ready & ~self.flush):
            m.d.sync += self.depth.eq(self.stack.depth)

    def _compute(self, m: Module) -> None:
        """The result, and when it is known; that of `muldiv` comes a cycle later."""
        held, control = self._held, self._held.control
        m.submodules.alu = alu = Alu()
        m.submodules.muldiv = muldiv = self.muldiv
        result = self.executed.result
        m.d.comb += [
            alu.op.eq(control.alu_op),
            *(unit.word.eq(control.word) for unit in (alu, muldiv)),
            alu.a.eq(Mux(control.use_pc, held.pc, held.rs1_data)),
            alu.b.eq(Mux(control.use_imm, control.imm, held.rs2_data)),
            muldiv.start.eq(self._occupied & (control.unit == Unit.MULDIV) & ~self._failed),
            muldiv.op.eq(control.funct3),
            muldiv.a.eq(held.rs1_data),
            muldiv.b.eq(held.rs2_data),
            muldiv.take.eq(self.ready),
            muldiv.cancel.eq(self.flush | self.environment.interrupt),
            self.forward.rd.eq(Mux(self._occupied, control.rd, 0)),
            self.forward.known.eq((control.unit == Unit.ALU) | (control.unit == Unit.JUMP)),
            self.forward.data.eq(result),
            self.forward.is_sum.eq((control.unit == Unit.ALU) & alu.adds),
            *(getattr(self.forward, name).eq(getattr(alu, name)) for name in "ab"),
            self.product.eq(muldiv.result),
        ]
        with m.Switch(control.unit):
            with m.Case(Unit.JUMP):
                m.d.comb += result.eq(self._fallthrough)
            with m.Case(Unit.SC):
                m.d.comb += result.eq(~self._succeeds)
            with m.Default():
                m.d.comb += result.eq(alu.result)

    def _translate(self, m: Module) -> None:
        """Requests the translation of a data address."""
        held, control, translation = self._held, self._held.control, self.translation
        misaligned = is_misaligned(held.address[:3], control.funct3[:2])
        if self.splitter is not None:
            # What is left to trap.
            misaligned &= self._atomic
        with m.Switch(control.unit):
            for unit, access in ACCESSES.items():
                with m.Case(unit):
                    m.d.comb += [self._memory.eq(1), translation.access.eq(access)]
        m.d.comb += [
            # Misaligned accesses trap before their translation; see `hdl.priv.exception`.
            self.executed.misaligned.eq(self._memory & ~self._failed & misaligned),
            translation.valid.eq(
                self._occupied
                & self._memory
                & ~self._failed
                & ~misaligned
                & ~self.environment.interrupt
            ),
            translation.va.eq(held.address),
            translation.priv.eq(self.environment.data_priv),
            translation.size.eq(control.funct3[:2]),
            translation.id.eq(held.id),
            translation.squash.eq(self.flush),
        ]

    def _split(self, m: Module, splitter: Splitter) -> None:
        """A misaligned access is translated by portions, and requests doublewords."""
        translation, request = self.translation, self.request
        held, misaligned = self._held, splitter.misaligned
        m.d.comb += [
            splitter.valid.eq(translation.valid),
            splitter.access_va.eq(held.address),
            splitter.bytes_log2.eq(held.control.funct3[:2]),
            splitter.renew.eq(self.accept),
            *(
                getattr(splitter, name).eq(getattr(translation, name))
                for name in ("done", "pa", "device", "fault", "update")
            ),
            translation.va.eq(splitter.va),
            translation.size.eq(splitter.size),
            self.advances.eq(splitter.advances),
            *copy(self.second, splitter.second),
        ]
        with m.If(misaligned):
            m.d.comb += [
                request.address[:3].eq(0),
                request.size.eq(3),
                request.data.eq(rotate_lanes(held.rs2_data, held.address[:3])),
                request.strobe.eq(Mux(request.write, splitter.strobe, 0)),
            ]

    def _access(self, m: Module) -> None:
        """Requests the translated access."""
        held, control = self._held, self._held.control
        answer, request = self._answer, self.request
        write = (control.unit == Unit.STORE) | (control.unit == Unit.SC)
        lanes, strobe = store_lanes(held.address[:3], control.funct3[:2], held.rs2_data)
        conditional = control.unit == Unit.SC
        # The comparison of two physical addresses would come last in a long cycle.
        translated = conditional & self.translation.valid & answer.done & self.trap_empty
        m.d.comb += self._succeeds.eq(self._judged & self._reservation_holds)
        m.d.sync += [
            self._judged.eq(translated & ~self.accept),
            self._translated.eq(answer.pa),
        ]
        m.d.comb += [
            self._reservation_holds.eq(self.reserved & (self.reservation == self._translated)),
            self._atomic.eq((control.unit >= Unit.LR) & (control.unit <= Unit.AMO)),
            self._wanted.eq(
                (answer.fault == Fault.NONE) & ~answer.update & (~conditional | self._succeeds)
            ),
            request.valid.eq(
                self.translation.valid
                & answer.done
                & self._wanted
                & self.ready
                & (self.trap_empty | ~self._atomic)
            ),
            request.address.eq(answer.pa),
            request.write.eq(write),
            request.data.eq(lanes),
            request.strobe.eq(Mux(write, strobe, 0)),
            request.size.eq(control.funct3[:2]),
            request.source.eq(Source.DATA),
            request.lock.eq(control.unit == Unit.AMO),
            request.id.eq(held.id),
        ]

    def _finish(self, m: Module) -> None:
        """When the instruction's work in this stage is done."""
        accessed = self._answer.done & (~self._wanted | self.request.ready)
        # Without a reservation an SC fails wherever it goes.
        accessed &= self._judged | ~self.reserved | (self._held.control.unit != Unit.SC)
        divides = self._held.control.unit == Unit.MULDIV
        worked = self._failed | self.environment.interrupt | ~divides | self.muldiv.done
        others = ~self.translation.valid & worked
        may = self.translation.valid & (self.trap_empty | ~self._atomic)
        m.d.comb += self._finished.eq(others | (may & accessed))
        # Whether the access is translated comes last.
        goes = ~self._occupied | self._held.refetch | (self.ready & others)
        m.d.comb += self.accept.eq(goes | (self.ready & may & accessed))

    def _probe(self, m: Module) -> None:
        """What is in the stage, and what it waits for, in the order of `_finish`."""
        held, probe, answer = self._held, self.probe, self._answer
        m.d.comb += [
            probe.valid.eq(self._occupied),
            probe.id.eq(held.id),
            probe.pc.eq(held.pc),
            probe.squash.eq(self.flush | held.refetch),
        ]
        with m.If(held.refetch):
            m.d.comb += probe.stall.eq(Stall.NONE)
        with m.Elif(self._finished):
            with m.If(~self.ready):
                m.d.comb += probe.stall.eq(Stall.NEXT)
        with m.Elif(~self.translation.valid):
            m.d.comb += probe.stall.eq(Stall.UNIT)
        with m.Elif(~answer.done):
            m.d.comb += probe.stall.eq(Stall.TRANSLATION)
        with m.Elif(~self.trap_empty & self._atomic):
            m.d.comb += probe.stall.eq(Stall.NEXT)
        with m.Else():
            m.d.comb += probe.stall.eq(Stall.MEMORY)

    def _describe(self, m: Module) -> None:
        """What goes on to the trap stage."""
        held, executed, answer = self._held, self.executed, self._answer
        for name in ("unit", "system", "funct3", "rs1", "rs2", "rd", "illegal"):
            m.d.comb += getattr(executed, name).eq(getattr(held.control, name))
        for name in ("pc", "insn", "rs1_data", "rs2_data", "leapt", "id"):
            m.d.comb += getattr(executed, name).eq(getattr(held, name))
        m.d.comb += [
            self.calm.eq(~self._occupied | lets_leap(executed)),
            executed.requested.eq(self.request.valid),
            executed.data.va.eq(held.address),
            executed.pa.eq(answer.pa),
            executed.interrupt.eq(self.environment.interrupt),
            executed.interrupt_cause.eq(self.environment.interrupt_cause),
            *copy(executed.fetch, held.fetch),
        ]
        with m.If(self.translation.valid):
            m.d.comb += [
                executed.data.fault.eq(answer.fault),
                executed.data.update.eq(answer.update),
            ]
        if self.splitter is not None:
            with m.If(executed.data.is_refused()):
                m.d.comb += executed.data.va.eq(self.splitter.va)
