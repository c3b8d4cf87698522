"""Snapshots of a whole machine, with a program and its kernel."""

from kernel_model.kernel import Kernel
from sim.guests.kernel_guest import KernelGuest
from sim.host.toolchain import assemble_trampoline
from sim.machine import End, Machine, MachineConfig
from sim.platform.devices.doorbell import DoorbellPage
from tests.programs.expected import Expected
from tests.sim.engines.native.machine.machines import Console


def make_machine(program):
    config = MachineConfig(memory_mib=4, engine="native")
    ram = Machine.make_ram(config)
    kernel = Kernel(ram, assemble_trampoline(), Console())
    kernel.exec(program.build().read_bytes(), [program.program])
    return Machine(config, ram, devices=[DoorbellPage(kernel.doorbell)]), KernelGuest(kernel)


def finish(machine, guest):
    """Runs to the end; returns all that the run leaves behind."""
    assert machine.run(guest, max_cycles=400_000) is End.FINISHED
    engine, kernel = machine.engine, guest.kernel
    return (
        engine.cycle,
        engine.log,
        [fault.as_json() for fault in guest.faults],
        (kernel.exit_status, kernel.frames_used, kernel.console.output),
        bytes(machine.ram.bytes),
    )


def test_a_program_ends_alike_from_every_snapshot():
    machine, guest = make_machine(Expected("lazy", ""))
    snapshots = []
    for cycles in (0, 3_000, 10_000):
        if cycles:
            assert machine.run(guest, max_cycles=cycles) is End.LIMIT
        snapshots.append((cycles, machine.snapshot(guest)))
    expected = finish(machine, guest)

    assert len(expected[2]) > 3
    for cycles, snapshot in [*snapshots, snapshots[1]]:
        guest = machine.restore(snapshot)
        assert machine.engine.cycle == cycles
        assert finish(machine, guest) == expected


def test_a_snapshot_does_not_change_with_the_machine_it_was_taken_of():
    machine, guest = make_machine(Expected("lazy", ""))
    machine.run(guest, max_cycles=5_000)
    snapshot = machine.snapshot(guest)
    faults, pages = len(guest.faults), len(snapshot.ram)

    finish(machine, guest)

    restored = machine.restore(snapshot)
    assert len(restored.faults) == faults < len(guest.faults)
    assert len(machine.ram.snapshot()) == pages
