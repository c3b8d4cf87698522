"""Programs made by hand, each for one thing that both sides must agree on, or be seen not to."""

import struct
from dataclasses import replace
from random import Random

import pytest

from hdl.arch import (
    HPMCOUNTERS,
    MENVCFG_ADUE,
    MENVCFG_STCE,
    MHPMCOUNTERS,
    MHPMEVENTS,
    PAGE_SIZE,
    Cause,
    Csr,
    Interrupt,
    Mstatus,
    Pte,
    page_round_down,
)
from tests import spike
from tests.verify.lockstep import encode
from tests.verify.lockstep.compare import compare
from tests.verify.lockstep.early import early_updates
from tests.verify.lockstep.encode import amo, csr, i_type, li, s_type, u_type
from tests.verify.lockstep.generate import generate
from tests.verify.lockstep.handlers import DONE
from tests.verify.lockstep.hart import HartRunner
from tests.verify.lockstep.program import Block, Item, Program
from tests.verify.lockstep.reference import Reference
from tests.verify.lockstep.report import describe
from tests.verify.lockstep.spike_differences import SPIKE_ONLY
from tests.verify.lockstep.world import (
    DATA,
    EDITABLE,
    LEVELS,
    MACHINE_HANDLER,
    RAM,
    SUPERVISOR_HANDLER,
    satps,
    tables,
)

spike.require()

ECALL, MRET, ILLEGAL = 0x73, 0x3020_0073, 0xFFFF_FFFF
JUMP_TO_ITSELF = encode.jal(0, 0)
NOP = i_type(0x13, 0, 0, 0, 0)
END = (i_type(0x13, 0, DONE, 0, -1), ECALL)
T0, T1 = 5, 6


def program(*blocks, settings=()):
    """In M-mode, in front of plain page tables: blocks of instructions, then the end."""
    made = []
    for words in (*blocks, END):
        number = made[-1].items[-1].number + 1 if made else 0
        items = tuple(Item(n, word) for n, word in enumerate(words, start=number + 1))
        made.append(Block(number, items))
    settings = (
        (Csr.MTVEC, MACHINE_HANDLER),
        (Csr.STIMECMP, (1 << 64) - 1),
        (Csr.SATP, satps(0)[0]),
        *settings,
    )
    registers = (0,) * 31
    return Program(0, tuple(made), settings, registers, tables(Random(0), bends=False))


@pytest.fixture(scope="module")
def runner():
    return HartRunner()


def agree(run):
    """What was compared, without a difference, to the end."""
    difference, statistics = compare(run)
    assert difference is None, describe(run, difference)
    assert run.ended
    return statistics


@pytest.mark.parametrize("first", range(0, 0x1000, 0x400))
def test_every_address_names_a_csr_on_both_or_on_none(runner, first):
    addresses = [a for a in range(first, first + 0x400) if a not in SPIKE_ONLY]
    reading = program(*([csr(2, T0, address, 0)] for address in addresses))

    run = runner.run(reading, max_records=40_000, max_cycles=200_000)

    implemented = {*Csr, *HPMCOUNTERS, *MHPMCOUNTERS, *MHPMEVENTS} & {*addresses}
    traps = agree(run).traps
    illegal = sum(n for (cause, _, _), n in traps.items() if cause == Cause.ILLEGAL)
    assert illegal == len(addresses) - len(implemented)


LOAD_RESERVED, STORE_CONDITIONAL = amo(2, 3, T1, T0, 0), amo(3, 3, T1, T0, 7)
AS_USER, AS_MACHINE = ([*li(8, 1 << Mstatus.MPRV), csr(n, 0, Csr.MSTATUS, 8)] for n in (2, 3))


@pytest.mark.parametrize(
    "between, cause, behind",
    [
        ([ECALL], Cause.ECALL_M, []),
        ([ILLEGAL], Cause.ILLEGAL, []),
        # At virtual address 0 there is no page.
        ([*AS_USER, i_type(0x03, 3, 9, 0, 0)], Cause.LOAD_PAGE, AS_MACHINE),
    ],
)
def test_a_reservation_survives_an_exception(runner, between, cause, behind):
    first = [*li(T0, DATA), LOAD_RESERVED, *between]

    statistics = agree(runner.run(program(first, [*behind, STORE_CONDITIONAL])))

    assert statistics.traps[cause, 3, 3] == 1 + (cause == Cause.ECALL_M)
    assert statistics.conditionals == {0: 1}
    assert statistics.survived == {"exception": 1}


def test_a_reservation_survives_an_interrupt(runner):
    pending = [*li(T1, 1 << 1), csr(2, 0, Csr.MIE, T1), csr(2, 0, Csr.MIP, T1)]
    enable = csr(6, 0, Csr.MSTATUS, 1 << Mstatus.MIE)
    words = [*pending, *li(T0, DATA), LOAD_RESERVED, enable, STORE_CONDITIONAL]

    statistics = agree(runner.run(program(words)))

    assert statistics.interrupts == {(1, 3, 3): 1}
    assert statistics.conditionals == {0: 1}
    assert statistics.survived == {"interrupt": 1}


def test_a_trap_before_the_reservation_is_not_counted(runner):
    words = [*li(T0, DATA), LOAD_RESERVED, STORE_CONDITIONAL]

    assert agree(runner.run(program([ECALL], words))).survived == {}


def test_a_program_finds_nothing_that_another_has_left(runner):
    beyond = RAM + (2 << 20)
    store = [*li(T0, beyond), s_type(3, T0, T0, 0)]
    cut_short = runner.run(program([*store, JUMP_TO_ITSELF]), max_records=500)
    assert any(record.mem_paddr == beyond for record in cut_short.records)
    assert not cut_short.pages

    agree(runner.run(program([*li(T0, beyond), i_type(0x03, 3, T1, T0, 0)])))


@pytest.mark.parametrize("count", [0, -1], ids=str)
def test_an_instruction_that_lets_minstret_count_again(runner, count):
    """Spike counts it, the hart does not, also where the count wraps; both count what follows."""
    stop, set_count = csr(5, 0, Csr.MCOUNTINHIBIT, 4), csr(1, 0, Csr.MINSTRET, T0)
    again, read = csr(5, 0, Csr.MCOUNTINHIBIT, 0), csr(2, T1, Csr.MINSTRET, 0)
    nop = i_type(0x13, 0, 0, 0, 0)

    agree(runner.run(program([stop, *li(T0, count), set_count, again, nop, read, read])))


def test_only_csrs_that_the_program_writes_are_counted_as_written(runner):
    write, read = csr(1, 0, Csr.MSCRATCH, T0), csr(2, T0, Csr.MTVAL, 0)

    statistics = agree(runner.run(program([write, read], [ECALL])))

    assert statistics.written == {Csr.MSCRATCH: 1}
    assert statistics.csrs[Csr.MEPC] > 1


def words_of(pages):
    """The 64-bit words of pages by address."""
    return {
        page + at: word
        for page, content in pages.items()
        for at, word in zip(range(0, PAGE_SIZE, 8), struct.unpack("<512Q", content), strict=True)
    }


def test_early_updates_are_those_that_the_instruction_makes():
    made = []
    for seed in (1, 3, 4, 7):
        machine = Reference()
        for address, content in generate(seed).image:
            machine.write(address, content)
        old = {page: machine.read(page, PAGE_SIZE) for page in LEVELS}
        for _ in range(1_500):
            expected = early_updates(machine)
            machine.step()
            new = {page: machine.read(page, PAGE_SIZE) for page in LEVELS}
            if new != old:
                before = words_of(old)
                for address, word in words_of(new).items() - before.items():
                    # Else it was stored by the instruction.
                    if word == before[address] | word & (Pte.A | Pte.D):
                        made.append(expected.get(address) == word)
            old = new
        machine.close()

    assert all(made)
    assert len(made) > 10


def test_a_bit_that_no_interrupted_access_has_set_is_a_difference(runner):
    run = runner.run(generate(0))
    difference, statistics = compare(run)
    assert difference is None
    assert statistics.interrupts.total() > 1
    leaves = words_of({page: run.pages[page] for page in LEVELS})
    address = next(at for at, pte in leaves.items() if pte & 0x8F == Pte.V | Pte.R | Pte.W | Pte.X)

    page, offset = page_round_down(address), address % PAGE_SIZE
    content = bytearray(run.pages[page])
    content[offset] |= Pte.A | Pte.D
    difference, _ = compare(replace(run, pages={**run.pages, page: bytes(content)}))

    assert difference.what == f"memory at the end, at {address:#x}"


def test_an_update_that_an_interrupt_cuts_off_is_no_difference():
    # The handler in S-mode cannot return to the store: its `sret` traps.
    place = next(p for p in EDITABLE if p.level == 0 and p.roots == (0,) and not p.user)
    status = 1 << Mstatus.MPP | 1 << Mstatus.SIE | 1 << Mstatus.TSR
    to_supervisor = [
        *li(T1, status),
        csr(2, 0, Csr.MSTATUS, T1),
        u_type(0x17, T0, 0),
        i_type(0x13, 0, T0, T0, 16),
        csr(1, 0, Csr.MEPC, T0),
        MRET,
    ]
    store = [*li(T0, place.base + place.first * PAGE_SIZE), s_type(3, T0, T0, 0)]
    timer = 1 << Interrupt.STI
    settings = (
        (Csr.MENVCFG, 1 << MENVCFG_STCE | 1 << MENVCFG_ADUE),
        (Csr.STVEC, SUPERVISOR_HANDLER),
        (Csr.MIDELEG, timer),
        (Csr.MIE, timer),
    )
    plain = program([*to_supervisor, *store, *[NOP] * 40], settings=settings)
    address = place.table + 8 * place.first
    plain = plain.changed(tables={**plain.tables, address: plain.tables[address] & ~Pte.D})
    runner = HartRunner(latency=3)
    (stored,) = (record.cycle for record in runner.run(plain).records if record.mem_wmask)

    found = [
        agree(runner.run(plain.changed(settings=(*plain.settings, (Csr.STIMECMP, cycle)))))
        for cycle in range(stored - 60, stored + 20)
    ]

    assert {statistics.early_updates for statistics in found} == {0, 1}
    assert all(statistics.interrupts.total() for statistics in found)
