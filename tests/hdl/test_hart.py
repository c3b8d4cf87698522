"""The hart as a whole: its throughput, its identifiers and its parameters.

What its instructions and traps do is shown by the programs of `test_programs.py`.
"""

import pytest

from hdl.hart import Hart
from hdl.memory.pma import Pma
from hdl.memory.port import Source
from tests.support import simulate

RAM = Pma(ram_base=0x8000_0000, ram_size=0x1000)

#: A loop of seven instructions with a load, a store and a branch that is nearly always taken.
LOOP = [
    0x00000297,  # auipc t0, 0
    0x10028293,  # addi t0, t0, 0x100
    0x06400313,  # li t1, 100
    0x0002B383,  # loop: ld t2, 0(t0)
    0x006383B3,  # add t2, t2, t1
    0x0072B023,  # sd t2, 0(t0)
    0x006E4E33,  # xor t3, t3, t1
    0x002E1E93,  # slli t4, t3, 2
    0xFFF30313,  # addi t1, t1, -1
    0xFE0314E3,  # bnez t1, loop
    0x0000006F,  # j .
]


async def run(ctx, hart, program, cycles, *, base=0x8000_0000):
    """Runs `program` with memory that answers in the next cycle; returns records and requests."""
    words = dict.fromkeys(range(base >> 3, (base >> 3) + 512), 0)
    for index, insn in enumerate(program):
        words[(base >> 3) + index // 2] |= insn << 32 * (index % 2)
    ports = (hart.fetch_port, hart.data_port)
    for port in ports:
        ctx.set(port.request.ready, 1)
    records, requests = [], []
    for _ in range(cycles):
        if ctx.get(hart.retire.valid):
            records.append((ctx.get(hart.retire.pc_rdata), ctx.get(hart.retire.id)))
        answers = []
        for port in ports:
            request = port.request
            if valid := ctx.get(request.valid):
                address = ctx.get(request.address) >> 3
                requests.append((ctx.get(request.source), ctx.get(request.id)))
                if ctx.get(request.write):
                    words[address] = ctx.get(request.data)
            answers.append((valid, words[address] if valid else 0))
        await ctx.tick()
        for port, (valid, data) in zip(ports, answers, strict=True):
            ctx.set(port.response.valid, valid)
            ctx.set(port.response.data, data)
    return records, requests


def test_a_loop_retires_at_least_seven_instructions_in_ten_cycles():
    hart = Hart(pma=RAM)

    async def testbench(ctx):
        records, _ = await run(ctx, hart, LOOP, 600)
        first = next(i for i, (pc, _) in enumerate(records) if pc == 0x8000_000C)
        assert len(records[first:]) / 600 >= 0.7

    simulate(hart, testbench)


def test_an_instruction_keeps_its_identifier_from_fetch_to_retirement():
    hart = Hart(pma=RAM)

    async def testbench(ctx):
        records, requests = await run(ctx, hart, LOOP, 120)
        fetched = {identifier >> 2 for source, identifier in requests if source == Source.FETCH}
        loads = {identifier for source, identifier in requests if source == Source.DATA}
        retired = [identifier for _, identifier in records]
        assert retired == sorted(set(retired))
        assert {identifier >> 2 for identifier in retired} <= fetched
        # The halfword of a word that an identifier names is the one that the pc names.
        assert all(identifier & 3 == pc >> 1 & 3 for pc, identifier in records)
        memory = {identifier for pc, identifier in records if pc in (0x8000_000C, 0x8000_0014)}
        assert memory <= loads

    simulate(hart, testbench)


def test_execution_begins_at_the_reset_pc():
    hart = Hart(reset_pc=0x8000_0100, pma=RAM)

    async def testbench(ctx):
        records, _ = await run(ctx, hart, LOOP, 12, base=0x8000_0100)
        assert [pc for pc, _ in records[:2]] == [0x8000_0100, 0x8000_0104]

    simulate(hart, testbench)


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"reset_pc": 0x8000_0001}, "reset_pc must be an even 64-bit address, not 2147483649"),
        ({"reset_pc": 1 << 64}, "reset_pc must be"),
        ({"hart_id": -1}, "hart_id must be a 64-bit number, not -1"),
        ({"itlb_entries": 0}, "entries must be"),
        ({"dtlb_entries": 0}, "entries must be"),
    ],
)
def test_bad_parameters_say_what_is_wrong(parameters, message):
    with pytest.raises(ValueError, match=message):
        Hart(**parameters)
