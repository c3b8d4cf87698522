"""The CSR file: what every CSR reads after reset and after writes."""

import random

import pytest

from hdl.priv.csr import CsrFile
from tests.hdl.priv.csr.bench import SEED, Bench, M
from tests.hdl.priv.csr.expected import (
    HPMCOUNTERS,
    MHPMCOUNTERS,
    MHPMEVENTS,
    MPP,
    NAMES,
    ONES,
    PMP,
    SSTATUS_BITS,
    STATUS_BITS,
    UXL,
    WRITES,
    XL,
)


def test_values_after_reset():
    bench = Bench(hart_id=0x1234_5678_9ABC_DEF0)

    async def testbench():
        bench.set(mtime=77)
        for name, (reset, _ones, _zeros) in WRITES.items():
            assert bench.read(name) == reset, name
        zeros = ("mvendorid", "marchid", "mimpid", "mconfigptr", "mcycle", "cycle", "instret")
        for name in zeros:
            assert bench.read(name) == 0, name
        assert bench.read("mhartid") == 0x1234_5678_9ABC_DEF0
        assert bench.read("time") == 77
        assert bench.env("priv") == M

    bench.run(testbench)


def test_all_ones_and_all_zeros():
    """Also, a write to one CSR changes no other one, apart from views of the same bits."""
    bench = Bench()
    views = {"mstatus": {"sstatus"}, "sstatus": {"mstatus"}, "minstret": {"instret"}}
    views["menvcfg"] = {"mip"}

    async def testbench():
        for name, (_reset, ones, zeros) in WRITES.items():
            others = NAMES - {name, "mcycle", "cycle"} - views.get(name, set())
            before = {other: bench.read(other) for other in others}
            for data, expected in ((ONES, ones), (0, zeros)):
                await bench.write(name, data)
                assert bench.read(name) == expected, name
                assert {other: bench.read(other) for other in others} == before, name

    bench.run(testbench)


@pytest.mark.parametrize("counters", [0, 4, 29])
def test_event_counters_and_selectors_that_are_not_there_read_0(counters):
    """They are there all the same, and writes of them change nothing."""
    bench = Bench(hpm_counters=counters)

    async def testbench():
        before = {name: bench.read(name) for name in NAMES - {"mcycle", "cycle"}}
        for block in (MHPMEVENTS, MHPMCOUNTERS):
            for address in block[counters:]:
                await bench.write_at(address, ONES)
                assert bench.read_at(address) == 0, hex(address)
        assert {name: bench.read(name) for name in before} == before

    bench.run(testbench)


def test_registers_of_no_memory_protection_stay_0():
    bench = Bench(pmp_csrs=True)

    async def testbench():
        before = {name: bench.read(name) for name in NAMES - {"mcycle", "cycle"}}
        for address in PMP:
            await bench.write_at(address, ONES)
        assert [bench.read_at(address) for address in PMP] == [0] * len(PMP)
        assert {name: bench.read(name) for name in before} == before

    bench.run(testbench)


@pytest.mark.parametrize("entries", [8, 16])
def test_registers_of_memory_protection_hold_its_entries(entries):
    """What they do with a value is for the tests of `hdl.priv.pmp`."""
    bench = Bench(pmp_entries=entries)

    async def testbench():
        before = {name: bench.read(name) for name in NAMES - {"mcycle", "cycle"}}
        for number, address in enumerate(PMP):
            await bench.write_at(address, 0x1111_1111_1111_1111 + number)
        low, high, *addresses = map(bench.read_at, PMP)
        assert low == 0x1111_1111_1111_1111
        assert high == (0x1111_1111_1111_1110 + 2 if entries == 16 else 0) & ~0x22
        held = [0x11_1111_1111_1111 + 2 + number for number in range(entries)]
        assert addresses == held + [0] * (16 - entries)
        assert [entry.address for entry in bench.ctx.get(bench.dut.pmp)] == held
        assert {name: bench.read(name) for name in before} == before

    bench.run(testbench)


def test_an_event_counter_counts_and_users_see_it():
    bench = Bench()

    async def testbench():
        await bench.write_at(MHPMEVENTS[1], 0b101)
        await bench.write_at(MHPMCOUNTERS[1], 70)
        for events in (0b001, 0b010, 0b110, 0b101):
            bench.set(events=events)
            await bench.ctx.tick()
        bench.set(events=0)
        await bench.ctx.tick()
        assert bench.read_at(MHPMEVENTS[1]) == 0b101
        assert bench.read_at(MHPMCOUNTERS[1]) == bench.read_at(HPMCOUNTERS[1]) == 73
        assert [bench.read_at(MHPMCOUNTERS[n]) for n in (0, 2, 3)] == [0, 0, 0]
        bench.set(events=1)
        await bench.write("mcountinhibit", 1 << 4)
        await bench.ctx.tick().repeat(5)
        assert bench.read_at(MHPMCOUNTERS[1]) == 74

    bench.run(testbench)


def test_random_values_are_kept():
    bench = Bench()
    rng = random.Random(SEED)

    async def testbench():
        for name in sorted(set(WRITES) - {"mstatus", "sstatus", "satp", "sie", "sip", "stvec"}):
            _, ones, zeros = WRITES[name]
            for _ in range(5):
                data = rng.getrandbits(64)
                await bench.write(name, data)
                if name not in ("mip", "misa"):
                    assert bench.read(name) == data & ones | zeros, name
            await bench.write(name, 0)

    bench.run(testbench)


@pytest.mark.parametrize("name", ["mtvec", "stvec"])
def test_trap_vectors_are_direct_or_vectored(name):
    bench = Bench()

    async def testbench():
        for mode in range(4):
            await bench.write(name, 0xFFFF_FFC0_1234_5670 | mode)
            value = bench.read(name)
            assert value & 3 in (0, 1)
            assert mode > 1 or value & 3 == mode
            assert value & ~3 == 0xFFFF_FFC0_1234_5670
            assert bench.env(name) == value

    bench.run(testbench)


def test_reserved_mpp_becomes_user():
    bench = Bench()

    async def testbench():
        for written, kept in ((0, 0), (1, 1), (3, 3), (2, 0)):
            await bench.write("mstatus", written << 11)
            assert bench.read("mstatus") == XL | kept << 11

    bench.run(testbench)


def test_random_mstatus_and_its_supervisor_view():
    bench = Bench()
    rng = random.Random(SEED)

    def legal(value):
        return value & ~MPP if value & MPP == 2 << 11 else value

    async def testbench():
        status = 0
        for _ in range(60):
            data = rng.getrandbits(64)
            if rng.getrandbits(1):
                await bench.write("mstatus", data)
                status = legal(data & STATUS_BITS)
            else:
                await bench.write("sstatus", data)
                status = status & ~SSTATUS_BITS | data & SSTATUS_BITS
            assert bench.read("mstatus") == status | XL
            assert bench.read("sstatus") == status & SSTATUS_BITS | UXL

    bench.run(testbench)


def test_satp_takes_bare_and_sv39_and_ignores_the_rest():
    bench = Bench()
    value = 0xABCD << 44 | 0x923_4567_89AB

    async def testbench():
        await bench.write("satp", 8 << 60 | value)
        for mode in range(1, 16):
            if mode != 8:
                await bench.write("satp", mode << 60 | 0x5555)
                assert bench.read("satp") == 8 << 60 | value, f"{mode=}"
        assert (bench.env("sv39"), bench.env("asid")) == (1, 0xABCD)
        assert bench.env("root") == 0x923_4567_89AB
        await bench.write("satp", 0)
        assert (bench.read("satp"), bench.env("sv39")) == (0, 0)
        await bench.write("satp", 9 << 60)
        assert bench.env("sv39") == 0

    bench.run(testbench)


@pytest.mark.parametrize("hart_id", [-1, 1 << 64])
def test_bad_hart_id(hart_id):
    with pytest.raises(ValueError, match="hart_id must be a 64-bit number"):
        CsrFile(hart_id=hart_id)
