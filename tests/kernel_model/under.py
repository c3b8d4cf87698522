"""The same tests under every paging policy, with memory looked through after every entry.

A module of such tests uses the fixture `policy` in all of them, and has `every_policy` as its
`pytest_generate_tests`.
"""

from kernel_model.invariants import MemoryCheck
from kernel_model.mm.policy import LAZY, POLICIES, make_policy
from tests.kernel_model import support

__all__ = ["COMBINED", "LARGE", "UNDER", "every_policy", "has_given", "is_lazy", "unless", "use"]

#: What decides all that may be decided otherwise.
COMBINED = "batch:8+cow+zero-page"
#: The same, in large.
LARGE = "cow+superpage+zero-page"
UNDER = (
    *("lazy", "eager", "batch:8", "prefault:4", "superpage", "zero-page", "cow"),
    *(COMBINED, LARGE),
)


def unless(*policies):
    """A test that these policies cannot pass: of much memory promised, or of when frames go."""

    def decorate(function):
        function.policies = [name for name in UNDER if name not in policies]
        return function

    return decorate


def every_policy(metafunc):
    """The policies under which a test is run; for `pytest_generate_tests`."""
    metafunc.parametrize("policy", getattr(metafunc.function, "policies", UNDER), indirect=True)


def is_lazy(hart):
    """Whether a page gets its frame, and its own one, when it is touched, and no other does."""
    return hart.kernel.policy is POLICIES[LAZY]


def has_given(hart, frames):
    """So many pages of the heap have got a frame by being touched, where that is what gives one."""
    if is_lazy(hart):
        assert hart.kernel.heap_frames_used == frames


def use(name, monkeypatch):
    """Kernels that are given no policy have this one from now on, and each is looked through."""
    make_kernel = support.make_kernel

    def made(*args, **options):
        kernel = make_kernel(*args, **{"policy": make_policy(name), **options})
        kernel.checks.append(MemoryCheck(kernel))
        return kernel

    monkeypatch.setattr(support, "make_kernel", made)
