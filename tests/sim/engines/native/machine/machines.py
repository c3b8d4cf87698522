"""Whole machines with a program, for tests that compare their runs."""

from pathlib import Path

from kernel_model.facts.costs import TABLE, ZERO
from kernel_model.kernel import Kernel
from sim.guests.bare_guest import BareGuest
from sim.guests.kernel_guest import KernelGuest
from sim.guests.loader import load_bare
from sim.host.toolchain import assemble_trampoline, build_bare
from sim.machine import Machine, MachineConfig
from sim.platform.devices.doorbell import DoorbellPage
from sim.platform.devices.htif import Htif
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

    def __init__(self, machine, guest, end, *others):
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
    model = Kernel(ram, assemble_trampoline(), console, svadu=svadu, costs=TABLE if costs else ZERO)
    model.exec(expected.build().read_bytes(), [expected.program, *expected.args])
    guest = KernelGuest(model)
    machine = Machine(config, ram, devices=[DoorbellPage(model.doorbell)])
    end = machine.run(guest, max_cycles=max_cycles, watchers=watchers)
    faults = [fault.as_json() for fault in guest.faults]
    return Outcome(machine, guest, end, model.exit_status, console.output, faults, bytes(ram.bytes))


def bare(source, *, max_cycles=400_000, defines=None, memory_mib=4, **config):
    """A bare-metal program: a file, or the name of one of `tests/asm`."""
    config = MachineConfig(memory_mib=memory_mib, **config)
    ram = Machine.make_ram(config)
    if isinstance(source, str):
        elf = build_bare(ASM / f"{source}.S", script=ASM / "link.ld")
    else:
        elf = build_bare(source, defines)
    image = load_bare(elf.read_bytes(), ram)
    guest = BareGuest(Htif(ram, image.tohost, image.fromhost, lambda data: None))
    machine = Machine(config, ram, watched=image.tohost)
    end = machine.run(guest, max_cycles=max_cycles)
    return Outcome(machine, guest, end, guest.htif.exit_code, bytes(ram.bytes))
