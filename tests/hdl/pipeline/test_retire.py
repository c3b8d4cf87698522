"""The retire port has riscv-formal's fields, with its widths for XLEN 64 and ILEN 32."""

from amaranth.lib.wiring import Out

from hdl.pipeline.retire import RetirePort

#: docs/source/rvfi.rst of riscv-formal, NRET = 1.
RVFI = {
    "valid": 1,
    "order": 64,
    "insn": 32,
    "trap": 1,
    "halt": 1,
    "intr": 1,
    "mode": 2,
    "ixl": 2,
    "rs1_addr": 5,
    "rs2_addr": 5,
    "rs1_rdata": 64,
    "rs2_rdata": 64,
    "rd_addr": 5,
    "rd_wdata": 64,
    "pc_rdata": 64,
    "pc_wdata": 64,
    "mem_addr": 64,
    "mem_rmask": 8,
    "mem_wmask": 8,
    "mem_rdata": 64,
    "mem_wdata": 64,
}
OURS = {"intr_cause": 64, "mem_paddr": 56, "cause": 64, "tval": 64, "id": 32}
#: RVFI's fields of a CSR, and which one it is.
CSR = {"csr_rmask": 64, "csr_rdata": 64, "csr_wmask": 64, "csr_wdata": 64} | {"csr_addr": 12}
#: The CSR that holds what is written.
WHOLE = {"csr_whole_addr": 12, "csr_whole_wdata": 64, "csr_mip_rdata": 12, "csr_mip_wdata": 12}


def test_fields():
    port = RetirePort().create()
    widths = {name: len(getattr(port, name)) for name in RetirePort().members}
    assert widths == RVFI | OURS | CSR | WHOLE


def test_a_hart_with_misaligned_accesses_tells_a_second_doubleword():
    members = RetirePort(misaligned=True).members
    assert set(members) - set(RetirePort().members) == {"mem_paddr2"}
    assert members["mem_paddr2"] == Out(56)


def test_it_only_reports():
    assert all(member.flow == Out for _, member in RetirePort().members.items())
