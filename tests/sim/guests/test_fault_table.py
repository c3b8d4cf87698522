import pytest

from hdl.arch import Cause, Priv
from sim.engines.story import Passage
from sim.engines.traps import TrapRecord
from sim.guests.fault_table import FaultTable, JoinError
from sim.guests.lives import NO_PASSAGE, Answer, Part
from tests.sim.served import mapped

LOAD, STORE = Cause.LOAD_PAGE, Cause.STORE_PAGE


def joined(served, trap, pid=2):
    """The table after the process `pid` has raised `trap` and the kernel has `served` it."""
    table = FaultTable()
    table.trapped(pid, [trap])
    table.join(served)
    return table


def test_a_fault_of_the_program_joins_the_hardwares_record():
    trap = TrapRecord(1000, 0x44, LOAD, 0x5008, Priv.U)

    table = joined([mapped(0x44, LOAD, 0x5008, frame=0x8001_0000)], trap)
    trap.retried_at = 1400

    assert table[0].as_json() == {
        "number": 1,
        "cycle": 1000,
        "pid": 2,
        "pc": 0x44,
        "cause": 13,
        "stval": 0x5008,
        "outcome": "mapped",
        "retired_cycle": 1400,
    }
    assert table[0].cause_name == "load"


def test_pages_that_a_system_call_touches_have_no_pc_but_say_how():
    pages = [mapped(None, STORE, page, via="copyout") for page in (0x6000, 0x7000)]

    table = joined(pages, TrapRecord(70, 0x48, 8, 0, Priv.U))

    assert [fault.as_json() for fault in table] == [
        {
            "number": number,
            "cycle": 70,
            "pid": 2,
            "cause": 15,
            "stval": page,
            "outcome": "mapped",
            "retired_cycle": None,
            "via": "copyout",
        }
        for number, page in ((1, 0x6000), (2, 0x7000))
    ]


def test_a_call_that_has_waited_joins_its_own_ecall_and_not_the_last_trap():
    table = FaultTable()
    call = TrapRecord(70, 0x48, Cause.ECALL_U, 0, Priv.U)
    other = TrapRecord(900, 0x48, LOAD, 0x5000, Priv.U)
    table.trapped(2, [call])
    table.trapped(3, [call, other])

    table.join([mapped(0x48, LOAD, 0x5000, 3), mapped(None, STORE, 0x6000, via="copyout")])

    assert [fault.trap for fault in table] == [other, call]


@pytest.mark.parametrize(
    "trap",
    [
        TrapRecord(1000, 0x46, LOAD, 0x5008, Priv.U),
        TrapRecord(1000, 0x44, STORE, 0x5008, Priv.U),
        TrapRecord(1000, 0x44, LOAD, 0x5000, Priv.U),
    ],
)
def test_a_trap_frame_that_says_otherwise_than_the_hart_is_an_error(trap):
    with pytest.raises(JoinError, match="the trap frame of process 2 says cause 13 at pc 0x44"):
        joined([mapped(0x44, LOAD, 0x5008)], trap)


def test_a_fault_of_a_process_that_has_raised_none_is_an_error():
    with pytest.raises(JoinError, match="process 3, for which the hart raised none"):
        joined([mapped(0x44, LOAD, 0, 3)], TrapRecord(1, 0x44, 13, 0, Priv.U))


@pytest.mark.parametrize("traps", [[], [TrapRecord(1000, 0x44, LOAD, 0x5008, Priv.S)]])
def test_an_exception_that_the_hart_has_not_raised_is_an_error(traps):
    with pytest.raises(JoinError, match="the hart's last trap is none of user mode"):
        FaultTable().trapped(2, traps)


def test_a_page_of_a_system_call_needs_a_system_call():
    trap = TrapRecord(1000, 0x44, LOAD, 0x5008, Priv.U)

    with pytest.raises(JoinError):
        joined([mapped(None, LOAD, 0x5008, via="copyin")], trap)


def test_the_fault_that_a_run_ends_in_has_a_row_with_what_it_has_come_to():
    table = FaultTable()
    trap = TrapRecord(1000, 0x44, LOAD, 0x5008, Priv.U)
    table.unserved(2, "mine", trap, Passage(1000, entered=1005, left=170))
    settled = []
    table.settled.append(settled.append)
    table.finish(1020)

    (fault,) = settled
    assert fault.as_json() == {
        "number": 1,
        "cycle": 1000,
        "pid": 2,
        "pc": 0x44,
        "cause": 13,
        "stval": 0x5008,
        "outcome": "unfinished",
        "retired_cycle": None,
    }
    assert fault.life.cycles_by_part == {Part.ENTRY: 5, Part.SAVE: 15}
    assert (fault.life.complete, fault.life.kernel_parts) == (False, ())


def test_a_fault_is_settled_when_its_answer_has_come():
    """Else the run may end before, and with it the fault."""
    table, settled = FaultTable(), []
    table.settled.append(settled.append)
    table.trapped(2, [TrapRecord(70, 0x48, Cause.ECALL_U, 0, Priv.U)])

    table.join([mapped(None, LOAD, 0x5008, via="copyin")], Answer(NO_PASSAGE, 100, 500, 400), 101)
    assert settled == []
    table.join([], rung=499)
    assert settled == []
    table.join([], rung=500)
    assert len(settled) == 1
