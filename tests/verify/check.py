"""What a check declares: its parts, what one task of a part does, and what came of all of them.

`tests.verify.runner` does all else: the command line, processes, progress and the report.
"""

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from kernel_model.mm.policy import LAZY, PolicyError, make_policy

__all__ = ["Check", "Failure", "Part", "Tally", "add_policy", "blocks"]


@dataclass(frozen=True)
class Failure:
    """Something that is not as it must be.

    Members
    -------
    text : str
        What, in one line or several.
    number : int or None
        The case that shows it, by its number in its part, if it can be run alone.
    only : str or None
        What `--only` must name to see it again; None = the part, if there are several.
    """

    text: str
    number: int | None = None
    only: str | None = None


@dataclass
class Tally:
    """What a task has shown, and the sum of that of several.

    Members
    -------
    cases : int
        How many were compared.
    failures : list of Failure
        Those of them that do not agree.
    data
        More that a check wants to know, with an `update` that adds another one to it.
    """

    cases: int = 0
    failures: list[Failure] = field(default_factory=list)
    data: object = None

    def update(self, other: "Tally") -> None:
        """Adds what another task has shown."""
        self.cases += other.cases
        self.failures += other.failures
        if self.data is None:
            self.data = other.data
        elif other.data is not None:
            self.data.update(other.data)


@dataclass(frozen=True)
class Part:
    """A part of a check.

    Members
    -------
    name : str
        What it is called in the report, and by `--only`.
    tasks : iterable
        What is to be done, in pieces that other processes can be told of; may be endless.
    cases : int or None
        The part ends when so many have been compared; None = with its last task.
    """

    name: str
    tasks: Iterable
    cases: int | None = None


class Check:
    """A comparison that can be made at any length, from any seed.

    The docstring of a subclass is its help. The cases are those of the seed and their numbers,
    however many processes share them.

    Attributes
    ----------
    name : str
        What the command calls it.
    compares : str
        What is compared with what.
    unit : str
        What is counted, in the plural.
    cases : int or None
        How many by default; None = there is a fixed number, and nothing is random.
    least : int
        How many at least.
    help : str
        What `--cases` counts.
    names : tuple of str
        What `--only` may name; empty = the check looks at that itself.
    enough : int or None
        Failures that end a part, and with `last` the check.
    in_order : bool
        Whether results count in the order of their tasks, and not as they come.
    unusable : tuple of exception types
        What is raised if nothing can be compared, such as where a tool is missing.

    Parameters
    ----------
    options : argparse.Namespace
        `seed`, `cases`, `first` (the number of the first case), `jobs`, and `only`, a list.
    """

    name: str
    compares: str
    unit = "cases"
    cases: int | None = None
    least = 1
    help = "how many"
    names: tuple[str, ...] = ()
    enough: int | None = 1
    in_order = True
    unusable: tuple[type[Exception], ...] = ()

    def __init__(self, options: argparse.Namespace):
        self.options = options

    @classmethod
    def add_options(cls, parser: argparse.ArgumentParser) -> None:
        """Adds options that no other check has."""

    def parts(self) -> list[Part]:
        """What is to be done. Raises ValueError if `--only` names what there is not."""
        raise NotImplementedError

    def work(self, part: str, task) -> Tally:
        """Does a task of the part called so, in whatever process."""
        raise NotImplementedError

    def state(self) -> object:
        """What `work` needs besides the options, once there is a task; for other machines."""

    def adopt(self, state) -> None:
        """Takes what `state` has given in another process, where `parts` was not asked for."""

    def close(self) -> None:
        """Lets go of what `work` has kept, where that was done in the process that reports."""

    def took(self, part: str, task, tally: Tally) -> None:
        """Is told of each task that has been done, in the process that reports."""

    def describe(self, part: str, tally: Tally) -> Iterable[str]:
        """Lines about a part that is done."""
        return ()

    def conclude(self, tallies: dict[str, Tally]) -> Iterable[Failure]:
        """What no task can see: failures of the whole, by the tallies of its parts."""
        return ()

    def wants(self, name: str) -> bool:
        """Whether the part called so is to be run."""
        return not self.options.only or name in self.options.only

    def numbers(self, size: int) -> Iterator[range]:
        """The numbers of all cases that are wanted, at most `size` at a time."""
        first = self.options.first
        return blocks(range(first, first + self.options.cases), size)


def add_policy(parser: argparse.ArgumentParser) -> None:
    """The option of checks whose programs run under the kernel model."""

    def policy(text: str) -> str:
        try:
            make_policy(text)
        except PolicyError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        return text

    parser.add_argument(
        "--policy", type=policy, default=LAZY, metavar="NAME", help="paging policy of the model"
    )


def blocks(numbers: range, size: int) -> Iterator[range]:
    """`numbers` in pieces of `size`."""
    return (numbers[start : start + size] for start in range(0, len(numbers), size))
