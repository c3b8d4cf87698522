"""Snapshots of a whole run, with a program and its kernel."""

import pytest

from kernel_model.kernel import Kernel
from sim.config import MachineConfig
from sim.host.programs import assemble_trampoline
from sim.machine import End, Machine
from sim.session import KernelSession
from tests.programs.expected import Expected
from tests.sim.engines.native.machine.machines import Console


@pytest.fixture
def session():
    config = MachineConfig(memory_mib=4, engine="native")
    kernel = Kernel(Machine.make_ram(config), assemble_trampoline(), Console())
    kernel.exec(Expected("lazy", "").build().read_bytes(), ["lazy"])
    with KernelSession(config, kernel) as session:
        yield session


def finish(session):
    """Runs to the end; returns all that the run leaves behind."""
    assert session.run(400_000) is End.FINISHED
    engine, kernel = session.machine.engine, session.kernel
    return (
        engine.cycle,
        engine.log.instructions,
        list(engine.log.traps),
        [fault.as_json() for fault in session.guest.faults],
        (kernel.exit_status, kernel.frames_used, kernel.console.output),
        bytes(session.machine.ram.bytes),
    )


def test_a_program_ends_alike_from_every_snapshot(session):
    snapshots = []
    for cycles in (0, 3_000, 10_000):
        if cycles:
            assert session.run(cycles) is End.LIMIT
        snapshots.append((cycles, session.snapshot()))
    expected = finish(session)

    assert len(expected[3]) > 3
    for cycles, snapshot in [*snapshots, snapshots[1]]:
        session.restore(snapshot)
        assert session.cycle == cycles
        assert finish(session) == expected


def test_a_snapshot_does_not_change_with_the_run_it_was_taken_of(session):
    session.run(5_000)
    snapshot = session.snapshot()
    faults, pages = len(session.guest.faults), len(snapshot.ram)

    finish(session)
    assert len(session.guest.faults) > faults

    session.restore(snapshot)
    assert len(session.guest.faults) == faults
    assert len(session.machine.ram.snapshot()) == pages


def test_what_refers_to_a_part_of_the_run_still_does(session):
    session.run(5_000)
    kernel, guest, faults = session.kernel, session.guest, session.guest.faults
    log, snapshot = session.machine.engine.log, session.snapshot()
    finish(session)

    session.restore(snapshot)

    assert (session.kernel, session.guest, session.guest.faults) == (kernel, guest, faults)
    assert session.machine.engine.log is log
    assert any(watcher is faults for watcher in kernel.watchers)
