"""The page faults that a kernel of one's own has served, told by its functions."""

from collections.abc import Iterator, Mapping

from sim.guests.fault_table import cause_name
from sim.guests.kernel_steps import FaultSteps, KernelSteps
from sim.host.terminals import visible
from sim.output.bars import bar, number

__all__ = ["average_steps", "tell_steps"]

_RETRY = "retry"


def tell_steps(fault: FaultSteps) -> Iterator[str]:
    """The lines that tell of one."""
    yield (
        f"fault {fault.number:,}: {cause_name(fault.cause)} page fault at {fault.tval:#x}, "
        f"pc {fault.pc:#x}, cycle {fault.cycle:,}"
    )
    yield from _bars({**fault.steps, _RETRY: fault.retry})
    if not fault.served:
        yield "  another instruction came after it than the one that had raised it"


def average_steps(steps: KernelSteps) -> Iterator[str]:
    """The average of those whose instruction was run again at once; nothing without any."""
    count = steps.served
    if not count:
        return
    many = f"{count:,} page faults" if count > 1 else "page fault"
    yield f"Average of {many} of user mode, from the trap to the retry"
    sums = {**steps.sums, _RETRY: steps.retries}
    yield from _bars({name: cycles / count for name, cycles in sums.items()})


def _bars(cycles: Mapping[str, float]) -> Iterator[str]:
    names = {name: visible(name) for name in cycles}
    width = max(12, *map(len, names.values()))
    longest = max(1, *cycles.values())
    for name, spent in cycles.items():
        yield f"  {names[name]:<{width}}{number(spent):>10}  {bar(spent / longest)}"
    yield f"  {'cycles':<{width}}{number(sum(cycles.values())):>10}"
