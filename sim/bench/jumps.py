"""What an instruction is to a prediction: a branch, a call, a return, another jump, or none."""

__all__ = ["BRANCHES", "CALLS", "JUMPS", "KINDS", "RETURNS", "kind_of"]

BRANCHES, CALLS, RETURNS, JUMPS = KINDS = ("branches", "calls", "returns", "jumps")
#: Opcodes of 32 bits.
_BRANCH, _JALR, _JAL = 0x63, 0x67, 0x6F
#: Registers that hold return addresses by convention: ra and t0.
_LINKS = (1, 5)


def kind_of(insn: int) -> str | None:
    """The kind of the instruction `insn`, as fetched; None if it does not jump.

    Calls and returns are told by their registers, as the unprivileged specification recommends for
    return-address stacks ("JALR Instruction"); one that does both is a call.
    """
    if insn & 3 != 3:
        return _compressed(insn)
    opcode, rd, rs1 = insn & 0x7F, insn >> 7 & 31, insn >> 15 & 31
    if opcode == _BRANCH:
        return BRANCHES
    if opcode == _JAL:
        return CALLS if rd in _LINKS else JUMPS
    return _by_register(rd, rs1) if opcode == _JALR else None


def _compressed(insn: int) -> str | None:
    quadrant, funct3, rs1 = insn & 3, insn >> 13 & 7, insn >> 7 & 31
    if quadrant == 1 and funct3 >= 5:  # c.j, c.beqz, c.bnez
        return JUMPS if funct3 == 5 else BRANCHES
    if quadrant == 2 and funct3 == 4 and rs1 and not insn >> 2 & 31:  # c.jr, c.jalr
        return _by_register(insn >> 12 & 1, rs1)
    return None


def _by_register(rd: int, rs1: int) -> str:
    if rd in _LINKS:
        return CALLS
    return RETURNS if rs1 in _LINKS else JUMPS
