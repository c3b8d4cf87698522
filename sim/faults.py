"""The table of page faults: what silicon raised, joined with what the kernel did about it."""

from dataclasses import dataclass

from hdl.arch import Cause, Priv
from kernel_model.faults import Fault as Served
from sim.engines.base import TrapRecord

__all__ = ["Fault", "FaultTable", "JoinError", "cause_name"]


class JoinError(Exception):
    """The hart and its trap frame disagree about a fault: a bug in the silicon."""


@dataclass(frozen=True)
class Fault:
    """A page fault: of a process, or of the kernel on a process's behalf (`via` a system call).

    `trap` is what the hart raised: the fault itself, or the `ecall` of the system call.
    """

    number: int
    served: Served
    trap: TrapRecord

    @property
    def cause_name(self) -> str:
        """The cause in a word: fetch, load or store."""
        return cause_name(self.served.cause)

    @property
    def retired_cycle(self) -> int | None:
        """Cycle in which the instruction succeeded; None if it never did."""
        return self.trap.retried_at

    def as_json(self) -> dict[str, int | str | None]:
        """The fault as an entry of the report's `faults`."""
        served = self.served
        entry = {"number": self.number, "cycle": self.trap.cycle, "pid": served.pid}
        if served.via is None:
            entry["pc"] = served.pc
        entry |= {"cause": int(served.cause), "stval": served.stval, "outcome": served.outcome,
                  "retired_cycle": self.retired_cycle}  # fmt: skip
        if served.via is not None:
            entry["via"] = served.via
        return entry


class FaultTable(list[Fault]):
    """All faults of a run, in the order in which the kernel served them."""

    def __init__(self):
        super().__init__()
        self._raised: dict[int, TrapRecord] = {}

    def trapped(self, pid: int, traps: list[TrapRecord]) -> None:
        """The last of `traps` is an exception that the process `pid` raised.

        What the kernel serves for this process is due to it, until it raises another one. Raises
        `JoinError` if there was no exception in user mode.
        """
        if not traps or traps[-1].mode != Priv.U:
            raise JoinError(
                "the kernel has served an exception, but the hart's last trap is none of user mode"
            )
        self._raised[pid] = traps[-1]

    def raised_at(self, pid: int) -> int:
        """Cycle of the last exception of the process `pid`, which must have raised one."""
        return self._raised[pid].cycle

    def join(self, served: list[Served]) -> None:
        """Appends what the kernel has `served`.

        Raises `JoinError` if the process has not raised what the kernel found in the trap frame.
        """
        for fault in served:
            trap = self._raised.get(fault.pid)
            _check(fault, trap)
            self.append(Fault(len(self) + 1, fault, trap))


def cause_name(cause: int) -> str:
    """The cause of a page fault in a word: fetch, load or store."""
    return Cause(cause).name.removesuffix("_PAGE").lower()


def _check(fault: Served, trap: TrapRecord | None) -> None:
    if trap is None:
        raise JoinError(
            f"the kernel served a fault of process {fault.pid}, for which the hart raised none"
        )
    expected = (trap.pc, trap.cause, trap.tval)
    found = (fault.pc, fault.cause, fault.stval)
    if fault.via is not None:
        expected, found = trap.cause, Cause.ECALL_U
    if expected != found:
        raise JoinError(
            f"the hart raised cause {trap.cause} at pc {trap.pc:#x} with tval {trap.tval:#x}, "
            f"but the trap frame of process {fault.pid} says cause {fault.cause} "
            f"at pc {fault.pc or 0:#x} with stval {fault.stval:#x}"
        )
