"""The paging policies that there are."""

from kernel_model.mm.eager import Eager
from kernel_model.mm.lazy import Lazy
from kernel_model.mm.state import Policy

__all__ = ["LAZY", "POLICIES"]

#: The policy of a kernel that is given none.
LAZY = Lazy()
#: By name.
POLICIES: dict[str, Policy] = {"lazy": LAZY, "eager": Eager()}
