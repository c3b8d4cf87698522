"""A process without a hart: its traps as scripts of physical stores."""

from hdl.arch import Cause, Priv
from kernel_model.facts.doorbell import Reason, Register
from kernel_model.facts.memlayout import DOORBELL, KERNBASE
from kernel_model.kernel import Kernel
from kernel_model.proc.trapframe import SSTATUS_USER
from sim.platform.ram import Ram
from tests.sim.elf import make_elf
from tests.sim.scripted import Access, load, store

__all__ = ["PROGRAM", "TRAMPOLINE", "User", "make_kernel"]

TRAMPOLINE = b"\x13\0\0\0"
#: One page of text; what it holds does not matter to a scripted hart.
PROGRAM = make_elf([(0, b"\x13\0\0\0", 4)], {"main": 0}, entry=0)


def make_kernel(ram, console=None, **parameters):
    """A kernel whose first process is `PROGRAM`."""
    kernel = Kernel(ram, TRAMPOLINE, console, **parameters)
    kernel.exec(PROGRAM, ["program"])
    return kernel


class User:
    """Makes scripts of a process's traps: the trap frame filled by physical stores, then the bell.

    Frames are handed out in the same order in every run, so another kernel tells where the trap
    frame will be.
    """

    def __init__(self):
        kernel = make_kernel(Ram(KERNBASE, 1 << 20))
        self.frame = kernel.first.trapframe
        self.heap = kernel.first.sz

    def boot(self):
        return [store(DOORBELL + Register.RING, Reason.BOOT), load(DOORBELL + Register.SATP)]

    def trap(self, cause, pc, tval=0, **registers):
        fields = {"scause": cause, "sepc": pc, "stval": tval, "sstatus": SSTATUS_USER}
        raised = Access(KERNBASE, pc=pc, mode=Priv.U, trap=1, cause=cause, tval=tval)
        ring = store(DOORBELL + Register.RING, Reason.USER_TRAP)
        return [raised, *(self.store(*field) for field in (fields | registers).items()), ring]

    def retire(self, pc):
        return [load(KERNBASE, pc=pc, mode=Priv.U)]

    def store(self, name, value):
        return store(self.frame.pa + type(self.frame).__dict__[name].offset, value)

    def call(self, number, *arguments, pc=0x100):
        registers = {f"a{index}": value for index, value in enumerate(arguments)}
        return self.trap(Cause.ECALL_U, pc, a7=number, **registers)
