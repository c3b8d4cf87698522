"""Which accesses to CSRs are legal.

Privileged specification, "CSR Address Mapping Conventions", "Virtualization Support in mstatus
Register" (TVM) and "Counter-Enable Register"; Sstc.
"""

from amaranth.hdl import Cat, Module, Mux, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.arch import HPMCOUNTERS, MHPMCOUNTERS, MHPMEVENTS, PMPADDRS, PMPCFGS, Csr, Priv
from hdl.priv.table import COUNTEREN_MASK, REGISTERS

__all__ = ["Legality", "is_of"]


class Legality(wiring.Component):
    """Whether an instruction may access a CSR, combinationally.

    Parameters
    ----------
    pmp_csrs : bool
        There are registers of physical memory protection.

    Members
    -------
    address, attempt
        The CSR that it reads, and whether it also writes that.
    priv, tvm, stce, machine_enables, supervisor_enables
        Its privilege, `mstatus.TVM`, `menvcfg.STCE`, `mcounteren` and `scounteren`.
    legal
        There is such a CSR, and the access is allowed.
    """

    address: In(12)
    attempt: In(1)
    priv: In(Priv)
    tvm: In(1)
    stce: In(1)
    machine_enables: In(32)
    supervisor_enables: In(32)
    legal: Out(1)

    def __init__(self, *, pmp_csrs: bool = False) -> None:
        self._pmp_csrs = pmp_csrs
        super().__init__()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.legal.eq(self._is_known() & self._is_allowed())
        return m

    def _is_known(self) -> Value:
        """Whether there is a register at the address."""
        protection = (*PMPCFGS, *PMPADDRS) if self._pmp_csrs else ()
        numbers = (*(register.csr for register in REGISTERS), *protection)
        blocks = (MHPMEVENTS, MHPMCOUNTERS, HPMCOUNTERS)
        return Cat(
            *(self.address == number for number in numbers),
            *(is_of(self.address, block) for block in blocks),
        ).any()

    def _is_allowed(self) -> Value:
        """Whether the privilege, TVM and the counter-enable bits permit the access."""
        address, priv = self.address, self.priv
        machine = priv == Priv.M
        enabled = self.machine_enables & Mux(
            priv == Priv.U, self.supervisor_enables, COUNTEREN_MASK
        )
        counter = (address[5:] == Csr.CYCLE >> 5) & ~machine
        satp = (address == Csr.SATP) & (priv == Priv.S) & self.tvm
        compares = self.machine_enables[1] & self.stce
        stimecmp = (address == Csr.STIMECMP) & ~machine & ~compares
        return (
            (priv >= address[8:10])
            & ~(self.attempt & (address[10:12] == 3))
            & ~(counter & ~enabled.bit_select(address[:5], 1))
            & ~satp
            & ~stimecmp
        )


def is_of(address: Value, block: range) -> Value:
    """Whether `address` is in a block of 32 that begins with other registers."""
    return (address[5:] == block.start // 32) & (address[:5] >= block.start % 32)
