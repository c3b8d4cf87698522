import pytest

from sim.config import MachineConfig
from sim.guests.bare_guest import BareGuest
from sim.machine import End, Machine
from sim.platform.devices.htif import SETTLE, Htif
from tests.sim.scripted import ScriptedHart, load, store

TOHOST = 0x8000_0040


def run(script):
    """Runs `script`; returns why it ended, its guest, its machine and what it printed."""
    config = MachineConfig(memory_mib=1)
    ram = Machine.make_ram(config)
    printed = []
    guest = BareGuest(Htif(TOHOST, None, printed.append))
    machine = Machine(config, ram, devices=[guest.htif], hart=ScriptedHart(script))
    return machine.run(guest, max_cycles=5000), guest, machine, b"".join(printed)


def test_it_prints_until_the_program_exits():
    script = [store(TOHOST, 0x0101 << 48 | character) for character in b"ok"]

    end, guest, _, printed = run([*script, store(TOHOST, 1), store(TOHOST, 3)])

    assert (end, guest.htif.exit_code, printed) == (End.FINISHED, 0, b"ok")


def test_the_program_sees_the_word_cleared():
    _, _, machine, _ = run([store(TOHOST, 0x0101 << 48 | 65), load(TOHOST), store(TOHOST, 1)])

    assert machine.engine.read_register(2) == 0


@pytest.mark.parametrize("lane", [0, 1])
def test_half_a_word_counts_after_a_while(lane):
    end, guest, machine, _ = run([store(TOHOST, 3, size=2 - lane)])

    assert (end, guest.htif.exit_code) == (End.FINISHED, 1)
    assert machine.engine.cycle == SETTLE
