"""Where page faults arrive: what no policy decides is decided here."""

from kernel_model.mm.accessed import set_again
from kernel_model.mm.served import FaultOutcome, Why
from kernel_model.mm.space import AddressSpace
from kernel_model.mm.state import MemoryState

__all__ = ["serve"]

_PAGE_RIGHTS = Why.PAGE_RIGHTS


def serve(kernel: MemoryState, space: AddressSpace, va: int, access: int) -> FaultOutcome:
    """The process has faulted at `va`; `access` is the right that it needs, Pte.R, W or X."""
    outcome = kernel.policy.fault(kernel, space, va, access)
    if outcome.why is _PAGE_RIGHTS:
        return set_again(kernel, space, va, access, outcome)
    return outcome
