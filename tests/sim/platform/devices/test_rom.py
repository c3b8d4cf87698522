from pathlib import Path

import pytest

from sim import BootConfig, start_boot
from sim.host.programs import build_bare
from sim.platform.bus import Bus
from sim.platform.devices.rom import Rom
from sim.platform.ram import Ram
from tests.sim.platform.devices.board import BASE, attach, outcome, torment

CONTENTS = bytes(range(1, 13))


def test_loads_of_any_size_give_what_is_there_and_0_behind():
    bus = attach(Rom(CONTENTS))

    assert outcome(bus, 0, 0x1000, 3, 0, 0) == 0x0807_0605_0403_0201
    assert outcome(bus, 0, 0x1008, 3, 0, 0) == 0x0C0B_0A09
    assert outcome(bus, 0, 0x100A, 1, 0, 0) == 0x0C0B << 16
    assert outcome(bus, 0, 0x1010, 3, 0, 0) == 0
    assert outcome(bus, 0, 0xFFF8, 3, 0, 0) == 0


def test_stores_do_nothing():
    rom = Rom(CONTENTS)

    assert rom.store(0, 4, 0xFFFF, 0) is None
    assert rom.load(0, 1, 0) == 1


def test_it_holds_as_much_as_a_window():
    assert len(Rom(bytes(512)).windows[0].loadable) == 64
    with pytest.raises(ValueError, match="a ROM holds 512 bytes, not 513"):
        Rom(bytes(513))


def test_it_lies_below_all_other_devices_of_virt():
    assert (Rom.base, Rom.base + Rom.size) == (0x1000, 0x1_0000)
    with pytest.raises(ValueError, match="two lie at 0x1000"):
        Bus(Ram(BASE, 0x1000), devices=[Rom(b""), Rom(b"")])


@pytest.mark.parametrize("engine", ["native", "pysim"])
def test_the_hart_runs_and_reads_it_and_can_do_nothing_else_there(engine):
    elf = build_bare(Path(__file__).with_name("rom.S"))
    with start_boot(elf, config=BootConfig(engine=engine, memory_mib=1)) as session:
        session.run(2_000)
        ram, table = session.machine.ram, session.image.symbols["table"]
        found = [ram.read_u64(table + 8 * index) for index in range(5)]

    assert session.exit_code == 0
    first = int.from_bytes(session.image.rom[:8], "little")
    assert found == [first, first, 7, 1, 0x1038]


def test_random_traffic_gives_values_only():
    refused, taken = torment(lambda: Rom(CONTENTS), [0, 8, 12], seed=2)
    assert (refused, taken > 1000) == (0, True)
