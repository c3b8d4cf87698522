"""With which records of the retire port a condition is met, and which it asks to be told of."""

from types import SimpleNamespace

import pytest

from hdl.arch import INTERRUPT_BIT, PTE_SIZE, Cause, Interrupt, Priv, Pte
from sim.debug.conditions import (
    AccessTo,
    AtCycle,
    AtPc,
    Condition,
    FaultNumber,
    Kind,
    OfKind,
    PteChange,
)
from sim.platform.ram import Ram

MOST = (1 << 64) - 1


def record(**fields):
    """A record of an instruction in user mode that accesses nothing, but for some fields."""
    names = "trap cause tval intr_cause pc_wdata mem_addr mem_rmask mem_wmask".split()
    return {**dict.fromkeys(names, 0), "mode": int(Priv.U), **fields}


def session(pid=2, name="lazy", faults=0, cycle=0):
    proc = SimpleNamespace(pid=pid, name=name)
    guest = SimpleNamespace(faults=[None] * faults)
    return SimpleNamespace(kernel=SimpleNamespace(proc=proc), guest=guest, cycle=cycle)


#: In the handlers of a kernel that runs no process.
IDLE = SimpleNamespace(kernel=SimpleNamespace(proc=None))


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


@pytest.mark.parametrize("kind", [Kind.SYSCALL, Kind.FAULT])
def test_a_search_is_told_of_no_more_than_it_needs(kind):
    assert told(OfKind(Kind.TRAP), TIMER)
    assert not told(OfKind(kind), TIMER)
    assert not told(OfKind(kind), RETIRED)
    assert not told(OfKind(Kind.INSTRUCTION), ECALL)
    assert not told(OfKind(Kind.TRAP), record(intr_cause=Interrupt.STI))


def test_the_last_interrupt_is_one():
    assert told(OfKind(Kind.TRAP), record(intr_cause=MOST))
    assert all(high <= MOST for _, _, high in OfKind(Kind.TRAP).rules), "of 64 bits each"


def test_what_says_nothing_else_never_happens():
    assert not Condition().record(RETIRED, session())
    assert not Condition().stands(session())


def test_a_pc_is_met_by_the_program_that_is_meant():
    condition = AtPc(0x40, program="lazy")
    there, elsewhere = record(pc_wdata=0x40), record(pc_wdata=0x42)
    assert condition.record(there, session())
    assert not condition.record(there, session(name="sh"))
    assert not condition.record(elsewhere, session())
    assert AtPc(0x40).record(there, session(name="sh"))
    assert not condition.record(there, IDLE)
    assert AtPc(0x40).record(there, IDLE)
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


def test_an_access_is_searched_for_near_its_bytes_only():
    condition = AccessTo(0x1000, 8, faults=False)
    near = [0x1000 - 7, 0x1007]
    assert all(told(condition, record(mem_addr=address)) for address in near)
    assert not any(told(condition, record(mem_addr=address)) for address in [0xFF8, 0x1008])
    assert not told(condition, FAULT), "a fault is no access then"
    assert told(AccessTo(0x1000, 8), FAULT)
    assert told(AccessTo(0), record(mem_addr=0))


def test_a_byte_is_accessed_and_not_its_neighbours():
    assert not AccessTo(8).record(record(mem_addr=9, mem_rmask=1), session())
    assert not AccessTo(0x5001, faults=True).record(FAULT, session())
    assert not AccessTo(0x4FFF).record(FAULT, session())
    # Of an AMO, which does both, what is asked for counts.
    both = record(mem_addr=8, mem_rmask=0xF, mem_wmask=0xFF)
    assert not AccessTo(12, writes=False).record(both, session())
    assert AccessTo(12, reads=False).record(both, session())
    other = record(mem_addr=8, mem_rmask=0xFF, mem_wmask=0xF)
    assert not AccessTo(12, reads=False).record(other, session())


def test_an_access_of_a_process_is_none_of_the_idle_kernels():
    store = record(mem_addr=8, mem_wmask=1)
    assert AccessTo(8).record(store, IDLE)
    assert not AccessTo(8, pid=2).record(store, IDLE)
    assert AccessTo(8, pid=2).record(store, session(pid=2))


class Paged:
    """A run with page tables in RAM; process 2 has one, process 3 has none any more."""

    ROOT = 0x8000_1000

    def __init__(self):
        ram = Ram(0x8000_0000, 4 << 12)
        procs = [
            SimpleNamespace(pid=1, pagetable=0x8000_2000),
            SimpleNamespace(pid=2, pagetable=self.ROOT),
            SimpleNamespace(pid=3, pagetable=0),
        ]
        self.machine = SimpleNamespace(ram=ram)
        self.kernel = SimpleNamespace(procs=procs)


def test_an_entry_that_the_walk_reads_changes():
    paged, condition = Paged(), PteChange(0x5000, 2)
    condition.begin(paged)
    assert not condition.stands(paged)
    paged.machine.ram.write_u64(Paged.ROOT + PTE_SIZE, Pte.V)  # which is for another gigabyte
    paged.machine.ram.write_u64(0x8000_2000, Pte.V)  # and this for another process
    assert not condition.stands(paged)
    paged.machine.ram.write_u64(Paged.ROOT, 0x8000_3000 >> 2 | Pte.V)
    assert condition.stands(paged)
    assert not condition.stands(paged), "it has changed once"
    paged.machine.ram.write_u64(0x8000_3000, Pte.W)
    assert condition.stands(paged)


def test_a_table_that_goes_takes_its_entries_with_it():
    paged, condition = Paged(), PteChange(0x5000, 2)
    condition.begin(paged)
    paged.kernel.procs[1].pagetable = 0
    assert condition.stands(paged)
    del paged.kernel.procs[1]
    assert not condition.stands(paged)


def test_a_pointer_to_nowhere_is_an_entry_too():
    paged, condition = Paged(), PteChange(0x5000, 2)
    condition.begin(paged)
    paged.machine.ram.write_u64(Paged.ROOT, 0x1000 >> 2 | Pte.V)
    assert condition.stands(paged)
    assert not condition.stands(paged)


def test_a_fault_by_its_number():
    condition = FaultNumber(3)
    assert not condition.record(FAULT, session(faults=1))
    assert condition.record(FAULT, session(faults=2))
    assert not condition.record(ECALL, session(faults=2))


def test_a_fault_that_a_system_call_takes_is_met_as_it_is_served():
    def served(*callers):
        faults = [SimpleNamespace(served=SimpleNamespace(via=via)) for via in callers]
        return SimpleNamespace(guest=SimpleNamespace(faults=faults))

    def comes(number, before, after):
        condition = FaultNumber(number)
        condition.begin(served(*before))
        return condition.stands(served(*after))

    assert comes(2, [None], [None, "read"])
    assert comes(2, [None], [None, "read", "read"])
    assert not comes(2, [None], [None, None]), "the trap was it"
    assert not comes(2, [None, "read"], [None, "read"]), "it was before"
    assert not comes(1, ["read"], ["read", "read"])
    assert not comes(3, [None], [None, "read"]), "it is to come"
    assert comes(1, [], ["read"])
    assert FaultNumber(1).stands(served("read")), "from the first on"
    # Each time it is asked what has come since.
    condition, faults = FaultNumber(1), served()
    assert not condition.stands(faults)
    faults.guest.faults.append(SimpleNamespace(served=SimpleNamespace(via="read")))
    assert [condition.stands(faults), condition.stands(faults)] == [True, False]


def test_a_cycle_comes_once():
    assert [AtCycle(5).stands(session(cycle=cycle)) for cycle in (4, 5, 6)] == [False, True, False]


def test_what_they_are_called():
    assert str(AtCycle(10_000)) == "cycle 10,000"
    assert str(FaultNumber(1_000)) == "fault 1,000"
    assert str(AtPc(0x40, "main")) == "pc 0x40 (main)"
    assert str(AtPc(0x40)) == "pc 0x40"
    assert str(AccessTo(0x40, reads=False)) == "va 0x40 write"
    assert str(AccessTo(0x40, writes=False)) == "va 0x40 read"
    assert str(AccessTo(0x40)) == "va 0x40"
    assert str(AccessTo(0x40, 2)) == "va 0x40 (2 bytes)"
    assert str(PteChange(0x40, 3)) == "pte of 0x40, pid 3"
