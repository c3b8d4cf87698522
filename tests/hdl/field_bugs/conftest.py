"""What the tests of the field bugs that need the whole hart share."""

import pytest

from tests.hdl.programs import ASM, check_program

#: Joined, since a program that names no folder is taken from the cache wherever it is.
HEADERS = (ASM / "sv39.h").read_text().replace('#include "test.h"', (ASM / "test.h").read_text(), 1)


@pytest.fixture
def on_hart(tmp_path):
    """A function that runs assembly on the hart, under `tests/asm/sv39.h`; its tests must pass.

    It runs with memory that responds in the next cycle, then with a slow one.
    """

    def check(body, *, max_cycles=30_000):
        source = tmp_path / "program.S"
        source.write_text(HEADERS + body)
        for latency in (1, 4):
            check_program(source, max_cycles, latency=latency)

    return check
