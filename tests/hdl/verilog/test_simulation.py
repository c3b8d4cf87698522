"""Our Verilog under Icarus does in every cycle what the design does in our own simulators."""

import random
import re
from pathlib import Path

import pytest

from hdl.mmu.mmu import Mmu
from sim.config import MachineConfig
from sim.machine import End
from sim.session import BareSession
from tests.hdl.mmu.support import (
    CODE,
    DATA,
    ROOT,
    A,
    Memory,
    R,
    Tables,
    U,
    V,
    W,
    X,
    fence,
    serve,
    translate,
    update,
)
from tests.hdl.programs import ASM, build
from tests.hdl.verilog.readers import STANDARDS, require
from tests.hdl.verilog.readers import simulate as icarus
from tests.hdl.verilog.replay import Recorder
from tests.support import simulate
from tests.verify.golden.sv39 import ACCESSES, Request

BENCH = Path(__file__).with_name("hart_bench.v")
#: Bytes of RAM in that bench.
RAM_SIZE = 16384 * 8
#: Locked accesses; page faults, which the supervisor serves and returns from.
PROGRAMS = ("rv64a", "lazy_pages")


class Native:
    """A program on the native engine: how it ended, and what it has to do in Verilog."""

    def __init__(self, name, folder):
        session = BareSession(MachineConfig(), build(ASM / f"{name}.S").read_bytes())
        ram = session.machine.ram
        self.tohost = session.image.tohost
        self.image = folder / f"{name}.hex"
        words = memoryview(bytes(ram.bytes[:RAM_SIZE])).cast("Q")
        self.image.write_text("".join(f"{word:x}\n" for word in words))
        assert session.run(100_000) is End.FINISHED
        result = session.result()
        assert result.exit_status == 0
        self.cycles, self.instructions = result.cycles, result.instructions


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("programs")
    return {name: Native(name, folder) for name in PROGRAMS}


def test_the_bench_watches_every_output(verilog):
    top = re.search(
        r"^module trapline_hart\(.*?^endmodule",
        (verilog / "hart.v").read_text(),
        re.DOTALL | re.MULTILINE,
    )[0]
    outputs = re.findall(r"^  output (?:\[\S+\] )?(\w+) ?;$", top, re.MULTILINE)
    bench = BENCH.read_text()
    watched = bench[bench.index("wire unknown") : bench.index("=== 1'bx")]
    assert len(outputs) > 40
    for output in outputs:
        (wire,) = re.findall(rf"\.{output}\((\w+)\)", bench)
        assert re.search(rf"\b{wire}\b", watched), output


@pytest.mark.parametrize("standard", STANDARDS[::2])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_takes_the_same_cycles(name, standard, verilog, programs, tmp_path):
    require("iverilog")
    native = programs[name]

    said = icarus(
        standard,
        [BENCH, verilog / "hart.v"],
        "hart_bench",
        tmp_path,
        image=native.image,
        tohost=f"{native.tohost:x}",
        limit=native.cycles + 100,
    )

    assert said == (
        f"{native.cycles} cycles, {native.instructions} instructions, tohost 1, 0 unknown\n"
    )


@pytest.fixture(scope="module")
def translations():
    """What went over the MMU's ports in known and in random translations, updates and fences."""
    rng = random.Random(11)
    dut, memory = Mmu(), Memory()
    recorder = Recorder(dut)
    pages = [0x1000 * n for n in (*range(4), *range(512, 516))]

    async def testbench(ctx):
        tables = Tables(memory, root=ROOT)
        for va in pages:
            flags = rng.choice((DATA, CODE, DATA | U, V | R | W | U, V | R | W | X | A, 0))
            tables.map(va, 0x8123_4000 + va, flags)
        tables.map(0x1000, 0x8200_0000, V | R | W | A)
        request = Request(0x1000, "LOAD")
        walked = [await translate(ctx, dut, request) for _ in range(2)]
        assert [response.cycle for response in walked] == [4, 0]
        for va, cycles in ((0x1000, 2), (None, 4)):
            await fence(ctx, dut, va=va)
            assert (await translate(ctx, dut, request)).cycle == cycles
        store = Request(0x1000, "STORE", adue=1)
        assert (await translate(ctx, dut, store)).kind == "update"
        assert (await update(ctx, dut, store))[1] == 8
        for _ in range(150):
            va = rng.choice(pages) | rng.getrandbits(12)
            access, priv = rng.choice(tuple(ACCESSES)), rng.choice("UUSSM")
            asid, sum_, adue = rng.choice((0, 0, 7)), rng.getrandbits(1), rng.getrandbits(1)
            request = Request(va, access, priv, asid=asid, sum_=sum_, adue=adue)
            if (await translate(ctx, dut, request)).kind == "update":
                await update(ctx, dut, request)
            if rng.random() < 0.1:
                await fence(ctx, dut, va=rng.choice((None, va)), asid=rng.choice((None, 7)))

    simulate(dut, testbench, background=[recorder.record, serve(dut.port, memory)])
    assert len(memory.log) > 100
    return recorder


@pytest.mark.parametrize("resets", [3, 0])
@pytest.mark.parametrize("standard", STANDARDS)
def test_the_mmu_responds_in_the_same_cycle(standard, resets, verilog, translations, tmp_path):
    require("iverilog")
    bench = translations.write("trapline_mmu", tmp_path, resets=resets)

    said = icarus(standard, [bench, verilog / "mmu.v"], "replay", tmp_path)

    assert said == f"{len(translations.steps)} cycles, 0 wrong, 0 unknown\n"


def test_another_design_would_be_noticed(verilog, translations, tmp_path):
    """One whose index of 9 bits in a page table is cut out at multiples of 8."""
    require("iverilog")
    broken = tmp_path / "mmu.v"
    text = (verilog / "mmu.v").read_text()
    assert text.count("read_level * 4'h9") == 1
    broken.write_text(text.replace("read_level * 4'h9", "read_level * 4'h8"))
    bench = translations.write("trapline_mmu", tmp_path)

    said = icarus("2012", [bench, broken], "replay", tmp_path)

    assert re.fullmatch(rf"{len(translations.steps)} cycles, [1-9]\d* wrong, 0 unknown\n", said)
