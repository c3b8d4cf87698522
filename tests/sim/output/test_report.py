import io
import re
from dataclasses import replace

import pytest

from hdl.arch import Cause, Priv
from kernel_model.facts.accounts import Account
from sim.engines.traps import TrapRecord
from sim.guests.fault_table import FaultTable
from sim.guests.symbols import NOWHERE, Place
from sim.output.report import print_faults, print_processes, print_summary
from tests.sim.results import make_result
from tests.sim.served import mapped, refused


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def report():
    faults = FaultTable()
    touched = mapped(0x44, Cause.LOAD_PAGE, 0x5008, frame=0x8001_0000)
    copied = mapped(None, Cause.LOAD_PAGE, 0x6000, frame=0x8001_1000, via="copyin")
    killed = refused(0x50, Cause.STORE_PAGE, 0)
    for served, trap in [
        (touched, TrapRecord(1000, 0x44, 13, 0x5008, Priv.U, retried_at=1400)),
        (copied, TrapRecord(2000, 0x48, 8, 0, Priv.U)),
        (killed, TrapRecord(12345, 0x50, 15, 0, Priv.U)),
    ]:
        faults.trapped(2, [trap])
        faults.join([served])
    return make_result(
        exit_status=255,
        cycles=20_000,
        instructions=15_000,
        pages_promised=10,
        heap_frames_used=2,
        frames_used=17,
        faults=faults,
        abi="lab",
    )


@pytest.fixture
def processes():
    first = Account(2, "sh", 0x6000, 6, 5, 1, 0, 1234, 99_999, 88, exit_status=None)
    return [first, Account(3, "echo", 0x4000, 4, 5, 2, 1, 7, 6, 5, exit_status=-1)]


def rows(text):
    """The cells of a table's rows, which two spaces part."""
    return [re.split(r"\s{2,}", line.strip()) for line in text.splitlines()[2:]]


def printed(function, report):
    output = io.StringIO()
    function(report, output)
    return output.getvalue()


def test_the_summary_tells_of_areas_and_superpages_if_there_are_any(report):
    names = [row[0] for row in rows(printed(print_summary, report))]
    assert not any("areas" in name or "superpages" in name for name in names)
    more = replace(report, area_pages_promised=40, area_frames_used=3, superpages=2)
    told = dict(rows(printed(print_summary, more)))
    assert (told["pages of areas promised"], told["frames of areas on demand"]) == ("40", "3")
    assert (told["superpages"], told["policy"]) == ("2", "lazy")


def test_the_table_has_a_row_for_every_fault(report):
    assert rows(printed(print_faults, report)) == [
        ["1", "1,000", "0x44", "load", "0x5008", "mapped frame 0x80010000", "1,400"],
        ["2", "2,000", "-", "copyin of a system call", "0x6000", "mapped frame 0x80011000", "-"],
        ["3", "12,345", "0x50", "store", "0x0", "killed: page is mapped r-x", "-"],
    ]


class Known:
    """The symbols of programs: what is known of one, by its address."""

    def __init__(self, **places):
        self._places = places

    def place(self, program, pc):
        return self._places.get(f"{program}_{pc:x}" if pc is not None else "", NOWHERE)


def test_the_table_tells_function_and_line_of_what_is_known(report):
    symbols = Known(lazy_44=Place("touch+0x14", "lazy.c", 12), lazy_50=Place("main"))
    output = io.StringIO()
    print_faults(report, output, symbols)
    assert [row[2:6] for row in rows(output.getvalue())] == [
        ["0x44", "touch+0x14", "lazy.c:12", "load"],
        ["-", "-", "-", "copyin of a system call"],
        ["0x50", "main", "-", "store"],
    ]

    output = io.StringIO()
    print_faults(report, output, Known(lazy_44=Place("touch\x1b[2J")))
    assert [row[3] for row in rows(output.getvalue())] == ["touch^[[2J", "-", "-"]
    assert "line" not in output.getvalue()


def test_the_table_tells_processes_apart(report):
    report.faults.trapped(3, [TrapRecord(13_000, 0x60, 13, 0x7000, Priv.U)])
    served = mapped(0x60, Cause.LOAD_PAGE, 0x7000, 3, frame=0x8001_2000)
    report.faults.join([served])

    assert [row[2] for row in rows(printed(print_faults, report))] == ["2", "2", "2", "3"]


def test_of_many_faults_the_first_and_last_are_shown(report):
    for cycle in range(100):
        report.faults.trapped(2, [TrapRecord(cycle, 0x44, 13, 0x5008, Priv.U)])
        report.faults.join([report.faults[0].served])

    numbers = [row[0] for row in rows(printed(print_faults, report))]
    assert numbers == [*map(str, range(1, 41)), "...", *map(str, range(84, 104))]
    assert "43 more" in printed(print_faults, report)


def test_each_process_has_a_row(processes):
    report = make_result(processes=processes)

    assert rows(printed(print_processes, report)) == [
        ["2", "sh", "0x6000", "6", "5", "1", "1,234", "99,999", "88", "-"],
        ["3", "echo", "0x4000", "4", "5", "3", "7", "6", "5", "-1"],
    ]


@pytest.mark.parametrize("kind, first, last", [(io.StringIO, 40, 20), (Terminal, 12, 8)])
def test_of_many_processes_a_terminal_is_shown_few(processes, kind, first, last):
    """It would scroll away what the program has printed."""
    file = kind()
    accounts = [replace(processes[0], pid=pid) for pid in range(2, 102)]
    print_processes(make_result(processes=accounts), file)
    pids = re.findall(r"^[│ ]*(\d+|\.\.\.) ", file.getvalue(), re.MULTILINE)
    assert pids == [
        *map(str, range(2, 2 + first)),
        "...",
        *map(str, range(102 - last, 102)),
    ]


def test_a_single_process_has_no_table(processes):
    report = make_result(processes=processes[:1])

    assert printed(print_processes, report) == ""


def test_a_run_without_faults_says_so():
    assert printed(print_faults, make_result()) == "no page faults\n"


def test_the_summary_tells_what_was_promised_and_what_was_used(report):
    text = printed(print_summary, report)

    for line in (
        "exit status 255",
        "cycles 20,000",
        "instructions 15,000",
        "per cycle 0.750",
        "heap pages promised 10",
        "heap frames on demand 2",
        "frames used, with page tables 17",
        "engine pysim",
    ):
        assert re.search(rf"{line.replace(' ', ' +')}\n", text)


def test_a_run_without_a_kernel_tells_of_no_pages():
    assert "pages" not in printed(print_summary, make_result(cycles=10, instructions=5))


def test_nothing_is_divided_by_zero():
    assert make_result(cycles=0, instructions=0).ipc == 0
