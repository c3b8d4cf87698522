"""HTIF: how a bare-metal program ends and prints, through two words of its own memory.

The program writes a 64-bit word to `tohost`: device in bits 63:56, command in 55:48, payload in
47:0. The host clears `tohost` once it has read it.

    device 0, payload odd     exit; the code is payload >> 1
    device 0, payload even    physical address of 8 words {n, a0 ... a6}: system call n, whose
                              result goes into the first word; 1 in `fromhost` says it is done
    device 1, command 1       print the payload's low byte

Some programs write `tohost` as two 32-bit stores. A word that is not yet written in full is
therefore left alone until it is, or until `SETTLE` cycles have passed since the first of them.
Later ones do not put that off: others store one half again and again, until the run ends.
"""

from collections.abc import Callable
from enum import IntEnum

from sim.platform.device import Device
from sim.platform.events import Halt
from sim.platform.ram import RamError

__all__ = ["SETTLE", "Htif", "HtifError"]

#: Cycles after its first store in which a word written in part is taken as it stands.
SETTLE = 1000

_PAYLOAD = (1 << 48) - 1
_STDOUT, _STDERR = 1, 2
_EBADF, _EFAULT, _ENOSYS = 9, 14, 38


class _Syscall(IntEnum):
    """System calls, by Linux's numbers for RISC-V."""

    WRITE = 64
    EXIT = 93


class HtifError(Exception):
    """The program asked for what this host does not have; the message is one line."""


class Htif(Device):
    """The host's side of HTIF; raises `Halt` when the program has ended, and `HtifError`.

    Members: `exit_code`, None until the program has ended; `fromhost`, as given.

    Parameters
    ----------
    tohost, fromhost : int or None
        Addresses of the two words, multiples of 8. Without `fromhost` nothing is replied.
    output : function
        Takes the bytes that the program prints.
    """

    def __init__(self, tohost: int, fromhost: int | None, output: Callable[[bytes], object]):
        self.watched = tohost
        self.deadline: int | None = None
        self.exit_code: int | None = None
        self._tohost = tohost
        self.fromhost = fromhost
        self._output = output
        self._written = 0

    def written(self, strobe: int, cycle: int) -> Halt | None:
        """Takes note of a store to `tohost` in the byte lanes of `strobe`; serves a whole word."""
        self._written |= strobe
        if self._written == 0xFF:
            return self._serve()
        if self.deadline is None:
            self.deadline = cycle + SETTLE
        return None

    def tick(self, cycle: int) -> Halt | None:
        """Takes a word that stayed incomplete as it stands."""
        return self._serve()

    def _serve(self) -> Halt | None:
        """Reads and clears `tohost` and does what it says. Raises `HtifError`."""
        self.deadline = None
        self._written = 0
        ram = self.board.ram
        value = ram.read_u64(self._tohost)
        if value == 0:
            return None
        ram.write_u64(self._tohost, 0)
        device, command, payload = value >> 56, value >> 48 & 0xFF, value & _PAYLOAD
        if (device, command) == (0, 0):
            self._device0(payload)
        elif (device, command) == (1, 1):
            self._output(bytes([payload & 0xFF]))
        else:
            raise HtifError(
                f"tohost = {value:#018x}: there is no device {device} with command {command}"
            )
        return None if self.exit_code is None else Halt()

    def _device0(self, payload: int) -> None:
        ram = self.board.ram
        if payload & 1:
            self.exit_code = payload >> 1
            return
        try:
            arguments = [ram.read_u64(payload + 8 * index) for index in range(4)]
        except RamError as error:
            raise HtifError(f"system call block at {payload:#x}: {error}") from error
        result = self._syscall(*arguments)
        ram.write_u64(payload, result % (1 << 64))
        if self.fromhost is not None:
            ram.write_u64(self.fromhost, 1)

    def _syscall(self, number: int, a0: int, a1: int, a2: int) -> int:
        if number == _Syscall.EXIT:
            self.exit_code = a0
            return 0
        if number == _Syscall.WRITE:
            return self._write(a0, a1, a2)
        return -_ENOSYS

    def _write(self, descriptor: int, address: int, count: int) -> int:
        if descriptor not in (_STDOUT, _STDERR):
            return -_EBADF
        try:
            self._output(self.board.ram.read(address, count))
        except RamError:
            return -_EFAULT
        return count
