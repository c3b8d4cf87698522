"""The kernel in C on both engines: pysim goes on where native stands, and does the same."""

import pytest

from hdl.arch import PAGE_FAULTS, Priv
from sim import End, start_boot
from sim.engines.native.compiler import model
from tests.verify.twokernels.moving import moved

#: Cycles that are compared, the last ones of a test of `lazytests`: its child touches two pages of
#: its heap, ends and is waited for.
WINDOW = 25_000
PASSED = b"test spinheap: OK"


def page_faults(session):
    log = session.machine.engine.log
    return [trap for trap in log.traps if trap.mode == Priv.U and trap.cause in PAGE_FAULTS]


@pytest.fixture(scope="module")
def before_the_end():
    """A session that stands WINDOW cycles before the end of the test."""
    line = "lazytests -n spinheap\n"
    with (
        pytest.MonkeyPatch.context() as patch,
        start_boot(stdin=line, memory_mib=20, traced=True, engine="native") as session,
    ):
        # The design that is looked into is this hart, not one that had other RAM before.
        patch.setattr(model, "_translations", {})
        reset = session.snapshot()
        while PASSED not in session.output:
            assert session.step(500) is End.LIMIT
        end = session.cycle
        session.restore(reset)
        session.run(end - WINDOW)
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


def test_pysim_passes_a_test_of_lazytests_as_native_does(before_the_end):
    native = before_the_end
    seen = len(page_faults(native))
    with moved(native) as pysim:
        assert pysim.cycle == native.cycle
        first, second = followed(native), followed(pysim)
        assert PASSED in pysim.output

    for one, other in zip(first, second, strict=True):
        assert one == other
    assert len(first[0]) > WINDOW // 2
    faults, same = page_faults(native)[seen:], page_faults(pysim)
    assert [fault.retried_at is not None for fault in faults] == [True, True]
    for name in ("cycle", "pc", "cause", "tval", "retried_at", "lookup"):
        values = [[getattr(fault, name) for fault in each] for each in (faults, same)]
        assert values[0] == values[1], name
    assert native.cycle == pysim.cycle
