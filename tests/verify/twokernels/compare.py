"""Whether both kernels do the same with commands, and if not, the shortest script that shows it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kernel_model.mm.policy import LAZY
from tests.verify.twokernels.run import Case, Outcome, image, outcomes
from tests.verify.twokernels.scripts import Operation, encoded

__all__ = ["compare", "compare_scripts", "difference", "shrunk"]

Script = list[Operation]


def compare(cases: Sequence[Case], **config: Any) -> list[str | None]:
    """The first difference in each command, in words; None if there is none. Boots once.

    `config` is what is said of the machine, and `policy` the paging policy of the kernel model. The
    kernel in C is a lazy one: where the model is not, page faults are others, and not compared.
    """
    return _compare(cases, image(cases), config)


def compare_scripts(scripts: Sequence[Script], **config: Any) -> list[str | None]:
    """As `compare`, for what `actor.c` does by scripts."""
    cases = [Case(("/actor", f"/{n}"), directory=f"/in.{n}") for n in range(len(scripts))]
    files = {str(n): encoded(script) for n, script in enumerate(scripts)}
    return _compare(cases, image(cases, files), config)


def _compare(cases: Sequence[Case], disk: bytes, config: dict[str, Any]) -> list[str | None]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "fs.img")
        path.write_bytes(disk)
        policy = config.pop("policy", LAZY)
        model = outcomes("Python", path, policy=policy, check=policy != LAZY, **config)
        in_c = outcomes("C", path, **config)
    if policy != LAZY:
        model, in_c = ([replace(each, faults=()) for each in side] for side in (model, in_c))
    return [difference(case, *pair) for case, *pair in zip(cases, model, in_c, strict=True)]


def difference(case: Case, ours: Outcome, theirs: Outcome) -> str | None:
    """The first thing in which the kernel model and the kernel in C differ, in words."""
    if ours.output != theirs.output:
        pairs = zip_longest(ours.output.split(b"\n"), theirs.output.split(b"\n"))
        number, (one, other) = next(
            (n, pair) for n, pair in enumerate(pairs, 1) if pair[0] != pair[1]
        )
        return f"{case}: line {number}: Python {one!r}, C {other!r}"
    if ours.status != theirs.status:
        return f"{case}: status: Python {ours.status}, C {theirs.status}"
    sides = [list(each.faults) if case.ordered else sorted(each.faults) for each in (ours, theirs)]
    for number, (one, other) in enumerate(zip(*sides, strict=False), 1):
        if one != other:
            return f"{case}: page fault {number}: Python {one}, C {other}"
    if len(sides[0]) != len(sides[1]):
        return f"{case}: {len(sides[0])} page faults with Python, {len(sides[1])} with C"
    return None


def shrunk(script: Script, differs: Callable[[Script], bool]) -> Script:
    """The script without all that is not needed to differ."""
    for size in (16, 8, 4, 2, 1):
        start = 0
        while start < len(script):
            less = script[:start] + script[start + size :]
            if less and differs(less):
                script = less
            else:
                start += size
    return script


def lines(script: Script) -> Iterator[str]:
    """The script for people."""
    return (f"    {operation}" for operation in script)
