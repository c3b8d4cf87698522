"""A fork under copy on write."""

import pytest

from hdl.arch import PAGE_SIZE
from kernel_model.mm.policy import make_policy
from tests.kernel_model.support import make_hart


@pytest.fixture
def forked():
    """A parent on the hart whose heap of two touched pages its child has, too."""
    hart = make_hart(policy=make_policy("cow"))
    hart.sbrk(2 * PAGE_SIZE)
    hart.put(hart.heap, b"old")
    hart.store(hart.heap + PAGE_SIZE, 9)
    hart.call("fork")
    return hart
