"""The host's memory does not grow with the faults and the system calls of a run."""

import gc
import json
import re

import pytest

from hdl.arch import Cause, Priv
from kernel_model.mm.served import ServedFault
from sim.cli import main as cli
from sim.engines import traps
from sim.engines.traps import MOST_EXPECTED, TrapLog, TrapRecord
from sim.guests.fault_table import FaultTable, PageFault
from tests.sim.runs import run
from tests.sim.served import mapped


@pytest.fixture
def small(monkeypatch):
    """Bounds that a short run reaches."""
    monkeypatch.setattr(FaultTable, "FIRST", 40)
    monkeypatch.setattr(FaultTable, "LAST", 30)
    monkeypatch.setattr(FaultTable, "PINNED", 5)
    monkeypatch.setattr(traps, "KEPT_TRAPS", 40)


def living(kind):
    gc.collect()
    return sum(isinstance(each, kind) for each in gc.get_objects())


@pytest.mark.usefixtures("small")
def test_few_records_of_many_faults_are_left():
    before = {kind: living(kind) for kind in (PageFault, TrapRecord, ServedFault)}

    finished = run("lazytests", "-n", "sparse", memory_mib=128)

    assert len(finished.guest.faults) == 4096
    assert len(finished.machine.engine.log.traps) == 40
    assert finished.machine.engine.log.trap_count > 4096
    for kind, number in before.items():
        assert living(kind) - number < 150, kind
    (_, child) = finished.kernel.take_accounts(finished.cycles)
    assert child.minor_faults == 4096


@pytest.mark.usefixtures("small")
def test_json_has_all_of_them_and_the_table_the_first_and_last(tmp_path, capfd):
    path = tmp_path / "report.json"

    assert cli.main(["run", "--json", str(path), "lazytests", "-n", "sparse"]) == 0

    faults = json.loads(path.read_text())["faults"]
    assert [fault["number"] for fault in faults] == list(range(1, 4097))
    assert all(fault["retired_cycle"] > fault["cycle"] for fault in faults)
    error = capfd.readouterr().err
    assert f"{4096 - 60:,} more" in error
    assert re.search(r"^page faults +4,096$", error, re.MULTILINE)


class TestTable:
    @pytest.fixture
    def table(self, small):
        table = FaultTable()
        table.pinned = lambda fault: 50 <= fault.number < 60
        for number in range(1, 201):
            table.trapped(2, [TrapRecord(number, 0x44, 13, 0x5008, Priv.U, retried_at=number + 1)])
            served = mapped(0x44, Cause.LOAD_PAGE, 0x5008)
            table.join([served])
        return table

    def test_keeps_the_first_the_last_and_some_that_are_needed(self, table):
        kept = [fault.number for fault in table]
        assert kept == [*range(1, 41), *range(50, 55), *range(171, 201)]

    def test_is_as_long_as_there_were_faults(self, table):
        assert len(table) == 200

    def test_has_those_it_keeps_at_their_places(self, table):
        assert [table[index].number for index in (0, 39, 170, 199, -1)] == [1, 40, 171, 200, 200]
        assert [fault.number for fault in table[:3] + table[-2:]] == [1, 2, 3, 199, 200]

    @pytest.mark.parametrize("index", [40, 52, 169, 200, -160])
    def test_says_so_of_others(self, table, index):
        with pytest.raises(IndexError):
            table[index]


class TestLog:
    def test_forgets_faults_that_were_never_retried(self):
        log = TrapLog()
        for number in range(5000):
            log.trapped(number, 0x44, Cause.LOAD_PAGE, 0, Priv.U)
        log.reached(6000, 0x44)

        assert sum(trap.retried_at == 6000 for trap in log.traps) == MOST_EXPECTED
        assert (log.traps[0].retried_at, log.traps[-1].retried_at) == (None, 6000)
        assert log.page_faults == 5000

    def test_forgets_what_processes_that_have_gone_were_waiting_for(self):
        log = TrapLog()
        for process in range(5000):
            log.switch(process)
            log.trapped(process, 0x44, Cause.LOAD_PAGE, 0, Priv.U)

        assert len(log._held) <= 2_000
