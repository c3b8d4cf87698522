"""Every assembly program of `tests/asm` on the hart: what the specification says, instruction by
instruction, trap by trap. The programs judge themselves and also pass on Spike."""

import re

import pytest

from sim.machine import End
from tests.hdl.programs import ASM, Run, build, check_program, numbered_tests

#: Cycles within which each program ends if memory answers in the next cycle: half as many again
#: as it takes.
MAX_CYCLES = {
    "counters": 4_000,
    "csr_warl": 2_000,
    "exceptions": 8_000,
    "hazards": 2_500,
    "hpm": 5_000,
    "illegal": 7_000,
    "interrupts": 12_000,
    "lazy_pages": 5_000,
    "privilege": 3_500,
    "rv64a": 2_000,
    "rv64c": 1_500,
    "rv64i_alu": 1_500,
    "rv64i_control": 1_500,
    "rv64i_memory": 700,
    "rv64m": 3_000,
    "sv39_fences": 14_000,
    "sv39_fetch": 4_000,
    "sv39_malformed": 19_000,
    "sv39_permissions": 20_000,
    "sv39_walk": 16_000,
    "svadu": 8_000,
    "tohost_loop": 1_500,
    "zicsr": 1_500,
    "zifencei": 500,
}
#: Those for a hart with physical memory protection, with 8 entries.
PROTECTED = {"pmp": 16_000}
#: Those for a hart that does misaligned accesses.
MISALIGNED = {"misaligned": 30_000}
#: Those that depend most on when memory answers also run with a slow one.
SLOW_MEMORY = ("rv64a", "sv39_fetch", "svadu", "lazy_pages")
SLOW_LATENCY = 4


@pytest.mark.parametrize("name", sorted(MAX_CYCLES))
def test_program_passes(name):
    check_program(ASM / f"{name}.S", MAX_CYCLES[name])


@pytest.mark.parametrize("name", SLOW_MEMORY)
def test_program_passes_with_slow_memory(name):
    check_program(ASM / f"{name}.S", SLOW_LATENCY * MAX_CYCLES[name], latency=SLOW_LATENCY)


@pytest.mark.parametrize("latency", [1, SLOW_LATENCY])
@pytest.mark.parametrize("name", PROTECTED)
def test_program_passes_with_memory_protection(name, latency):
    cycles = latency * PROTECTED[name]
    config = {"hpm_counters": 0, "pmp_entries": 8}
    check_program(ASM / "protected" / f"{name}.S", cycles, latency=latency, **config)


@pytest.mark.parametrize("latency", [1, SLOW_LATENCY])
@pytest.mark.parametrize("name", MISALIGNED)
def test_program_passes_with_misaligned_accesses(name, latency):
    cycles = latency * MISALIGNED[name]
    check_program(ASM / "misaligned" / f"{name}.S", cycles, latency=latency, misaligned=True)


def test_every_program_runs():
    assert {path.stem for path in ASM.glob("*.S")} == set(MAX_CYCLES)
    assert {path.stem for path in ASM.glob("misaligned/*.S")} == set(MISALIGNED)
    assert {path.stem for path in ASM.glob("protected/*.S")} == set(PROTECTED)


def test_every_test_says_what_it_shows_under_a_number_of_its_own():
    for source in ASM.rglob("*.S"):
        numbers = [int(n) for n in re.findall(r"^\s*TEST (\d+)", source.read_text(), re.MULTILINE)]
        assert numbers == sorted(set(numbers)), source.name
        assert all(numbered_tests(source).values()), source.name


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("CHECK x0, 1", id="wrong value"),
        pytest.param("ecall", id="unexpected trap"),
        pytest.param("TRAPS U, nop", id="trap that does not come"),
        pytest.param("TRAPS U, ecall\n EXPECT CAUSE_ECALL_S, x0", id="wrong cause"),
    ],
)
def test_failure_is_reported_under_the_number_of_its_test(body, tmp_path):
    source = tmp_path / "failing.S"
    source.write_text(f'#include "{ASM}/test.h"\n TEST 7\n {body}\n TEST 8\n PASS\n')

    run = Run(build(source), 1_000)

    assert (run.end, run.failed_test) == (End.FINISHED, 7)
