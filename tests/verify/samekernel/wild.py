"""Wild programs under the same kernel on both harts: they agree trap by trap, whatever runs.

A wild program need not end. Then the hart is cut off somewhere, Spike has to come at least as far,
and what is compared is the hart's traps, with all registers at each.
"""

import random
from dataclasses import dataclass

from hdl.arch import PAGE_SIZE
from kernel_model.facts.costs import ZERO
from kernel_model.mm.policy import LAZY, make_policy
from sim.config import MachineConfig
from sim.guests.kernel_guest import KernelGuest
from sim.machine import Machine
from sim.platform.devices.doorbell import DoorbellPage
from sim.platform.events import Budget
from tests.kernel_model.support import Console
from tests.verify.fuzz.programs import WildProgram, make
from tests.verify.samekernel.record import (
    Memory,
    RecordedKernel,
    difference,
    first_trap_that_differs,
)
from tests.verify.samekernel.spike_hart import run_kernel

__all__ = ["Comparison", "WildBench", "end_that_differs"]

_PAGES = 256
_CYCLES = 100_000


@dataclass(frozen=True)
class Comparison:
    """What both harts did with a program.

    Members
    -------
    difference : str or None
        The first, in words.
    traps : int
        How many both have come to, which is how many were compared.
    ended : bool
        Whether it ended, on both.
    """

    difference: str | None
    traps: int
    ended: bool


class WildBench:
    """Runs wild programs on the hart, each from reset, and on a new machine of Spike's.

    The kernel has the paging policy of that name.
    """

    def __init__(self, *, svadu: bool = False, policy: str = LAZY):
        self._config = MachineConfig(engine="native")
        self._ram = Machine.make_ram(self._config)
        self._svadu = svadu
        self._policy = make_policy(policy)
        self._machine = self._at_reset = None

    def compare(self, seed: int) -> Comparison:
        """Runs the program of `seed` on both."""
        source = random.Random(f"both {seed}")
        program, turn = make(source), source.choice((0, 1, 5))
        silicon = self._run(program, turn)
        spike = run_kernel(lambda ram: self._kernel(program, turn, ram), len(silicon.traps))
        found = first_trap_that_differs(silicon.traps, spike.traps)
        found = found or end_that_differs(silicon, spike)
        ended = silicon.halted and spike.halted
        if found is None and ended:
            found = difference(silicon.result(), spike.result())
        return Comparison(found, min(len(silicon.traps), len(spike.traps)), ended)

    def _kernel(self, program: WildProgram, turn, ram):
        kernel = RecordedKernel(
            Memory(ram, _PAGES),
            turn=turn,
            console=Console(program.input),
            svadu=self._svadu,
            policy=self._policy,
            files=lambda: program.files,
            costs=ZERO,
        )
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


def end_that_differs(silicon: RecordedKernel, spike: RecordedKernel) -> str | None:
    """How one run has ended and the other has not, in words; None if it has not.

    Only the hart may be cut off. Spike goes on past where that was.
    """
    ours, theirs = len(silicon.traps), len(spike.traps)
    if theirs < ours:
        return f"Spike stopped after {theirs} of {ours} traps"
    if theirs > ours:
        return f"ended after {ours} traps on the hart, not on Spike" if silicon.halted else None
    if silicon.halted != spike.halted:
        return f"after {ours} traps: ended on the hart {silicon.halted}, on Spike {spike.halted}"
    return None
