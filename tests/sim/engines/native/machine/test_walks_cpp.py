"""walks.cpp writes of any walk what the engine in Python does."""

import ctypes
import random

import pytest

from sim.engines.native.machine.structs import MachineStruct
from sim.engines.native.machine.transcript import Transcripts
from sim.engines.transcripts import Form
from sim.engines.walks import ACCESSES, HEADER, WalkFollower
from tests.sim.engines.native.machine.handmade import BASE, library, u64
from tests.sim.engines.records import record

CYCLES, WORDS = 5_000, 64
#: Words of the state: the data port's request, and the probe.
PROBE, STATE = 8, 32
PRESENT = [number for number, name in enumerate(ACCESSES) if name]
_Hook = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Machine:
    """A machine without a hart, which is told of one cycle after the other."""

    def __init__(self, path):
        self.state, self.ram = (u64 * STATE)(), (u64 * WORDS)()
        self.machine = machine = MachineStruct()
        machine.state, machine.ram = ctypes.addressof(self.state), ctypes.addressof(self.ram)
        machine.ram_base, machine.walk.probe_at = BASE, PROBE
        self.transcripts = Transcripts(library(traced=True), machine, tuple(record()))
        self.transcripts.start(Form.WALKS, path, 0)

    def cycle(self, cycle, probe, address):
        self.machine.cycle, self.state[1] = cycle, address
        self.state[PROBE : PROBE + len(probe)] = probe
        _Hook(self.machine.walked)(ctypes.addressof(self.machine))


def any_probe(rng, walking):
    """Words of the probe in a cycle, as `walked` names them, and whether a walk goes on then.

    `walking` says so of the cycle before: "", or "read" if its last entry has been read.
    """
    begins = rng.random() < 0.2
    walking = "begun" if begins else walking
    ends, read = (bool(walking) and rng.random() < chance for chance in (0.25, 0.6))
    caches = walking == "read" and rng.random() < 0.3
    bits = [rng.randrange(2) for _ in range(3)]
    root, va = rng.getrandbits(44), rng.getrandbits(rng.choice((1, 16, 39, 64)))
    page = rng.getrandbits(44) | rng.randrange(3) << 44 | rng.getrandbits(7) << 46
    probe = (
        *(begins, rng.choice(PRESENT), rng.choice((0, 1, 3)), *bits, rng.getrandbits(16)),
        *(root, va, ends, rng.randrange(5), ends and rng.randrange(2), page),
        *(caches, rng.random() < 0.2, rng.randrange(3), read, rng.randrange(3)),
        rng.getrandbits(64),
    )
    return tuple(map(int, probe)), "" if ends else "read" if read else walking


@pytest.mark.parametrize("seed", range(3))
def test_both_write_the_same(tmp_path, seed):
    rng = random.Random(seed)
    machine, follower, expected = Machine(tmp_path / "log"), WalkFollower(), HEADER
    for index in range(WORDS):
        machine.ram[index] = rng.getrandbits(rng.choice((1, 10, 54, 64)))
    walking = ""
    for cycle in range(1, CYCLES):
        probe, walking = any_probe(rng, walking)
        address = BASE + 8 * rng.randrange(WORDS)
        machine.cycle(cycle, probe, address)
        expected += follower.follow(cycle, probe, address, lambda pa: machine.ram[(pa - BASE) // 8])

    assert machine.transcripts.stop() == []
    assert (tmp_path / "log").read_text() == expected
    assert expected.count("\n") > 300


def test_what_is_no_log_of_walks_gets_none(tmp_path):
    machine = Machine(tmp_path / "log")
    machine.transcripts.start(Form.RVFI, tmp_path / "rvfi", 0)
    machine.cycle(1, (1,) + 8 * (0,) + (1,) + 9 * (0,), BASE)

    assert machine.transcripts.stop() == []
    assert not machine.machine.walked
    assert (tmp_path / "rvfi").read_text().count("\n") == 1
    assert (tmp_path / "log").read_text().count("\n") == 2
