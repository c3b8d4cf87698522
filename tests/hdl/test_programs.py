"""Every assembly program of `tests/asm` on the hart: what the specification says, instruction by
instruction, trap by trap. The programs judge themselves and also pass on Spike."""

import re
import zlib
from pathlib import Path

import pytest

from sim.bare_guest import BareGuest
from sim.devices.htif import Htif
from sim.loader import load_bare
from sim.machine import End, Machine, MachineConfig
from sim.toolchain import build_bare

ASM = Path(__file__).resolve().parents[1] / "asm"
#: Cycles within which each program ends if memory answers in the next cycle: half as many again
#: as it takes.
MAX_CYCLES = {
    "counters": 4_000,
    "csr_warl": 2_000,
    "exceptions": 8_000,
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
    "zicsr": 1_500,
    "zifencei": 500,
}
#: Those that depend most on when memory answers also run with a slow one.
SLOW_MEMORY = ("rv64a", "sv39_fetch", "svadu", "lazy_pages")
SLOW_LATENCY = 4


class Run:
    """A program run to its end: how it ended, its verdict, and the number of its last test."""

    def __init__(self, elf, max_cycles, *, latency=1):
        config = MachineConfig(latency=latency)
        ram = Machine.make_ram(config)
        image = load_bare(elf.read_bytes(), ram)
        guest = BareGuest(Htif(ram, image.tohost, image.fromhost, lambda data: None))
        machine = Machine(config, ram, watched=image.tohost)
        self.end = machine.run(guest, max_cycles=max_cycles)
        self.failed_test = guest.htif.exit_code
        self.last_test = machine.engine.read_register(3)


def build(source):
    """Compiles `source`; what it includes counts for the cache by its digest."""
    headers = b"".join(path.read_bytes() for path in sorted(ASM.glob("*.h")))
    return build_bare(source, {"HEADERS": zlib.crc32(headers)}, script=ASM / "link.ld")


def numbered_tests(source):
    """Numbers of the tests of a program, in order, with what each shows."""
    matches = re.finditer(r"^\s*TEST (\d+) *(?:// *(.*))?$", source.read_text(), re.MULTILINE)
    return {int(match[1]): match[2] for match in matches}


def check(name, max_cycles, **options):
    source = ASM / f"{name}.S"
    tests = numbered_tests(source)

    run = Run(build(source), max_cycles, **options)

    assert run.end is End.FINISHED, (
        f"{name}: {run.end.value} in test {run.last_test}: {tests.get(run.last_test)}"
    )
    assert run.failed_test == 0, (
        f"{name}: test {run.failed_test} failed: {tests.get(run.failed_test)}"
    )
    assert run.last_test == max(tests), f"{name}: ended before its last test"


@pytest.mark.parametrize("name", sorted(MAX_CYCLES))
def test_program_passes(name):
    check(name, MAX_CYCLES[name])


@pytest.mark.parametrize("name", SLOW_MEMORY)
def test_program_passes_with_slow_memory(name):
    check(name, SLOW_LATENCY * MAX_CYCLES[name], latency=SLOW_LATENCY)


def test_every_program_runs():
    assert {path.stem for path in ASM.glob("*.S")} == set(MAX_CYCLES)


def test_every_test_says_what_it_shows_under_a_number_of_its_own():
    for source in ASM.glob("*.S"):
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
