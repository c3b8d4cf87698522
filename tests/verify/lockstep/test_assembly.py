"""The programs of `tests/asm` in lock-step with Spike, whose log of commits is ours to the byte."""

from dataclasses import dataclass

import pytest

from sim.guests.loader import load_bare
from sim.platform.ram import Ram
from tests import spike
from tests.hdl.programs import ASM, build
from tests.verify.lockstep.compare import compare
from tests.verify.lockstep.hart import HartRunner
from tests.verify.lockstep.world import RAM, USED

spike.require()

#: Those for a hart with memory protection, and where they are.
FOLDER = ASM / "protected"
PROTECTED = sorted(path.stem for path in FOLDER.glob("*.S"))
NAMES = sorted(path.stem for path in ASM.glob("*.S"))
#: Those for a hart that does misaligned accesses, and where they are.
MISALIGNED_FOLDER = ASM / "misaligned"
MISALIGNED = sorted(path.stem for path in MISALIGNED_FOLDER.glob("*.S"))
#: Bytes of the jump to itself behind the verdict, which stands before the tests.
JUMP = 2
#: The one that ends in no such jump, but stores its verdict for ever.
ENDLESS = "tohost_loop"
MOST = 10_000


@dataclass(frozen=True)
class Assembled:
    """What `HartRunner` and `compare` take for a program: here one of `tests/asm`."""

    image: list
    end: int
    lines: tuple = ()

    @classmethod
    def of(cls, name, folder=ASM):
        ram = Ram(RAM, USED)
        symbols = load_bare(build(folder / f"{name}.S").read_bytes(), ram, RAM).symbols
        return cls([(RAM, ram.read(RAM, USED))], symbols["tests"] - JUMP)


@pytest.fixture(scope="module")
def hart():
    return HartRunner()


@pytest.mark.parametrize("name", NAMES)
def test_programs_agree_in_all_that_is_logged(name, hart):
    run = hart.run(Assembled.of(name), max_records=MOST, max_cycles=2 * MOST)

    assert run.ended or name == ENDLESS
    difference, statistics = compare(run)
    assert difference is None, str(difference)
    assert statistics.instructions.total() > 150


@pytest.mark.parametrize("name", MISALIGNED)
def test_so_do_those_for_misaligned_accesses(name):
    run = HartRunner(misaligned=True).run(
        Assembled.of(name, MISALIGNED_FOLDER), max_records=2 * MOST, max_cycles=4 * MOST
    )

    assert run.ended
    difference, statistics = compare(run, misaligned=True)
    assert difference is None, str(difference)
    assert statistics.instructions.total() > 5000


@pytest.mark.parametrize("name", PROTECTED)
def test_so_do_those_for_memory_protection(name):
    """With 8 entries, some of which get locked."""
    hart = HartRunner(pmp_entries=8)

    run = hart.run(Assembled.of(name, FOLDER), max_records=MOST, max_cycles=2 * MOST)

    assert run.ended
    difference, statistics = compare(run, pmp_entries=8)
    assert difference is None, str(difference)
    assert statistics.instructions.total() > 1000
