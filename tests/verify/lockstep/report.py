"""What is printed: the two sides of a difference, and what a campaign has compared."""

from collections import Counter

from hdl.arch import Cause, Interrupt
from tests.verify.lockstep.compare import Difference
from tests.verify.lockstep.hart import Record, Run
from tests.verify.lockstep.reference import disassemble
from tests.verify.lockstep.statistics import Statistics

__all__ = ["describe", "summarize"]

_LAST = 20
_MODES = {0: "U", 1: "S", 3: "M"}


def describe(run: Run, difference: Difference) -> str:
    """The seed, the last instructions of both sides, and the first difference, in lines of text."""
    first = max(0, difference.index - _LAST + 1)
    lines = [f"seed {run.program.seed}: record {difference.index}: {difference}", "", "the hart:"]
    lines += [_record(record) for record in run.records[first : difference.index + 1]]
    lines += ["", "Spike, which logs no traps:"]
    for commit in difference.commits:
        text = commit.text.removeprefix(f"core   0: {commit.mode} ")
        lines.append(f"{_MODES[commit.mode]} {text}  {disassemble(commit.insn)}")
    lines += ["", f"first difference: {difference}"]
    return "\n".join(lines)


def _record(record: Record) -> str:
    fields = record.fields
    text = f"{_MODES[fields['mode']]} {fields['pc_rdata']:#018x} ({fields['insn']:#010x})"
    if fields["intr"]:
        text = f"{_trap(fields['intr_cause'])} is handled:\n{text}"
    if fields["trap"]:
        return f"{text} {_trap(fields['cause'])}, xtval {fields['tval']:#x}"
    if fields["rd_addr"]:
        text += f" x{fields['rd_addr']} {fields['rd_wdata']:#018x}"
    if fields["mem_rmask"] | fields["mem_wmask"]:
        text += f" mem {fields['mem_addr']:#018x}"
    if fields["mem_wmask"]:
        text += f" {fields['mem_wdata']:#x}"
    return f"{text}  {disassemble(fields['insn'])}"


def _trap(cause: int) -> str:
    number = cause & 0xFF
    return f"interrupt {Interrupt(number).name}" if cause >> 63 else Cause(number).name.lower()


def summarize(statistics: Statistics) -> str:
    """The counts, in lines of text."""
    instructions = statistics.instructions
    modes = ", ".join(f"{_MODES[mode]} {count:,}" for mode, count in sorted(instructions.items()))
    lines = [
        f"{statistics.programs:,} programs, of which {statistics.ended:,} came to their end "
        f"and {statistics.stopped:,} waited for ever",
        f"{instructions.total():,} instructions retired ({modes}), "
        f"of {len(statistics.names)} names; {len(statistics.csrs)} addresses of CSRs",
        f"{statistics.traps.total():,} exceptions:",
        *_by_cause(statistics.traps, Cause),
        f"{statistics.interrupts.total():,} interrupts:",
        *_by_cause(statistics.interrupts, Interrupt),
    ]
    succeeded, failed = (statistics.conditionals[result] for result in (0, 1))
    exceptions, interrupts = (statistics.survived[trap] for trap in ("exception", "interrupt"))
    lines.append(
        f"{succeeded + failed:,} store-conditionals, of which {succeeded:,} succeeded, "
        f"{exceptions:,} after an exception since their LR, {interrupts:,} after an interrupt"
    )
    lines += ["sfence.vma after a change of a PTE:", *_by_level(statistics.fences)]
    lines.append(f"{statistics.written.total():,} writes to {len(statistics.written)} CSRs")
    straddling = statistics.straddling
    lines.append(
        f"{straddling['retired']:,} instructions in two pages retired, "
        f"{straddling['faulted']:,} faulted in the second one"
    )
    misaligned = statistics.misaligned
    if misaligned["retired"]:
        lines.append(
            f"{misaligned['retired']:,} misaligned loads and stores retired, "
            f"{misaligned['two pages']:,} of them in two pages; of {misaligned['faulted']:,} of 32 "
            "bits the second page faulted"
        )
    refused = statistics.refused
    if refused:
        lines.append(
            f"memory protection refused {refused['FETCH']:,} fetches, {refused['LOAD']:,} loads "
            f"and {refused['STORE']:,} stores, {refused['walk']:,} of them by their page tables"
        )
    lines.append(
        f"{statistics.early_updates:,} A or D bits set by accesses that an interrupt cut off"
    )
    return "\n".join(lines)


def _by_level(fences: Counter) -> list[str]:
    """A line for each level: how often of what."""
    lines = []
    for level in sorted({level for level, _, _ in fences}):
        counts = (
            f"{'an address' if address else 'all addresses'} in "
            f"{'an address space' if space else 'all'} {fences[level, address, space]:,}"
            for address in (False, True)
            for space in (False, True)
        )
        lines.append(f"  level {level}: {', '.join(counts)}")
    return lines


def _by_cause(counts: Counter, names) -> list[str]:
    """A line for each cause: how often, from which mode to which."""
    lines = []
    for number in sorted({cause for cause, _, _ in counts}):
        ways = {(old, new): n for (cause, old, new), n in counts.items() if cause == number}
        text = ", ".join(
            f"{_MODES[old]} to {_MODES[new]} {count:,}"
            for (old, new), count in sorted(ways.items())
        )
        lines.append(f"  {number:2} {names(number).name.lower()}: {sum(ways.values()):,} ({text})")
    return lines
