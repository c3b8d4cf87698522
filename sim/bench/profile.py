"""Where the cycles of the kernel in C are: each of its functions, job by job.

What a function calls that has no work of its own, such as a lock or a copy, counts for the
function: of `memcpy` in `kfork` it is `kfork > memcpy`. While the driver of the disk waits, all
that the kernel does is a part of that wait.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping

from hdl.arch import Priv
from sim.guests.kernel_steps import ELSEWHERE, KernelPlaces

__all__ = ["USER", "Profile", "is_mark"]

#: What programs do themselves.
USER = "user mode"
#: What is done for whoever calls it.
_HELPERS = frozenset(
    (
        *("acquire", "release", "push_off", "pop_off", "mycpu", "myproc", "killed", "holding"),
        *("acquiresleep", "releasesleep", "holdingsleep", "wakeup", "sleep"),
        *("memset", "memcpy", "memmove", "strlen", "strncpy", "safestrcpy", "strncmp"),
    )
)
#: Those that are told apart.
_COPIES = frozenset(("memset", "memcpy", "memmove"))
_DISK, _VECTOR = "virtio_disk_rw", "kernelvec"
_RDTIME, _SRET, _ANY_RD = 0xC010_2073, 0x1020_0073, 0xF80


def is_mark(fields: Mapping[str, int]) -> bool:
    """The record is that of a program that asks for the time."""
    return fields["mode"] == Priv.U and fields["insn"] & ~_ANY_RD == _RDTIME


class Profile:
    """Takes the records of the retire port; a program that asks for the time begins a new job.

    Members
    -------
    cycles : mapping of int to Counter of str
        Of each job, by number from 0 on, cycles by function; -1 is what was before the first.

    Parameters
    ----------
    elf : bytes
        The kernel.
    trampoline : int
        Where that is in it.
    """

    def __init__(self, elf: bytes, trampoline: int):
        self.cycles: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self._places = KernelPlaces(elf, {"trampoline": trampoline})
        self._names: dict[int, tuple[str, bool]] = {}
        self._job, self._last = -1, 0
        self._owner = self._interrupted = USER
        self._waits = False

    def record(self, cycle: int, fields: Mapping[str, int]) -> None:
        """Takes a record."""
        spent, self._last = cycle - self._last, cycle
        if fields["mode"] == Priv.U:
            self._job += is_mark(fields)
            self._owner = USER
            self.cycles[self._job][USER] += spent
            return
        pc = fields["pc_rdata"]
        named = self._names.get(pc)
        if named is None:
            named = self._names[pc] = self._look_up(pc)
        self.cycles[self._job][self._whose(*named)] += spent
        if fields["insn"] == _SRET and named[0] == _VECTOR:
            self._owner = self._interrupted

    def _whose(self, name: str, begins: bool) -> str:
        """What the cycles of an instruction of `name` count for; `begins` if it is its first."""
        if name == _DISK:
            self._waits = False
        if self._waits:
            return _DISK
        if name == "sleep" and self._owner == _DISK:
            self._waits = True
            return _DISK
        if name in _HELPERS:
            return f"{self._owner} > {name}" if name in _COPIES else self._owner
        if name == _VECTOR and begins:
            self._interrupted = self._owner
        self._owner = name
        return name

    def _look_up(self, pc: int) -> tuple[str, bool]:
        name, inside, _ = (self._places.place(pc) or ELSEWHERE).partition("+")
        return name, not inside
