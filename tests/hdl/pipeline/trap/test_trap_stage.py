"""The trap stage: what retires, and that each instruction leaves once."""

import random

from hdl.arch import Csr
from hdl.units.decoder import System, Unit
from tests.hdl.pipeline.trap.bench import ACCESS, NEXT, PAGE, PC, Bench, M


def test_empty_after_reset():
    bench = Bench()

    async def testbench():
        assert bench.get("ready")
        assert bench.get("empty")
        assert bench.get("environment__priv") == M
        for name in ("wen", "redirect__valid", "request__valid", "update__valid", "sfence__valid"):
            assert not bench.get(name)
        assert bench.get("forward__rd") == 0
        await bench.tick()

    bench.run(testbench)
    assert not bench.records


def test_plain_instructions_take_a_cycle_each():
    bench = Bench()

    async def testbench():
        for number in range(4):
            await bench.put(rd=number, result=100 + number, pc=PC + 4 * number, id=number)
            assert bench.get("ready")
            assert not bench.get("empty")
            assert bench.get("wen")
            assert (bench.get("rd"), bench.get("wdata")) == (number, 100 + number)
            assert bench.gets("forward", "rd", "known", "data") == (number, 1, 100 + number)
            assert not bench.get("redirect__valid")
        await bench.tick()
        assert bench.get("empty")
        assert not bench.get("wen")

    bench.run(testbench)
    assert [record["order"] for record in bench.records] == [0, 1, 2, 3]
    assert [record["rd_addr"] for record in bench.records] == [0, 1, 2, 3]
    assert [record["rd_wdata"] for record in bench.records] == [0, 101, 102, 103]


def test_the_record_of_an_instruction():
    bench = Bench()
    same = {"rs1": 1, "rs2": 2, "rd": 3}
    fields = {"insn": 0x0020_81B3, "rs1_data": 7, "rs2_data": 8, "result": 15, "id": 99}

    async def testbench():
        await bench.do(**same, **fields)

    bench.run(testbench)
    (record,) = bench.records
    expected = {
        "valid": 1,
        "insn": 0x0020_81B3,
        "trap": 0,
        "halt": 0,
        "intr": 0,
        "mode": M,
        "ixl": 2,
        "rs1_addr": 1,
        "rs2_addr": 2,
        "rs1_rdata": 7,
        "rs2_rdata": 8,
        "rd_addr": 3,
        "rd_wdata": 15,
        "pc_rdata": PC,
        "pc_wdata": NEXT,
        "mem_rmask": 0,
        "mem_wmask": 0,
        "id": 99,
    }
    assert {name: record[name] for name in expected} == expected


def test_random_instructions_leave_once_and_never_with_a_squash():
    """`Bench.tick` checks in every cycle that nothing comes in with a redirect."""
    bench = Bench()
    rng = random.Random(1)
    retired = []

    async def testbench():
        bench.set(interrupts__mtip=1)
        await bench.write_csr(Csr.MIE, 1 << 7)
        await bench.enter(M)
        for number in range(250):
            fields = {"unit": rng.choice(list(Unit)), "system": rng.choice(list(System))}
            fields |= {"funct3": rng.randrange(4), "insn": rng.getrandbits(32), "id": number}
            fields["requested"] = int(fields["unit"] in range(Unit.LOAD, Unit.AMO + 1))
            if rng.random() < 0.2:
                fields |= {"requested": 0, "data__fault": rng.choice((PAGE, ACCESS))}
            await bench.put(**fields)
            waited = 0
            while not bench.get("empty"):
                bench.set(
                    response__valid=rng.getrandbits(1),
                    response__error=int(rng.random() < 0.1),
                    request__ready=rng.getrandbits(1),
                )
                if bench.get("wen"):
                    retired.append(number)
                await bench.tick()
                waited += 1
                assert waited < 100
            bench.set(response__valid=0)

    bench.run(testbench)
    assert [record["id"] for record in bench.records] == list(range(250))
    assert [record["id"] for record in bench.records if not record["trap"]] == retired
    assert 50 < len(retired) < 250
