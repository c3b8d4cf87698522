"""The kernel's facts about a page fault, as a sentence for people."""

from functools import cache

from hdl.arch import INTERRUPT_BIT, Cause, Interrupt, Pte
from kernel_model.mm.regions import Region
from kernel_model.mm.served import Decision, FaultOutcome, Why
from sim.guests.lives import KernelPart

__all__ = [
    "cause_in_words",
    "exception_in_words",
    "in_words",
    "part_in_words",
    "reason_in_words",
    "rights",
    "step_in_words",
]

#: What the kernel's steps are called: in general, where one was done, and where several were.
_STEPS = {
    "zero_page": ("clear the page", "clear the page", "clear {:,} pages"),
    "pte": (
        "access page-table entries",
        "access a page-table entry",
        "access {:,} page-table entries",
    ),
    "free": ("free frames", "free a frame", "free {:,} frames"),
    "copy": ("copy", "copy 8 bytes", "copy {:,} times 8 bytes"),
    "console_char": ("console", "a character", "{:,} characters"),
    "allocate": ("allocate", "allocate", "allocate {:,} frames"),
    "fault": ("find the region", "find the region", "find {:,} regions"),
    "scan": ("scan page tables", "scan an entry", "scan {:,} entries"),
    "piece": ("find pages to copy", "find a page to copy", "find {:,} pages to copy"),
    "fork": ("make processes", "make a process", "make {:,} processes"),
    "exit": ("end processes", "end a process", "end {:,} processes"),
    "exec": ("begin programs", "begin a program", "begin {:,} programs"),
    "turn": ("end turns", "end a turn", "end {:,} turns"),
    "switch": ("switch", "switch", "switch {:,} times"),
    "file": ("open files", "an open file", "{:,} open files"),
    "pipe": ("pipes", "an end of a pipe", "{:,} ends of pipes"),
    "inode": ("inodes", "an inode", "{:,} inodes"),
    "entry": ("directory entries", "a directory entry", "{:,} directory entries"),
    "block": ("blocks", "a block", "{:,} blocks"),
    "operation": ("file operations", "a file operation", "{:,} file operations"),
    "disk": ("the disk", "the disk", "{:,} times the disk"),
}
_WHY = {
    Why.UNTOUCHED: "it is below the size and has no frame yet, so it is lazy",
    Why.COMMON: "it is below the size, and its frame is there: somebody has touched it before",
    Why.NEVER_STORED: "it is below the size and only read so far, so the page of zeros will do",
    Why.SHARED: "others have the page's frame, too, so the process gets a copy: copy on write",
    Why.LAST_OWNER: "nobody else has the page's frame any more, so the process may write to it",
    Why.NOT_ACCESSED: "it was there, but its A bit had been cleared, which the kernel sets again",
    Why.CLEAN: "it is a file's page and this is the first store to it, so that D is set",
    Why.PAST_SIZE: "it is not below the size",
    Why.GUARD_PAGE: "the page is mapped, but not for user mode",
    Why.PAGE_RIGHTS: "the page is mapped, and does not allow the access",
    Why.OWNER_RIGHTS: "the page has no frame yet, and its owner does not allow the access",
    Why.NO_FRAME: "it is below the size and has no frame yet, but kalloc finds none",
    Why.NO_TABLE: "it is below the size, but kalloc finds no frame for a page table",
    Why.NO_COPY: "others have the page's frame, too, but kalloc finds none for a copy",
    Why.RUN_ENDED: "the run ended before it",
}
#: What was done to the frame, where it was not just mapped.
_VERBS = {
    Why.SHARED: "copied to",
    Why.LAST_OWNER: "took over",
    Why.COMMON: "mapped common",
    Why.NEVER_STORED: "mapped zero",
    Why.NOT_ACCESSED: "set A of",
    Why.CLEAN: "set D of",
}
#: What no name of a cause says by itself.
_EXCEPTIONS = {
    Cause.ILLEGAL: "illegal instruction",
    Cause.BREAKPOINT: "breakpoint",
    Cause.ECALL_U: "ecall from user mode",
    Cause.ECALL_S: "ecall from supervisor mode",
    Cause.ECALL_M: "ecall from machine mode",
    Cause.FETCH_MISALIGNED: "misaligned fetch",
    Cause.LOAD_MISALIGNED: "misaligned load",
    Cause.STORE_MISALIGNED: "misaligned store",
}
_INTERRUPTS = {
    Interrupt.SSI: "supervisor software interrupt",
    Interrupt.MSI: "machine software interrupt",
    Interrupt.STI: "supervisor timer interrupt",
    Interrupt.MTI: "machine timer interrupt",
    Interrupt.SEI: "supervisor external interrupt",
    Interrupt.MEI: "machine external interrupt",
}


def exception_in_words(cause: Cause) -> str:
    """An exception: "load page fault", say."""
    return _EXCEPTIONS.get(cause) or cause.name.lower().replace("_", " ") + " fault"


@cache
def cause_in_words(value: int) -> str:
    """A value of `scause` or `mcause`; the number itself where it is none of the hart's."""
    code = value & (1 << INTERRUPT_BIT) - 1
    if value >> INTERRUPT_BIT:
        return _INTERRUPTS[Interrupt(code)] if code in list(Interrupt) else f"interrupt {code}"
    return exception_in_words(Cause(code)) if code in list(Cause) else f"cause {code}"


def part_in_words(part: KernelPart) -> str:
    """A step of the kernel's answer, how often it was done, and its cycles."""
    name = part.name.replace("_", " ")
    _, one, several = _STEPS.get(part.name, (name, name, f"{{:,}} {name}"))
    told = one if part.times == 1 else several.format(part.times)
    return f"{told} {part.cycles:,}"


def step_in_words(name: str) -> str:
    """What a step of the kernel's answer is called, however often it was done."""
    return _STEPS[name][0] if name in _STEPS else name.replace("_", " ")


def reason_in_words(outcome: FaultOutcome) -> str:
    """Why the kernel has decided so."""
    region = outcome.region
    if outcome.why is Why.PAST_SIZE and outcome.has_areas:
        return f"{_WHY[outcome.why]}, and in no area of mmap's"
    if region is None or region.area is None:
        return _WHY[outcome.why]
    return _WHY[outcome.why].replace("it is below the size", f"it is in {region.name}")


def in_words(outcome: FaultOutcome) -> str:
    """What the kernel did about the access, in a few words."""
    if outcome.decision is Decision.REFUSED:
        return f"killed: {_refusal(outcome)}"
    if outcome.decision is Decision.UNSERVED:
        return "unfinished"
    tables = len(outcome.tables)
    made = f" (+{tables} page table{'s' if tables > 1 else ''})" if tables else ""
    others = len(outcome.ahead)
    made += f" (+{others} other page{'s' if others > 1 else ''})" if others else ""
    verb = _VERBS.get(outcome.why, "mapped")
    where = " in a superpage" if outcome.in_superpage else ""
    return f"{verb} frame {outcome.frame:#x}{where}{made}"


def _refusal(outcome: FaultOutcome) -> str:
    match outcome.why:
        case Why.PAST_SIZE:
            areas = " and in no area" if outcome.has_areas else ""
            return f"address past the size {outcome.size:#x}{areas}"
        case Why.GUARD_PAGE:
            return "guard page"
        case Why.PAGE_RIGHTS:
            return f"page is mapped {rights(outcome.pte)}"
        case Why.OWNER_RIGHTS if outcome.region:
            return f"page is {_whose(outcome.region)}, {rights(outcome.region.rights)}"
        case Why.NO_FRAME:
            return "no frame left"
        case Why.NO_COPY:
            return "no frame left for a copy"
        case Why.NO_TABLE:
            return "no frame left for a page table"
    raise ValueError(f"{outcome.why} is no reason to refuse an access")


def _whose(region: Region) -> str:
    return f"of {region.name}" if region.area else f"the {region.owner.value}'s"


def rights(flags: int) -> str:
    """R, W and X as `ls` writes them."""
    return "".join(
        name if flags & bit else "-" for name, bit in (("r", Pte.R), ("w", Pte.W), ("x", Pte.X))
    )
