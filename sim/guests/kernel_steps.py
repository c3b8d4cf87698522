"""What a kernel of one's own does about a page fault: the cycles of each of its functions."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field

from hdl.arch import PAGE_FAULTS, PAGE_SIZE, Priv
from sim.host.debug_info import DebugInfo

__all__ = ["ELSEWHERE", "FaultSteps", "KernelPlaces", "KernelSteps"]

#: What has no symbol.
ELSEWHERE = "elsewhere"
#: xv6's kernel is entered through a page that it maps at the top of Sv39's lower half, too, and
#: which begins with this symbol.
_TRAMPOLINE, _SYMBOL = 0x3F_FFFF_F000, "trampoline"


class KernelPlaces:
    """Where in a kernel an instruction stands, by its address.

    Parameters
    ----------
    elf : bytes
        The kernel, for its symbols; empty if it has none.
    symbols : mapping of str to int
        All of them, whatever their kind.
    """

    def __init__(self, elf: bytes, symbols: Mapping[str, int]):
        self._info = DebugInfo(elf) if elf else None
        self._trampoline = symbols.get(_SYMBOL)

    def place(self, pc: int) -> str | None:
        """As "usertrap+0x4"; None of what has no symbol."""
        if self._trampoline is not None and _TRAMPOLINE <= pc < _TRAMPOLINE + PAGE_SIZE:
            pc += self._trampoline - _TRAMPOLINE
        return None if self._info is None else self._info.function(pc)


@dataclass
class FaultSteps:
    """A page fault in user mode, and what came after it up to the next instruction there.

    The cycles of an instruction are those since the one before it has retired: the first one has
    those of the trap's entry, too, and those of the one in user mode are `retry`.

    Members
    -------
    number : int
        From 1 on.
    cycle, pc, cause, tval : int
        As the hart raised it.
    steps : dict of str to int
        Cycles of the kernel's functions, in the order in which they came first.
    retry : int
        Cycles from the last of those to the retirement in user mode; 0 before that.
    ended : int or None
        The cycle of that.
    served : bool
        It was the same instruction: the kernel has mapped the page. Else it was one of another
        process, of a handler in user mode, or the next page fault.
    """

    number: int
    cycle: int
    pc: int
    cause: int
    tval: int
    steps: dict[str, int] = field(default_factory=dict)
    retry: int = 0
    ended: int | None = None
    served: bool = False


class KernelSteps:
    """Follows the kernel from one page fault in user mode to the next instruction there.

    `record` is for `Engine.observe`.

    Members
    -------
    settled : list of function
        Each takes every `FaultSteps` when it has ended.
    served : int
        How many were served; `sums` are the cycles of their functions in all, `retries` those of
        their retries.

    Parameters
    ----------
    elf, symbols
        As of `KernelPlaces`.
    causes : container of int
        The traps that are followed, if not page faults.
    """

    def __init__(
        self, elf: bytes, symbols: Mapping[str, int], causes: Container[int] = PAGE_FAULTS
    ):
        self._causes = causes
        self.settled: list[Callable[[FaultSteps], object]] = []
        self.served = self.retries = 0
        self.sums: dict[str, int] = {}
        self._places = KernelPlaces(elf, symbols)
        self._names: dict[int, str] = {}
        self._fault: FaultSteps | None = None
        self._number = 0
        self._last = 0

    def record(self, cycle: int, fields: Mapping[str, int]) -> None:
        """Takes a record of the retire port."""
        user = fields["mode"] == Priv.U
        fault = self._fault
        if fault is not None:
            spent, self._last = cycle - self._last, cycle
            if user:
                self._end(fault, cycle, spent, fields)
            else:
                name = self._name(fields["pc_rdata"])
                fault.steps[name] = fault.steps.get(name, 0) + spent
        if user and fields["trap"] and fields["cause"] in self._causes:
            self._number += 1
            self._last = cycle
            pc, cause, tval = fields["pc_rdata"], fields["cause"], fields["tval"]
            self._fault = FaultSteps(self._number, cycle, pc, cause, tval)

    def _end(self, fault: FaultSteps, cycle: int, spent: int, fields: Mapping[str, int]) -> None:
        self._fault = None
        fault.ended, fault.retry = cycle, spent
        fault.served = fields["pc_rdata"] == fault.pc and not fields["trap"]
        if fault.served:
            self.served += 1
            self.retries += spent
            for name, cycles in fault.steps.items():
                self.sums[name] = self.sums.get(name, 0) + cycles
        for take in self.settled:
            take(fault)

    def _name(self, pc: int) -> str:
        """The function at `pc`."""
        name = self._names.get(pc)
        if name is None:
            found = self._places.place(pc)
            name = ELSEWHERE if found is None else found.partition("+")[0]
            self._names[pc] = name
        return name
