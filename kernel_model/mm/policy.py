"""The paging policies that there are, by their names."""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from kernel_model.mm.eager import Eager
from kernel_model.mm.lazy import Lazy
from kernel_model.mm.policies.batch import Batch
from kernel_model.mm.policies.cow import CopyOnWrite
from kernel_model.mm.policies.paging import Paging
from kernel_model.mm.policies.prefault import Prefault
from kernel_model.mm.policies.zero_page import ShareZeros, ZeroPage
from kernel_model.mm.state import Policy

__all__ = ["LAZY", "POLICIES", "POLICY_NAMES", "PolicyError", "make_policy"]

#: The name of the policy of a kernel that is given none.
LAZY = "lazy"
#: Those that are whole, by name.
POLICIES: dict[str, Policy] = {LAZY: Lazy(), "eager": Eager()}

#: Pages that an option may name.
_MOST = 512


class PolicyError(ValueError):
    """No policy has this name; the message is one line."""


class _Part(NamedTuple):
    """A policy that decides one thing, or two, and may be joined with those that decide others."""

    decides: str
    make: Callable[..., dict[str, Any]]
    #: Numbers of pages that its option may be; none if it has no option.
    counts: tuple[int, ...] = ()
    rule: str = ""


_MAPS, _READ, _FORK = "what a fault maps", "what a load gets", "what fork does"
_PARTS = {
    "batch": _Part(
        _MAPS,
        lambda n: {"reach": Batch(n)},
        tuple(2**k for k in range(1, 10)),
        f"a power of two, 2 to {_MOST}",
    ),
    "prefault": _Part(
        _MAPS, lambda n: {"reach": Prefault(n)}, tuple(range(1, _MOST + 1)), f"1 to {_MOST}"
    ),
    "zero-page": _Part(_READ, lambda: {"touch": ZeroPage()}),
    "cow": _Part(_FORK, lambda: {"sharing": CopyOnWrite()}),
}
#: The names as people write them.
POLICY_NAMES = (*POLICIES, *(f"{name}:N" if part.counts else name for name, part in _PARTS.items()))


@cache
def _joined(text: str) -> Policy:
    parts: dict[str, Any] = {}
    deciders: dict[str, str] = {}
    for word in text.split("+"):
        name, colon, option = word.partition(":")
        part = _PARTS.get(name)
        if part is None:
            if word in POLICIES:
                raise PolicyError(f"policy {text!r}: {word} cannot be joined with others")
            known = f"{', '.join(POLICY_NAMES)}, or some from the third on joined by +"
            raise PolicyError(f"policy must be one of {known}, not {text!r}")
        if part.decides in deciders:
            raise PolicyError(
                f"policy {text!r}: {deciders[part.decides]} and {word} both decide {part.decides}"
            )
        deciders[part.decides] = word
        if not part.counts:
            if colon:
                raise PolicyError(f"policy {text!r}: {name} has no option")
            parts |= part.make()
            continue
        count = int(option) if option.isascii() and option.isdigit() and len(option) < 5 else 0
        if count not in part.counts:
            raise PolicyError(f"policy {text!r}: {name}:N needs {part.rule}")
        parts |= part.make(count)
    if "touch" in parts:
        parts.setdefault("sharing", ShareZeros())
    return Paging(**parts)


def make_policy(text: str) -> Policy:
    """The policy `NAME[:OPTION][+NAME...]`. Raises PolicyError."""
    return POLICIES[text] if text in POLICIES else _joined(text)
