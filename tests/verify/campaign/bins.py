"""Functional coverage: which kinds of translation there are, and which of them have been seen.

A bin is (kind of access, who asks, outcome, level). Who asks is the effective privilege: "S" or
"U" where it translates, "M", "S bare" or "U bare" where it does not. A ">" in front of it says that
M-mode asks through MPRV. The level is that of the PTE with which the walk ended, None without one.
"""

from itertools import product

from tests.verify.golden.sv39 import ACCESSES, Request, Response, respond

__all__ = [
    "KINDS",
    "bin_of",
    "effective_privilege",
    "hart_bin_of",
    "reachable",
    "reachable_on_hart",
    "translates",
    "updates",
]

V, R, W, X = 1, 2, 4, 8
KINDS = tuple(ACCESSES)
LEVELS = (2, 1, 0)
#: What reaches devices: all else is refused there ("Physical Memory Attributes").
TO_DEVICES = ("LOAD", "STORE")
TO_RAM_ONLY = tuple(kind for kind in KINDS if kind not in TO_DEVICES)


def effective_privilege(request: Request) -> str:
    """The privilege that an access is subject to: MPP under MPRV, but not for fetches."""
    q = request
    return q.mpp if q.mprv and q.access != "FETCH" else q.priv


def translates(request: Request) -> bool:
    """Whether there is any translation."""
    return bool(request.sv39) and effective_privilege(request) != "M"


def bin_of(request: Request, response: Response, read) -> tuple:
    """The bin of `request`, to which `response` is the golden model's; `read` as for that one."""
    priv = effective_privilege(request)
    if not translates(request):
        who = priv if priv == "M" else f"{priv} bare"
        outcome = "beyond" if request.va >> 56 else _reached(response)
        return request.access, who, outcome, None
    trail = response.reads
    last = read(trail[-1]) if trail else None
    outcome, level = _outcome(request, response, last), 3 - len(trail)
    if outcome == "outside":
        level -= 1
    return request.access, priv, outcome, None if outcome == "not canonical" else level


def hart_bin_of(request: Request, response: Response, read) -> tuple:
    """The same for an instruction of the hart, where MPRV and alignment are the hart's matter."""
    access, who, outcome, level = bin_of(request, response, read)
    if response.kind == "misaligned":
        outcome, level = "misaligned", None
    asked = request.mprv and access != "FETCH"
    return access, f">{who}" if asked else who, outcome, level


def _reached(response):
    if response.kind == "ok":
        return "device" if response.device else "ok"
    return "not for this access"


def _outcome(request, response, last):
    """Why a translation ended as it did; `last` is the last PTE read, None if there is none."""
    level = 3 - len(response.reads)
    pointer = last is not None and not last & (R | X)
    if response.kind == "page":
        if not response.reads:
            return "not canonical"
        malformed = pointer or not last & V or (last & W and not last & R) or last >> 54
        if malformed or (last >> 10) % (1 << 9 * level):
            return "malformed"
        return "denied" if _is_denied(request, last) else "Svade"
    if response.kind == "access" and (last is None or pointer):
        return "refused" if response.reads and last is None else "outside"
    return response.kind if response.kind == "update" else _reached(response)


def _is_denied(request, pte):
    """Whether setting A and D would not help."""
    one_page = {0x8000_0000 + (request.va >> 30 & 511) * 8: pte & ~(0x3FFFF << 10)}
    again = Request(**{**vars(request), "root": 0x80000, "adue": 1})
    return respond(again, one_page.get).kind == "page"


def reachable() -> set:
    """All bins that there can be."""
    walkers = ("S", "U")
    walked = ("malformed", "denied", "Svade", "update", "outside", "refused", "ok")
    bins = set(product(KINDS, walkers, walked, LEVELS))
    bins |= set(product(KINDS, walkers, ("not canonical",), (None,)))
    # A load or store of a page beyond RAM goes out on the bus, which may refuse it. No translated
    # address is beyond 56 bits, since a PPN has 44.
    bins |= set(product(TO_DEVICES, walkers, ("device",), LEVELS))
    bins |= set(product(TO_RAM_ONLY, walkers, ("not for this access",), LEVELS))
    plain = ("M", "S bare", "U bare")
    bins |= set(product(KINDS, plain, ("ok", "beyond"), (None,)))
    bins |= set(product(TO_DEVICES, plain, ("device",), (None,)))
    return bins | set(product(TO_RAM_ONLY, plain, ("not for this access",), (None,)))


def updates() -> set:
    """The bins of the update port: of each kind and level, with a write that the bus refuses."""
    return set(product(KINDS, ("update port",), ("ok", "refused"), LEVELS))


def reachable_on_hart() -> set:
    """All bins that an instruction of the hart can be in.

    No PTE is refused there: all of RAM responds, and nothing else is asked.
    """
    asked = {(kind, who, *rest) for kind, who, *rest in reachable() if "refused" not in rest}
    for kind in set(KINDS) - {"FETCH"}:
        for who in ("M", "S", "U", "S bare", "U bare"):
            asked.add((kind, who, "misaligned", None))
    through_mprv = {(kind, f">{who}", *rest) for kind, who, *rest in asked if kind != "FETCH"}
    # Where the root table is no RAM, no instruction can be fetched that would access data.
    nowhere = set(product(set(KINDS) - {"FETCH"}, ("S", "U"), ("outside",), (2,)))
    return (asked | through_mprv) - nowhere
