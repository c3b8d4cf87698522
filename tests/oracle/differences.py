"""Where Spike may differ from the golden model, and which clause of the specification lets it."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.golden.cases import DEVICE, Case
from tests.golden.sv39 import Answer
from tests.oracle.delivery import PLATFORM
from tests.oracle.expected import BREAKPOINT, Outcome

__all__ = ["DIFFERENCES", "Difference", "explain"]

PAGE_FAULT_OF = {1: 12, 5: 13, 7: 15}


@dataclass(frozen=True)
class Difference:
    """`applies(case, answer, outcome)` is whether it explains why `answer` is not `outcome`."""

    name: str
    clause: str
    applies: Callable[[Case, Answer, Outcome], bool]


def _device_answers(case, answer, outcome):
    """Spike runs what it reads from its CLINT, or adds to it, where ours is an access fault."""
    refused = answer.kind == "access" and answer.pa & ~7 == DEVICE
    if case.question.access == "FETCH":
        # mtimecmp is all ones, no instruction of 16 or 32 bits.
        return refused and outcome.cause == 2 and outcome.advance == 0
    return refused and case.question.access == "AMO" and outcome.cause == BREAKPOINT


def _device_holds_ptes(case, answer, outcome):
    """Spike walks through its devices, which hold no valid PTE, where ours is an access fault."""
    # The table that is refused is the root, or what the last PTE names.
    frame = case.question.root
    if answer.reads:
        frame = case.memory.get(answer.reads[-1], 0) >> 10 & (1 << 44) - 1
    return (
        answer.kind == "access"
        and not answer.pa
        and any(frame << 12 in devices for devices in PLATFORM)
        and (outcome.cause, outcome.tval) == (PAGE_FAULT_OF[answer.cause], answer.tval)
    )


#: All that is known. A disagreement that none of them explains is an error of one of the two.
DIFFERENCES = (
    Difference(
        "a device runs code and takes atomics",
        "Physical memory attributes, supported access types and atomicity: which accesses and "
        "which AMOs an I/O region supports is the platform's; ours supports none of these.",
        _device_answers,
    ),
    Difference(
        "a device holds page tables",
        "Physical memory attributes, supported access types: which I/O regions support reads of "
        "page tables is the platform's; ours supports none.",
        _device_holds_ptes,
    ),
)


def explain(case: Case, answer: Answer, outcome: Outcome) -> Difference | None:
    """The known difference that `outcome` is, if it is one."""
    for difference in DIFFERENCES:
        if difference.applies(case, answer, outcome):
            return difference
    return None
