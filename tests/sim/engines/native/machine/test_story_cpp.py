"""story.cpp follows a hart as the engine in Python does."""

import random

import pytest

from hdl.arch import Csr
from sim.engines.native.machine.structs import RETIRED
from sim.engines.story import DATA, FETCH, HANDLER, Follower, Passage, lookup_of
from tests.sim.engines.native.machine.handmade import BASE, Bench

CYCLES = 4000
#: Causes after which an instruction is expected to retire, a bit each.
EXPECTING = 1 << 12 | 1 << 13 | 1 << 15
#: What every exception is raised at; sides ask for it and for another address.
TVAL = 0x5000
SRET, MRET = 0x10200073, 0x30200073
QUIET = (0, 0, 0, 0)


class Script:
    """What a hart does in each of `CYCLES` cycles, at random but not evenly so."""

    def __init__(self, seed):
        choose = random.Random(seed)
        self.probes, self.retired, self.addresses = [], [], []
        sides = [(0, 0, 0), (0, 0, 0)]
        for cycle in range(CYCLES):
            for side in (0, 1):
                # A hart asks for nothing in cycle 0, the number of no cycle in the compiled code.
                if cycle and choose.random() < 0.3:
                    asks = choose.choice(((0, 0), (1, 0), (1, 0), (0, 1), (0, 2)))
                    sides[side] = (*asks, choose.choice((TVAL, 0x6000)))
            read = choose.random() < 0.4
            self.probes.append((*sides[0], *sides[1], int(read), choose.randrange(3),
                                choose.randrange(3)))  # fmt: skip
            self.addresses.append(BASE + 8 * choose.randrange(64))
            self.retired.append(self._record(choose) if choose.random() < 0.5 else None)

    @staticmethod
    def _record(choose):
        """(trap, mode, insn, intr, csr_addr, csr_wmask) of the retire port."""
        trap, mode = choose.random() < 0.3, choose.choice((0, 0, 1, 3))
        insn = choose.choice((SRET, MRET, 0x13, 0x13))
        csr = choose.choice((Csr.SATP, Csr.SATP, Csr.STVEC))
        return trap, mode, insn, choose.randrange(2), csr, choose.choice((0, 1))


def in_python(script):
    """What is told in each cycle in which something is logged; and the passages, by cycle."""
    follower, told, ways = Follower(), {}, []
    for cycle, (probe, record) in enumerate(zip(script.probes, script.retired, strict=True)):
        if record is not None:
            trap, mode, *handler = record
            if trap:
                told[cycle] = follower.refused(TVAL)
                follower.trapped(cycle, mode)
            elif mode == 0:
                told[cycle] = follower.first
            else:
                follower.handled(cycle, dict(zip(HANDLER, handler, strict=True)))
        address = script.addresses[cycle]
        follower.follow(cycle, probe, address, lambda pa: 100 + (pa - BASE) // 8)
        ways.append(follower.passage)
    return told, ways


def in_cpp(script):
    """The same of the compiled machine; of what retires only where it was expected."""

    def hart(bench):
        probe, record = script.probes[bench.cycle], script.retired[bench.cycle]
        trap, mode, *handler = record or (0, 0, *QUIET)
        bench.show(probe, handler)
        # What the walker reads is on the data port; that it reads, the probe says.
        bench.state[9] = script.addresses[bench.cycle]
        if record is not None:
            bench.retire(trap=trap, mode=mode, cause=13, pc=0x44, tval=TVAL)

    bench, told, ways = Bench(hart, follows=True, expecting=EXPECTING), {}, []
    passage = bench.machine.story.passage
    while bench.cycle < CYCLES:
        bench.run(1)
        ways.append(Passage(*(getattr(passage, name) for name in Passage._fields)))
        for entry in bench.machine.log[: bench.machine.logged]:
            told[entry.cycle] = (entry.cause == RETIRED, bytes(entry.lookups))
        bench.machine.logged = 0
    return told, ways


def look_ups(packed):
    """Those of both sides."""
    return [lookup_of(packed, side) for side in (FETCH, DATA)]


@pytest.mark.parametrize("seed", range(4))
def test_random_events_are_followed_alike(seed):
    script = Script(seed)
    (python, ways), (cpp, its_ways) = in_python(script), in_cpp(script)

    assert its_ways == ways
    assert len(cpp) > CYCLES // 10
    for cycle, (_, packed) in cpp.items():
        assert packed == python[cycle], cycle
    retired = [packed for reached, packed in cpp.values() if reached]
    assert sum(any(look_ups(packed)) for packed in retired) > 20


def test_without_a_probe_nothing_is_followed():
    def hart(bench):
        bench.show((1, 0, 0x5000, 1, 0, 0x5000, 1, 1, 2), (SRET, 1, Csr.SATP, 1))
        bench.retire(mode=1)

    bench = Bench(hart)
    bench.run(10)
    story = bench.machine.story
    assert (story.passage.returned, story.first[0].answered, story.asking[0]) == (0, 0, 0)
