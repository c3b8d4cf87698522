"""The hart agrees with Spike on random programs, instruction by instruction.

And it would be seen if it did not: differences are planted, found and shrunk.
"""

import re
from dataclasses import replace
from itertools import product

import pytest

import hdl.hart
import hdl.priv.csr
from hdl.arch import PMPADDRS, PMPCFGS, Cause, Csr, Interrupt, Priv
from hdl.hart import Hart
from hdl.memory.pma import Pma
from hdl.pipeline.trap import TrapStage
from hdl.priv.table import REGISTERS
from hdl.units.decoder import System, Unit
from tests import spike
from tests.verify import runner
from tests.verify.lockstep import check
from tests.verify.lockstep.campaign import Campaign
from tests.verify.lockstep.check import CHECK
from tests.verify.lockstep.compare import compare
from tests.verify.lockstep.generate import generate
from tests.verify.lockstep.hart import HartRunner, Record
from tests.verify.lockstep.pmp_blocks import ENTRIES
from tests.verify.lockstep.reference import Reference
from tests.verify.lockstep.report import describe, summarize
from tests.verify.lockstep.world import RAM, RAM_SIZE

spike.require()

SEED = 0
PROGRAMS = 100
#: Programs of one test, so that several processes share them.
SHARE = 50

#: Its program waits for ever, as it may.
SEED_THAT_WAITS = 56

#: Every instruction that can retire, by the name that Spike's disassembler gives it.
NAMES = set(
    """
    lui auipc jal jalr beq bne blt bge bltu bgeu lb lh lw ld lbu lhu lwu sb sh sw sd addi slti sltiu
    xori ori andi slli srli srai add sub sll slt sltu xor srl sra or and addiw slliw srliw sraiw
    addw subw sllw srlw sraw fence fence.i csrrw csrrs csrrc csrrwi csrrsi csrrci
    mul mulh mulhsu mulhu div divu rem remu mulw divw divuw remw remuw
    lr.w sc.w lr.d sc.d
    amoswap.w amoadd.w amoxor.w amoand.w amoor.w amomin.w amomax.w amominu.w amomaxu.w
    amoswap.d amoadd.d amoxor.d amoand.d amoor.d amomin.d amomax.d amominu.d amomaxu.d
    c.addi c.addiw c.li c.lui c.addi4spn c.srli c.srai c.andi c.sub c.xor c.or c.and c.subw c.addw
    c.slli c.mv c.add c.lw c.ld c.sw c.sd c.lwsp c.ldsp c.swsp c.sdsp c.j c.jr c.jalr c.beqz c.bnez
    mret sret wfi sfence.vma
    """.split()
)
#: The level of a PTE that was changed, and what its fence names: an address, an address space.
FENCES = set(product((0, 1), (False, True), (False, True)))
EXCEPTIONS = set(Cause) - {Cause.FETCH_MISALIGNED}


def agree(campaign, seeds):
    """Fails with all that is known about the first program that differs."""
    statistics, failure = campaign.run(seeds)
    if failure is not None:
        shrunk = describe(failure.shrunk_run, failure.shrunk)
        pytest.fail(f"{describe(failure.run, failure.difference)}\n\nshrunk:\n{shrunk}")
    return statistics


@pytest.mark.parametrize("first", range(SEED, SEED + PROGRAMS, SHARE))
def test_random_programs_agree(first):
    statistics = agree(Campaign(), range(first, first + SHARE))

    assert statistics.programs == SHARE
    assert statistics.ended > 0.85 * SHARE
    assert all(statistics.instructions[mode] > 2_000 for mode in Priv), summarize(statistics)
    assert NAMES - set(statistics.names) == set()
    assert {cause for cause, _, _ in statistics.traps} == EXCEPTIONS
    assert {number for number, _, _ in statistics.interrupts} == set(Interrupt)
    delegated = {new for _, _, new in (*statistics.traps, *statistics.interrupts)}
    assert delegated == {Priv.S, Priv.M}
    assert set(Csr) <= set(statistics.csrs)
    assert {csr for csr in Csr if csr >> 10 != 3} <= set(statistics.written)
    assert min(statistics.straddling[fate] for fate in ("retired", "faulted")) > 0
    assert min(statistics.conditionals[result] for result in (0, 1)) > 10
    assert min(statistics.survived[trap] for trap in ("exception", "interrupt")) > 5
    assert set(statistics.fences) >= FENCES


def test_random_programs_agree_on_a_hart_with_misaligned_accesses():
    """Only atomics raise misaligned exceptions there; some accesses have a second page."""
    statistics = agree(Campaign(misaligned=True), range(SEED, SEED + SHARE // 2))

    assert statistics.programs == SHARE // 2
    assert {cause for cause, _, _ in statistics.traps} >= EXCEPTIONS - {Cause.LOAD_MISALIGNED}
    assert min(statistics.misaligned[fate] for fate in ("retired", "two pages", "faulted")) > 0


def test_random_programs_agree_on_a_hart_with_memory_protection():
    """They change it as they go: every kind of access is refused, and some by a page table."""
    statistics = agree(Campaign(protected=True), range(SEED, SEED + SHARE))

    assert statistics.programs == SHARE
    assert statistics.ended > 0.8 * SHARE
    assert set(PMPADDRS) | set(PMPCFGS) <= set(statistics.csrs)
    assert {*PMPADDRS[2 : ENTRIES - 1], PMPCFGS[0]} <= set(statistics.written)
    assert min(statistics.refused[kind] for kind in ("FETCH", "LOAD", "STORE", "walk")) > 0


def test_other_memory_protection_is_found(monkeypatch):
    """Spike lets S-mode and U-mode store where they may only read."""
    step, readable = Reference.step, 0x0101_0101_0101_0101

    def lax(self):
        config, protected = self.csr(PMPCFGS[0]), self.mode != Priv.M
        if protected:
            self.write_csr(PMPCFGS[0], config | (config & readable) << 1)
        step(self)
        if protected:
            self.write_csr(PMPCFGS[0], config)

    monkeypatch.setattr(Reference, "step", lax)

    _, failure = Campaign(protected=True, attempts=0).run(range(SHARE))

    assert failure is not None
    assert failure.difference.what in ("cause", "next pc")


def bent(change):
    """Makes runs in which `change` has replaced fields of some records."""

    def bend(run):
        return replace(
            run,
            records=[
                Record(record.cycle, {**record.fields, **change(record.fields)})
                for record in run.records
            ],
        )

    return bend


def wrong_product(fields):
    """A `mulhu` whose lowest bit is wrong."""
    is_mulhu = fields["insn"] & 0xFE00_707F == 0x0200_3033 and not fields["trap"]
    return {"rd_wdata": fields["rd_wdata"] ^ 1} if is_mulhu and fields["rd_addr"] else {}


def test_a_planted_difference_is_found_and_shrunk():
    _, failure = Campaign(bend=bent(wrong_product)).run(range(20))

    assert failure is not None
    assert failure.run.program.size() > 200
    # A block of one instruction, the last block, and the settings that no program can do without.
    assert failure.shrunk_run.program.size() < 12
    text = describe(failure.shrunk_run, failure.shrunk)
    assert text.startswith(f"seed {failure.run.program.seed}: record ")
    hart, reference = text.split("Spike, which logs no traps:")
    for side in (hart, reference):
        instructions = [line for line in side.splitlines() if line.startswith("M 0x")]
        assert len(instructions) == 20
        assert "mulhu" in instructions[-1]
    assert f"first difference: {failure.shrunk}" in text


@pytest.mark.parametrize(
    "change, what",
    [
        (lambda f: {"cause": 5} if f["trap"] and f["cause"] == 13 else {}, "cause"),
        (lambda f: {"tval": f["tval"] ^ 8} if f["trap"] and f["cause"] == 15 else {}, "xtval"),
        (lambda f: {"mode": 1} if f["mode"] == 0 else {}, "mode"),
        (lambda f: {"insn": f["insn"] ^ 1 << 7} if f["insn"] & 0x7F == 0x63 else {}, "instruction"),
        (lambda f: {"mem_addr": f["mem_addr"] + 8} if f["mem_rmask"] else {}, "loads"),
        (lambda f: {"mem_wdata": ~f["mem_wdata"]} if f["mem_wmask"] else {}, "memory at"),
        (
            lambda f: {"intr_cause": 1 << 63 | 9} if f["intr_cause"] == 1 << 63 | 7 else {},
            "cause of the interrupt",
        ),
        (lambda f: {"pc_wdata": f["pc_wdata"] + 2} if f["insn"] == 0x3020_0073 else {}, "next pc"),
    ],
)
def test_every_field_is_compared(change, what):
    _, failure = Campaign(bend=bent(change), attempts=0).run(range(20))

    assert failure is not None
    assert failure.difference.what.startswith(what)


def test_what_is_left_in_memory_is_compared():
    def bend(run):
        pages = dict(run.pages)
        page, content = pages.popitem()
        return replace(run, pages={**pages, page: bytes(4088) + b"\1" + content[4089:]})

    _, failure = Campaign(bend=bend, attempts=0).run(range(5))

    assert failure is not None
    assert failure.difference.what.startswith("memory at the end")


@pytest.mark.parametrize("count", [0, 1, 500, 1000])
def test_records_that_are_cut_off_are_missed(count):
    run = HartRunner().run(generate(0))
    assert compare(run)[0] is None

    difference, _ = compare(replace(run, records=run.records[:count]))

    assert difference.what == "the hart stopped"


def test_a_hart_may_wait_for_ever_where_nothing_is_pending():
    run = HartRunner().run(generate(SEED_THAT_WAITS))
    difference, statistics = compare(run)

    assert run.stopped
    assert difference is None
    assert (statistics.ended, statistics.stopped) == (0, 1)


def undelegated(monkeypatch):
    """Load page faults cannot be delegated."""
    registers = []
    for register in REGISTERS:
        if register.csr == Csr.MEDELEG:
            (field,) = register.fields
            field = replace(field, mask=field.mask & ~(1 << Cause.LOAD_PAGE))
            register = replace(register, fields=(field,))
        registers.append(register)
    monkeypatch.setattr(hdl.priv.csr, "REGISTERS", registers)


def deaf(monkeypatch):
    """`wfi` does not end by an interrupt that is pending and not taken."""

    class Deaf(TrapStage):
        def _finish(self, m):
            super()._finish(m)
            waits = (self._held.unit == Unit.SYSTEM) & (self._held.system == System.WFI)
            with m.If(waits & ~self.traps.chosen):
                m.d.comb += self._finishes.eq(0)

    monkeypatch.setattr(hdl.hart, "TrapStage", Deaf)


def forgetful(monkeypatch):
    """A trap ends the reservation."""

    class Forgetful(TrapStage):
        def _result(self, m):
            super()._result(m)
            with m.If(self.csrs.trap.valid):
                m.d.sync += self.reserved.eq(0)

    monkeypatch.setattr(hdl.hart, "TrapStage", Forgetful)


@pytest.mark.parametrize(
    "bend, what", [(undelegated, "written CSR 0x302"), (deaf, "the hart stopped"), (forgetful, "x")]
)
def test_a_hart_with_one_bent_rule_is_found(monkeypatch, bend, what):
    bend(monkeypatch)
    hart = Hart(pma=Pma(ram_base=RAM, ram_size=RAM_SIZE))

    _, failure = Campaign(hart=hart).run(range(50))

    assert failure is not None
    assert failure.shrunk.what.startswith(what)
    assert failure.shrunk_run.program.size() < 25


def test_the_command_says_what_it_compared(capsys):
    assert runner.main(CHECK, ["--cases", "2", "--seed", "7", "--jobs", "1"]) == 0
    printed = capsys.readouterr().out
    assert "instructions retired" in printed
    assert "lockstep: 2 programs, no disagreement, seed 7, " in printed


def test_the_command_shows_a_difference_and_how_to_see_it_again(capsys, monkeypatch):
    campaign = Campaign(bend=bent(wrong_product), attempts=0)
    monkeypatch.setattr(check, "_campaign", lambda part: campaign)

    assert runner.main(CHECK, ["--cases", "20", "--seed", "7", "--jobs", "1"]) == 1
    printed = capsys.readouterr().out
    seed = int(re.search("^DISAGREEMENT: seed ([0-9]+): record ", printed, re.M)[1])
    again = f"verify lockstep --only programs --seed 7 --first {seed - 7} --cases 1\n"
    assert again in printed


def test_programs_are_made_of_their_seed_alone():
    assert generate(3).image == generate(3).image
    assert generate(3).image != generate(4).image
