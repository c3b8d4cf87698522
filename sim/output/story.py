"""A page fault told to a person: what was run, looked up and decided, and where the cycles went."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from textwrap import wrap

from hdl.arch import PAGE_SIZE, Cause
from kernel_model.mm.peek import flag_letters
from kernel_model.mm.served import Decision, FaultOutcome, PteWrite, Via
from sim.engines.story import Lookup
from sim.guests.fault_table import PageFault, cause_name
from sim.guests.lives import OTHER_WORK, KernelPart, Life, Part
from sim.host.debug_info import DebugInfo
from sim.output.bars import bar, number
from sim.output.page_runs import runs
from sim.output.sentences import in_words, part_in_words, reason_in_words
from sim.output.translation import conclusion, parts_of, walk

__all__ = ["average", "ending_in_words", "no_walk_in_words", "tell"]

#: Stretches of pages that are named.
_RUNS = 4
#: Stands for a blank that ends no line.
_FIXED = "\xa0"


def tell(fault: PageFault, program: str, info: DebugInfo | None) -> Iterator[str]:
    """The lines that tell of `fault`, of a process that runs `program`.

    `info` tells of its instructions, if anything does.
    """
    served, life = fault.served, fault.life
    cycle = f"cycle {fault.trap.cycle:,}"
    access = cause_name(served.cause)
    yield f"fault {fault.number:,}: {access} page fault, pid {served.pid} ({program}), {cycle}"
    yield ""
    yield from _instruction(served.pc, served.via, info)
    yield f"  {parts_of(served.stval)}"
    yield from _walk(life, served.cause)
    yield ""
    cycles = life.cycles_by_part
    whole = "cycles" if life.complete else "so far"
    yield from _bars(cycles, list(_kernel_steps(life)), whole, sum(cycles.values()))
    yield ""
    if served.outcome.decision is not Decision.UNSERVED:
        reason = reason_in_words(served.outcome)
        yield from _wrapped(f"kernel: {reason}; {in_words(served.outcome)}", 2, 4)
    yield from _changes(served.outcome)
    yield f"  {ending_in_words(fault)}"


def average(faults: Collection[PageFault]) -> Iterator[str]:
    """The average of the faults that a process raised and retried, as bars; nothing without any.

    Of a `FaultTable` that has not kept all, it is of those kept, and says so.
    """
    kept = list(faults)
    lives = [
        fault.life
        for fault in kept
        if fault.served.via is None
        and fault.served.outcome.decision is Decision.MAPPED
        and fault.life.complete
    ]
    if not lives:
        return
    sums: dict[Part, int] = {}
    for life in lives:
        for part, cycles in life.cycles_by_part.items():
            sums[part] = sums.get(part, 0) + cycles
    count = len(lives)
    many = f"{count:,} page faults" if count > 1 else "page fault"
    among = f" among the first and last of {len(faults):,}" if len(kept) < len(faults) else ""
    yield f"Average of {many}{among}, from the look-up to the retry"
    shares = {part: sums[part] / count for part in Part if part in sums}
    yield from _bars(shares, (), "cycles", sum(shares.values()))


def _instruction(pc: int | None, via: Via | None, info: DebugInfo | None) -> Iterator[str]:
    """Where the program was."""
    if via is not None:
        yield f"  a system call touched the page, in {via.value}"
    if pc is None:
        return
    line = info.line(pc) if info is not None else None
    if line is not None:
        yield f"  {line.file}:{line.number}  {line.text}".rstrip()
    told = (info.function(pc), info.instruction(pc)) if info is not None else ()
    yield "  " + "  ".join((f"{pc:#x}", *filter(None, told)))


def _walk(life: Life, cause: int) -> Iterator[str]:
    """What the walker read, and concluded."""
    lookup = life.trap.lookup if life.served.via is None else None
    if lookup is None:
        return
    yield from _reads(lookup)
    if not lookup.reads:
        yield f"    no walk: {no_walk_in_words(lookup, cause)}"
    yield f"    so {cause_name(cause)} page fault, cause {int(Cause(cause))}"


def no_walk_in_words(lookup: Lookup, cause: int) -> str:
    """Why nothing was read for a look-up that was refused."""
    reason = walk(lambda pa: 0, 0, lookup.va)
    if reason.steps:
        return f"the TLB has the page, which does not allow the {cause_name(cause)}"
    return reason.failure


def _reads(lookup: Lookup) -> Iterator[str]:
    if lookup.reads and lookup.reads[0].level == 0:
        yield "    levels 2 and 1: the walk cache knows the table"
    for read in lookup.reads:
        yield (
            f"    level {read.level}  {read.address:#x}  {read.value:#018x} "
            f"{flag_letters(read.value)}  {conclusion(read.value, read.level)}"
        )


def _bars(
    cycles: Mapping[Part, float], kernel: Sequence[str], whole: str, total: float
) -> Iterator[str]:
    """Each part with its cycles and a bar, the kernel's with its steps; and the whole of them."""
    longest = max(cycles.values(), default=1)
    for part, spent in cycles.items():
        yield f"  {part.value:<12}{number(spent):>9}  {bar(spent / longest)}".rstrip()
        if part is Part.KERNEL and kernel:
            yield from _wrapped(", ".join(kernel), 25)
    yield f"  {whole:<12}{number(total):>9}"


def _kernel_steps(life: Life) -> Iterator[str]:
    """Of what the kernel's answer consists, and in brackets of what the other work does."""
    for part in life.kernel_parts:
        others = life.other_steps(part.cycles) if part.name == OTHER_WORK else ()
        told = f" ({', '.join(map(_step, others))})" if others else ""
        yield _step(part) + told


def _step(part: KernelPart) -> str:
    # It is not to be broken within.
    return part_in_words(part).replace(" ", _FIXED)


def _wrapped(text: str, indent: int, further: int | None = None) -> Iterator[str]:
    """Lines of at most 79 columns."""
    lines = wrap(
        text,
        width=79,
        break_on_hyphens=False,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent if further is None else further),
    )
    yield from (line.replace(_FIXED, " ") for line in lines)


def _changes(outcome: FaultOutcome) -> Iterator[str]:
    """The page-table entries that were written."""
    for write in outcome.writes:
        yield f"    {_change(write)}"
    if outcome.ahead:
        yield from _wrapped(f"with it the policy has mapped {_pages(outcome.ahead)}", 4)


def _pages(pages: Sequence[int]) -> str:
    """Addresses of pages; of such that follow each other the first and the last."""
    found = runs(page // PAGE_SIZE for page in pages)
    ends = ((first * PAGE_SIZE, (first + count - 1) * PAGE_SIZE) for first, count in found)
    told = [f"{low:#x} to {top:#x}" if low < top else f"{low:#x}" for low, top in ends]
    more = len(told) - _RUNS
    return ", ".join(told[:_RUNS]) + (f" and {more:,} more stretches" if more > 0 else "")


def _change(write: PteWrite) -> str:
    return (
        f"level {write.level}  {write.address:#x}  {write.before:#x} -> {write.after:#x} "
        f"{flag_letters(write.after)}  {conclusion(write.after, write.level)}"
    )


def ending_in_words(fault: PageFault) -> str:
    """What became of the access."""
    decision, life = fault.served.outcome.decision, fault.life
    if decision is Decision.UNSERVED:
        return "unfinished: the run ended before the kernel came to it"
    if decision is Decision.REFUSED:
        over = life.run_ended < life.answer.answered
        return f"the process is killed{', and the run is over' if over else ''}"
    if fault.served.via is not None:
        return "the system call goes on"
    if fault.retired_cycle is None:
        return "the instruction has not retired: its process or the run ended before"
    return f"the instruction is made again, and retires in cycle {fault.retired_cycle:,}"
