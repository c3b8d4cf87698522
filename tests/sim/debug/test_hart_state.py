"""What the debugger shows of the hart is what its records, and Spike's names, say."""

import pytest

from hdl.arch import (
    PTE_SIZE,
    Cause,
    Csr,
    Interrupt,
    Mstatus,
    Priv,
    Pte,
    make_pte,
    make_satp,
    pte_to_pa,
    vpn,
)
from hdl.mmu.tlb import TlbEntry
from hdl.mmu.walk_cache import Pointer
from hdl.pipeline.probe import STAGES, Stall
from hdl.priv.table import REGISTERS
from sim import start
from sim.debug.conditions import FaultNumber, Kind
from sim.debug.debugger import Debugger
from sim.debug.hart_state import TABLES, Entry, HartState
from tests.sim.debug.standing import FRAME, MAPPED, RAM, ROOT, paged, standing

#: Cycles that are looked at one by one.
CYCLES = 4_000


@pytest.fixture
def debugger():
    with start("lazy", memory_mib=4, traced=True) as session:
        yield Debugger(session)


def test_the_pc_is_that_of_the_next_record():
    with start("lazy", memory_mib=4, traced=True) as session:
        records = []
        session.machine.engine.observe(
            lambda cycle, fields: records.append((cycle, fields["pc_rdata"], fields["mode"]))
        )
        shown = []
        for _ in range(CYCLES):
            state = HartState(session)
            shown.append((session.cycle, state.pc, state.priv))
            session.step()
    following = iter(records)
    cycle, pc, mode = next(following)
    for now, at, priv in shown:
        while cycle <= now:
            cycle, pc, mode = next(following, (CYCLES, None, None))
        if pc is None:
            break
        assert at == pc, now
        if cycle == now + 1:  # earlier, what is before it may still change the privilege
            assert priv == mode, now


def test_csrs_are_those_of_the_trap(debugger):
    fault = debugger.run_to(FaultNumber(1))
    state = HartState(debugger.session)
    trap = debugger.session.machine.engine.log
    debugger.session.step()
    record = trap.traps[-1]
    assert record.cycle == fault.cycle
    assert state.csr(Csr.SCAUSE).value == record.cause == Cause.LOAD_PAGE
    assert state.csr(Csr.STVAL).value == record.tval
    assert state.csr(Csr.SEPC).value == record.pc
    assert state.priv is Priv.S
    assert state.csr(Csr.TIME).value == fault.cycle
    fields = {field.name: value for field, value in state.csr(Csr.SSTATUS).fields}
    assert (fields["SPP"], fields["SPIE"], fields["SIE"]) == (0, 1, 0)


def test_each_csr_that_an_instruction_reads_is_what_is_shown(debugger):
    session, seen, shown = debugger.session, {}, {}
    session.machine.engine.observe(
        lambda cycle, fields: (
            seen.update({cycle: (fields["csr_addr"], fields["csr_rdata"])})
            if fields["csr_rmask"]
            else None
        )
    )
    for _ in range(CYCLES):
        shown[session.cycle] = HartState(session)
        session.step()
    known = {register.csr for register in REGISTERS} - {Csr.CYCLE, Csr.TIME, Csr.MCYCLE}
    compared = set()
    for cycle, (address, value) in seen.items():
        if address in known:
            assert shown[cycle - 1].csr(Csr(address)).value == value, (cycle, Csr(address))
            compared.add(Csr(address))
    assert {Csr.SATP, Csr.SCAUSE, Csr.SSCRATCH, Csr.SEPC} & compared


def test_every_csr_has_a_value_and_its_fields_cover_it(debugger):
    debugger.forward(Kind.FAULT)
    state = HartState(debugger.session)
    for register in REGISTERS:
        shown = state.csr(register.csr)
        assert shown.value == sum(value << field.low for field, value in shown.fields), shown.name


def test_a_stalled_load_is_shown_where_it_waits(debugger):
    fault = debugger.run_to(FaultNumber(1)).cycle
    waits = set()
    for cycle in range(fault - 12, fault):
        debugger.go_to(cycle)
        stages = {stage.name: stage for stage in HartState(debugger.session).stages}
        if stages["execute"].valid and stages["execute"].pc == 0x240:
            waits.add(stages["execute"].stall)
    assert Stall.TRANSLATION in waits


def test_memory_is_read_through_the_page_table_and_not_where_it_waits_for_its_frame(debugger):
    debugger.forward(Kind.FAULT)
    debugger.back(Kind.CYCLE, 20)
    state = HartState(debugger.session)
    elf = debugger.session.elf
    code = state.read(0, 64)
    assert code in elf
    assert state.read(0x4FF8, 8) == b""
    assert state.read(0x3FF0, 64) == state.read(0x3FF0, 16)
    assert state.walk(0x4FF8).failure.startswith("V = 0")
    debugger.go_to(0)
    assert HartState(debugger.session).root is None
    assert len(HartState(debugger.session).read(0x8000_0000, 16)) == 16


def test_tlbs_agree_with_the_page_table(debugger):
    debugger.forward(Kind.FAULT, 4)
    debugger.back(Kind.CYCLE, 20)
    state = HartState(debugger.session)
    for name in TABLES[:2]:
        entries = state.table(name)
        assert entries
        for entry in entries:
            walked = state.walk(entry.va)
            assert walked is None or walked.pa == entry.pa, entry
            assert entry.size == 4096
    (pointer,) = [entry for entry in state.table("walk_cache") if entry.va == 0]
    assert state.walk(0).steps[-1].address & ~0xFFF == pointer.pa


def filled(*names):
    """Values of a pipeline with something in the stages of these names."""
    values = {f"{stage}.valid": stage in names for stage in STAGES}
    return values | {f"{stage}.pc": 0x100 + at for at, stage in enumerate(STAGES)}


def test_the_oldest_instruction_has_the_pc():
    assert standing(filled("fetch", "decode")).pc == 0x102
    assert standing(filled("execute", "trap")).pc == 0x104
    assert standing(filled()).pc == 0


def test_stages_are_shown_as_they_are():
    values = filled("decode") | {"decode.stall": Stall.OPERAND.value, "execute.squash": 1}
    stages = {stage.name: stage for stage in standing(values).stages}
    assert tuple(stages) == STAGES
    assert [stage.name for stage in stages.values() if stage.valid] == ["decode"]
    assert [stage.name for stage in stages.values() if stage.squash] == ["execute"]
    assert (stages["decode"].stall, stages["trap"].stall) == (Stall.OPERAND, Stall.NONE)


def test_there_are_32_registers():
    assert standing(registers=range(100, 140)).registers == tuple(range(100, 132))


@pytest.mark.parametrize(
    "csr, values, shown",
    [
        (Csr.SSCRATCH, {"sscratch": 7}, 7),
        (Csr.CYCLE, {"mcycle": 1 << 63}, 1 << 63),
        (Csr.INSTRET, {"minstret": 9}, 9),
        (Csr.TIME, {"mcycle": 9}, 1_234),
        (Csr.MHARTID, {}, 3),
        (Csr.MIDELEG, {"mideleg": 0x1222}, 0x222),
        (Csr.MENVCFG, {"menvcfg.ADUE": 1, "menvcfg.STCE": 1}, 1 << 61 | 1 << 63),
        (Csr.MVENDORID, {}, 0),
        (Csr.MISA, {}, 2 << 62 | sum(1 << ord(each) - ord("A") for each in "ACIMSU")),
    ],
    ids=lambda value: value.name if isinstance(value, Csr) else "",
)
def test_a_csr_is_found_where_the_hart_has_it(csr, values, shown):
    state = standing(values, cycle=1_234, hart_id=3)
    assert state.csr(csr).value == shown
    assert state.csr(csr).name == csr.name.lower()


def test_the_supervisor_sees_a_part_of_the_status():
    bits = 1 << Mstatus.SUM | 1 << Mstatus.MPRV | 3 << Mstatus.MPP | 2 << Mstatus.UXL
    state = standing({"mstatus": bits | 1 << 62})
    assert state.csr(Csr.MSTATUS).value == bits
    assert state.csr(Csr.SSTATUS).value == 1 << Mstatus.SUM | 2 << Mstatus.UXL
    fields = {field.name: value for field, value in state.csr(Csr.MSTATUS).fields}
    assert (fields["SUM"], fields["MPP"], fields["UXL"], fields["SIE"]) == (1, 3, 2, 0)


def test_and_of_the_interrupts_those_that_are_delegated():
    supervisor, machine = 1 << Interrupt.STI, 1 << Interrupt.MTI
    both = supervisor | machine
    values = {"mie": both, "mip": both, "mideleg": supervisor}
    shown = {csr: standing(values).csr(csr).value for csr in (Csr.MIE, Csr.SIE, Csr.MIP, Csr.SIP)}
    assert shown == {
        Csr.MIE: both,
        Csr.SIE: supervisor,
        Csr.MIP: both,
        Csr.SIP: supervisor,
    }


def translating(*priv, **values):
    return HartState(paged(*priv, **values))


def test_addresses_are_translated_below_m_mode_with_sv39():
    assert translating(Priv.U).root == translating(Priv.S).root == ROOT
    assert translating(Priv.M).root is None
    assert translating(satp=0).root is None
    assert translating(satp=make_satp(ROOT, 5)).root == ROOT
    assert translating(Priv.M).walk(MAPPED) is None
    assert translating(Priv.M).walk(MAPPED, ROOT).pa == FRAME + 0x1000


def test_a_table_where_no_ram_is_ends_the_walk():
    state = translating()
    state._session.machine.ram.write_u64(ROOT, make_pte(0x1000, Pte.V))
    assert state.walk(MAPPED).failure == "no memory there at level 1"
    assert state.read(MAPPED, 1) == b""


def test_memory_is_read_over_the_ends_of_pages_as_far_as_it_is_there():
    state = translating()
    assert state.read(MAPPED + 0xFFE, 4) == b"\1\1\2\2"
    assert state.read(MAPPED + 0x1FFE, 4) == b"\2\2"
    assert state.read(MAPPED - 1, 4) == b""
    assert state.read(MAPPED, 0) == b""
    assert state.read(MAPPED, 0x2000) == b"\1" * 0x1000 + b"\2" * 0x1000


def test_behind_the_last_address_comes_the_first():
    state, top = translating(), (1 << 64) - 0x1000
    _map(state, top, FRAME)
    _map(state, 0, FRAME + 0x1000)
    assert state.read((1 << 64) - 1, 2) == b"\2\1"


def test_a_superpage_that_is_not_aligned_is_mapped_for_nobody():
    state = translating()
    state._session.machine.ram.write_u64(ROOT + PTE_SIZE, make_pte(FRAME, Pte.V | Pte.R | Pte.A))
    assert state.walk(1 << 30).leaf is not None
    assert state.read(1 << 30, 1) == b""


def _map(state, va, frame):
    """Maps a page; its tables, where there are none, lie behind the frames."""
    ram, table = state._session.machine.ram, ROOT
    for level in (2, 1):
        at = table + PTE_SIZE * vpn(va, level)
        if not ram.read_u64(at):
            ram.write_u64(at, make_pte(FRAME + 0x1000 * (1 + level), Pte.V))
        table = pte_to_pa(ram.read_u64(at))
    ram.write_u64(table + PTE_SIZE * vpn(va, 0), make_pte(frame, Pte.V | Pte.R | Pte.A))


def test_without_translation_it_is_ram_that_is_read():
    state = translating(Priv.M)
    assert state.read(FRAME, 2) == b"\2\2"
    assert state.read(MAPPED, 2) == b""
    assert state.read(RAM + 0x10_000 - 1, 8) == b"\0"
    assert state.read((1 << 64) - 2, 8) == b""


def entry(vpn, level=0, *, ppn=0x80003, asid=0, **flags):
    page = {"ppn": ppn, "level": level, "flags": flags}
    return TlbEntry.const({"vpn": vpn, "asid": asid, "page": page}).as_value().value


def test_of_a_tlb_the_valid_entries_are_shown():
    values = {
        "dtlb.valid": 0b10110,
        "dtlb.0": entry(1),
        "dtlb.1": entry(5, asid=7, r=1, a=1),
        "dtlb.2": entry(0x201, 1, ppn=0x80200, r=1, w=1, u=1, d=1, a=1),
        "dtlb.4": entry((1 << 27) - 1, 2, ppn=0x80000, x=1, g=1),
    }
    assert standing(values).table("dtlb") == (
        Entry(1, 0x5000, 4 << 10, 0x8000_3000, 7, "-A----R"),
        Entry(2, 0x20_0000, 2 << 20, 0x8020_0000, 0, "DA-U-WR"),
        Entry(4, (1 << 64) - (1 << 30), 1 << 30, 0x8000_0000, 0, "--G-X--"),
    )
    assert standing(values).table("itlb") == ()


def test_a_pointer_of_the_walk_cache_is_shown_with_all_that_it_maps():
    def pointer(vpn, **fields):
        return Pointer.const({"vpn": vpn, "ppn": 0x80005, **fields}).as_value().value

    values = {
        "walk_cache.valid": 0b11,
        "walk_cache.0": pointer(3, asid=2),
        "walk_cache.1": pointer(1 << 17, g=1),
    }
    assert standing(values).table("walk_cache") == (
        Entry(0, 3 << 21, 2 << 20, 0x8000_5000, 2, "-"),
        Entry(1, (1 << 64) - (1 << 38), 2 << 20, 0x8000_5000, 0, "G"),
    )
