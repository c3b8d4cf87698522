import json

import pytest

from hdl.arch import Cause, Priv
from kernel_model.facts.accounts import Account
from sim.engines.traps import TrapRecord
from sim.guests.fault_table import FaultTable
from sim.guests.symbols import NOWHERE
from sim.host.output_files import STDOUT
from sim.output.facts import fault_facts, run_facts
from sim.output.json_report import JsonReport
from tests.sim.results import make_result
from tests.sim.runs import run
from tests.sim.served import mapped, page_fault, refused

MAPPED = mapped(0x44, Cause.LOAD_PAGE, 0x5008)
COPIED = mapped(None, Cause.LOAD_PAGE, 0x6000, frame=0x8001_1000, via="copyin")
KILLED = refused(0x50, Cause.STORE_PAGE, 0)
FAULTS = [
    page_fault(1, MAPPED, TrapRecord(1000, 0x44, 13, 0x5008, Priv.U, retried_at=1400)),
    page_fault(2, COPIED, TrapRecord(2000, 0x48, 8, 0, Priv.U)),
    page_fault(3, KILLED, TrapRecord(12345, 0x50, 15, 0, Priv.U)),
]

FIRST = fault_facts(FAULTS[0], NOWHERE)


def written(path, report, faults=()):
    """The file at `path` after a run."""
    writer = JsonReport(path, lambda data: None)
    for fault in faults:
        writer.fault(fault_facts(fault, NOWHERE))
    writer.finish(run_facts(report))
    return json.loads(path.read_text())


def test_it_has_integers_and_every_fault(tmp_path):
    report = make_result(
        exit_status=255,
        cycles=20_000,
        instructions=15_000,
        pages_promised=10,
        heap_frames_used=2,
        frames_used=17,
        area_pages_promised=4,
        area_frames_used=3,
        superpages=1,
        boot_cycles=258,
        idle_cycles=7,
        abi="lab",
    )

    content = written(tmp_path / "report.json", report, FAULTS)

    faults = content.pop("faults")
    assert content.pop("versions").keys() == {"trapline", "amaranth", "python", "compiler"}
    assert content == {
        "exit_status": 255,
        "end": "finished",
        "abi": "lab",
        "cycles": 20_000,
        "instructions": 15_000,
        "pages_promised": 10,
        "heap_frames_used": 2,
        "frames_used": 17,
        "area_pages_promised": 4,
        "area_frames_used": 3,
        "superpages": 1,
        "boot_cycles": 258,
        "idle_cycles": 7,
        "counters": None,
        "config": report.config.as_json() | {"engine": "pysim"},
        "processes": [],
        "injected": [],
    }
    for entry, fault in zip(faults, FAULTS, strict=True):
        assert entry.items() >= fault.as_json().items()
        assert entry["begin"] == fault.life.begin
        assert (entry["frame"], entry["page_tables"]) == (fault.served.outcome.frame, 0)


def test_a_fault_has_its_phases_and_the_kernels_steps(tmp_path):
    finished = run("lazy")
    faults = list(finished.guest.faults)
    content = written(tmp_path / "report.json", make_result(), faults)

    for entry in content["faults"]:
        assert sum(entry["phases"].values()) == entry["retired_cycle"] - entry["begin"]
        assert sum(entry["kernel_steps"].values()) == entry["phases"]["kernel"]
    assert content["faults"][0]["phases"] == {
        "walk": 2,
        "raise": 2,
        "trap_entry": 5,
        "save": 51,
        "switch": 18,
        "kernel": 1136,
        "switch_back": 7,
        "restore": 65,
        "fetch_walk": 2,
        "retry": 5,
        "data_walk": 2,
    }
    assert content["faults"][0]["kernel_steps"] == {
        "dispatch": 60,
        "allocate": 20,
        "zero_page": 1024,
        "pte": 30,
        "bus": 2,
    }


def test_it_has_every_account(tmp_path):
    processes = [
        Account(2, "sh", 0x6000, 6, 5, 1, 0, 1234, 99_999, 88, "lab", None),
        Account(3, "echo", 0x4000, 4, 5, 2, 1, 7, 6, 5, "lab", -1),
    ]

    content = written(tmp_path / "report.json", make_result(processes=processes))

    first, second = content["processes"]
    assert first == {
        "pid": 2,
        "name": "sh",
        "size": 0x6000,
        "abi": "lab",
        "resident_pages": 6,
        "page_tables": 5,
        "minor_faults": 1,
        "fatal_faults": 0,
        "syscalls": 1234,
        "user_cycles": 99_999,
        "kernel_cycles": 88,
        "exit_status": None,
    }
    assert second["exit_status"] == -1
    assert content["faults"] == []


def test_faults_are_written_as_they_come(tmp_path):
    path = tmp_path / "report.json"
    writer = JsonReport(path, lambda data: None)
    for _ in range(1000):
        writer.fault(FIRST)

    assert path.read_text().count('"number": 1,') > 800
    writer.finish({})


def test_standard_output_gets_it_in_the_end():
    written = []
    writer = JsonReport(STDOUT, written.append)
    writer.fault(FIRST)
    assert written == []
    writer.finish(run_facts(make_result()))

    assert len(json.loads(b"".join(written))["faults"]) == 1


def test_a_disk_that_gets_full_is_told_of_at_the_end():
    writer = JsonReport("/dev/full", lambda data: None)
    for _ in range(1000):
        writer.fault(FIRST)

    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        writer.finish({})


class TestSettled:
    """When a fault is written: as soon as no more will be known of it, and in order."""

    @pytest.fixture
    def table(self):
        table = FaultTable()
        table.numbers = []
        table.settled.append(lambda fault: table.numbers.append(fault.number))
        return table

    @staticmethod
    def raise_(table, pid, pc=0x44):
        trap = TrapRecord(1000, pc, 13, 0x5008, Priv.U)
        table.trapped(pid, [trap])
        table.join([MAPPED._replace(pid=pid, pc=pc)])
        return trap

    def test_when_it_has_retired(self, table):
        trap = self.raise_(table, 2)
        assert table.numbers == []
        trap.retried_at = 1400
        table.join([])
        assert table.numbers == [1]

    def test_not_before_those_before_it(self, table):
        first, second = self.raise_(table, 2), self.raise_(table, 3)
        second.retried_at = 1300
        table.join([])
        assert table.numbers == []
        first.retried_at = 1400
        table.join([])
        assert table.numbers == [1, 2]

    def test_when_its_process_has_gone(self, table):
        self.raise_(table, 2)
        table.exited(type("Proc", (), {"pid": 2}), 0)
        table.join([])
        assert table.numbers == [1]

    def test_when_its_process_traps_elsewhere(self, table):
        self.raise_(table, 2)
        self.raise_(table, 2, pc=0x48)
        assert table.numbers == [1]

    def test_at_once_if_it_is_a_system_calls(self, table):
        table.trapped(2, [TrapRecord(2000, 0x48, 8, 0, Priv.U)])
        table.join([COPIED])
        assert table.numbers == [1]

    def test_at_the_latest_when_the_run_ends(self, table):
        self.raise_(table, 2)
        table.finish()
        assert table.numbers == [1]
