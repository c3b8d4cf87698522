"""The paging policies that there are."""

from kernel_model.mm.eager import Eager
from kernel_model.mm.lazy import Lazy
from kernel_model.mm.state import Policy

__all__ = ["LAZY", "POLICIES"]

#: The name of the policy of a kernel that is given none.
LAZY = "lazy"
#: By name.
POLICIES: dict[str, Policy] = {LAZY: Lazy(), "eager": Eager()}
