"""What `trapline bare --log-commits` writes is what `spike --log-commits` does, byte for byte.

Here are the programs of `tests/asm` that do not see the machine around the hart: no counter, which
Spike's boot has moved on, no time, no line of its interrupt controller, and no choice of its own
between legal values. All of them are compared in `tests/verify/lockstep/test_assembly.py`.
"""

import pytest

from sim.cli import main as cli
from tests import spike
from tests.hdl.programs import ASM, build

PROGRAMS = [
    *("illegal", "rv64a", "rv64c", "rv64i_alu", "rv64i_control", "rv64i_memory", "rv64m"),
    *("tohost_loop", "zifencei"),
]
#: Instructions of Spike's boot ROM.
BOOT = 5


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_log_is_that_of_spike_behind_its_boot(name, tmp_path):
    spike.require()
    elf = build(ASM / f"{name}.S")
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"

    assert cli.main(["bare", "--quiet", "--log-commits", str(ours), str(elf)]) == 0
    assert spike.run(elf, "--log-commits", f"--log={theirs}").returncode == 0

    log, expected = ours.read_bytes(), theirs.read_bytes()
    boot = expected.splitlines(keepends=True)[:BOOT]
    assert all(b" 0x00000000000010" in line for line in boot)
    behind = expected[sum(map(len, boot)) :]
    assert behind.startswith(log)
    # The store that ends the program, and what is just before it, has not retired when the machine
    # stops.
    assert any(b" mem 0x" in line for line in behind[len(log) :].splitlines()[:3])
    assert len(log.splitlines()) > 150
