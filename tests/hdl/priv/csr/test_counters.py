"""mcycle and minstret: counting, writes and inhibition."""

from tests.hdl.priv.csr.bench import Bench
from tests.hdl.priv.csr.expected import ONES


def test_mcycle_counts_every_cycle_and_minstret_every_retirement():
    bench = Bench()

    async def testbench():
        for number in range(1, 6):
            bench.set(retire=number % 2)
            await bench.ctx.tick()
            assert bench.read("mcycle") == bench.read("cycle") == number
            assert bench.read("minstret") == bench.read("instret") == (number + 1) // 2

    bench.run(testbench)


def test_a_write_replaces_the_increment():
    bench = Bench()

    async def testbench():
        bench.set(retire=1)
        await bench.write("minstret", 1000)
        assert bench.read("minstret") == 1000
        await bench.write("mcycle", 500)
        assert (bench.read("mcycle"), bench.read("minstret")) == (500, 1001)
        await bench.ctx.tick()
        assert (bench.read("mcycle"), bench.read("minstret")) == (501, 1002)

    bench.run(testbench)


def test_counters_wrap():
    bench = Bench()

    async def testbench():
        await bench.write("mcycle", ONES)
        await bench.write("minstret", ONES)
        bench.set(retire=1)
        await bench.ctx.tick()
        assert (bench.read("mcycle"), bench.read("minstret")) == (1, 0)

    bench.run(testbench)


def test_inhibited_counters_stand_still_but_can_be_written():
    bench = Bench()

    async def testbench():
        bench.set(retire=1)
        for inhibit in range(8):
            await bench.write("mcountinhibit", inhibit)
            await bench.write("mcycle", 100)
            await bench.write("minstret", 200)
            await bench.ctx.tick().repeat(5)
            cycles = 0 if inhibit & 1 else 6
            retired = 0 if inhibit & 4 else 5
            assert bench.read("mcycle") == 100 + cycles
            assert bench.read("minstret") == 200 + retired

    bench.run(testbench)
