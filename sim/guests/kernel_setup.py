"""A kernel as the configuration wants it, with its disk."""

from dataclasses import replace

from kernel_model.dev.state import Console
from kernel_model.facts.costs import IDEAL, TABLE, ZERO
from kernel_model.facts.param import MIN_QUANTUM
from kernel_model.fs.disk import Contents
from kernel_model.fs.names import mount
from kernel_model.kernel import Kernel
from kernel_model.mm.policy import make_policy
from sim.config import RunConfig
from sim.guests.disk import Disk, read_disk
from sim.guests.host_files import read_host_files
from sim.host.programs import assemble_trampoline, bundled_files
from sim.platform.ram import Ram

__all__ = ["make_kernel", "read_files"]

#: Accesses to memory for which the timer leaves time before it interrupts: what `userret` still
#: restores (4), the fetches around `sret` (2), an instruction on two pages, and its data, each
#: after a walk of three levels (2 * 4 + 4 + 1). The rest is for a constrained LR/SC loop of 16
#: instructions: as `userret` breaks reservations, it has to come to its end within one turn.
LEAST_TURN_ACCESSES = 64

_COSTS = {"table": TABLE, "ideal": IDEAL, "zero": ZERO}


def read_files(config: RunConfig) -> Disk:
    """What the host puts onto the disk. Raises HostFileError or OSError."""
    disk = read_disk(config.disk) if config.disk is not None else Disk({})
    return replace(disk, contents={**disk.contents, **read_host_files(config.files)})


def make_kernel(config: RunConfig, ram: Ram, console: Console, disk: Disk | None = None) -> Kernel:
    """The kernel, whose disk has `disk`, and the bundled programs unless they are not wanted.

    `disk` is what `read_files` reads if it has not been read yet.

    The disk is filled when a path is looked up for the first time, unless there are files of the
    host: whether they fit is to be known before the run. Raises HostFileError, FsError or OSError.
    """
    disk = disk or read_files(config)

    def files() -> Contents:
        wanted = config.programs and disk.geometry is None
        return {**(bundled_files() if wanted else {}), **disk.contents}

    kernel = Kernel(
        ram,
        assemble_trampoline(),
        console,
        svadu=config.svadu,
        costs=_COSTS[config.kernel_cost],
        quantum=config.quantum,
        least_turn=max(MIN_QUANTUM, LEAST_TURN_ACCESSES * config.latency),
        tick=config.tick,
        stack_pages=config.stack_pages,
        vmprint_exec=config.vmprint_exec,
        abi=config.abi,
        policy=make_policy(config.policy),
        files=files,
        geometry=disk.geometry,
    )
    if disk.contents:
        mount(kernel)
    return kernel
