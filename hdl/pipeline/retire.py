"""The retire port: what every instruction did, one record each, for traces, tests and logs."""

from amaranth.lib import wiring
from amaranth.lib.wiring import Member, Out

from hdl.arch import PA_BITS, Priv
from hdl.memory.port import ID_BITS
from hdl.priv.interrupts import WIDTH

__all__ = ["RetirePort"]

#: Of an access that reaches into a second doubleword, which may be in another page: the physical
#: address of that doubleword. 0 of all others.
SECOND = Out(PA_BITS)


class RetirePort(wiring.Signature):
    """RVFI-style record of an instruction that retired or trapped; never stalls.

    The fields follow riscv-formal's RVFI; `cause`, `tval`, `mem_paddr` and `id` are additions, and
    one CSR with its address stands for the RVFI's fields of each. All are valid in the cycle where
    `valid` is high. A cause is an `xcause` value: bit 63 set for an
    interrupt.

    An interrupt is no instruction: it makes no record of its own but shows in the first record of
    its handler, whose `intr` is 1 and whose `intr_cause` is the cause of the trap that led there.

    Parameters
    ----------
    misaligned : bool
        It is of a hart that does misaligned loads and stores: there is `mem_paddr2`, too.
    """

    def __init__(self, *, misaligned: bool = False) -> None:
        super().__init__(
            {
                "valid": Out(1),
                #: Number of this record, without gaps, from 0.
                "order": Out(64),
                #: As fetched; a compressed one in bits 15:0. 0 if its fetch faulted.
                "insn": Out(32),
                #: It raised an exception and did not retire.
                "trap": Out(1),
                #: Always 0: this hart never halts.
                "halt": Out(1),
                #: First instruction of a trap handler; its trap's cause, else 0.
                "intr": Out(1),
                "intr_cause": Out(64),
                #: Privilege it ran in, and XLEN (2: 64 bits).
                "mode": Out(Priv),
                "ixl": Out(2),
                #: Registers it read and wrote (address 0 and data 0: none), and their values.
                "rs1_addr": Out(5),
                "rs2_addr": Out(5),
                "rs1_rdata": Out(64),
                "rs2_rdata": Out(64),
                "rd_addr": Out(5),
                "rd_wdata": Out(64),
                #: Virtual address of it, and of the instruction that follows it (or its handler).
                "pc_rdata": Out(64),
                "pc_wdata": Out(64),
                #: Data access: virtual address, and its physical one; byte masks from that address
                #: up (bit 0 is the byte at `mem_addr`); data in the low bytes. All 0 if the
                #: instruction accessed no memory or trapped.
                "mem_addr": Out(64),
                "mem_paddr": Out(PA_BITS),
                "mem_rmask": Out(8),
                "mem_wmask": Out(8),
                "mem_rdata": Out(64),
                "mem_wdata": Out(64),
                **({"mem_paddr2": SECOND} if misaligned else {}),
                **_csr_fields(),
                #: With `trap`: the cause, and the value written to `xtval`; else 0.
                "cause": Out(64),
                "tval": Out(64),
                #: Identifier given at fetch; increases in program order, with gaps.
                "id": Out(ID_BITS),
            }
        )


def _csr_fields() -> dict[str, Member]:
    """Those that tell of CSRs."""
    return {
        #: CSR instruction: the CSR's address. Bits it reads (all or none), and their values
        #: before it. Bits it writes: all, or those that it sets or clears; and the whole
        #: CSR behind it, as far as the CSR takes the value (WARL). 0 if there is nothing.
        #: What a trap changes in CSRs is not here: see `trap`, `insn`.
        "csr_addr": Out(12),
        "csr_rmask": Out(64),
        "csr_rdata": Out(64),
        "csr_wmask": Out(64),
        "csr_wdata": Out(64),
        #: The CSR that what it writes is kept in, and the whole of that behind it: the CSR
        #: itself; of `sstatus`, `sie` and `sip` the one of M-mode that they are a part of;
        #: `mstatus` of `sret` and `mret`. 0 if it writes none.
        "csr_whole_addr": Out(12),
        "csr_whole_wdata": Out(64),
        #: If that is `mip`: its bits that software sets and clears (SEIP, SSIP, and STIP
        #: unless STCE), before and behind it.
        "csr_mip_rdata": Out(WIDTH),
        "csr_mip_wdata": Out(WIDTH),
    }
