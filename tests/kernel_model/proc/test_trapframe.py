from hdl.arch import PAGE_SIZE
from kernel_model.facts.doorbell import Register
from kernel_model.facts.memlayout import DOORBELL, KERNBASE, TRAMPOLINE, TRAPFRAME
from kernel_model.proc.trapframe import OFFSETS, TrapFrame, assembler_defines, copy_trapframe
from tests.kernel_model.support import Memory

REGISTERS = (
    "ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6"
).split()


def test_has_a_slot_for_every_register_and_fact():
    facts = ["kernel_satp", "sepc", "scause", "stval", "sstatus", "time", "resumed", "scratch"]
    assert sorted(OFFSETS) == sorted(REGISTERS + facts)
    assert len(REGISTERS) == 31
    assert sorted(OFFSETS.values()) == list(range(0, 8 * len(OFFSETS), 8))


def test_fields_live_in_memory():
    memory = Memory(2 * PAGE_SIZE)
    frame = TrapFrame(memory, KERNBASE + PAGE_SIZE)

    for name, offset in OFFSETS.items():
        setattr(frame, name, offset << 32)

    for name, offset in OFFSETS.items():
        assert memory.read_u64(KERNBASE + PAGE_SIZE + offset) == offset << 32
        assert getattr(frame, name) == offset << 32


def test_what_is_read_at_once_is_what_the_fields_say():
    frame = TrapFrame(Memory(PAGE_SIZE), KERNBASE)
    for number, name in enumerate(OFFSETS):
        setattr(frame, name, (1 << 64) - 1 - number)

    assert frame.trap == (frame.sepc, frame.scause, frame.stval, frame.sstatus)
    assert frame.arguments == tuple(getattr(frame, f"a{number}") for number in range(6))


def test_a_copy_has_the_fields_and_nothing_of_what_follows():
    memory = Memory(2 * PAGE_SIZE)
    source, target = TrapFrame(memory, KERNBASE), TrapFrame(memory, KERNBASE + PAGE_SIZE)
    end = 8 * len(OFFSETS)
    memory.write(source.pa, bytes(range(1, 201)) * 2)
    before = memory.read(target.pa + end, 100)

    copy_trapframe(source, target)

    assert memory.read(target.pa, end) == memory.read(source.pa, end)
    assert memory.read(target.pa + end, 100) == before


def test_the_assembler_gets_every_name_as_a_number():
    defines = assembler_defines()

    assert all(type(value) is int and value >= 0 for value in defines.values())
    assert defines["TF_T6"] == OFFSETS["t6"]
    assert defines["DB_QUANTUM"] == Register.QUANTUM
    assert defines["REASON_IDLE"] == 2
    assert defines["ACTION_HALT"] == 2
    assert (defines["TRAMPOLINE"], defines["TRAPFRAME"]) == (TRAMPOLINE, TRAPFRAME)
    assert (TRAMPOLINE, TRAPFRAME) == ((1 << 38) - 0x1000, (1 << 38) - 0x2000)
    assert defines["DOORBELL"] == DOORBELL
    # All exceptions that can be delegated, but the ecall of S-mode.
    assert defines["MEDELEG"] == 0xB1FF
    assert defines["MIDELEG"] == 0x222
    # UXL and SXL are 64 bits, MPP is S; SPP and STIE; the bits of menvcfg, and a cause.
    assert defines["MSTATUS_TO_S"] == 0xA_0000_0800
    assert (defines["SSTATUS_SPP"], defines["MIE_STIE"]) == (0x100, 0x20)
    assert (defines["MENVCFG_ADUE_BIT"], defines["MENVCFG_STCE_BIT"]) == (61, 63)
    assert (defines["CAUSE_ECALL_S"], defines["STIMECMP"]) == (9, 0x14D)
