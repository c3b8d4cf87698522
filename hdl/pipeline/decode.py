"""The decode stage: decodes an instruction and collects its operands."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import Priv
from hdl.pipeline.leap import LEAPING, Leap
from hdl.pipeline.probe import StageSignature, Stall
from hdl.pipeline.stages import ACCESSES, Decoded, Fetched, Forward, Redirect, copy, payload
from hdl.priv.csr import Environment
from hdl.units.decoder import PRIVILEGED, Decoder, Unit
from hdl.units.expand import Opcode
from hdl.units.registers import RegisterFile

__all__ = ["Decode"]


class Decode(wiring.Component):
    """Holds one instruction until its operands are known.

    An operand comes from the execute stage, else from the trap stage, else from the register file:
    the youngest older instruction that writes the register. If the result of that one is not known
    yet (a load in the execute stage, say) the instruction waits. Returns and calls of
    the environment leap from here; see `hdl.pipeline.leap`.

    Addresses are added up here, so that the execute stage begins with their translation. What the
    execute stage computes comes too late to add something to it: so three numbers are added where
    that is a sum itself, and else the instruction waits for a cycle, until the result is in the
    trap stage. For what a CSR held it waits until that is in the register.

    Members
    -------
    fetched_valid, fetched, take
        From the aligner; `take` takes it at the end of the cycle.
    valid, decoded, ready
        To the execute stage, which takes it where both are high.
    from_execute, from_trap
        Results of older instructions.
    flush
        Drop the instruction at the end of the cycle.
    calm, arrived, environment
        As in `hdl.pipeline.leap.Leap`.
    leap, fetch_priv
        Where to go on, if the instruction leaps; privilege of fetches.
    rd, wdata, wen
        The trap stage writes a register.
    probe
        The instruction; see `hdl.pipeline.probe`.
    registers
        The register file; `registers.data` is its memory, for simulators.
    """

    fetched_valid: In(1)
    fetched: In(Fetched())
    take: Out(1)
    valid: Out(1)
    decoded: Out(Decoded())
    ready: In(1)
    from_execute: In(Forward(sums=True))
    from_trap: In(Forward(splits=True))
    flush: In(1)
    calm: In(1)
    arrived: In(1)
    environment: In(Environment())
    leap: Out(Redirect())
    fetch_priv: Out(Priv)
    rd: In(5)
    wdata: In(64)
    wen: In(1)
    probe: Out(StageSignature())

    def __init__(self) -> None:
        self.registers = RegisterFile()
        self._leaping = Leap()
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.registers = registers = self.registers
        m.submodules.decoder = decoder = Decoder()
        held = payload(Fetched(), "held")
        occupied = Signal()
        decoded, control = self.decoded, decoder.control

        m.d.comb += self.take.eq(~occupied | (self.valid & self.ready))
        with m.If(self.take):
            # With a leap, what would come in is what follows in memory.
            m.d.sync += occupied.eq(self.fetched_valid & ~self.leap.valid)
            m.d.sync += copy(held, self.fetched)
        with m.If(self.flush):
            m.d.sync += occupied.eq(0)

        m.d.comb += [
            decoder.insn.eq(held.insn),
            *copy(decoded.control, control),
            decoded.control.illegal.eq(control.illegal | held.illegal),
            decoded.insn.eq(held.raw),
            *copy(decoded.fetch, held.fetch),
            registers.rs1.eq(control.rs1),
            registers.rs2.eq(control.rs2),
            registers.rd.eq(self.rd),
            registers.wdata.eq(self.wdata),
            registers.wen.eq(self.wen),
        ]
        for name in ("pc", "compressed", "known", "strong", "target", "refetch", "id"):
            m.d.comb += getattr(decoded, name).eq(getattr(held, name))
        # What has leapt goes on there, whatever a prediction of other code said of it.
        m.d.comb += decoded.predicted.eq(held.predicted & ~decoded.leapt)
        waits = self._operand(m, control.rs1, registers.rs1_data, decoded.rs1_data)
        waits |= self._operand(m, control.rs2, registers.rs2_data, decoded.rs2_data)
        self._leap(
            m, occupied & ~held.fetch.is_refused() & ~held.illegal & ~held.refetch, held.insn
        )
        waits |= self._add_up(m, control, held.pc)
        m.d.comb += [
            self.valid.eq(occupied & ~waits & ~self._leaping.holds),
            self.probe.valid.eq(occupied),
            self.probe.id.eq(held.id),
            self.probe.pc.eq(held.pc),
            self.probe.squash.eq(self.flush),
        ]
        with m.If(waits):
            m.d.comb += self.probe.stall.eq(Stall.OPERAND)
        with m.Elif(~self.ready | self._leaping.holds):
            m.d.comb += self.probe.stall.eq(Stall.NEXT)
        return m

    def _leap(self, m: Module, valid: Value, insn: Value) -> None:
        """Goes on where the instruction leads, which is `valid`, if that is known here.

        It is told by all of its bits: the decoder says late what is legal.
        """
        m.submodules.leap = leap = self._leaping
        wiring.connect(m, wiring.flipped(self.environment), leap.environment)
        wiring.connect(m, leap.redirect, wiring.flipped(self.leap))
        m.d.comb += [
            leap.unit.eq(Unit.SYSTEM),
            *(getattr(leap, n).eq(getattr(self, n)) for n in ("calm", "take", "flush", "arrived")),
            self.decoded.leapt.eq(leap.leapt),
            self.fetch_priv.eq(leap.priv),
        ]
        with m.Switch(insn):
            for code, system in PRIVILEGED.items():
                if system in LEAPING:
                    with m.Case(code << 20 | Opcode.SYSTEM):
                        m.d.comb += [leap.valid.eq(valid), leap.system.eq(system)]

    def _add_up(self, m: Module, control: wiring.PureInterface, pc: Value) -> Value:
        """The address; returns whether it has to be waited for where the operand has not."""
        execute, imm = self.from_execute, control.imm
        from_pc = (control.unit == Unit.BRANCH) | control.use_pc
        in_execute = self._is_in(execute, control.rs1)
        in_trap = self._is_in(self.from_trap, control.rs1)
        base = Mux(in_trap, self.from_trap.early, self.registers.rs1_data)
        a, b = execute.a, execute.b
        partial, carries = Signal(64, name="partial_sum"), Signal(64, name="carries")
        m.d.comb += [
            # Each bit of three numbers by itself: one carry runs, in the sum of both results.
            partial.eq(a ^ b ^ imm),
            carries.eq(Cat(Const(0, 1), (a & b) | (a & imm) | (b & imm))),
            self.decoded.address.eq(
                Mux(in_execute & ~from_pc, partial + carries, Mux(from_pc, pc, base) + imm)
            ),
        ]
        reads = Cat(control.unit == unit for unit in (*ACCESSES, Unit.JUMP)).any() & ~from_pc
        return reads & Mux(in_execute, ~execute.is_sum, in_trap & self.from_trap.late)

    def _operand(self, m: Module, address: Value, stored: Value, operand: Value) -> Value:
        """Chooses where `operand` comes from; returns whether it has to be waited for."""
        execute, trap = self.from_execute, self.from_trap
        in_execute, in_trap = self._is_in(execute, address), self._is_in(trap, address)
        m.d.comb += operand.eq(Mux(in_execute, execute.data, Mux(in_trap, trap.data, stored)))
        return Mux(in_execute, ~execute.known, in_trap & ~trap.known)

    def _is_in(self, stage: wiring.PureInterface, address: Value) -> Value:
        """Whether `stage` (`Forward`) will write the register of that number."""
        return (address != 0) & (address == stage.rd)
