from types import SimpleNamespace

from hdl.arch import Cause, Priv
from sim.engines.traps import KEPT_TRAPS, TrapLog
from sim.guests.bare_faults import BareFaults


def test_every_page_fault_comes_once_and_in_order():
    log, taken = TrapLog(), []
    machine = SimpleNamespace(engine=SimpleNamespace(log=log))
    watcher = BareFaults(lambda number, trap: taken.append((number, trap.cycle)), log)
    causes = [Cause.LOAD_PAGE, Cause.ECALL_M, Cause.FETCH_PAGE, Cause.STORE_PAGE]
    for cycle, cause in enumerate(causes * 2):
        log.trapped(cycle, 0x44, cause, 0, Priv.M)
        if cycle != 4:  # then two come at once
            watcher.look(machine)
    watcher.look(machine)

    assert taken == [(1, 0), (2, 2), (3, 3), (4, 4), (5, 6), (6, 7)]


def test_none_is_lost_if_there_is_one_in_every_cycle():
    log, numbers = TrapLog(), []
    machine = SimpleNamespace(engine=SimpleNamespace(log=log))
    watcher = BareFaults(lambda number, trap: numbers.append(number), log)
    stop = 0
    for cycle in range(3 * KEPT_TRAPS):
        if cycle == stop:
            watcher.look(machine)
            stop = watcher.next_stop(cycle)
        log.trapped(cycle, 0x44, Cause.LOAD_PAGE, 0, Priv.M)
    watcher.look(machine)

    assert numbers == [*range(1, 3 * KEPT_TRAPS + 1)]


def test_those_of_before_are_somebody_elses():
    log, taken = TrapLog(), []
    machine = SimpleNamespace(engine=SimpleNamespace(log=log))
    for cycle, cause in enumerate([Cause.LOAD_PAGE, Cause.ECALL_M, Cause.STORE_PAGE]):
        log.trapped(cycle, 0x44, cause, 0, Priv.M)
    watcher = BareFaults(lambda number, trap: taken.append((number, trap.cycle)), log)
    watcher.look(machine)
    log.trapped(9, 0x44, Cause.LOAD_PAGE, 0, Priv.M)
    watcher.look(machine)

    assert taken == [(3, 9)]
