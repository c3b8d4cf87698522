"""Which cycles go into a Kanata log."""

from types import SimpleNamespace

import pytest

from hdl.arch import Cause
from kernel_model.facts.abi import Syscall
from kernel_model.facts.doorbell import Reason
from sim.guests.kernel_guest import Rung
from sim.output.kanata_log import KanataLog
from sim.output.waves import CycleRange
from tests.sim.served import mapped, refused


class Later:
    """A window that is not known yet."""

    def bounds(self):
        return None, None


def test_the_machine_stands_still_before_each_cycle_of_the_window(tmp_path):
    log = KanataLog(tmp_path / "x", CycleRange(10, 13))
    assert [log.next_stop(cycle) for cycle in (0, 9, 10, 11, 12, 13, 14)] == [
        10,
        10,
        11,
        12,
        13,
        None,
        None,
    ]
    assert KanataLog(tmp_path / "y", Later()).next_stop(5) is None


@pytest.mark.parametrize(
    "window, before", [(CycleRange(12_000, 12_100), "cycle 12,000"), (Later(), "the program")]
)
def test_a_run_that_ends_before_it_is_told_of(tmp_path, window, before):
    path = tmp_path / "x"
    log = KanataLog(path, window)
    assert log.finish(100) == f"{path}: not written, the run ended before {before}"


def test_a_file_that_cannot_be_made_is_an_error_at_once(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        KanataLog(tmp_path / "nowhere" / "x", CycleRange(0, 1))


@pytest.mark.parametrize(
    "number, label",
    [(int(Syscall.SBRK), "kernel: sbrk, pid 2"), (99, "kernel: unknown call, pid 2")],
)
def test_the_kernels_work_is_called_like_the_system_call(tmp_path, number, label):
    told = []
    log, proc = KanataLog(tmp_path / "x", CycleRange(0, 9)), SimpleNamespace(pid=2)
    log._pipeline = SimpleNamespace(kernel=lambda *what: told.append(what))
    log.syscall_begin(proc, number, (), 5)
    log.rang(Rung(Reason.USER_TRAP, None, 4, 8, proc, proc))
    assert told == [(4, 8, label, "pid 2 runs")]


def test_each_fault_that_the_kernel_has_served_is_told_with_its_ring(tmp_path):
    told = []
    log, proc = KanataLog(tmp_path / "x", CycleRange(0, 9)), SimpleNamespace(pid=2)
    log._pipeline = SimpleNamespace(kernel=lambda *what: told.append(what))
    log.syscall_begin(proc, int(Syscall.READ), (), 5)
    for served in (mapped(None, Cause.STORE_PAGE, 0x5008), refused(0x44, Cause.LOAD_PAGE, 0x9000)):
        log.fault(proc, served, 6)
    log.rang(Rung(Reason.USER_TRAP, None, 4, 8, proc, None))
    log.rang(Rung(Reason.USER_TRAP, None, 14, 18, proc, proc))

    (_, _, label, details), after = told
    assert label == "kernel: read, pid 2"
    first, second, last = details.split("; ")
    assert first.startswith("store fault at 0x5008: mapped")
    assert second.startswith("load fault at 0x9000: ")
    assert last == "nobody runs"
    assert after == (14, 18, "kernel: trap, pid 2", "pid 2 runs")
