"""Fences of the trampoline that are left out on command.

The trampoline is the kernel's: it writes a nop where the fence is, for one way through it, and the
fence again behind that. Reset has one, each return to user mode and each trap has one: so trap K,
from 1 on, has 2 K + 1 on the way in, 2 K + 2 on the way out.
"""

from struct import pack

from hdl.arch import PAGE_SIZE
from kernel_model.facts.doorbell import Action, Register
from kernel_model.kernel import Kernel
from sim.injection import FENCES_PER_TRAP

__all__ = ["Fences"]

#: `sfence.vma zero, zero`, and what stands in its place.
_FENCE, _NOP = 0x1200_0073, 0x0000_0013


class Fences:
    """Leaves out the fences with the numbers `skipped`.

    Members
    -------
    passed : int
        Fences that the hart has come to, those left out included.
    """

    def __init__(self, kernel: Kernel, skipped: frozenset[int]):
        self._kernel, self._skipped = kernel, skipped
        self._returns = 0
        self.passed = 1
        code = kernel.memory.read(kernel.trampoline, PAGE_SIZE)
        fence = pack("<I", _FENCE)
        words = [at for at in range(0, len(code), 2) if code[at : at + 4] == fence]
        assert len(words) == 3, "the trampoline's fences are not where they were"
        reset, self._entry, self._exit = words
        self._write(reset, 1)

    def rung(self) -> None:
        """The kernel has been entered."""
        self.passed = 1 + FENCES_PER_TRAP * self._returns

    def answered(self) -> None:
        """The kernel has answered: the fence of the way out, and of the next one in, are set."""
        if self._kernel.doorbell.registers[Register.ACTION] != Action.RUN:
            return
        out = self.passed + 1
        self._write(self._exit, out)
        self._write(self._entry, out + 1)
        self._returns += 1
        self.passed = out

    def _write(self, at: int, number: int) -> None:
        word = _NOP if number in self._skipped else _FENCE
        self._kernel.memory.write(self._kernel.trampoline + at, pack("<I", word))
