"""With which records of the retire port a condition is met, and which it asks to be told of."""

from types import SimpleNamespace

import pytest

from hdl.arch import INTERRUPT_BIT, Cause, Interrupt, Priv
from sim.debug.conditions import AccessTo, AtCycle, AtPc, FaultNumber, Kind, OfKind

MOST = (1 << 64) - 1


def record(**fields):
    """A record of an instruction in user mode that accesses nothing, but for some fields."""
    names = "trap cause tval intr_cause pc_wdata mem_addr mem_rmask mem_wmask".split()
    return {**dict.fromkeys(names, 0), "mode": int(Priv.U), **fields}


def session(pid=2, name="lazy", faults=0, cycle=0):
    proc = SimpleNamespace(pid=pid, name=name)
    guest = SimpleNamespace(faults=[None] * faults)
    return SimpleNamespace(kernel=SimpleNamespace(proc=proc), guest=guest, cycle=cycle)


def told(condition, fields):
    """Whether a record is one that the condition asks for."""
    return any(low <= fields[name] <= high for name, low, high in condition.rules)


RETIRED = record()
ECALL = record(trap=1, cause=int(Cause.ECALL_U))
FAULT = record(trap=1, cause=int(Cause.STORE_PAGE), tval=0x5000)
IN_KERNEL = record(trap=1, cause=int(Cause.LOAD_PAGE), mode=int(Priv.S))
TIMER = record(intr_cause=1 << INTERRUPT_BIT | Interrupt.STI)


@pytest.mark.parametrize(
    "kind, met",
    [
        (Kind.INSTRUCTION, [RETIRED, TIMER]),
        (Kind.TRAP, [ECALL, FAULT, IN_KERNEL, TIMER]),
        (Kind.SYSCALL, [ECALL]),
        (Kind.FAULT, [FAULT]),
        (Kind.CYCLE, []),
    ],
)
def test_kinds_of_records(kind, met):
    condition = OfKind(kind)
    for fields in (RETIRED, ECALL, FAULT, IN_KERNEL, TIMER):
        assert condition.record(fields, session()) == (fields in met)
        assert fields not in met or told(condition, fields), "it would not be told of it"


def test_a_pc_is_met_by_the_program_that_is_meant():
    condition = AtPc(0x40, program="lazy")
    there, elsewhere = record(pc_wdata=0x40), record(pc_wdata=0x42)
    assert condition.record(there, session())
    assert not condition.record(there, session(name="sh"))
    assert not condition.record(elsewhere, session())
    assert AtPc(0x40).record(there, session(name="sh"))
    assert told(condition, there)
    assert not told(condition, elsewhere)


@pytest.mark.parametrize(
    "address, mask, met",
    [
        (0x1000, 0xFF, True),
        (0x0FF9, 0xFF, True),  # its last byte
        (0x0FF8, 0xFF, False),
        (0x1007, 0x01, True),
        (0x1008, 0x01, False),
        (0x1000, 0, False),
    ],
)
def test_an_access_to_some_of_the_bytes(address, mask, met):
    condition = AccessTo(0x1000, 8)
    for name in ("mem_rmask", "mem_wmask"):
        fields = record(mem_addr=address, **{name: mask})
        assert condition.record(fields, session()) == met
        assert not met or told(condition, fields)


def test_an_access_of_one_kind_and_of_one_process():
    load, store = record(mem_addr=8, mem_rmask=1), record(mem_addr=8, mem_wmask=1)
    assert AccessTo(8, writes=False).record(load, session())
    assert not AccessTo(8, writes=False).record(store, session())
    assert AccessTo(8, reads=False).record(store, session())
    assert not AccessTo(8, pid=3).record(load, session(pid=2))
    assert AccessTo(0x5000, reads=False).record(FAULT, session())
    assert not AccessTo(0x5000, writes=False).record(FAULT, session())
    assert not AccessTo(0x5000, faults=False).record(FAULT, session())


def test_a_fault_by_its_number():
    condition = FaultNumber(3)
    assert not condition.record(FAULT, session(faults=1))
    assert condition.record(FAULT, session(faults=2))
    assert not condition.record(ECALL, session(faults=2))


def test_a_cycle_comes_once():
    assert [AtCycle(5).stands(session(cycle=cycle)) for cycle in (4, 5, 6)] == [False, True, False]


def test_what_they_are_called():
    assert str(AtCycle(10_000)) == "cycle 10,000"
    assert str(FaultNumber(1_000)) == "fault 1,000"
    assert str(AtPc(0x40, "main")) == "pc 0x40 (main)"
    assert str(AccessTo(0x40, reads=False)) == "va 0x40 write"
