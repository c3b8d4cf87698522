"""CLINT: software interrupt and timer of hart 0, as QEMU's `virt` has it (`riscv_aclint.c`).

    0x0000  msip       4 bytes        bit 0 is the line `msip`
    0x4000  mtimecmp   8, or 4 and 4  the line `mtip` is high while mtime >= mtimecmp
    0xbff8  mtime      8, or 4 and 4  counts cycles, or every so many of them

All other registers read 0, and stores to them do nothing: those of other harts, too. Accesses of 1
and 2 bytes fault, below 0x4000 also those of 8. mtimecmp is 0 at first: `mtip` is high.
"""

from collections.abc import Sequence

from sim.platform.device import Board, Device, Refused, Window

__all__ = ["Clint"]

_MSIP, _MTIMER, _MTIMECMP, _MTIME = 0, 0x4000, 0x4000, 0xBFF8
_WRAP = 1 << 64
#: Deadlines from here on never come; an engine takes 64 bits.
_NEVER = 1 << 63


class Clint(Device):
    """See above. Drives `msip` and `mtip`, the latter by its deadline.

    A store to `mtime` moves it, but not the hart's CSR `time`, which counts cycles.

    Parameters
    ----------
    divisor : int
        Cycles of a tick of `mtime`, at least 1.
    """

    base, size = 0x200_0000, 0xC000

    def __init__(self, divisor: int = 1):
        if divisor < 1:
            raise ValueError(f"divisor must be at least 1 cycle, not {divisor}")
        self._divisor = divisor
        self.windows: Sequence[Window] = ()
        if divisor == 1:
            self.windows = (Window(_MTIME, 8, loadable=(_MTIME,), counting=(_MTIME,)),)
        self.deadline: int | None = None
        self._msip = 0
        self._compare = 0
        #: What stores to mtime have added to it.
        self._moved = 0

    def connect(self, board: Board) -> None:
        """See `Device.connect`."""
        super().connect(board)
        self._arm(0)

    def load(self, offset: int, count: int, cycle: int) -> int:
        """The register at `offset`."""
        _check(offset, count)
        if offset == _MSIP:
            return self._msip
        word = {_MTIMECMP: self._compare, _MTIME: self._time(cycle)}.get(offset & ~7, 0)
        return word >> 8 * (offset & 7) & (1 << 8 * count) - 1

    def store(self, offset: int, count: int, value: int, cycle: int) -> None:
        """Writes the register at `offset`; the lines are as it says from the next cycle on."""
        _check(offset, count)
        if offset == _MSIP:
            self._msip = value & 1
            self.board.set_line("msip", bool(self._msip))
        elif offset & ~7 == _MTIMECMP:
            self._compare = _merged(self._compare, offset, count, value)
        elif offset & ~7 == _MTIME:
            now = self._time(cycle)
            self._moved += _merged(now, offset, count, value) - now
        self._arm(cycle + 1)

    def tick(self, cycle: int) -> None:
        """`mtime` has come to `mtimecmp`, or to its end."""
        self._arm(cycle)

    def _time(self, cycle: int) -> int:
        return (cycle // self._divisor + self._moved) % _WRAP

    def _arm(self, cycle: int) -> None:
        """Drives `mtip` for `cycle`, and sets the deadline at which it changes."""
        time = self._time(cycle)
        due = time >= self._compare
        self.board.set_line("mtip", due)
        ticks = (_WRAP if due else self._compare) - time
        deadline = (cycle // self._divisor + ticks) * self._divisor
        self.deadline = deadline if deadline < _NEVER else None


def _check(offset: int, count: int) -> None:
    if count != 4 and (count != 8 or offset < _MTIMER):
        raise Refused


def _merged(word: int, offset: int, count: int, value: int) -> int:
    """A 64-bit register after a store of all or half of it."""
    shift, mask = 8 * (offset & 7), (1 << 8 * count) - 1
    return word & ~(mask << shift) | value << shift
