"""What the debugger shows of the hart is what its records, and Spike's names, say."""

import pytest

from hdl.arch import Cause, Csr, Priv
from hdl.pipeline.probe import Stall
from hdl.priv.table import REGISTERS
from sim import start
from sim.debug.conditions import FaultNumber, Kind
from sim.debug.debugger import Debugger
from sim.debug.hart_state import TABLES, HartState

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
