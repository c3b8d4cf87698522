"""How long parents and children wait for their first instruction after `fork`."""

from kernel_model.facts.abi import Syscall
from kernel_model.proc.state import KernelWatcher, Proc
from sim.guests.kernel_guest import Rung

__all__ = ["ForkTimes"]


class ForkTimes(KernelWatcher):
    """Watches the kernel, and by `rung` the guest.

    A time is one in cycles from that in which the parent's `ecall` retires to that in which the
    `sret` does whose next instruction is the process's. So the turns of others are in it.
    """

    def __init__(self) -> None:
        #: The times of parents, and of children that had a turn at all.
        self.parents: list[int] = []
        self.children: list[int] = []
        #: Parent and child of a fork that is being served.
        self._forked: tuple[int, int] | None = None
        #: When each pid was forked that waits for its turn, and the list that its time belongs to.
        self._waiting: dict[int, tuple[int, list[int]]] = {}
        self._running: int | None = None

    def syscall_end(self, proc: Proc, number: int, result: int, now: int) -> None:
        """A fork may have succeeded."""
        if number == Syscall.FORK and result > 0:
            self._forked = proc.pid, result

    def rung(self, ring: Rung) -> None:
        """Who was on the hart has got there before; and who is to be waited for from now on."""
        if self._running in self._waiting:
            forked, times = self._waiting.pop(self._running)
            times.append(ring.passage.returned - forked)
        if self._forked is not None:
            parent, child = self._forked
            self._waiting[parent] = ring.passage.raised, self.parents
            self._waiting[child] = ring.passage.raised, self.children
            self._forked = None
        self._running = None if ring.running is None else ring.running.pid
