import pytest

from hdl.arch import Cause, Priv
from sim.engines.story import Lookup
from sim.engines.traps import MOST_EXPECTED, TrapLog, TrapRecord


@pytest.fixture
def log():
    return TrapLog()


def test_it_counts_what_retires(log):
    for cycle in range(5):
        log.retired(cycle, 0x100, Priv.M)
    log.trapped(5, 0x100, Cause.ILLEGAL, 0, Priv.M)

    assert log.instructions == 5
    assert len(log.traps) == 1


@pytest.mark.parametrize("cause", [Cause.FETCH_PAGE, Cause.LOAD_PAGE, Cause.STORE_PAGE])
def test_a_page_fault_of_user_mode_waits_for_its_instruction(log, cause):
    log.trapped(10, 0x100, cause, 0x5000, Priv.U)

    log.retired(20, 0x104, Priv.U)
    log.retired(21, 0x100, Priv.S)
    assert log.traps[0].retried_at is None
    log.retired(30, 0x100, Priv.U)
    log.retired(40, 0x100, Priv.U)
    assert log.traps[0].retried_at == 30


@pytest.mark.parametrize(
    "cause, asked", [(Cause.FETCH_PAGE, 5), (Cause.LOAD_PAGE, 6), (Cause.STORE_PAGE, 6)]
)
def test_what_was_looked_up_is_that_of_the_side_that_was_refused(cause, asked):
    fetch, data = (Lookup(cycle, 8, 0x5000, 1, ()) for cycle in (5, 6))
    trap = TrapRecord(10, 0x100, cause, 0x5000, Priv.U, refused=fetch.pack() + data.pack())

    assert trap.lookup.asked == asked


def test_an_instruction_that_faults_twice_ends_both(log):
    log.trapped(10, 0xFFE, Cause.FETCH_PAGE, 0xFFE, Priv.U)
    log.trapped(20, 0xFFE, Cause.FETCH_PAGE, 0x1000, Priv.U)

    log.retired(30, 0xFFE, Priv.U)

    assert [trap.retried_at for trap in log.traps] == [30, 30]


@pytest.mark.parametrize(
    ("cause", "mode"), [(Cause.ECALL_U, Priv.U), (Cause.LOAD_ACCESS, Priv.U), (13, Priv.S)]
)
def test_nothing_else_waits(log, cause, mode):
    log.trapped(10, 0x100, cause, 0, mode)

    log.retired(20, 0x100, Priv.U)

    assert log.traps[0].retried_at is None


def test_a_page_fault_waits_for_its_own_process(log):
    log.switch(2)
    log.trapped(10, 0x100, Cause.LOAD_PAGE, 0x5000, Priv.U)
    log.switch(3)
    log.retired(20, 0x100, Priv.U)
    log.trapped(21, 0x100, Cause.LOAD_PAGE, 0x6000, Priv.U)
    log.switch(2)
    log.retired(30, 0x100, Priv.U)
    log.switch(3)
    log.retired(40, 0x100, Priv.U)

    assert [trap.retried_at for trap in log.traps] == [30, 40]


def test_what_waits_longest_of_too_much_is_given_up(log):
    for number in range(MOST_EXPECTED + 2):
        log.trapped(number, 4 * number, Cause.LOAD_PAGE, 0, Priv.U)
    assert list(log.expected) == [4 * number for number in range(2, MOST_EXPECTED + 2)]

    for number in range(MOST_EXPECTED + 2):
        log.retired(9999, 4 * number, Priv.U)
    assert [trap.retried_at for trap in log.traps] == [None, None] + [9999] * MOST_EXPECTED


def test_so_is_the_process_that_was_left_first(log):
    for process in range(2002):
        log.switch(process)
        log.trapped(process, 0x100, Cause.LOAD_PAGE, 0, Priv.U)
    log.switch(9999)
    for process in range(2002):
        log.switch(process)
        log.retired(9999, 0x100, Priv.U)

    assert [trap.retried_at for trap in log.traps] == [None, None] + [9999] * 2000
