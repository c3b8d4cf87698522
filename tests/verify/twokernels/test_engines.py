"""The kernel in C on both engines: pysim goes on where native stands, and does the same."""

import pytest

from hdl.arch import PAGE_FAULTS, Priv
from sim import End, start_boot
from tests.verify.twokernels.moving import moved

#: Cycles before the page fault, and those that are compared, in which it is served.
BEFORE, WINDOW = 200, 2_500


def page_faults(session):
    log = session.machine.engine.log
    return [trap for trap in log.traps if trap.mode == Priv.U and trap.cause in PAGE_FAULTS]


@pytest.fixture(scope="module")
def before_a_fault():
    """A session that stands BEFORE cycles before a program's first page fault."""
    with start_boot(stdin="lazy\n", traced=True, engine="native") as session:
        while not page_faults(session):
            before = session.snapshot()
            assert session.step(50_000) is End.LIMIT
        fault = page_faults(session)[0].cycle
        session.restore(before)
        session.run(fault - BEFORE)
        yield session


def followed(session):
    """What retires in the window, and what there is at its end."""
    engine, records = session.machine.engine, []

    def record(cycle, fields):
        records.append((cycle, dict(fields)))

    engine.observe(record)
    session.step(WINDOW)
    registers = [engine.read_register(number) for number in range(32)]
    return records, registers, engine.inspect(engine.inspectable), session.machine.ram.snapshot()


def test_pysim_does_the_same_around_page_faults_of_a_program(before_a_fault):
    native = before_a_fault
    with moved(native) as pysim:
        assert pysim.cycle == native.cycle
        first, second = followed(native), followed(pysim)

    for one, other in zip(first, second, strict=True):
        assert one == other
    assert len(first[0]) > WINDOW // 2
    fault, same = page_faults(native)[0], page_faults(pysim)[0]
    assert fault.cycle == native.cycle - WINDOW + BEFORE
    assert fault.retried_at is not None
    for name in ("cycle", "pc", "cause", "tval", "retried_at", "lookup"):
        assert getattr(fault, name) == getattr(same, name), name
    assert native.cycle == pysim.cycle
