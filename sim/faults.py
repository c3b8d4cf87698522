"""The table of page faults: what silicon raised, joined with what the kernel did about it."""

from dataclasses import dataclass

from hdl.arch import Cause, Priv
from kernel_model.faults import Fault as Served
from sim.engines.base import TrapRecord

__all__ = ["Fault", "FaultTable", "JoinError"]


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
        return Cause(self.served.cause).name.removesuffix("_PAGE").lower()

    @property
    def retired_cycle(self) -> int | None:
        """Cycle in which the instruction succeeded; None if it never did."""
        return self.trap.retried_at

    def as_json(self) -> dict[str, int | str | None]:
        """The fault as an entry of the report's `faults`."""
        served = self.served
        entry = {"number": self.number, "cycle": self.trap.cycle}
        if served.via is None:
            entry["pc"] = served.pc
        entry |= {"cause": int(served.cause), "stval": served.stval, "outcome": served.outcome,
                  "retired_cycle": self.retired_cycle}  # fmt: skip
        if served.via is not None:
            entry["via"] = served.via
        return entry


class FaultTable(list[Fault]):
    """All faults of a run, in the order in which the kernel served them."""

    def join(self, served: list[Served], traps: list[TrapRecord]) -> None:
        """Appends what the kernel has `served` since the last trap, the last of `traps`.

        Raises `JoinError` if that trap is not the one that the kernel found in the trap frame.
        """
        for fault in served:
            trap = _last_user_trap(traps)
            _check(fault, trap)
            self.append(Fault(len(self) + 1, fault, trap))


def _last_user_trap(traps: list[TrapRecord]) -> TrapRecord:
    if not traps or traps[-1].mode != Priv.U:
        raise JoinError("the kernel served a fault, but the hart's last trap is none of user mode")
    return traps[-1]


def _check(fault: Served, trap: TrapRecord) -> None:
    expected = (trap.pc, trap.cause, trap.tval)
    found = (fault.pc, fault.cause, fault.stval)
    if fault.via is not None:
        expected, found = trap.cause, Cause.ECALL_U
    if expected != found:
        raise JoinError(
            f"the hart raised cause {trap.cause} at pc {trap.pc:#x} with tval {trap.tval:#x}, "
            f"but the trap frame says cause {fault.cause} at pc {fault.pc or 0:#x} "
            f"with stval {fault.stval:#x}"
        )
