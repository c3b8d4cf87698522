import pytest

from sim.bench.jumps import kind_of

#: Instructions as an assembler makes them.
INSTRUCTIONS = {
    "beq a0, a1, .+8": (0x00B50463, "branches"),
    "c.beqz a0, .+8": (0xC501, "branches"),
    "c.bnez a0, .+8": (0xE501, "branches"),
    "jal ra, .+8": (0x008000EF, "calls"),
    "jal t0, .+8": (0x008002EF, "calls"),
    "j .+8": (0x0080006F, "jumps"),
    "c.j .+8": (0xA021, "jumps"),
    "jalr ra, 0(a0)": (0x000500E7, "calls"),
    "jalr ra, 0(t0)": (0x000280E7, "calls"),
    "c.jalr a0": (0x9502, "calls"),
    "jr 0(ra)": (0x00008067, "returns"),
    "jr 8(t0)": (0x00828067, "returns"),
    "c.jr ra": (0x8082, "returns"),
    "c.jr a0": (0x8502, "jumps"),
    "jr 0(a0)": (0x00050067, "jumps"),
    "addi a0, a0, 1": (0x00150513, None),
    "c.mv a0, ra": (0x8506, None),
    "c.add a0, a1": (0x952E, None),
    "c.ebreak": (0x9002, None),
    "ecall": (0x00000073, None),
    "c.lwsp ra, 0(sp)": (0x4082, None),
    "c.addi a0, 1": (0x0505, None),
}


@pytest.mark.parametrize("text", INSTRUCTIONS)
def test_kind_of_an_instruction(text):
    insn, kind = INSTRUCTIONS[text]

    assert kind_of(insn) == kind
