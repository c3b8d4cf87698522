"""An exercise's accesses in words: the situation, and why the answer is what it is."""

from collections.abc import Iterator, Mapping, Sequence

from hdl.arch import Cause, make_satp, page_round_down
from kernel_model.mm.peek import flag_letters
from sim.exercises.mmu import Access, Answer, Context, Fence, Put, Step
from sim.output.translation import parts_of

__all__ = [
    "cause_name",
    "explained",
    "listing",
    "rules",
    "situation",
    "steps_in_words",
]

_PROCESS = "Virtual Address Translation Process"
#: What the privileged specification says, by the step that decides.
_RULES = {
    0: '"Addressing and Memory Protection" of Sv39: bits 63 to 39 of an address must equal bit 38, '
    "else it is a page fault, and nothing is read.",
    2: f'"{_PROCESS}", step 2: reading an entry where no page table may lie is an access fault of '
    "the original access.",
    3: f'"{_PROCESS}", step 3: V = 0, or W = 1 with R = 0, or a reserved bit set (in a pointer D, '
    "A and U are) is a page fault.",
    4: f'"{_PROCESS}", step 4: an entry without R and X points to the next level; below level 0 '
    "there is none, so it is a page fault.",
    5: f'"{_PROCESS}", step 5: the page number of a superpage must be a multiple of its size, else '
    "it is a page fault.",
    6: f'"{_PROCESS}", step 6: user mode needs U = 1; supervisor mode may not touch a page with '
    "U = 1, unless SUM = 1 and it is data.",
    8: f'"{_PROCESS}", step 8: a load needs R (or X, if MXR = 1), a store or an atomic W, a '
    "fetch X.",
    9: f'"{_PROCESS}", step 9: with A = 0, or D = 0 for a store, Svade (ADUE = 0) raises a page '
    "fault, and Svadu (ADUE = 1) sets the bits in memory.",
    10: f'"{_PROCESS}", step 10: the offset in the page comes from the address, the page number '
    "from the entry; of a superpage the lower VPN fields are part of the offset.",
}
_ALIGNED = (
    '"Synchronous Exception Priority": a misaligned access may fault before translation or after '
    "it. This hart does it before: nothing is translated."
)
_STALE = (
    '"Supervisor Memory-Management Fence Instruction": without a fence that covers it the '
    "hart may use the old entry or the new one. This hart keeps what its TLB holds, and never "
    "holds an entry with V = 0."
)


def cause_name(cause: Cause) -> str:
    """The name of an exception, such as `load page fault`."""
    access, what = cause.name.lower().split("_")
    access = access.replace("store", "store/AMO")
    return f"{access} address misaligned" if what == "misaligned" else f"{access} {what} fault"


def situation(steps: Sequence[Step], latency: int) -> Iterator[str]:
    """The state of the hart at first."""
    first = next(step for step in steps if isinstance(step, Access))
    yield _registers(first.context)
    answers = "the next cycle" if latency == 1 else f"{latency} cycles"
    yield f"TLBs and walk cache are empty; memory answers in {answers}."
    adue = any(isinstance(step, Access) and step.context.adue for step in steps)
    update = "; setting A or D the walk again, two accesses and 3" if adue else ""
    yield f"A TLB hit adds 0 cycles, a walk its reads and 1{update}."


def _registers(c: Context) -> str:
    bits = f"SUM {c.sum_:d}   MXR {c.mxr:d}   ADUE {c.adue:d}"
    return f"satp {_satp(c):#018x}   mode {c.priv.name}   {bits}"


def _satp(c: Context) -> int:
    return make_satp(c.root, c.asid)


def listing(memory: Mapping[int, int]) -> Iterator[str]:
    """The page tables: what is not 0 in them, a table after the other."""
    yield ""
    yield "What is not 0 in the page tables (address, entry):"
    page = None
    for address, pte in sorted(memory.items()):
        if page not in (None, page_round_down(address)):
            yield ""
        page = page_round_down(address)
        yield f"  {address:#x}  {pte:#018x}"


def steps_in_words(steps: Sequence[Step]) -> Iterator[str]:
    """What happens, in order; numbered if it is more than one thing."""
    context: Context | None = None
    number = 0
    for step in steps:
        if isinstance(step, Access) and context not in (None, step.context):
            number += 1
            yield f"{number}. {'csrw satp, a0':<22} a0 = {_satp(step.context):#018x}"
        if isinstance(step, Access):
            context = step.context
        number += 1
        head = f"{number}. " if len(steps) > 1 else ""
        yield head + _in_words(step)


def _in_words(step: Step) -> str:
    match step:
        case Put(address, value):
            return f"the kernel stores {value:#018x} at {address:#x}"
        case Fence(va, asid):
            registers = f"{'zero' if va is None else 'a1'}, {'zero' if asid is None else 'a2'}"
            values = [] if va is None else [f"a1 = {va:#x}"]
            values += [] if asid is None else [f"a2 = {asid}"]
            return f"{f'sfence.vma {registers}':<22} {', '.join(values)}".rstrip()
    if step.kind == "fetch":
        return f"{step.insn} at {step.va:#x} is fetched"
    return f"{step.insn:<22} a1 = {step.va:#x}"


def explained(access: Access, answer: Answer, latency: int) -> Iterator[str]:
    """Why an access ends as it does, and what it costs."""
    yield parts_of(access.va)
    yield from _read(answer)
    yield _result(access, answer)
    yield _cost(answer, latency)


def rules(steps: Sequence[Step], answers: Sequence[Answer]) -> Iterator[str]:
    """What the specification says that decides, each thing once."""
    numbers = {answer.rule for answer in answers if answer.walk is not None}
    yield from (_RULES[number] for number in sorted(numbers))
    if any(answer.walk is None for answer in answers):
        yield _ALIGNED
    if any(answer.hit for answer in answers) and any(isinstance(step, Put) for step in steps):
        yield _STALE


def _read(answer: Answer) -> Iterator[str]:
    found = answer.walk
    if answer.hit and found is not None and found.leaf is not None:
        yield f"the TLB holds the page's entry: {found.leaf:#x} {flag_letters(found.leaf)}"
        yield "no entry is read"
        return
    if not answer.reads:
        yield "no entry is read"
    if answer.cached:
        yield "the walk cache knows the table of level 0: no other is read"
    for step in () if found is None else found.steps:
        level = f"  level {step.level}  {step.address:#x}"
        if step.pte is None:
            yield f"{level}  {step.conclusion}"
        else:
            yield f"{level}  {step.pte:#018x} {flag_letters(step.pte)}"
            yield f"           {step.conclusion}"


def _result(access: Access, answer: Answer) -> str:
    if answer.cause is not None:
        return (
            f"{cause_name(answer.cause)}, cause {int(answer.cause)}, stval {answer.stval:#x}: "
            f"{answer.reason}"
        )
    assert answer.pa is not None
    note = ""
    if answer.written is not None:
        note = f"; {answer.reason}: {answer.written.value:#018x} at {answer.written.address:#x}"
    return f"physical address {answer.pa:#x}{note}"


def _cost(answer: Answer, latency: int) -> str:
    count = len(answer.reads)
    if answer.cycles == 0:
        return "0 cycles: it is answered in the cycle in which it is asked for"
    each = "a cycle" if latency == 1 else f"{latency} cycles"
    reads = f"{count} reads of {each} each" if count > 1 else f"{count} read of {each}"
    if answer.written is None:
        return f"{answer.cycles} cycle{'s' if answer.cycles > 1 else ''}: {reads}, and 1 more"
    walk = count * latency + 1
    return (
        f"{answer.cycles} cycles: {walk} for the walk ({reads}, and 1), and {answer.cycles - walk} "
        "for the update: the walk again, a locked read, the write, and 3"
    )
