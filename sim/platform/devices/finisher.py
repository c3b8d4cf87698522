"""The test finisher: how a kernel powers QEMU's `virt` machine off (`sifive_test.c`).

The low half of what is stored at offset 0 says how, the high half with which status:

    0x5555  pass   the status is 0
    0x3333  fail   the status is the high half
    0x7777  reset  the run ends with status 0, as QEMU's does with `-no-reboot`

Loads give 0; other stores do nothing. Accesses of 1 and of 8 bytes fault.
"""

from enum import IntEnum

from sim.platform.device import Device, Refused
from sim.platform.events import Halt

__all__ = ["Finisher"]


class _Command(IntEnum):
    FAIL = 0x3333
    PASS = 0x5555
    RESET = 0x7777


_COMMANDS = frozenset(_Command)


class Finisher(Device):
    """See above; raises `Halt`, whose store is never answered.

    Members
    -------
    exit_code : int or None
        The status, 16 bits; None until the program has ended.
    reset : bool
        It has ended by asking for a reset.
    """

    base, size = 0x10_0000, 0x1000

    def __init__(self) -> None:
        self.exit_code: int | None = None
        self.reset = False

    def load(self, offset: int, count: int, cycle: int) -> int:
        """0."""
        _check(count)
        return 0

    def store(self, offset: int, count: int, value: int, cycle: int) -> Halt | None:
        """Ends the program, if it says so."""
        _check(count)
        command, code = value & 0xFFFF, value >> 16
        if offset or command not in _COMMANDS:
            return None
        self.exit_code = code if command == _Command.FAIL else 0
        self.reset = command == _Command.RESET
        return Halt()


def _check(count: int) -> None:
    if count not in (2, 4):
        raise Refused
