"""Assembly programs that judge themselves, run on the hart; `tests/asm/test.h` says how."""

import re
import zlib
from pathlib import Path

from sim.config import MachineConfig
from sim.host.programs import build_bare
from sim.machine import End
from sim.session import BareSession

__all__ = ["ASM", "Run", "build", "check_program", "numbered_tests"]

ASM = Path(__file__).resolve().parents[1] / "asm"


class Run:
    """A program run to its end: how it ended, its verdict, and the number of its last test."""

    def __init__(self, elf, max_cycles, **config):
        session = BareSession(MachineConfig(**{"hpm_counters": 4, **config}), elf.read_bytes())
        self.end = session.run(max_cycles)
        self.failed_test = session.guest.htif.exit_code
        self.last_test = session.machine.engine.read_register(3)


def build(source):
    """Compiles `source`; what it includes counts for the cache by its digest."""
    headers = b"".join(path.read_bytes() for path in sorted(ASM.glob("*.h")))
    return build_bare(source, {"HEADERS": zlib.crc32(headers)}, script=ASM / "link.ld")


def numbered_tests(source):
    """Numbers of the tests of a program, in order, with what each shows."""
    matches = re.finditer(r"^\s*TEST (\d+) *(?:// *(.*))?$", source.read_text(), re.MULTILINE)
    return {int(match[1]): match[2] for match in matches}


def check_program(source, max_cycles, **options):
    """Runs the program `source`: all its tests must pass, up to the last one."""
    name, tests = source.stem, numbered_tests(source)

    run = Run(build(source), max_cycles, **options)

    assert run.end is End.FINISHED, (
        f"{name}: {run.end.value} in test {run.last_test}: {tests.get(run.last_test)}"
    )
    assert run.failed_test == 0, (
        f"{name}: test {run.failed_test} failed: {tests.get(run.failed_test)}"
    )
    assert run.last_test == max(tests), f"{name}: ended before its last test"
