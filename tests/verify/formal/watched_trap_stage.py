"""The trap stage with free inputs, and beside it a record of the instruction that it holds."""

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib import wiring

from hdl.arch import Csr, Priv
from hdl.mmu.vocabulary import Fault
from hdl.pipeline.leap import LEAPING
from hdl.pipeline.stages import Executed, copy
from hdl.pipeline.system import Sequel, sequel
from hdl.pipeline.trap import TrapStage
from hdl.priv.csr import CsrFile
from hdl.units.decoder import System, Unit
from tests.verify.formal.proof import Proof, assumes, free_inputs, invariant

__all__ = [
    *("ATOMIC_UNITS", "MEMORY_UNITS", "OF_MODE"),
    *("AnyCsrs", "WatchedTrapStage", "carries_no_exception"),
]

#: What says in which mode the hart is, and which privileged instructions that forbids.
OF_MODE = ("priv", "data_priv", "tvm", "tw", "tsr")
ATOMIC_UNITS = (Unit.LR, Unit.SC, Unit.AMO)
MEMORY_UNITS = (Unit.LOAD, Unit.STORE, *ATOMIC_UNITS)


class AnyCsrs(wiring.Component):
    """CSRs that may hold anything, with the ports of `hdl.priv.csr.CsrFile`."""

    def __init__(self):
        super().__init__(CsrFile().signature)

    def elaborate(self, platform):
        m = Module()
        free_inputs(m, wiring.flipped(self))
        return m


def has(executed):
    """The exceptions that an instruction carries into the trap stage, by name."""
    return {
        "interrupt": executed.interrupt,
        "fetch": (executed.fetch.fault != Fault.NONE) | executed.fetch.update,
        "illegal": executed.illegal,
        "misaligned": executed.misaligned,
        "data": (executed.data.fault != Fault.NONE) | executed.data.update,
    }


def carries_no_exception(executed):
    """Whether `executed` has met nothing that keeps it from retiring."""
    return ~Cat(has(executed).values()).any()


def is_consistent(executed):
    """What the execute stage promises of every instruction that it hands over."""
    found = has(executed)
    memory = Cat(executed.unit == unit for unit in MEMORY_UNITS).any()
    failed = found["fetch"] | found["illegal"]
    data = found["data"] | found["misaligned"]
    return Cat(
        executed.unit <= max(Unit),
        executed.fetch.fault.as_value() != 3,
        executed.data.fault.as_value() != 3,
        ~executed.requested | (memory & carries_no_exception(executed)),
        ~data | (memory & ~failed),
        ~found["data"] | ~(found["misaligned"] | found["interrupt"]),
        ~executed.fetch.update | (executed.fetch.fault == Fault.NONE),
        ~executed.data.update | (executed.data.fault == Fault.NONE),
        ~executed.leapt | (executed.unit == Unit.SYSTEM),
        ~executed.leapt | Cat(executed.system == system for system in LEAPING).any(),
        ~executed.leapt | ~failed,
    ).all()


class WatchedTrapStage(Proof):
    """The trap stage, with CSRs that hold anything, and the instruction in it."""

    def dut(self):
        """What is proven; mutants bend it."""
        return TrapStage()

    def build(self, m):
        self.stage = stage = self.dut()
        stage.csrs = AnyCsrs()
        # Elaborated here, so that the invariants can look into it.
        m.submodules.stage = stage.elaborate(None)
        free_inputs(m, stage)
        self.csrs, self.trap, self.environment = stage.csrs, stage.csrs.trap, stage.environment
        self.response, self.redirect = stage.response, stage.redirect
        self._watch_instruction(m)
        self._watch_bus(m)
        #: It leaves: its result is known.
        self.leaves = stage.forward.known
        self.fetched_again = Signal()
        m.d.comb += self.fetched_again.eq(self.leaves & ~stage.wen & ~self.trap.valid)

    def _watch_instruction(self, m):
        """The instruction that the stage holds."""
        stage = self.stage
        self.insn = Executed().create(path=("insn",))
        self.held = Signal()
        #: Its access to a CSR is legal. That was asked as it entered, in a cycle that changes no
        #: CSR then (`tests.verify.formal.trap_stage`), and the CSRs change what is legal only by
        #: such an event (`tests.verify.formal.csrs`).
        self.allowed = Signal()
        self.taken = stage.executed_valid & stage.ready
        m.d.comb += self.held.eq(~stage.empty)
        with m.If(self.taken):
            m.d.sync += copy(self.insn, stage.executed)
            m.d.sync += self.allowed.eq(self.csrs.legal)
        self.effects = Cat(
            stage.wen,
            stage.sfence.valid,
            self.csrs.write,
            self.csrs.sret,
            self.csrs.mret,
            self.csrs.retire,
            stage.request.valid,
        )

    def _watch_bus(self, m):
        """What memory owes, and how far an AMO is."""
        stage, response = self.stage, self.response
        accepted = stage.request.valid & stage.request.ready
        self.owed, self.was_read, self.was_written = Signal(), Signal(), Signal()
        m.d.sync += self.owed.eq(
            (self.taken & stage.executed.requested) | accepted | (self.owed & ~response.valid)
        )
        with m.If(self.taken):
            m.d.sync += [self.was_read.eq(0), self.was_written.eq(0)]
        with m.Elif(accepted):
            m.d.sync += self.was_written.eq(1)
        with m.Elif(response.valid & self.owed & ~self.was_written):
            m.d.sync += self.was_read.eq(~response.error)

    def is_unit(self, *units):
        """Whether the instruction is of one of `units`."""
        return Cat(self.insn.unit == unit for unit in units).any()

    def is_system(self, *systems):
        """Whether the instruction is one of `systems`."""
        chosen = Cat(self.insn.system == system for system in systems).any()
        return self.is_unit(Unit.SYSTEM) & chosen

    def is_forbidden(self):
        """Whether a privileged instruction is illegal in this mode, by the specification's list."""
        environment = self.environment
        user, supervisor = environment.priv == Priv.U, environment.priv == Priv.S
        return (
            (self.is_system(System.SRET) & (user | (supervisor & environment.tsr)))
            | (self.is_system(System.MRET) & (user | supervisor))
            | (self.is_system(System.WFI) & (user | (supervisor & environment.tw)))
            | (self.is_system(System.SFENCE_VMA) & (user | (supervisor & environment.tvm)))
            | (self.is_unit(Unit.CSR) & ~self.allowed)
        )

    @assumes
    def instructions_are_consistent(self, m):
        """The execute stage hands over what `tests.verify.formal.execute` proves of it."""
        return is_consistent(self.stage.executed)

    @assumes
    def memory_responds_as_it_owes(self, m):
        """Memory responds only to what it has accepted in an earlier cycle, and once."""
        return ~self.response.valid | self.owed

    @assumes
    def updates_get_responses(self, m):
        """The MMU responds to an update while it is wanted, with no fault or a known one."""
        update = self.stage.update
        return ~update.done | (update.valid & (update.fault.as_value() != 3))

    @assumes
    def mode_is_steady(self, m):
        """The mode is U, S or M; it and TVM, TW, TSR change by traps, returns and mstatus only."""
        environment = self.environment
        modes = Cat(getattr(environment, name) for name in OF_MODE)
        written = self.csrs.write & (self.csrs.address == Csr.MSTATUS)
        event = self.trap.valid | written | self.csrs.sret | self.csrs.mret
        known = (environment.priv != 2) & (environment.data_priv != 2)
        return known & (self.past(m, event, init=1) | (modes == self.past(m, modes)))

    @invariant
    def instruction_is_held(self, m):
        """The stage holds what it took."""
        same = [
            Value.cast(a) == Value.cast(b)
            for (_, _, a), (_, _, b) in zip(
                self.insn.signature.flatten(self.insn),
                self.insn.signature.flatten(self.stage._held),
                strict=True,
            )
        ]
        return ~self.held | (Cat(same).all() & is_consistent(self.insn))

    @invariant
    def foreseen_is_what_is(self, m):
        """What was found out of the instruction as it entered is true of it now."""
        known, forbidden, found = self.stage._foresight.known, self.is_forbidden(), has(self.insn)
        barred = Cat(forbidden, *(found[name] for name in found if name != "data")).any()
        behind = Signal(Sequel)
        sequel(m, behind, self.insn, protected=False, misaligned=False)
        right = Cat(
            known.forbidden == forbidden,
            known.barred == barred,
            known.calls == self.is_system(System.ECALL, System.EBREAK),
            known.sequel == behind,
        )
        return ~self.held | right.all()

    @invariant
    def csr_is_the_instructions(self, m):
        """The CSR that is addressed is that of the instruction, if it is a CSR instruction."""
        used = self.held & self.is_unit(Unit.CSR)
        return ~used | (self.csrs.address == self.insn.insn[20:32])

    @invariant
    def memory_owes_by_state(self, m):
        """Memory owes a response to the instruction's access, or to the write of an AMO."""
        state = self.stage.amo.state
        accesses = self.held & self.insn.requested
        amo = accesses & self.is_unit(Unit.AMO)
        return (
            (self.owed == (accesses & (state != 1)))
            & (state != 3)
            & ((state == 0) | amo)
            & (~accesses | (self.was_read == (state != 0)))
            & (~accesses | (self.was_written == (state == 2)))
        )
