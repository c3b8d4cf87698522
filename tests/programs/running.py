"""A program on the hart, under a kernel whose disk has the bundled programs."""

from dataclasses import dataclass
from pathlib import Path

from kernel_model.facts.costs import ZERO
from kernel_model.kernel import Kernel
from sim.config import MachineConfig
from sim.host.programs import assemble_trampoline, bundled_files
from sim.machine import End, Machine
from sim.session import KernelSession
from tests.kernel_model.support import Console

__all__ = ["Run", "run"]


@dataclass(frozen=True)
class Run:
    """How a run went."""

    output: str
    #: -1 if the program was killed.
    status: int
    #: Frames that are in use at the end, but were not before.
    frames_lost: int


def run(
    elf: Path,
    *args: str,
    stdin=b"",
    memory_mib=4,
    max_cycles=1_000_000,
    abi="lab",
    check=False,
    **options,
) -> Run:
    """Runs `elf`, which must end within `max_cycles` if the kernel's work costs nothing.

    With `check` page tables and TLBs are looked through meanwhile: a panic is a failure.
    """
    config = MachineConfig(memory_mib=memory_mib, traced=check)
    console = Console(stdin)
    kernel = Kernel(
        Machine.make_ram(config),
        assemble_trampoline(),
        console,
        costs=ZERO,
        abi=abi,
        **options,
        files=bundled_files,
    )
    before = kernel.kmem.used
    kernel.exec(elf.read_bytes(), [elf.name.partition("-")[0], *args])
    session = KernelSession(config, kernel)
    if check:
        session.check()
    end = session.run(max_cycles)
    output = console.printed.decode()
    assert end is End.FINISHED, output
    assert kernel.panicked is None, output
    return Run(output, kernel.exit_status, kernel.kmem.used - before)
