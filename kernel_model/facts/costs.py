"""What the kernel's work costs in cycles.

The kernel is Python, so its own instructions are not simulated. What they would cost is a stated
table, charged by how long the doorbell's answer takes. Trap entry, save, restore and return are
real instructions and are not in it. One table is measured of the kernel in C; the other has what
compiled code could do on an in-order core with 1-cycle memory: a loop that moves 8 bytes takes a
load, a store and its share of the branch.
"""

from collections.abc import Mapping
from enum import IntEnum
from operator import add, sub
from typing import NamedTuple

__all__ = ["IDEAL", "NO_WORK", "TABLE", "ZERO", "Charged", "Costs", "Mark", "Meter", "Step", "Work"]


class Step(IntEnum):
    """What is charged for."""

    #: One trap: find out why, and prepare the return.
    DISPATCH = 0
    #: One system call: fetch its number, call it.
    SYSCALL = 1
    #: One page fault: find out whose page it is.
    FAULT = 2
    #: One frame taken from the free list, or put back.
    ALLOCATE = 3
    FREE = 4
    #: One page cleared.
    ZERO_PAGE = 5
    #: One page-table entry read or written.
    PTE = 6
    #: One page-table entry looked at in a scan of a page table.
    SCAN = 7
    #: 8 bytes, or a part of them, copied to or from a user page.
    COPY = 8
    #: A piece of at most a page copied to or from a user page: find the page.
    PIECE = 9
    #: One character printed or read.
    CONSOLE_CHAR = 10
    #: One process made; ended and waited for.
    FORK = 11
    EXIT = 12
    #: One program begun.
    EXEC = 13
    #: The end of a process's turn, by the timer.
    TURN = 14
    #: A process gets the hart for a turn.
    SWITCH = 15
    #: An open file read, written or closed.
    FILE = 16
    #: An end of a pipe read, written or closed.
    PIPE = 17
    #: An inode found, locked and given back.
    INODE = 18
    #: An entry of a directory looked at.
    ENTRY = 19
    #: A block of the disk looked at, in its buffer.
    BLOCK = 20
    #: A system call's work on files begun and ended, as the log wants it.
    OPERATION = 21
    #: A block read from the disk, or written to it, and waited for.
    DISK = 22


Costs = Mapping[Step, int]

#: `--kernel-cost table`: see `sim.bench.calibrate`, which measures the kernel in C.
TABLE: Costs = {
    Step.DISPATCH: 142,
    Step.SYSCALL: 70,
    Step.FAULT: 134,
    Step.ALLOCATE: 143,
    Step.FREE: 255,
    Step.ZERO_PAGE: 784,
    Step.PTE: 46,
    Step.SCAN: 4,
    Step.COPY: 3,
    Step.PIECE: 203,
    Step.CONSOLE_CHAR: 111,
    Step.FORK: 1524,
    Step.EXIT: 1941,
    Step.EXEC: 1922,
    Step.TURN: 1034,
    Step.SWITCH: 845,
    Step.FILE: 203,
    Step.PIPE: 811,
    Step.INODE: 1749,
    Step.ENTRY: 25,
    Step.BLOCK: 1840,
    Step.OPERATION: 1054,
    Step.DISK: 3199,
}

#: `--kernel-cost zero`
ZERO: Costs = dict.fromkeys(Step, 0)

#: `--kernel-cost ideal`: what is nothing here is a part of the others.
IDEAL: Costs = {
    **ZERO,
    Step.DISPATCH: 60,
    Step.SYSCALL: 20,
    Step.ALLOCATE: 20,
    Step.FREE: 20,
    Step.ZERO_PAGE: 1024,
    Step.PTE: 5,
    Step.SCAN: 5,
    Step.COPY: 3,
    Step.CONSOLE_CHAR: 20,
    Step.ENTRY: 6,
}


class Charged(NamedTuple):
    """A step of the kernel's work, how often it was done, and what that cost in cycles."""

    step: Step
    times: int
    cycles: int


class Work(NamedTuple):
    """A part of the kernel's work."""

    #: How often each step was done, by its number.
    counts: tuple[int, ...]
    costs: Costs
    #: Cycles that the kernel had worked since the ring when it began.
    begun: int = 0

    @property
    def steps(self) -> tuple[Charged, ...]:
        """What was done at all."""
        done = [(step, times) for step, times in zip(Step, self.counts, strict=True) if times]
        return tuple(Charged(step, times, times * self.costs[step]) for step, times in done)

    @property
    def cycles(self) -> int:
        """What it cost: the sum of its steps."""
        return sum(charged.cycles for charged in self.steps)

    def plus(self, other: "Work") -> "Work":
        """This, and what was done next."""
        return self._replace(counts=tuple(map(add, self.counts, other.counts)))


NO_WORK = Work((0,) * len(Step), ZERO)


#: The counts of a meter at some time, and its cycles.
Mark = tuple[list[int], int]


class Meter:
    """Counts the steps of the kernel's work from one ring to its answer, and what they cost.

    Members
    -------
    counts : list of int
        How often each step was done, by its number.
    cycles : int
        What it has all cost.
    """

    def __init__(self, costs: Costs = IDEAL):
        self.costs = costs
        self._prices = [costs[step] for step in Step]
        self.counts = list(NO_WORK.counts)
        self.cycles = 0

    def charge(self, step: Step, n: int = 1) -> None:
        """Count what doing `step` `n` times costs."""
        self.counts[step] += n
        self.cycles += n * self._prices[step]

    def reset(self) -> None:
        """Begin anew."""
        self.counts[:] = NO_WORK.counts
        self.cycles = 0

    def mark(self) -> Mark:
        """What was done so far, for `since`."""
        return self.counts.copy(), self.cycles

    def back_to(self, mark: Mark) -> None:
        """Forget what was done since the `mark`."""
        self.counts[:], self.cycles = mark

    def since(self, mark: Mark) -> Work:
        """What was done since the `mark`."""
        before, begun = mark
        return Work(tuple(map(sub, self.counts, before)), self.costs, begun)
