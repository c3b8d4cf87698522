"""What an MMU with caches may respond while page tables change under it.

The specification lets a translation be made of PTEs that have been overwritten, until a fence that
covers it. So memory here keeps what each PTE has been and when, and a response is allowed if the
golden model gives it for some choice among what is not fenced off. The MMU promises more than the
specification asks, and is held to it: a PTE with V=0 is never remembered, a fence for one address
also ends what is known of pointers, and a fence for any address of a superpage ends all of it.

Times are clock cycles. A value written in cycle t is read from cycle t on; a response in cycle t is
of what was read before it; a fence in cycle t ends what was read up to and in it.
"""

from dataclasses import dataclass, replace

from tests.verify.campaign.bins import translates
from tests.verify.golden.sv39 import Request, Response, respond

__all__ = ["NEVER", "History", "Path"]

V, R, X, G = 1 << 0, 1 << 1, 1 << 3, 1 << 5
NEVER = 1 << 62


@dataclass
class _Version:
    """`value` could be read in cycles `since` <= t < `until`; of a root, in `asid`."""

    value: int
    since: int
    until: int = NEVER
    asid: int | None = None


@dataclass(frozen=True)
class Path:
    """An `response` of the golden model, and the last PTE `leaf` (None without) it comes from.

    It is `current` if nothing has been overwritten since.
    """

    response: Response
    leaf: int | None
    current: bool


class History:
    """All that PTEs, roots and fences have been."""

    def __init__(self):
        self._versions: dict[int, list[_Version]] = {}
        self._roots: list[_Version] = []
        self._fences: list[tuple[int, int | None, int | None]] = []

    def write(self, address: int, value: int, time: int):
        """A PTE is written."""
        versions = self._versions.setdefault(address, [_Version(0, -1)])
        versions[-1].until = time
        versions.append(_Version(value, time))

    def current(self, address: int) -> int:
        """What a PTE is now."""
        versions = self._versions.get(address)
        return versions[-1].value if versions else 0

    def root(self, asid: int, root: int, time: int):
        """`satp` takes this root and ASID."""
        for version in self._roots:
            if version.asid == asid and version.until == NEVER:
                if version.value == root:
                    return
                version.until = time
        self._roots.append(_Version(root, time, asid=asid))

    def fence(self, va: int | None, asid: int | None, time: int):
        """An `sfence.vma`; None stands for x0."""
        self._fences.append((time + 1, va, asid))

    def forget(self, before: int):
        """Drops what was overwritten before that cycle, and is fenced off for everybody."""
        full = [time for time, va, asid in self._fences if va is None and asid is None]
        before = min(before, full[-1]) if full else -1
        for address, versions in self._versions.items():
            self._versions[address] = [v for v in versions if v.until > before]
        self._roots = [v for v in self._roots if v.until > before]

    def paths(self, request: Request, start: int, time: int) -> list[Path]:
        """All that may get a response in cycle `time` to a request that stands since `start`."""
        q = request
        if not translates(q) or q.va >> 38 not in (0, (1 << 26) - 1):
            return [Path(respond(q, {}.get), None, True)]
        paths = []
        for root in self._roots:
            if root.since > time:
                continue
            rooted = replace(q, root=root.value)
            for response, trail in self._choices(rooted, time):
                if self._is_allowed(q, [root, *trail], start):
                    versions = [root, *trail]
                    current = all(v.until > time for v in versions) and root.asid == q.asid
                    paths.append(Path(response, trail[-1].value if trail else None, current))
        return paths

    def updates(self, request: Request, start: int, time: int) -> list[Path]:
        """What an update may have come to, which asks memory alone."""
        return [
            Path(response, trail[-1].value if trail else None, True)
            for response, trail in self._choices(request, time, start)
        ]

    def _choices(self, request, time, start=-1):
        """Responses with the versions they were made of, of all combinations of versions.

        These could be read before `time`, and not only before `start`.
        """
        work = [()]
        while work:
            prefix = work.pop()
            trail, counts = [], []

            def read(address, prefix=prefix, trail=trail, counts=counts):
                known = self._versions.get(address) or [_Version(0, -1)]
                options = [v for v in known if v.since < time and v.until > start]
                number = prefix[len(trail)] if len(trail) < len(prefix) else 0
                trail.append(options[number])
                counts.append(len(options))
                return options[number].value

            response = respond(request, read)
            chosen = prefix + (0,) * (len(trail) - len(prefix))
            for position in range(len(prefix), len(trail)):
                work += [(*chosen[:position], n) for n in range(1, counts[position])]
            yield response, trail

    def _is_allowed(self, q, versions, start):
        """Whether no fence and no rule ended what this is made of."""
        root, *trail = versions
        is_global = any(v.value & G for v in trail)
        if root.asid != q.asid and not is_global:
            return False
        # "If rs1≠x0, the fence orders only reads and writes made to leaf page table entries": a
        # fence of an address ends no root, and no pointer on the way to the leaf.
        fenced, leaf_fenced = (
            self._fenced(q, 3 - len(trail), is_global, leaf=leaf) for leaf in (False, True)
        )
        for version in versions:
            if version.until <= (leaf_fenced if version is trail[-1] else fenced):
                return False
        return all(v.value & V or v.until > start for v in trail)

    def _fenced(self, q, level, is_global, *, leaf):
        """The first cycle whose reads no fence has ended: of a leaf of `level`, or above one."""
        page = 12 + 9 * level
        for time, va, asid in reversed(self._fences):
            if va is not None and not leaf:
                continue
            # Neither has to be canonical for the fence.
            covers = va is None or (va ^ q.va) >> page & (1 << 39 - page) - 1 == 0
            if covers and (asid is None or (asid == q.asid and not is_global)):
                return time
        return -1
