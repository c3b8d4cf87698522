"""The kernel's facts about a page fault, as a sentence for people."""

from hdl.arch import Pte
from kernel_model.mm.served import Decision, FaultOutcome, Why

__all__ = ["in_words", "rights"]


def in_words(outcome: FaultOutcome) -> str:
    """What the kernel did about the access, in a few words."""
    if outcome.decision is Decision.REFUSED:
        return f"killed: {_refusal(outcome)}"
    tables = len(outcome.tables)
    made = f" (+{tables} page table{'s' if tables > 1 else ''})" if tables else ""
    return f"mapped frame {outcome.frame:#x}{made}"


def _refusal(outcome: FaultOutcome) -> str:
    match outcome.why:
        case Why.PAST_SIZE:
            return f"address past the size {outcome.size:#x}"
        case Why.GUARD_PAGE:
            return "guard page"
        case Why.PAGE_RIGHTS:
            return f"page is mapped {rights(outcome.pte)}"
        case Why.OWNER_RIGHTS if outcome.region:
            return f"page is the {outcome.region.owner.value}'s, {rights(outcome.region.rights)}"
        case Why.NO_FRAME:
            return "no frame left"
        case Why.NO_TABLE:
            return "no frame left for a page table"
    raise ValueError(f"{outcome.why} is no reason to refuse an access")


def rights(flags: int) -> str:
    """R, W and X as `ls` writes them."""
    return "".join(
        name if flags & bit else "-" for name, bit in (("r", Pte.R), ("w", Pte.W), ("x", Pte.X))
    )
