"""What the tests of the field bugs that need the whole hart share."""

import pytest

from tests.hdl.programs import ASM, check_program


@pytest.fixture
def on_hart(tmp_path):
    """A function that runs assembly on the hart, under `tests/asm/sv39.h`; its tests must pass.

    It runs with memory that answers in the next cycle, then with a slow one.
    """

    def check(body, *, max_cycles=30_000):
        source = tmp_path / "program.S"
        source.write_text(f'#include "{ASM}/sv39.h"\n{body}')
        for latency in (1, 4):
            check_program(source, max_cycles, latency=latency)

    return check
