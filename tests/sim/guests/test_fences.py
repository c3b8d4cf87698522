from struct import pack

import pytest

from hdl.arch import PAGE_SIZE, Priv
from kernel_model.facts.doorbell import Reason
from sim import start

NOP, FENCE = 0x13, 0x1200_0073
CYCLES = 4_000


def retirements(**wanted):
    """What retires where the trampoline has its fences, and the rings, of a run of `lazy`."""
    retired, rings = [], []
    with start("lazy", memory_mib=16) as usual:
        code = usual.kernel.memory.read(usual.kernel.trampoline, PAGE_SIZE)
    with start("lazy", memory_mib=16, traced=True, **wanted) as session:

        def record(cycle, fields):
            at = fields["pc_rdata"] % PAGE_SIZE
            if fields["mode"] != Priv.U and code[at : at + 4] == pack("<I", FENCE):
                retired.append(fields["insn"])

        session.machine.engine.observe(record)
        session.guest.watchers.append(rings.append)
        session.run(CYCLES)
    return retired, rings


def test_each_trap_has_one_on_its_way_in_and_one_on_its_way_out():
    retired, rings = retirements()
    traps = sum(rung.reason == Reason.USER_TRAP for rung in rings)
    returns = sum(rung.answered < CYCLES - 50 for rung in rings)
    assert len(retired) == 1 + traps + returns
    assert {*retired} == {FENCE}


@pytest.mark.parametrize("engine", ["native", "pysim"])
def test_a_nop_retires_where_the_fence_was(engine):
    retired, _ = retirements(engine=engine, skip_fence=("1", "3", "trap:2"))
    assert [number for number, insn in enumerate(retired, 1) if insn == NOP] == [1, 3, 5, 6]
    assert {*retired} == {NOP, FENCE}
