"""PLIC: tells the hart which device interrupts, as QEMU's `virt` has it (`sifive_plic.c`).

    0x00_0000 + 4n          priority of source n, 0 to 7
    0x00_1000 + 4w          pending, 32 sources in a word; stores do nothing
    0x00_2000 + 0x80c + 4w  enabled for context c
    0x20_0000 + 0x1000c     threshold of context c, 0 to 7
    0x20_0004 + 0x1000c     a load claims, a store completes

Context 0 is the hart's M-mode, the line `meip`, context 1 its S-mode, `seip`. All other registers
read 0, and stores to them do nothing. Only accesses of 4 bytes are taken, all others fault.

A source is pending from the time on that its device says it interrupts until it is claimed; that
the device does not interrupt any more changes nothing. After it was completed it is pending again
when its device says so anew, not by a level that has stayed high.
"""

from sim.platform.device import Device, Refused

__all__ = ["SOURCES", "Plic"]

#: Sources, with number 0, which is none.
SOURCES = 96
_LINES = ("meip", "seip")
_PRIORITIES, _PENDING, _ENABLES, _CONTEXTS = 0, 0x1000, 0x2000, 0x20_0000
_ENABLE_STRIDE, _CONTEXT_STRIDE = 0x80, 0x1000
_THRESHOLD, _CLAIM = 0, 4
_WORDS = SOURCES // 32
#: The bits that a priority and a threshold have.
_PRIORITY_MASK = 7
_WORD_MASK = (1 << 32) - 1


class Plic(Device):
    """See above. Devices tell it of their interrupts with `signal`."""

    base, size = 0xC00_0000, 0x60_0000

    def __init__(self) -> None:
        self._priorities = [0] * SOURCES
        # Sets of sources, a bit for each.
        self._pending = 0
        self._claimed = 0
        self._enabled = [0] * len(_LINES)
        self._thresholds = [0] * len(_LINES)

    def signal(self, source: int, level: bool) -> None:
        """The device of `source` says whether it interrupts: at every change, and as often else."""
        if level:
            self._pending |= 1 << source
            self._drive()

    def load(self, offset: int, count: int, cycle: int) -> int:
        """The register at `offset`; the claim register takes what it gives."""
        if count != 4:
            raise Refused
        if offset < _PENDING:
            source = offset // 4
            return self._priorities[source] if source < SOURCES else 0
        if offset < _ENABLES:
            return _word(self._pending, offset - _PENDING)
        context, register = _place(offset)
        if context is None:
            return 0
        if offset < _CONTEXTS:
            return _word(self._enabled[context], register)
        if register == _THRESHOLD:
            return self._thresholds[context]
        return self._claim(context) if register == _CLAIM else 0

    def store(self, offset: int, count: int, value: int, cycle: int) -> None:
        """Writes the register at `offset`; the lines are as it says from the next cycle on."""
        if count != 4:
            raise Refused
        context, register = _place(offset)
        if offset < 4 * SOURCES:
            self._priorities[offset // 4] = value & _PRIORITY_MASK
        elif context is None:
            return
        elif offset < _CONTEXTS:
            self._enable(context, register // 4, value)
        elif register == _THRESHOLD:
            self._thresholds[context] = value & _PRIORITY_MASK
        elif register == _CLAIM and value < SOURCES:
            self._claimed &= ~(1 << value)
        self._drive()

    def _enable(self, context: int, word: int, value: int) -> None:
        if word < _WORDS:
            others = self._enabled[context] & ~(_WORD_MASK << 32 * word)
            self._enabled[context] = others | value << 32 * word

    def _claim(self, context: int) -> int:
        source = self._best(context)
        if source:
            self._pending &= ~(1 << source)
            self._claimed |= 1 << source
            self._drive()
        return source

    def _best(self, context: int) -> int:
        """The source of the highest priority above the threshold, of equals the first, or 0."""
        waiting = self._pending & ~self._claimed & self._enabled[context]
        best, highest = 0, self._thresholds[context]
        while waiting:
            source = (waiting & -waiting).bit_length() - 1
            waiting &= waiting - 1
            if self._priorities[source] > highest:
                best, highest = source, self._priorities[source]
        return best

    def _drive(self) -> None:
        for context, line in enumerate(_LINES):
            self.board.set_line(line, self._best(context) != 0)


def _place(offset: int) -> tuple[int | None, int]:
    """Whose register it is of those that each context has, or None, and which of them."""
    if offset < _ENABLES:
        return None, 0
    base, stride = (
        (_ENABLES, _ENABLE_STRIDE) if offset < _CONTEXTS else (_CONTEXTS, _CONTEXT_STRIDE)
    )
    context, register = divmod(offset - base, stride)
    return (context if context < len(_LINES) else None), register


def _word(sources: int, offset: int) -> int:
    """The word at `offset` of registers that hold a set of sources."""
    return sources >> 8 * offset & _WORD_MASK
