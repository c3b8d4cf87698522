"""mip, mie, mideleg and their supervisor views, and where each bit of mip comes from."""

from tests.hdl.priv.csr.bench import Bench
from tests.hdl.priv.csr.expected import DELEGABLE, MACHINE, NAMES, ONES, SEIP, SSIP, STCE, STIP


def test_sie_and_sip_show_what_is_delegated():
    bench = Bench()

    async def testbench():
        await bench.write("mie", ONES)
        await bench.write("mip", ONES)
        for mideleg in (0, SSIP, STIP | SEIP, DELEGABLE):
            await bench.write("mideleg", mideleg)
            assert bench.read("sie") == mideleg
            assert bench.read("sip") == mideleg
            assert bench.env("mideleg") == mideleg

    bench.run(testbench)


def test_sie_writes_only_what_is_delegated():
    bench = Bench()

    async def testbench():
        await bench.write("mideleg", SSIP | STIP)
        await bench.write("sie", ONES)
        assert bench.read("mie") == SSIP | STIP
        await bench.write("mie", ONES)
        await bench.write("sie", 0)
        assert bench.read("mie") == MACHINE | SEIP

    bench.run(testbench)


def test_of_sip_only_ssip_is_writable_and_only_if_delegated():
    bench = Bench()

    async def testbench():
        await bench.write("sip", ONES)
        assert bench.read("mip") == 0
        await bench.write("mideleg", DELEGABLE)
        await bench.write("sip", ONES)
        assert bench.read("mip") == SSIP
        await bench.write("mip", DELEGABLE)
        await bench.write("sip", 0)
        assert bench.read("mip") == STIP | SEIP

    bench.run(testbench)


def test_lines_show_in_mip():
    bench = Bench()

    async def testbench():
        for line, bit in (("msip", 3), ("mtip", 7), ("meip", 11), ("seip", 9)):
            bench.set(**{f"interrupts__{line}": 1})
            assert bench.read("mip") == 1 << bit
            bench.set(**{f"interrupts__{line}": 0})

    bench.run(testbench)


def test_setting_another_bit_does_not_latch_the_external_seip_line():
    """ "the value used in the read-modify-write is only the software-writable SEIP bit"."""
    bench = Bench()

    async def testbench():
        bench.set(interrupts__seip=1)
        await bench.read_modify_write("mip", set_bits=SSIP)
        assert bench.read("mip") == SEIP | SSIP
        bench.set(interrupts__seip=0)
        assert bench.read("mip") == SSIP
        await bench.read_modify_write("mip", set_bits=SEIP)
        await bench.read_modify_write("mip", clear_bits=SSIP)
        assert bench.read("mip") == SEIP
        bench.set(interrupts__seip=1)
        await bench.read_modify_write("mip", clear_bits=SEIP)
        assert bench.read("mip") == SEIP
        bench.set(interrupts__seip=0)
        assert bench.read("mip") == 0

    bench.run(testbench)


def test_only_mip_is_modified_from_another_value_than_read():
    bench = Bench()

    async def testbench():
        bench.set(interrupts__seip=1, mtime=5)
        await bench.write("mideleg", DELEGABLE)
        for name in sorted(NAMES - {"mip"}):
            value = bench.read(name)
            assert bench.ctx.get(bench.dut.modify_data) == value, name

    bench.run(testbench)


def test_stip_without_stce_is_written_by_machine_mode():
    bench = Bench()

    async def testbench():
        bench.set(mtime=1000)
        assert bench.read("mip") == 0
        await bench.write("mip", STIP)
        assert bench.read("mip") == STIP

    bench.run(testbench)


def test_stip_with_stce_compares_time_unsigned():
    bench = Bench()

    async def testbench():
        await bench.write("menvcfg", STCE)
        for time, stimecmp in ((0, 0), (4, 5), (5, 5), (6, 5), (ONES, 5), (5, ONES), (1 << 63, 1)):
            bench.set(mtime=time)
            await bench.write("stimecmp", stimecmp)
            assert bench.ctx.get(bench.dut.settles), "the next instruction has to wait"
            await bench.ctx.tick()
            assert not bench.ctx.get(bench.dut.settles)
            pending = STIP if time >= stimecmp else 0
            assert bench.read("mip") == pending, f"{time=} {stimecmp=}"
            await bench.write("mip", STIP ^ pending)
            assert bench.read("mip") == pending, "STIP is read-only with STCE"

    bench.run(testbench)


def test_the_wholes_are_what_the_registers_are():
    bench = Bench()

    async def testbench():
        for value in (ONES, 0, STIP):
            for name in ("mstatus", "mie", "mip"):
                await bench.write(name, value)
                assert bench.ctx.get(getattr(bench.dut.wholes, name)) == bench.read(name)
            assert bench.ctx.get(bench.dut.wholes.mip_held) == value & DELEGABLE
        bench.set(interrupts__seip=1)
        assert bench.ctx.get(bench.dut.wholes.mip) == STIP | SEIP
        assert bench.ctx.get(bench.dut.wholes.mip_held) == STIP

    bench.run(testbench)
