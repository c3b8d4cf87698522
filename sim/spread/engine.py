"""What carries tasks: its interface, and the simplest one, this process."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Protocol, TypeVar

__all__ = ["Alone", "Engine", "Lost", "SpreadError", "Work", "prepared", "reason"]

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)
R = TypeVar("R")


class SpreadError(Exception):
    """Nothing more can be carried; one line that says why."""


class Lost(NamedTuple):
    """In place of a result: the task has none, and the others go on."""

    reason: str


class Work(Protocol[T_contra, R_co]):
    """What is done, wherever: sent there once, and so has to be such that it can be pickled."""

    def kind(self, task: T_contra) -> Any:
        """What a task shares with others and needs made before it, hashable; None = nothing."""

    def prepare(self, kind: Any) -> Any:
        """Makes that, once for all. What it returns is sent to whoever does a task of the kind."""

    def do(self, task: T_contra, made: Any) -> R_co:
        """Does a task, given what `prepare` has made for its kind."""


class Engine(Protocol):
    """Carries tasks to where they are done."""

    def results(
        self,
        work: Work[T, R],
        tasks: Iterable[T],
        *,
        kinds: Iterable[Any] = (),
        in_order: bool = False,
    ) -> Iterator[tuple[T, R | Lost]]:
        """(task, result) of each of `tasks`, which may be endless, as they come or in order.

        What is known to be prepared, `kinds`, may be so before the first task. What `Work.do`
        raises is raised here. Raises SpreadError.
        """


class Alone:
    """This process does one task after the other."""

    def results(
        self,
        work: Work[T, R],
        tasks: Iterable[T],
        *,
        kinds: Iterable[Any] = (),
        in_order: bool = False,
    ) -> Iterator[tuple[T, R | Lost]]:
        """See `Engine`."""
        made: dict[Any, Any] = {}
        for task in tasks:
            kind = work.kind(task)
            if kind not in made:
                made[kind] = prepared(work, kind)
            yield task, made[kind] if isinstance(made[kind], Lost) else work.do(task, made[kind])


def prepared(work: Work[Any, Any], kind: Any) -> Any:
    """What `work` prepares for `kind`; Lost if it cannot, which is the matter of each task."""
    if kind is None:
        return None
    try:
        return work.prepare(kind)
    except Exception as error:
        return Lost(reason(error))


def reason(error: BaseException) -> str:
    """An exception in one line."""
    first = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
