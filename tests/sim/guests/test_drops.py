from types import SimpleNamespace

import pytest

from sim import run
from sim.guests.drops import Drops


def test_it_stops_at_multiples():
    drops = Drops(50)
    assert [drops.next_stop(cycle) for cycle in (0, 49, 50, 99)] == [50, 50, 100, 100]


def test_it_drops_there_and_nowhere_else():
    cycles = []
    for cycle in (0, 49, 50, 51, 100):
        engine = SimpleNamespace(cycle=cycle, drop_translations=lambda at=cycle: cycles.append(at))
        Drops(50).look(SimpleNamespace(engine=engine))
    assert cycles == [0, 50, 100]


@pytest.mark.parametrize("every", [32, 97, 1000])
def test_a_program_cannot_tell(every):
    usual = run("lazy", memory_mib=16, counters=True)
    dropped = run("lazy", memory_mib=16, counters=True, drop_tlb=every)
    assert (dropped.output, dropped.exit_status) == (usual.output, usual.exit_status)
    assert [each.served for each in dropped.faults] == [each.served for each in usual.faults]
    assert dropped.cycles > usual.cycles


def test_engines_agree_to_the_cycle():
    natively, slowly = (
        run("lazy", memory_mib=16, engine=engine, max_cycles=5_000, drop_tlb=64)
        for engine in ("native", "pysim")
    )
    assert natively.instructions == slowly.instructions
    assert [each.life for each in natively.faults[:1]] == [each.life for each in slowly.faults[:1]]


def test_it_agrees_with_the_page_tables():
    assert run("lazy", memory_mib=16, check=True, drop_tlb=64).exit_status == 0
