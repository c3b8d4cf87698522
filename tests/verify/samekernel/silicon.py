"""The hart's side: a case on the native engine."""

from sim.config import MachineConfig
from sim.guests.kernel_guest import KernelGuest
from sim.machine import End, Machine
from sim.platform.devices.doorbell import DoorbellPage
from tests.verify.samekernel.cases import Case
from tests.verify.samekernel.record import Run, make_kernel

__all__ = ["run_on_silicon"]

_CYCLES = 50_000_000


def run_on_silicon(case: Case) -> Run:
    """Runs the case to its end."""
    config = MachineConfig(engine="native")
    ram = Machine.make_ram(config)
    kernel = make_kernel(case, ram)
    machine = Machine(config, ram, devices=[DoorbellPage(kernel.doorbell)])
    end = machine.run(KernelGuest(kernel), max_cycles=_CYCLES)
    assert end is End.FINISHED, f"{case.name}: it has not ended: {end}"
    return kernel.result()
