"""The paging policies that there are, by their names."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, NamedTuple

from kernel_model.mm.eager import Eager
from kernel_model.mm.lazy import Lazy
from kernel_model.mm.policies.batch import Batch
from kernel_model.mm.policies.cow import CopyOnWrite
from kernel_model.mm.policies.overcommit import Always, Strict
from kernel_model.mm.policies.paging import Paging
from kernel_model.mm.policies.prefault import Prefault
from kernel_model.mm.policies.superpage import Superpage
from kernel_model.mm.policies.zero_page import ShareZeros, ZeroPage
from kernel_model.mm.state import Policy

__all__ = ["LAZY", "POLICIES", "POLICY_NAMES", "PolicyError", "make_policy"]

#: The name of the policy of a kernel that is given none.
LAZY = "lazy"
#: Those that are whole, by name.
POLICIES: dict[str, Policy] = {LAZY: Lazy(), "eager": Eager()}

#: How like one that there is a name has to be that it is asked for.
_NEAR = 0.7
#: Pages that an option may name.
_MOST = 512


class PolicyError(ValueError):
    """No policy has this name; the message is one line."""


class _Part(NamedTuple):
    """A policy that decides one thing, or two, and may be joined with those that decide others."""

    decides: str
    make: Callable[..., dict[str, Any]]
    #: What its option may be, as it is written, and what `make` gets for it; none if it has none.
    options: Mapping[str, Any] = {}
    #: How the option is written, and what it may be, in words.
    option: str = ""
    rule: str = ""


_MAPS, _READ, _FORK = "what a fault maps", "what a load gets", "what fork does"
_PROMISED = "what may be promised"
_PARTS = {
    "batch": _Part(
        _MAPS,
        lambda n: {"reach": Batch(n)},
        {str(2**k): 2**k for k in range(1, 10)},
        "N",
        f"a power of two, 2 to {_MOST}",
    ),
    "prefault": _Part(
        _MAPS,
        lambda n: {"reach": Prefault(n)},
        {str(n): n for n in range(1, _MOST + 1)},
        "N",
        f"1 to {_MOST}",
    ),
    "superpage": _Part(_MAPS, lambda: {"blocks": Superpage()}),
    "zero-page": _Part(_READ, lambda: {"touch": ZeroPage()}),
    "cow": _Part(_FORK, lambda: {"sharing": CopyOnWrite()}),
    "overcommit": _Part(
        _PROMISED,
        lambda commit: {"commit": commit()},
        {"strict": Strict, "always": Always},
        "strict|always",
        "strict or always",
    ),
}
#: The names as people write them.
POLICY_NAMES = (
    *POLICIES,
    *(f"{name}:{part.option}" if part.option else name for name, part in _PARTS.items()),
)


def _perhaps(name: str) -> str:
    """What may have been meant by a name that there is not."""
    near = get_close_matches(name, (*POLICIES, *_PARTS), 1, _NEAR)
    return f"; did you mean {near[0]}?" if near else ""


@cache
def _joined(text: str) -> Policy:
    parts: dict[str, Any] = {}
    deciders: dict[str, str] = {}
    if "," in text:
        raise PolicyError(f"policy {text!r}: + joins several to one; a list is for compare")
    for word in text.split("+"):
        name, colon, option = word.partition(":")
        part = _PARTS.get(name)
        if part is None:
            if word in POLICIES:
                raise PolicyError(f"policy {text!r}: {word} cannot be joined with others")
            known = f"{', '.join(POLICY_NAMES)}, or some from the third on joined by +"
            raise PolicyError(f"policy must be one of {known}, not {text!r}{_perhaps(name)}")
        if part.decides in deciders:
            raise PolicyError(
                f"policy {text!r}: {deciders[part.decides]} and {word} both decide {part.decides}"
            )
        deciders[part.decides] = word
        if not part.options:
            if colon:
                raise PolicyError(f"policy {text!r}: {name} has no option")
            parts |= part.make()
            continue
        if option not in part.options:
            raise PolicyError(f"policy {text!r}: {name}:{part.option} needs {part.rule}")
        parts |= part.make(part.options[option])
    if "touch" in parts:
        parts.setdefault("sharing", ShareZeros())
    return Paging(**parts)


def make_policy(text: str) -> Policy:
    """The policy `NAME[:OPTION][+NAME...]`. Raises PolicyError."""
    return POLICIES[text] if text in POLICIES else _joined(text)
