"""The hart's side: a case on the native engine."""

from hdl.arch import PAGE_SIZE
from sim.config import MachineConfig
from sim.machine import End, Machine
from sim.session import KernelSession
from tests.verify.samekernel.cases import Case
from tests.verify.samekernel.record import Run, make_kernel

__all__ = ["run_on_silicon"]

_CYCLES = 50_000_000


def run_on_silicon(case: Case) -> Run:
    """Runs the case to its end."""
    config = MachineConfig(engine="native", memory_mib=case.pages * PAGE_SIZE >> 20)
    kernel = make_kernel(case, Machine.make_ram(config))
    end = KernelSession(config, kernel).run(_CYCLES)
    assert end is End.FINISHED, f"{case.name}: it has not ended: {end}"
    return kernel.result()
