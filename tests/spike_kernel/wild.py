"""Wild programs under the same kernel on both harts: they agree trap by trap, whatever runs.

A wild program need not end. Then the two runs are cut off at different places, and what is compared
is the traps that both have come to, with all registers at each.
"""

import random
from dataclasses import dataclass

from hdl.arch import PAGE_SIZE
from kernel_model.costs import ZERO
from sim.devices.doorbell import DoorbellPage
from sim.events import Budget
from sim.kernel_guest import KernelGuest
from sim.machine import Machine, MachineConfig
from tests.fuzz.programs import WildProgram, make
from tests.kernel_model.support import Console
from tests.spike_kernel.record import Memory, RecordedKernel, difference, first_trap_that_differs
from tests.spike_kernel.spike_hart import run_kernel

__all__ = ["Comparison", "WildBench"]

_PAGES = 256
_CYCLES = 100_000


@dataclass(frozen=True)
class Comparison:
    """What both harts did with a program: the first difference, if any, in words."""

    difference: str | None
    traps: int
    ended: bool


class WildBench:
    """Runs wild programs on the hart, each from reset, and on a new machine of Spike's."""

    def __init__(self, *, svadu: bool = False):
        self._config = MachineConfig(engine="native")
        self._ram = Machine.make_ram(self._config)
        self._svadu = svadu
        self._machine = self._at_reset = None

    def compare(self, seed: int) -> Comparison:
        """Runs the program of `seed` on both."""
        source = random.Random(f"both {seed}")
        program, turn = make(source), source.choice((0, 1, 5))
        silicon = self._run(program, turn)
        most = len(silicon.traps)
        spike = run_kernel(lambda ram: self._kernel(program, turn, ram), most)
        found = first_trap_that_differs(silicon.traps, spike.traps)
        if found is None and silicon.halted != spike.halted and len(spike.traps) <= most:
            found = f"ended: hart {silicon.halted}, Spike {spike.halted}"
        ended = silicon.halted and spike.halted
        if found is None and ended:
            found = difference(silicon.result(), spike.result())
        return Comparison(found, most, ended)

    def _kernel(self, program: WildProgram, turn, ram):
        kernel = RecordedKernel(Memory(ram, _PAGES), turn=turn, console=Console(program.input),
                                svadu=self._svadu, files=lambda: program.files,
                                costs=ZERO)  # fmt: skip
        kernel.exec(program.elf, ["wild", "a"])
        return kernel

    def _run(self, program, turn):
        self._ram.zero(self._ram.base, _PAGES * PAGE_SIZE)
        kernel = self._kernel(program, turn, self._ram)
        devices = [DoorbellPage(kernel.doorbell)]
        if self._machine is None:
            self._machine = Machine(self._config, self._ram, devices=devices)
            self._at_reset = self._machine.engine.snapshot()
        self._machine.bus.devices = devices
        engine, guest = self._machine.engine, KernelGuest(kernel)
        engine.restore(self._at_reset)
        while not guest.finished and engine.cycle < _CYCLES:
            event = engine.run(_CYCLES - engine.cycle)
            if not isinstance(event, Budget):
                guest.handle(self._machine, event)
        return kernel
