"""Misaligned loads and stores of whole programs: what they cost, and pages that are lazy."""

from pathlib import Path

import pytest

from sim import run, start_bare
from sim.host.programs import build_bare, programs_directory

CROSSING = Path(__file__).parents[1] / "programs" / "crossing.c"
#: Where its store begins, a few bytes before the end of the heap's first page.
STORED = 0x4FFD
#: What an access at an offset in the page costs beyond an aligned one, in memory's latencies.
COSTS = {
    ("lw", 0): 0,
    ("lh", 1): 0,
    ("lw", 3): 0,
    ("sh", 5): 0,
    ("ld", 4): 1,
    ("sw", 6): 1,
    ("lhu", 4095): 1,
    ("sd", 4092): 1,
}
#: What all immediates reach.
MIDDLE = 2048
HEAD = """
.globl _start, tohost
_start:
  la t0, data + 2048
  la t3, cycles
"""
#: A hundred times the same access, and how many cycles it took.
TIMED = """
  csrr a2, mcycle
  .rept 100
  {op} a0, {offset}(t0)
  .endr
  csrr a3, mcycle
  sub a3, a3, a2
  sd a3, 0(t3)
  addi t3, t3, 8
"""
TAIL = """
  li t1, 1
  sd t1, tohost, t2
.section .tohost, "aw"
tohost: .dword 0
cycles: .skip 256
.balign 4096
data: .skip 8192
"""


@pytest.mark.parametrize("latency", [1, 3])
def test_an_access_costs_what_its_portions_do(tmp_path, latency):
    source = tmp_path / "timed.S"
    timed = [TIMED.format(op=op, offset=offset - MIDDLE) for op, offset in COSTS]
    source.write_text(HEAD + "".join(timed) + TAIL)
    with start_bare(source, memory_mib=8, misaligned=True, latency=latency) as session:
        session.run(100_000)
        start = session.image.symbols["cycles"]
        cycles = [session.machine.ram.read_u64(start + 8 * i) for i in range(len(COSTS))]

    for (access, cost), measured in zip(COSTS.items(), cycles, strict=True):
        # The first waits for the second page's translation, which the others do behind an access.
        assert 0 <= measured - cycles[0] - 100 * latency * cost <= 8, access


def test_an_aligned_program_takes_the_same_cycles():
    program = build_bare(programs_directory() / "bench" / "speed.S", {"TURNS": 200})
    cycles = []
    for on in (True, False):
        with start_bare(program, memory_mib=8, misaligned=on) as session:
            session.run(100_000)
            cycles.append(session.result().cycles)
    assert cycles[0] == cycles[1] > 2_000


def test_a_kernel_takes_a_few_cycles_more_for_each_return_to_user_mode():
    """It writes `sstatus`, and what follows that is fetched again."""
    with_it, without = (run("lazy", memory_mib=8, misaligned=on) for on in (True, False))
    returns = sum(account.syscalls for account in with_it.processes) + len(with_it.faults)
    assert 0 < with_it.cycles - without.cycles <= 5 * returns


def test_each_page_of_an_access_is_a_fault_of_its_own():
    """And the access is made once both are there."""
    result = run(CROSSING, memory_mib=8, misaligned=True)

    assert (result.exit_status, result.output) == (0, b"1122334455667788\n66 55\n0\n")
    first, second, third = result.faults
    assert [fault.trap.tval for fault in result.faults] == [STORED, 0x5000, 0x6000]
    assert first.trap.pc == second.trap.pc != third.trap.pc
    assert first.cause_name == second.cause_name == "store"
    assert first.trap.retried_at == second.trap.retried_at > second.trap.cycle


def test_without_it_the_program_is_killed():
    assert run(CROSSING, memory_mib=8).exit_status == 255


#: Stores as of S-mode; of the data doubleword 1 may only be read, all else may be written.
PROTECTED = """
.globl _start, tohost
_start:
  la t0, failed
  csrw mtvec, t0
  li t0, -1
  csrw pmpaddr1, t0
  la a0, data
  addi t1, a0, 8
  srli t1, t1, 2
  csrw pmpaddr0, t1
  li t1, 0x1f19
  csrw pmpcfg0, t1
  li t1, 1 << 17 | 1 << 11
  csrs mstatus, t1
  li a1, -1
  {insn}
  li a2, 0
  j done
.balign 4
failed:
  csrr a2, mtval
  sub a2, a2, a0
done:
  li t1, 1
  sd t1, tohost, t2
.section .tohost, "aw"
tohost: .dword 0
.balign 64
data: .dword 0, 0, 0
"""


@pytest.mark.parametrize(
    "insn, failed, stored",
    [
        ("sd a1, 5(a0)", 8, [0, 0, 0]),
        ("sd a1, 12(a0)", 12, [0, 0, 0]),
        ("sh a1, 11(a0)", 11, [0, 0, 0]),
        ("sw a1, 17(a0)", 0, [0, 0, 0xFF_FFFF_FF00]),
        ("ld a1, 5(a0)", 0, [0, 0, 0]),
        ("ld a1, 12(a0)", 0, [0, 0, 0]),
    ],
)
def test_memory_protection_refuses_either_portion(tmp_path, insn, failed, stored):
    """Then nothing is stored; a misaligned load may be of memory that may only be read."""
    source = tmp_path / "protected.S"
    source.write_text(PROTECTED.format(insn=insn))
    with start_bare(source, memory_mib=8, misaligned=True, pmp_entries=8) as session:
        session.run(1_000)
        registers = [session.machine.engine.read_register(number) for number in (10, 11, 12)]
        data = registers[0]
        words = [session.machine.ram.read_u64(data + 8 * i) for i in range(3)]

    assert (registers[2], words) == (failed, stored)
    assert registers[1] == (0 if insn.startswith("ld") else (1 << 64) - 1)
