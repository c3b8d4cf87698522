"""Lines of transcripts from records made by hand, and what becomes of a file that is full."""

import errno

import pytest

from hdl.arch import MHPMCOUNTERS, MHPMEVENTS, PMPADDRS, PMPCFGS, Csr
from hdl.pipeline.retire import RetirePort
from sim.engines.transcripts import (
    COLUMNS,
    DECIMAL,
    NAMED,
    Form,
    Transcript,
    columns,
    commit_line,
    header,
    rvfi_line,
)
from tests.sim.engines.records import record

START = "core   0: 3 0x0000000080000000 (0x00000013)"


def test_columns_are_the_cycle_and_the_fields_of_the_port():
    assert set(COLUMNS) == set(RetirePort().members) - {"valid"} | {"cycle"}
    assert len(set(COLUMNS)) == len(COLUMNS)
    assert set(COLUMNS) > DECIMAL


def test_rvfi_has_a_header_and_a_cell_for_each_field():
    names = header(Form.RVFI).rstrip("\n").split(",")
    line = rvfi_line(77, record(order=12, rd_addr=31, rd_wdata=0xABC, trap=1, mem_wmask=0xFF))

    assert line.endswith("\n")
    cells = dict(zip(names, line.rstrip("\n").split(","), strict=True))
    shown = {"cycle": "77", "order": "12", "rd_addr": "31", "mode": "3", "trap": "1"}
    shown |= {"rd_wdata": "0xabc", "insn": "0x13", "mem_wmask": "0xff", "mem_rmask": "0x0"}
    assert {name: cells[name] for name in shown} == shown
    assert header(Form.COMMITS) == ""


def test_rvfi_has_a_column_more_of_a_hart_with_misaligned_accesses():
    names = columns(RetirePort(misaligned=True).members)
    assert names == (*COLUMNS, "mem_paddr2")
    assert header(Form.RVFI, names) == ",".join(names) + "\n"
    line = rvfi_line(7, record(mem_paddr2=0x8000_1000), names)
    assert line == rvfi_line(7, record()).rstrip() + ",0x80001000\n"


@pytest.mark.parametrize(
    "fields, behind",
    [
        pytest.param({}, "", id="nothing"),
        pytest.param({"rd_addr": 5, "rd_wdata": 1}, " x5  0x0000000000000001", id="x5"),
        pytest.param({"rd_addr": 10, "rd_wdata": 1 << 63}, " x10 0x8000000000000000", id="x10"),
        pytest.param(
            {"rd_addr": 1, "mem_addr": 0x1238, "mem_rmask": 0xFF, "mem_rdata": 5},
            " x1  0x0000000000000000 mem 0x0000000000001238",
            id="load",
        ),
        pytest.param(
            {"mem_addr": 0x1238, "mem_wmask": 3, "mem_wdata": 0x1_0042},
            " mem 0x0000000000001238 0x0042",
            id="store of two bytes",
        ),
        pytest.param(
            {"mem_addr": 8, "mem_rmask": 0xFF, "mem_wmask": 0xFF, "mem_wdata": 7},
            " mem 0x0000000000000008 mem 0x0000000000000008 0x0000000000000007",
            id="atomic",
        ),
        pytest.param(
            {"csr_addr": Csr.MTVEC, "csr_whole_addr": Csr.MTVEC, "csr_whole_wdata": 4},
            " c773_mtvec 0x0000000000000004",
            id="mtvec",
        ),
        pytest.param(
            {"csr_addr": Csr.SSTATUS, "csr_wdata": 2, "csr_whole_addr": Csr.MSTATUS}
            | {"csr_whole_wdata": 10},
            " c768_mstatus 0x000000000000000a",
            id="sstatus",
        ),
        pytest.param(
            {"csr_addr": Csr.SIE, "csr_wdata": 2, "csr_whole_addr": Csr.MIE}
            | {"csr_whole_wdata": 10},
            " c260_sie 0x0000000000000002 c772_mie 0x000000000000000a",
            id="sie",
        ),
        pytest.param({"csr_addr": Csr.SIE, "csr_rmask": 1}, "", id="sie is read"),
        pytest.param(
            {"csr_addr": Csr.SIP, "csr_wdata": 2, "csr_whole_addr": Csr.MIP}
            | {"csr_whole_wdata": 0x88, "csr_mip_rdata": 0x22, "csr_mip_wdata": 0x200},
            " c777_mvip 0x0000000000000222 c836_mip 0x0000000000000088",
            id="sip",
        ),
        pytest.param(
            {"csr_addr": Csr.MIP, "csr_whole_addr": Csr.MIP, "csr_mip_rdata": 0x200},
            " c777_mvip 0x0000000000000000 c836_mip 0x0000000000000000",
            id="mip",
        ),
        pytest.param(
            {"csr_addr": MHPMEVENTS[0], "csr_whole_addr": MHPMEVENTS[0]},
            " c803_mhpmevent3 0x0000000000000000",
            id="mhpmevent3",
        ),
        pytest.param(
            {"csr_addr": PMPCFGS[1], "csr_whole_addr": PMPCFGS[1]},
            " c930_pmpcfg2 0x0000000000000000",
            id="pmpcfg2",
        ),
        pytest.param(
            {"csr_addr": PMPADDRS[15], "csr_whole_addr": PMPADDRS[15]},
            " c959_pmpaddr15 0x0000000000000000",
            id="pmpaddr15",
        ),
        pytest.param({"csr_whole_addr": MHPMCOUNTERS[0]}, "", id="mhpmcounter3"),
    ],
)
def test_what_an_instruction_did_stands_behind_it(fields, behind):
    assert commit_line(record(**fields)) == f"{START}{behind}\n"


def test_a_compressed_instruction_has_four_digits():
    assert commit_line(record(insn=0x1, mode=0)) == "core   0: 0 0x0000000080000000 (0x0001)\n"


def test_the_hart_has_its_number():
    assert commit_line(record(), 12) == START.replace("core   0", "core  12") + "\n"


def test_what_trapped_is_no_commit():
    assert commit_line(record(trap=1, cause=13)) == ""


def test_every_csr_that_can_be_written_has_a_name():
    assert set(NAMED) > {csr for csr in Csr if csr >> 10 != 3}
    assert not set(NAMED) & set(MHPMCOUNTERS)


def test_the_file_has_the_records_in_their_order(tmp_path):
    for form, expected in (
        (Form.COMMITS, START + "\n"),
        (Form.RVFI, header(Form.RVFI) + rvfi_line(7, record()) + rvfi_line(9, record(trap=1))),
    ):
        transcript = Transcript(form, tmp_path / "x", record())
        transcript.record(7, record())
        transcript.record(9, record(trap=1))
        assert transcript.close() is None
        assert (tmp_path / "x").read_text() == expected


def test_a_full_disk_is_told_at_the_end():
    transcript = Transcript(Form.RVFI, "/dev/full", record())
    for cycle in range(1_000):
        transcript.record(cycle, record())

    failure = transcript.close()
    assert (failure.errno, failure.filename) == (errno.ENOSPC, "/dev/full")
