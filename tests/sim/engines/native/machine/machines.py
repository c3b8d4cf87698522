"""Whole machines with a program, for tests that compare their runs."""

from pathlib import Path

from kernel_model.facts.costs import IDEAL, ZERO
from kernel_model.kernel import Kernel
from sim.config import MachineConfig
from sim.host.programs import assemble_trampoline, build_bare
from sim.machine import Machine
from sim.session import BareSession, KernelSession
from tests.kernel_model.support import Console as KernelConsole

__all__ = ["ASM", "Outcome", "bare", "kernel"]

ASM = Path(__file__).resolve().parents[4] / "asm"


class Console(KernelConsole):
    """Collects what is printed; there is nothing to read."""

    @property
    def output(self):
        return self.printed


class Outcome:
    """Everything that a run leaves behind and that no engine may change."""

    def __init__(self, machine, end, *others):
        engine = machine.engine
        self.machine = machine
        self.cycles = engine.cycle
        self.skipped = engine.skipped
        self.result = (
            end,
            engine.cycle,
            engine.log.instructions,
            engine.log.traps,
            [engine.read_register(number) for number in range(32)],
            *others,
        )
        engine.close()


def kernel(expected, *, costs=True, svadu=False, watchers=(), max_cycles=400_000, **config):
    """A C program (`tests.programs.expected.Expected`) under the kernel."""
    config = MachineConfig(memory_mib=4, **config)
    ram = Machine.make_ram(config)
    console = Console()
    model = Kernel(ram, assemble_trampoline(), console, svadu=svadu, costs=IDEAL if costs else ZERO)
    model.exec(expected.build().read_bytes(), [expected.program, *expected.args])
    session = KernelSession(config, model)
    session.watchers += watchers
    end = session.run(max_cycles)
    faults = [fault.as_json() for fault in session.guest.faults]
    return Outcome(
        session.machine, end, model.exit_status, console.output, faults, bytes(ram.bytes)
    )


def bare(source, *, max_cycles=400_000, defines=None, memory_mib=4, **config):
    """A bare-metal program: a file, or the name of one of `tests/asm`."""
    config = MachineConfig(memory_mib=memory_mib, **config)
    if isinstance(source, str):
        elf = build_bare(ASM / f"{source}.S", script=ASM / "link.ld")
    else:
        elf = build_bare(source, defines)
    session = BareSession(config, elf.read_bytes())
    end, machine = session.run(max_cycles), session.machine
    return Outcome(machine, end, session.guest.htif.exit_code, bytes(machine.ram.bytes))
