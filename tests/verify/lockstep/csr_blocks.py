"""Random blocks that read and write CSRs for their own sake."""

from hdl.arch import MENVCFG_STCE, PMPADDRS, PMPCFGS, Csr, Mstatus
from tests.verify.lockstep.encode import csr, li
from tests.verify.lockstep.maker import TEMPORARY, Maker
from tests.verify.lockstep.spike_differences import MORE_ENTRIES, SPIKE_ONLY

__all__ = ["counters", "registers"]

_T0, _T1, _ = TEMPORARY
#: CSRs in which anything does no harm, and those that must get their old value back, by mode.
_HARMLESS = {
    1: (Csr.SSCRATCH, Csr.SEPC, Csr.SCAUSE, Csr.STVAL, Csr.SCOUNTEREN, Csr.SENVCFG, Csr.SIP),
    3: (Csr.MSCRATCH, Csr.MEPC, Csr.MCAUSE, Csr.MTVAL, Csr.MCOUNTEREN, Csr.MCOUNTINHIBIT, Csr.MISA,
        Csr.MCYCLE, Csr.MINSTRET, Csr.MIP),
}  # fmt: skip
_RESTORED = {
    1: (Csr.SIE, Csr.SSTATUS, Csr.STVEC, Csr.STIMECMP),
    3: (
        Csr.MIE,
        Csr.MSTATUS,
        Csr.MTVEC,
        Csr.STVEC,
        Csr.SATP,
        Csr.MEDELEG,
        Csr.MIDELEG,
        Csr.MENVCFG,
        Csr.STIMECMP,
    ),
}
_DANGEROUS = {*_RESTORED[1], *_RESTORED[3], *_HARMLESS[3]}


def counters(m: Maker) -> None:
    """Reads counters, which is not always allowed."""
    for _ in range(m.random.randrange(1, 4)):
        m.put(csr(2, m.dest(), m.random.choice((Csr.CYCLE, Csr.TIME, Csr.INSTRET)), 0))
        m.compute()


def registers(m: Maker) -> None:
    """CSRs: fields of every kind written with anything, and addresses of every kind."""
    random = m.random
    if m.mode == 0 or random.random() < 0.2:
        _any_register(m)
        return
    restored = random.random() < 0.5
    for _ in range(random.randrange(2, 6)):
        choices = _RESTORED if restored else _HARMLESS
        _probe(m, random.choice(choices[m.mode]), restored)


def _any_register(m):
    """Reads or writes at any address, of which most are no CSR."""
    random = m.random
    address = random.choice((random.choice(list(Csr)), random.randrange(0x1000)))
    while address in SPIKE_ONLY or (m.protected and address in MORE_ENTRIES):
        address = random.randrange(0x1000)
    protects = m.protected and address in (*PMPCFGS, *PMPADDRS)
    if protects or address in _DANGEROUS or random.random() < 0.6:
        m.put(csr(random.choice((2, 3, 6, 7)), m.dest(), address, 0))
    else:
        m.put(csr(random.choice((1, 2, 3, 5, 6, 7)), m.dest(), address, m.source()))


def _probe(m, address, restored):
    """Writes a CSR with anything and reads it back."""
    random = m.random
    if restored:
        # An interrupt must find its handler, and the status as it was.
        m.put(csr(7, 0, Csr.MSTATUS if m.mode == 3 else Csr.SSTATUS, 0b1010))
    value = m.value()
    if address == Csr.MENVCFG:
        value = value & ~(1 << MENVCFG_STCE) | m.stce << MENVCFG_STCE
    elif address == Csr.STIMECMP:
        value |= 1 << 62
    elif address == Csr.SATP:
        value = random.choice((0, 8, 8, 9, 10, random.randrange(16))) << 60 | value >> 4
    elif address == Csr.MSTATUS:
        value &= ~(1 << Mstatus.MPRV)
    m.put(*li(_T0, value), csr(1, _T1, address, _T0), csr(2, m.dest(), address, 0))
    if address not in (Csr.MENVCFG, Csr.STIMECMP, Csr.MSTATUS):
        m.put(*li(_T0, m.value()), csr(random.choice((2, 3)), m.dest(), address, _T0))
        m.put(csr(random.choice((5, 6, 7)), m.dest(), address, random.randrange(32)))
        m.put(csr(2, m.dest(), address, 0))
    if restored:
        m.put(csr(1, 0, address, _T1))
