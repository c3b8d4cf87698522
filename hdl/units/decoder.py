"""The decoder: 32-bit instructions of RV64IMA_Zicsr_Zifencei and the privileged ones."""

from enum import IntEnum

from amaranth.hdl import Cat, Const, Module, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.units.alu import AluOp
from hdl.units.expand import Opcode

__all__ = ["Control", "Decoder", "System", "Unit"]


class Unit(IntEnum):
    """What an instruction needs besides its operands, and so where its result comes from."""

    ALU = 0
    BRANCH = 1
    JUMP = 2
    MULDIV = 3
    LOAD = 4
    STORE = 5
    LR = 6
    SC = 7
    AMO = 8
    CSR = 9
    SYSTEM = 10


class System(IntEnum):
    """Instructions of `Unit.SYSTEM`: they act in the trap stage."""

    FENCE = 0
    FENCE_I = 1
    ECALL = 2
    EBREAK = 3
    SRET = 4
    MRET = 5
    WFI = 6
    SFENCE_VMA = 7


class Control(wiring.Signature):
    """What an instruction does in the pipeline."""

    def __init__(self) -> None:
        super().__init__(
            {
                "unit": Out(Unit),
                "system": Out(System),
                #: Registers read and written; 0 for one that the instruction does not have.
                "rs1": Out(5),
                "rs2": Out(5),
                "rd": Out(5),
                #: Sign-extended immediate.
                "imm": Out(64),
                #: ALU operation on 64 or (`word`) 32 bits, and what stands in for the operands.
                "alu_op": Out(AluOp),
                "word": Out(1),
                "use_pc": Out(1),
                "use_imm": Out(1),
                #: Bits 14:12: branch condition, access width, muldiv operation or CSR operation.
                "funct3": Out(3),
                #: Not an instruction of this hart.
                "illegal": Out(1),
            }
        )


#: Bits 31:20 of the SYSTEM instructions without operands.
PRIVILEGED = {
    0x000: System.ECALL,
    0x001: System.EBREAK,
    0x102: System.SRET,
    0x302: System.MRET,
    0x105: System.WFI,
}

#: Bits 31:25 of sfence.vma, whose other bits are two registers.
SFENCE_VMA_FUNCT7 = 0x09

#: funct5 of the read-modify-write atomics: add swap xor or and min max minu maxu.
AMO_FUNCT5 = (0x00, 0x01, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18, 0x1C)


class Decoder(wiring.Component):
    """Decodes one instruction, combinationally.

    Members
    -------
    insn : In(32)
        The instruction; compressed ones are expanded before (`hdl.units.expand`).
    control : Out(Control())
        Its controls; with `illegal` the others mean nothing.

    Unprivileged specification, instruction listings; privileged specification, "Trap-Return
    Instructions", "Wait for Interrupt", "Supervisor Memory-Management Fence Instruction".
    """

    insn: In(32)
    control: Out(Control())

    def elaborate(self, platform: object) -> Module:
        m = Module()
        insn, control = self.insn, self.control
        m.d.comb += [
            control.funct3.eq(insn[12:15]),
            control.imm.eq(insn[20:32].as_signed()),
        ]
        with m.Switch(insn[:7]):
            for opcode, method in (
                (Opcode.LOAD, self._load),
                (Opcode.MISC_MEM, self._misc_mem),
                (Opcode.OP_IMM, self._op_imm),
                (Opcode.AUIPC, self._upper),
                (Opcode.OP_IMM_32, self._op_imm),
                (Opcode.STORE, self._store),
                (Opcode.AMO, self._amo),
                (Opcode.OP, self._op),
                (Opcode.LUI, self._upper),
                (Opcode.OP_32, self._op),
                (Opcode.BRANCH, self._branch),
                (Opcode.JALR, self._jump),
                (Opcode.JAL, self._jump),
                (Opcode.SYSTEM, self._system),
            ):
                with m.Case(opcode):
                    method(m)
            with m.Default():
                m.d.comb += control.illegal.eq(1)
        self._registers(m)
        return m

    def _registers(self, m: Module) -> None:
        """Which register fields mean something, by opcode."""
        insn, control = self.insn, self.control
        with m.Switch(insn[:7]):
            with m.Case(
                Opcode.LOAD,
                Opcode.OP_IMM,
                Opcode.OP_IMM_32,
                Opcode.JALR,
                Opcode.OP,
                Opcode.OP_32,
                Opcode.AMO,
                Opcode.STORE,
                Opcode.BRANCH,
            ):
                m.d.comb += control.rs1.eq(insn[15:20])
            with m.Case(Opcode.SYSTEM):
                # Bit 14 is set in csrr*i, whose field is an immediate.
                with m.If(~insn[14]):
                    m.d.comb += control.rs1.eq(insn[15:20])
        with m.Switch(insn[:7]):
            with m.Case(Opcode.OP, Opcode.OP_32, Opcode.STORE, Opcode.BRANCH, Opcode.AMO):
                m.d.comb += control.rs2.eq(insn[20:25])
            with m.Case(Opcode.SYSTEM):
                with m.If((insn[12:15] == 0) & (insn[25:32] == SFENCE_VMA_FUNCT7)):
                    m.d.comb += control.rs2.eq(insn[20:25])
        with m.If(
            (insn[:7] != Opcode.STORE) & (insn[:7] != Opcode.BRANCH) & (insn[:7] != Opcode.MISC_MEM)
        ):
            m.d.comb += control.rd.eq(insn[7:12])

    def _load(self, m: Module) -> None:
        m.d.comb += self.control.unit.eq(Unit.LOAD)
        with m.If(self.insn[12:15] == 7):
            m.d.comb += self.control.illegal.eq(1)

    def _store(self, m: Module) -> None:
        insn = self.insn
        m.d.comb += [
            self.control.unit.eq(Unit.STORE),
            self.control.imm.eq(Cat(insn[7:12], insn[25:32]).as_signed()),
        ]
        with m.If(insn[14]):
            m.d.comb += self.control.illegal.eq(1)

    def _misc_mem(self, m: Module) -> None:
        # Unused fields of fence and fence.i are reserved for finer fences and must be ignored.
        m.d.comb += self.control.unit.eq(Unit.SYSTEM)
        with m.Switch(self.insn[12:15]):
            with m.Case(0):
                m.d.comb += self.control.system.eq(System.FENCE)
            with m.Case(1):
                m.d.comb += self.control.system.eq(System.FENCE_I)
            with m.Default():
                m.d.comb += self.control.illegal.eq(1)

    def _op_imm(self, m: Module) -> None:
        insn, control = self.insn, self.control
        word = insn[3]
        m.d.comb += [control.use_imm.eq(1), control.word.eq(word)]
        with m.Switch(insn[12:15]):
            with m.Case(1, 5):
                self._shift(m, insn[26:32], word & insn[25])
            with m.Default():
                self._alu(m, Const(0, 1))
                # addiw is the only other OP-IMM-32 instruction.
                m.d.comb += control.illegal.eq(word & (insn[12:15] != 0))

    def _shift(self, m: Module, funct6: Value, bad_shamt: Value) -> None:
        arithmetic = funct6 == 0x10
        self._alu(m, arithmetic)
        left = ~self.insn[14]
        legal = (funct6 == 0) | (arithmetic & ~left)
        with m.If(~legal | bad_shamt):
            m.d.comb += self.control.illegal.eq(1)

    def _op(self, m: Module) -> None:
        insn, control = self.insn, self.control
        word, funct3, funct7 = insn[3], insn[12:15], insn[25:32]
        m.d.comb += control.word.eq(word)
        with m.Switch(funct7):
            with m.Case(0x00):
                self._alu(m, Const(0, 1))
                with m.If(word & (funct3 != 0) & (funct3 != 1) & (funct3 != 5)):
                    m.d.comb += control.illegal.eq(1)
            with m.Case(0x20):
                self._alu(m, Const(1, 1))
                with m.If((funct3 != 0) & (funct3 != 5)):
                    m.d.comb += control.illegal.eq(1)
            with m.Case(0x01):
                m.d.comb += control.unit.eq(Unit.MULDIV)
                # mulh, mulhsu and mulhu have no 32-bit form.
                with m.If(word & (funct3 != 0) & ~funct3[2]):
                    m.d.comb += control.illegal.eq(1)
            with m.Default():
                m.d.comb += control.illegal.eq(1)

    def _upper(self, m: Module) -> None:
        insn, control = self.insn, self.control
        m.d.comb += [
            control.imm.eq(Cat(Const(0, 12), insn[12:32]).as_signed()),
            control.use_imm.eq(1),
            control.use_pc.eq(~insn[5]),
            # rs1 is x0 for both: lui passes the immediate, auipc adds it to the pc.
            control.alu_op.eq(AluOp.ADD),
        ]

    def _branch(self, m: Module) -> None:
        insn, control = self.insn, self.control
        m.d.comb += [
            control.unit.eq(Unit.BRANCH),
            control.imm.eq(
                Cat(Const(0, 1), insn[8:12], insn[25:31], insn[7], insn[31]).as_signed()
            ),
        ]
        with m.If(insn[13:15] == 1):
            m.d.comb += control.illegal.eq(1)

    def _jump(self, m: Module) -> None:
        insn, control = self.insn, self.control
        m.d.comb += control.unit.eq(Unit.JUMP)
        with m.If(insn[3]):
            m.d.comb += [
                control.use_pc.eq(1),
                control.imm.eq(
                    Cat(Const(0, 1), insn[21:31], insn[20], insn[12:20], insn[31]).as_signed()
                ),
            ]
        with m.Elif(insn[12:15] != 0):
            m.d.comb += control.illegal.eq(1)

    def _amo(self, m: Module) -> None:
        insn, control = self.insn, self.control
        m.d.comb += control.imm.eq(0)
        with m.Switch(insn[27:32]):
            with m.Case(0x02):
                m.d.comb += control.unit.eq(Unit.LR)
                with m.If(insn[20:25] != 0):
                    m.d.comb += control.illegal.eq(1)
            with m.Case(0x03):
                m.d.comb += control.unit.eq(Unit.SC)
            with m.Case(*AMO_FUNCT5):
                m.d.comb += control.unit.eq(Unit.AMO)
            with m.Default():
                m.d.comb += control.illegal.eq(1)
        with m.If(insn[13:15] != 1):
            m.d.comb += control.illegal.eq(1)

    def _system(self, m: Module) -> None:
        insn, control = self.insn, self.control
        with m.If(insn[12:15] == 4):
            m.d.comb += control.illegal.eq(1)
        with m.Elif(insn[12:15] != 0):
            m.d.comb += control.unit.eq(Unit.CSR)
        with m.Else():
            m.d.comb += control.unit.eq(Unit.SYSTEM)
            with m.If((insn[25:32] == SFENCE_VMA_FUNCT7) & (insn[7:12] == 0)):
                m.d.comb += control.system.eq(System.SFENCE_VMA)
            with m.Elif(insn[7:20] != 0):
                m.d.comb += control.illegal.eq(1)
            with m.Else():
                with m.Switch(insn[20:32]):
                    for code, system in PRIVILEGED.items():
                        with m.Case(code):
                            m.d.comb += control.system.eq(system)
                    with m.Default():
                        m.d.comb += control.illegal.eq(1)

    def _alu(self, m: Module, alternative: Value) -> None:
        """The ALU operation of OP and OP-IMM: funct3, and `alternative` for sub and sra."""
        m.d.comb += self.control.alu_op.eq(Cat(self.insn[12:15], alternative))
