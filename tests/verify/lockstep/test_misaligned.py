"""What Spike does in another way where the hart does misaligned accesses, and what is counted."""

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from hdl.arch import Cause, Csr
from tests.verify.lockstep.hart import Record
from tests.verify.lockstep.misaligned import count_misaligned, stored, trapping_as_hart

STORE_DOUBLE = 0x0010_3023  # sd x1, 0(x0)
LOAD_DOUBLE = 0xFFF0_3083  # ld x1, -1(x0)


@dataclass
class Spike:
    """What is needed of one."""

    misaligned: bool = True
    mode: int = 1
    csrs: dict = field(default_factory=dict)
    ends: list = field(default_factory=lambda: [bytes(8)])

    def csr(self, address):
        return self.csrs.get(address, 0)

    def write_csr(self, address, value):
        self.csrs[address] = value

    def page_ends(self):
        return list(self.ends)

    def restore_page_ends(self, ends):
        self.ends = list(ends)


def record(cause, tval=0, trap=1):
    return Record(0, {"trap": trap, "cause": cause, "tval": tval})


@pytest.mark.parametrize("delegated", [1 << 4, 1 << 5, 1 << 4 | 1 << 5, 0])
def test_a_misaligned_atomic_goes_where_it_goes_on_the_hart(delegated):
    spike = Spike(csrs={Csr.MEDELEG: delegated})

    with trapping_as_hart(spike, record(Cause.LOAD_MISALIGNED)):
        to_s = spike.csr(Csr.MEDELEG) >> Cause.LOAD_ACCESS & 1
        assert to_s == delegated >> Cause.LOAD_MISALIGNED & 1
        spike.mode = 1 if to_s else 3
        spike.write_csr(Csr.SCAUSE if to_s else Csr.MCAUSE, Cause.LOAD_ACCESS)

    assert spike.csr(Csr.SCAUSE if to_s else Csr.MCAUSE) == Cause.LOAD_MISALIGNED
    assert spike.csr(Csr.MEDELEG) == delegated


def test_another_cause_than_an_access_fault_stays():
    spike = Spike()

    with trapping_as_hart(spike, record(Cause.STORE_MISALIGNED)):
        spike.write_csr(Csr.SCAUSE, Cause.STORE_PAGE)

    assert spike.csr(Csr.SCAUSE) == Cause.STORE_PAGE


@contextmanager
def storing(spike, of):
    with trapping_as_hart(spike, of):
        spike.ends = [b"\1" * 8]
        yield


@pytest.mark.parametrize(
    "misaligned, of, undone",
    [
        (True, record(Cause.STORE_PAGE, 0x5000), True),
        (True, record(Cause.STORE_ACCESS, 0x5000), True),
        (True, record(Cause.STORE_PAGE, 0x5008), False),
        (True, record(Cause.LOAD_PAGE, 0x5000), False),
        (True, record(0, 0, trap=0), False),
        (False, record(Cause.STORE_PAGE, 0x5000), False),
    ],
    ids=str,
)
def test_what_is_stored_in_the_first_page_is_undone_if_the_second_faults(misaligned, of, undone):
    spike = Spike(misaligned=misaligned)

    with storing(spike, of):
        pass

    assert spike.ends == ([bytes(8)] if undone else [b"\1" * 8])


@pytest.mark.parametrize(
    "fields, parts",
    [
        ({"mem_addr": 0x5FF8, "mem_wmask": 0xFF}, [(0x8000_1FF8, bytes(range(1, 9)))]),
        ({"mem_addr": 0x5FFB, "mem_wmask": 3}, [(0x8000_1FFB, b"\1\2")]),
        (
            {"mem_addr": 0x5FFD, "mem_wmask": 0xFF, "mem_paddr2": 0x8000_7000},
            [(0x8000_1FFD, b"\1\2\3"), (0x8000_7000, b"\4\5\6\7\x08")],
        ),
    ],
    ids=str,
)
def test_a_store_is_where_its_pages_are(fields, parts):
    record = {
        "mem_wdata": 0x0807_0605_0403_0201,
        "mem_paddr": 0x8000_1000 | fields["mem_addr"] & 0xFFF,
    }
    assert stored(record | fields) == parts


@pytest.mark.parametrize(
    "fields, counted",
    [
        ({"mem_addr": 0x1001, "mem_rmask": 3}, {"retired": 1, "two pages": 0}),
        ({"mem_addr": 0x1FFF, "mem_wmask": 3}, {"retired": 1, "two pages": 1}),
        ({"mem_addr": 0x1FFD, "mem_rmask": 0xFF}, {"retired": 1, "two pages": 1}),
        ({"mem_addr": 0x1FF8, "mem_rmask": 0xFF}, {}),
        ({"mem_addr": 0x1FFF, "mem_rmask": 1}, {}),
        ({"trap": 1, "cause": 15, "insn": STORE_DOUBLE, "rs1_rdata": 0x1FFE}, {"faulted": 1}),
        ({"trap": 1, "cause": 13, "insn": LOAD_DOUBLE, "rs1_rdata": 0x2000}, {"faulted": 1}),
        ({"trap": 1, "cause": 13, "insn": LOAD_DOUBLE, "rs1_rdata": 0x2001}, {"faulted": 0}),
        ({"trap": 1, "cause": 6, "insn": STORE_DOUBLE, "rs1_rdata": 0x1FFE}, {}),
    ],
    ids=str,
)
def test_misaligned_accesses_are_counted(fields, counted):
    names = ("mem_addr", "mem_rmask", "mem_wmask", "trap", "cause", "insn", "rs1_rdata")
    counts = Counter()
    count_misaligned(counts, dict.fromkeys(names, 0) | {"tval": 0x2000} | fields)
    assert counts == Counter(counted)
