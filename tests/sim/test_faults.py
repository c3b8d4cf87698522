import pytest

from hdl.arch import Cause, Priv
from kernel_model.faults import Fault as Served
from sim.engines.base import TrapRecord
from sim.faults import FaultTable, JoinError

LOAD, STORE = Cause.LOAD_PAGE, Cause.STORE_PAGE


def test_a_fault_of_the_program_joins_the_hardwares_record():
    table = FaultTable()
    trap = TrapRecord(1000, 0x44, LOAD, 0x5008, Priv.U)

    table.join([Served(0x44, LOAD, 0x5008, "mapped", None, "mapped frame 0x80010000")], [trap])
    trap.retried_at = 1400

    assert table[0].as_json() == {
        "number": 1,
        "cycle": 1000,
        "pc": 0x44,
        "cause": 13,
        "stval": 0x5008,
        "outcome": "mapped",
        "retired_cycle": 1400,
    }
    assert table[0].cause_name == "load"


def test_pages_that_a_system_call_touches_have_no_pc_but_say_how():
    table = FaultTable()
    traps = [TrapRecord(10, 0x40, STORE, 0x9000, Priv.U), TrapRecord(70, 0x48, 8, 0, Priv.U)]
    pages = [Served(None, STORE, page, "mapped", "copyout", "") for page in (0x6000, 0x7000)]

    table.join(pages, traps)

    assert [fault.as_json() for fault in table] == [
        {
            "number": number,
            "cycle": 70,
            "cause": 15,
            "stval": page,
            "outcome": "mapped",
            "retired_cycle": None,
            "via": "copyout",
        }
        for number, page in ((1, 0x6000), (2, 0x7000))
    ]


@pytest.mark.parametrize(
    "traps",
    [
        [],
        [TrapRecord(1000, 0x44, LOAD, 0x5008, Priv.S)],
        [TrapRecord(1000, 0x46, LOAD, 0x5008, Priv.U)],
        [TrapRecord(1000, 0x44, STORE, 0x5008, Priv.U)],
        [TrapRecord(1000, 0x44, LOAD, 0x5000, Priv.U)],
    ],
)
def test_a_trap_frame_that_says_otherwise_than_the_hart_is_an_error(traps):
    with pytest.raises(JoinError, match="the hart"):
        FaultTable().join([Served(0x44, LOAD, 0x5008, "mapped", None, "")], traps)


def test_a_page_of_a_system_call_needs_a_system_call():
    trap = TrapRecord(1000, 0x44, LOAD, 0x5008, Priv.U)

    with pytest.raises(JoinError):
        FaultTable().join([Served(None, LOAD, 0x5008, "mapped", "copyin", "")], [trap])
