"""Transcripts of a run with a page fault under the kernel: the same on both engines, and known."""

import csv

import pytest

from hdl.arch import Cause
from sim import RunConfig, start
from sim.engines.transcripts import Form

#: A page of heap is promised, and touched.
PROGRAM = """
.globl main
main:
  li a7, 12               # sbrk
  li a0, 4096
  ecall
  li a1, 0x55
  sb a1, 8(a0)
  li a7, 2                # exit
  li a0, 0
  ecall
"""
#: The instructions before the fault, from its handler's first on, and the first of the way back;
#: then how it ends: the store that faulted has its line when it is retried.
GOLDEN = """\
core   0: 0 0x0000000000000020 (0x05500593) x11 0x0000000000000055
core   0: 1 0x0000003ffffff0b8 (0x14051073) c320_sscratch 0x0000000000004000
core   0: 1 0x0000003ffffff0bc (0x10002573) x10 0x0000000200000020
...
core   0: 1 0x0000003ffffff23e (0x6548) x10 0x0000000000004000 mem 0x0000003fffffe088
core   0: 1 0x0000003ffffff240 (0x10200073) c768_mstatus 0x0000000a000000a2
core   0: 0 0x0000000000000024 (0x00b50423) mem 0x0000000000004008 0x55
core   0: 0 0x0000000000000028 (0x4889) x17 0x0000000000000002
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("transcripts") / "touch.S"
    path.write_text(PROGRAM)
    return path


@pytest.fixture(scope="module")
def texts(program):
    """What each engine writes, by its name: commits, and RVFI."""
    return {
        engine: transcripts(program, engine=engine, kernel_cost="zero")[0]
        for engine in ("native", "pysim")
    }


def transcripts(program, **parameters):
    """Commits and RVFI of a run, and the cycles that were passed over."""
    config = RunConfig(traced=True, memory_mib=8, **parameters)
    with start(program, config=config) as session:
        for form in Form:
            session.machine.engine.transcribe(form, program.parent / form.value)
        session.run(20_000)
        result = session.result()
    texts = [(program.parent / form.value).read_text() for form in Form]
    assert result.exit_status == 0
    assert len(texts[0].splitlines()) == result.instructions
    return texts, session.machine.engine.skipped


def test_both_engines_write_the_same(texts):
    assert texts["native"] == texts["pysim"]


def test_the_commits_of_a_page_fault(texts):
    commits = texts["native"][0]
    before, after = GOLDEN.split("...\n")
    assert commits.count(before) == commits.count(after) == 1
    first, last = commits.index(before), commits.index(after)
    assert first < last
    handler = commits[first + len(before) : last].splitlines()
    assert {line[10] for line in handler} == {"1"}


def test_idle_cycles_are_passed_over_all_the_same(program):
    (computed, none), (passed_over, skipped) = (
        transcripts(program, engine="native", fast_forward=wanted) for wanted in (False, True)
    )

    assert passed_over == computed
    assert none == 0
    assert skipped > 500


def test_rvfi_has_the_fault_itself(texts):
    rows = list(csv.DictReader(texts["native"][1].splitlines()))
    assert [int(row["order"]) for row in rows] == list(range(len(rows)))
    cycles = [int(row["cycle"]) for row in rows]
    assert sorted(set(cycles)) == cycles

    (fault,) = [row for row in rows if row["trap"] == "1" and row["tval"] == "0x4008"]
    handler = rows[int(fault["order"]) + 1]
    assert (fault["cause"], fault["pc_rdata"]) == (hex(Cause.STORE_PAGE), "0x24")
    assert fault["pc_wdata"] == handler["pc_rdata"] == "0x3ffffff0b8"
    assert (handler["intr"], handler["intr_cause"]) == ("1", hex(Cause.STORE_PAGE))
    (retry,) = [row for row in rows if row["mem_addr"] == "0x4008"]
    assert (retry["trap"], retry["mem_wmask"], retry["mem_wdata"]) == ("0", "0x1", "0x55")
    assert int(retry["mem_paddr"], 16) & 0xFFF == 8
    assert int(retry["mem_paddr"], 16) >> 31
