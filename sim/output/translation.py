"""What a user program's address means: the walk through the page tables, and what would come of it.

The rules are those of the privileged specification, "Virtual Address Translation Process" (steps 1
to 10), for accesses in user mode unless it is said otherwise. Memory is only looked at.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hdl.arch import (
    LEVELS,
    MAXVA_BITS,
    PAGE_FAULTS,
    PAGE_SIZE,
    PTE_SIZE,
    Cause,
    Priv,
    Pte,
    pte_to_pa,
    vpn,
)
from kernel_model.mm.peek import flag_letters
from kernel_model.mm.space import AddressSpace
from sim.output.sentences import exception_in_words, rights

__all__ = [
    "ACCESSES",
    "Outcome",
    "Step",
    "Walk",
    "conclusion",
    "explain",
    "explain_walk",
    "parts_of",
    "walk",
]

#: The accesses, by the page fault that each may raise.
ACCESSES = {"load": Cause.LOAD_PAGE, "store": Cause.STORE_PAGE, "fetch": Cause.FETCH_PAGE}
#: Of each page fault the access fault for the same access.
_ACCESS_FAULTS = {
    Cause.LOAD_PAGE: Cause.LOAD_ACCESS,
    Cause.STORE_PAGE: Cause.STORE_ACCESS,
    Cause.FETCH_PAGE: Cause.FETCH_ACCESS,
}
_RESERVED = 54  # bits from here up are of extensions that the hart has not
_POINTER_RESERVED = Pte.D | Pte.A | Pte.U
_NO_MEMORY = "no memory there"


@dataclass(frozen=True)
class Step:
    """A page-table entry that the walk reads; `pte` is None where there is no memory."""

    level: int
    address: int
    pte: int | None
    conclusion: str


@dataclass(frozen=True)
class Walk:
    """The entries read for an address, and how they end.

    Attributes
    ----------
    va : int
        The address.
    steps : tuple of Step
        What was read, the root's entry first; nothing for an address that is not canonical.
    leaf : int or None
        The entry of the page, if the walk has come to one.
    failure : str
        Why it has not; or what forbids all accesses.
    no_memory : bool
        The failure is an access fault, and no page fault.
    rule : int
        The step of the specification's that says so; 0 stands for what it says before them.
    """

    va: int
    steps: tuple[Step, ...]
    leaf: int | None = None
    failure: str = ""
    no_memory: bool = False
    rule: int = 0

    @property
    def pa(self) -> int:
        """The physical address, if there is a leaf."""
        assert self.leaf is not None
        size = PAGE_SIZE << 9 * self.steps[-1].level
        return pte_to_pa(self.leaf) + self.va % size

    def outcome(
        self,
        access: str,
        *,
        svadu: bool,
        priv: Priv = Priv.U,
        sum_: bool = False,
        mxr: bool = False,
    ) -> "Outcome":
        """What comes of a load, a store or a fetch with privilege `priv`, which is U or S.

        With `svadu` the hart sets A and D bits; else it raises a page fault for them. `sum_` and
        `mxr` are bits of `mstatus`.
        """
        page_fault = ACCESSES[access]
        if self.leaf is None or self.failure:
            cause = _ACCESS_FAULTS[page_fault] if self.no_memory else page_fault
            return Outcome(cause, self.failure, self.rule)
        if refusal := _not_owned(self.leaf, access, priv, sum_):
            return Outcome(page_fault, refusal, 6)
        needed = PAGE_FAULTS[page_fault]
        by_mxr = mxr and access == "load" and self.leaf & Pte.X
        if not self.leaf & needed and not by_mxr:
            return Outcome(page_fault, f"{needed.name} = 0", 8)
        used = Pte.A | Pte.D if access == "store" else Pte.A
        missing = " and ".join(bit.name for bit in (Pte.A, Pte.D) if used & ~self.leaf & bit)
        if missing and not svadu:
            return Outcome(page_fault, f"the kernel has to set {missing}", 9)
        return Outcome(None, f"the hart sets {missing}", 9) if missing else Outcome(None, "", 10)


@dataclass(frozen=True)
class Outcome:
    """The exception that an access raises, or None, and the reason.

    `rule` is the step of the specification's that decides.
    """

    cause: Cause | None
    reason: str
    rule: int


def _not_owned(leaf: int, access: str, priv: Priv, sum_: bool) -> str:
    """Why a page is closed to a privilege, or ""."""
    if priv is Priv.U:
        return "" if leaf & Pte.U else "U = 0: the page is not for user mode"
    if leaf & Pte.U and access == "fetch":
        return "U = 1: supervisor mode executes no page of the user's"
    return "U = 1 and SUM = 0: the page is the user's" if leaf & Pte.U and not sum_ else ""


def walk(read: Callable[[int], int | None], root: int, va: int, first: int = LEVELS - 1) -> Walk:
    """Walks from the table at the physical address `root`; `read` tells the 64-bit word there.

    It returns None where there is no RAM. `first` is the level of that table: 0 for one that the
    walk cache knows.
    """
    if va >> MAXVA_BITS - 1 not in (0, (1 << 65 - MAXVA_BITS) - 1):
        return Walk(va, (), failure=f"bits 63 to {MAXVA_BITS} must be like bit {MAXVA_BITS - 1}")
    steps: list[Step] = []
    table = root
    for level in range(first, -1, -1):
        address = table + PTE_SIZE * vpn(va, level)
        pte = read(address)
        if pte is None:
            steps.append(Step(level, address, None, _NO_MEMORY))
            at = f"{_NO_MEMORY} at level {level}"
            return Walk(va, tuple(steps), failure=at, no_memory=True, rule=2)
        failure, is_leaf, rule = _judge(pte, level)
        steps.append(Step(level, address, pte, conclusion(pte, level)))
        if failure or is_leaf:
            at = f"{failure} at level {level}" if failure else ""
            leaf = pte if is_leaf else None
            return Walk(va, tuple(steps), leaf, at, rule=rule)
        table = pte_to_pa(pte)
    raise AssertionError("level 0 is a leaf or a failure")


def _judge(pte: int, level: int) -> tuple[str, bool, int]:
    """Why the walk fails at an entry, or ""; whether it is a leaf; and the step that says so."""
    if not pte & Pte.V:
        return "V = 0: not valid", False, 3
    if pte & Pte.W and not pte & Pte.R:
        return "W without R: reserved", False, 3
    if pte >> _RESERVED:
        return f"bits 63 to {_RESERVED} must be 0", False, 3
    if not pte & (Pte.R | Pte.X):
        if pte & _POINTER_RESERVED:
            return "a pointer with D, A or U: reserved", False, 3
        return ("a pointer at the last level" if level == 0 else ""), False, 4
    if pte_to_pa(pte) % (PAGE_SIZE << 9 * level):
        return "a superpage that is not aligned", True, 5
    return "", True, 5


def conclusion(pte: int, level: int) -> str:
    """What the walker concludes from an entry of `level`, in words."""
    failure, _, _ = _judge(pte, level)
    if failure:
        return failure
    if not pte & (Pte.R | Pte.X):
        return f"points to table {pte_to_pa(pte):#x}"
    size = {0: "4 KiB", 1: "2 MiB", 2: "1 GiB"}[level]
    return f"{size} page at {pte_to_pa(pte):#x}"


def parts_of(va: int) -> str:
    """An address, and the numbers that it consists of."""
    parts = ", ".join(f"VPN[{level}] {vpn(va, level)}" for level in range(LEVELS - 1, -1, -1))
    return f"va {va:#x}: {parts}, offset {va % PAGE_SIZE:#x}"


def explain(found: Walk, space: AddressSpace, *, svadu: bool) -> Iterator[str]:
    """The walk in lines, what comes of each access, and what the kernel would do."""
    yield from explain_walk(found, svadu=svadu)
    yield f"  kernel {_owner(space, found.va)}"


def explain_walk(found: Walk, *, svadu: bool) -> Iterator[str]:
    """The walk in lines, and what comes of each access."""
    yield parts_of(found.va)
    for step in found.steps:
        content = "" if step.pte is None else f"  {step.pte:#018x} {flag_letters(step.pte)}"
        yield f"  level {step.level}  {step.address:#x}{content}  {step.conclusion}"
    for access in ACCESSES:
        outcome = found.outcome(access, svadu=svadu)
        if outcome.cause is None:
            note = f" ({outcome.reason})" if outcome.reason else ""
            yield f"  {access:<5}  pa {found.pa:#x}{note}"
        else:
            name = exception_in_words(outcome.cause)
            yield f"  {access:<5}  {name}, cause {int(outcome.cause)}: {outcome.reason}"


def _owner(space: AddressSpace, va: int) -> str:
    """Whose the address is for the kernel."""
    region = space.region(va)
    if region is None:
        areas = " and in no area" if space.regions.areas else ""
        return f"nobody's: it is not below the size {space.size:#x}{areas}"
    place = f"{region.start:#x} to {region.end:#x}"
    return f"{region.name}, {place}, {rights(region.rights)}; size {space.size:#x}"
