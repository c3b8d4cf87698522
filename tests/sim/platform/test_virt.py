"""All devices of `virt` on one bus, under the programs that test each of them."""

from random import Random

import pytest

from sim.engines.native.machine.compiled import CompiledHart
from sim.engines.native.machine.engine import NativeEngine
from sim.engines.pysim.engine import PysimEngine
from sim.host.toolchain import cache_directory
from sim.platform.bus import Bus
from sim.platform.devices.captured import Captured
from sim.platform.devices.disk import Disk
from sim.platform.ram import Ram
from sim.platform.virt import make_virt
from tests.sim.platform.devices.board import BASE, attach, run
from tests.sim.programmed import ACCESSES, ProgrammedHart, outcome, program

DISK = bytes(range(256)) * 8
CYCLES = 2000
#: Registers of each device, those with a meaning of their own.
HOT = {
    0x10_0000: (0,),
    0x200_0000: (0, 0x4000, 0x4004, 0xBFF8, 0xBFFC),
    0xC00_0000: (4, 40, 0x1000, 0x2000, 0x2080, 0x20_0000, 0x20_0004, 0x20_1000, 0x20_1004),
    0x1000_0000: (*range(8), 0, 1, 2, 4),
    0x1000_1000: (0x20, 0x38, 0x40, 0x44, 0x50, 0x50, 0x60, 0x64, 0x70, 0x80, 0x90, 0xA0, 0x100),
}


def test_without_a_disk_there_is_no_block_device():
    assert len(make_virt(Captured()).devices) == 4
    assert len(make_virt(Captured(), Disk(b"")).devices) == 5
    assert make_virt(Captured(), rom=b"1").devices[-1].base == 0x1000


@pytest.mark.parametrize("version", [1, 2])
def test_the_addresses_are_those_of_qemu(version):
    virt = make_virt(Captured(), Disk(DISK), version=version, divisor=10)
    bus = attach(*virt.devices)

    places = [0x10_0000, 0x200_0000, 0xC00_0000, 0x1000_0000, 0x1000_1000]
    assert [each.base for each in virt.devices] == places
    assert bus.device_access(100, 0x200_BFF8, 3, 0, 0) == 10
    assert bus.device_access(100, 0x1000_1004, 2, 0, 0) == version << 32


@pytest.mark.parametrize("engine", ["native", "pysim"])
def test_the_disk_interrupts_as_source_1(engine):
    disk = Disk(DISK)
    virt = make_virt(Captured(), disk)
    _, (cause, source, *_), status = run("virtio.S", virt.devices, words=7, engine=engine)

    assert (cause, source, status) == (1 << 63 | 11, 1, 0)
    assert list(disk.changes()) == [(2, DISK[512:1024])]


def test_the_uart_interrupts_as_source_10():
    console = Captured(b"a\nb\n")
    _, (_, nothing, _), status = run("uart.S", make_virt(console).devices, words=3, engine="native")

    assert (nothing, status) == (0, 0)
    assert console.printed == b"a\nb\n"


def accesses(seed):
    """Loads and stores, most of them to registers that do something; sources are enabled first."""
    yield 0xC00_2080, 2, 1, 0x402, 0
    yield 0xC00_2000, 2, 1, 0x400, 0
    choose = Random(seed)
    for _ in range(ACCESSES - 2):
        base = choose.choice([*HOT])
        offset = choose.choice(HOT[base]) if choose.random() < 0.95 else choose.randrange(0x100)
        size = choose.choice((0, 2, 3)) if base == 0x1000_0000 else choose.choice((2, 2, 2, 3, 1))
        value = choose.choice((0, 1, 2, 3, 7, 10, 100, 500, choose.getrandbits(64)))
        address = base + offset & -(1 << size)
        data = value << 8 * (address & 7) & (1 << 64) - 1
        yield address, size, choose.randrange(2), data, choose.choice((0, 0, 3, 40))


def traffic(kind, seed):
    """All that can be seen of random accesses by a hart."""
    console, disk = Captured(b"typed\n" * 9), Disk(DISK)
    virt = make_virt(console, disk, version=1 + seed % 2, divisor=1 + seed // 2 % 2)
    bus = Bus(Ram(BASE, 0x1000), devices=virt.devices, latency=1 + seed % 3)
    if kind == "pysim":
        engine = PysimEngine(ProgrammedHart(), bus)
    else:
        engine = NativeEngine(CompiledHart.of(ProgrammedHart(), cache_directory()), bus)
    program(engine, accesses(seed))
    engine.run(CYCLES)
    assert engine.log.instructions == ACCESSES
    outcomes = [outcome(engine, number) for number in range(ACCESSES)]
    return outcomes, bytes(console.printed), list(disk.changes()), bytes(bus.ram.bytes)


@pytest.mark.parametrize("seed", range(8))
def test_random_accesses_of_a_hart_are_the_same_on_every_engine(seed):
    native, pysim = (traffic(kind, seed) for kind in ("native", "pysim"))

    for found, expected in zip(native, pysim, strict=True):
        assert found == expected


def test_there_is_something_of_everything():
    runs = [traffic("native", seed) for seed in range(20)]
    outcomes = [each for found, *_ in runs for each in found]

    assert {each.error for each in outcomes} == {0, 1}
    assert len({each.lines for each in outcomes}) > 500
    assert sum(bool(printed) for _, printed, *_ in runs) > 5
