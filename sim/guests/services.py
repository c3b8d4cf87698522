"""What the kernel did each time it was rung, kept for as long as a waveform may ask for it."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from kernel_model.facts.costs import Charged, Work
from kernel_model.facts.doorbell import Register
from kernel_model.kernel import Kernel
from kernel_model.proc.state import KernelWatcher, Proc
from sim.guests.kernel_guest import Rung

__all__ = ["Running", "Service", "Services"]


class Running(NamedTuple):
    """A process that runs in user mode."""

    pid: int
    name: str
    #: Its page table, as a value of `satp`.
    satp: int


class Service(NamedTuple):
    """A ring of the doorbell, and what came of it."""

    #: Cycle in which the store was accepted, in which it is answered, and what the work cost.
    rung: int
    answered: int
    cost: int
    #: A `Reason` of the doorbell; the process that has trapped, if any has.
    reason: int
    pid: int | None
    #: The number of the system call that was served last, if one was.
    syscall: int | None
    #: All steps of the kernel's work.
    steps: tuple[Charged, ...]
    #: Who runs from the answer on; None if nobody can.
    running: Running | None
    #: The process's pages in memory, and the frames that are free, as the answer comes.
    resident: int
    free: int


class Services(KernelWatcher):
    """Keeps the services that `oldest` wants; watches the kernel, and by `rang` the guest.

    Parameters
    ----------
    kernel : Kernel
        Who serves.
    oldest : function
        The oldest cycle, given that of now, that is still of interest; None if none is.
    """

    def __init__(self, kernel: Kernel, oldest: Callable[[int], int | None]):
        self._kernel = kernel
        self._oldest = oldest
        self._kept: deque[Service] = deque()
        self._syscall: int | None = None

    def __iter__(self) -> Iterator[Service]:
        """In order; the first may have been answered before anything of interest."""
        return iter(self._kept)

    def syscall_begin(self, proc: Proc, number: int, args: tuple[int, ...], now: int) -> None:
        """Notes which one it is."""
        self._syscall = number

    def rang(self, rung: Rung) -> None:
        """The hart has rung, and has its answer."""
        syscall, self._syscall = self._syscall, None
        oldest = self._oldest(rung.rung)
        if oldest is None:
            return
        while len(self._kept) > 1 and self._kept[1].answered <= oldest:
            self._kept.popleft()
        self._kept.append(self._service(rung, syscall))

    def _service(self, rung: Rung, syscall: int | None) -> Service:
        kernel, proc = self._kernel, rung.running
        running, resident = None, 0
        if proc is not None:
            satp = kernel.doorbell.registers[Register.SATP]
            running, resident = Running(proc.pid, proc.name, satp), proc.space.resident
        return Service(
            rung=rung.rung,
            answered=rung.answered,
            cost=kernel.cycles,
            reason=rung.reason,
            pid=None if rung.trapped is None else rung.trapped.pid,
            syscall=syscall,
            steps=Work(tuple(kernel.meter.counts), kernel.meter.costs).steps,
            running=running,
            resident=resident,
            free=kernel.kmem.free,
        )
