"""An exercise: what a student sees on one screen, and the answer with its reasons."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from textwrap import wrap

from sim.exercises.mmu import Answer, Step, answers
from sim.exercises.names import KINDS
from sim.exercises.words import explained, listing, rules, situation, steps_in_words

__all__ = ["WIDTH", "Exercise", "lines", "solution"]

#: Columns that an exercise takes at most.
WIDTH = 80
_ASKED = (
    "Which page-table entries are read, at which addresses and in which order?",
    "Which physical address is accessed? Or which exception is raised: the number and the name "
    "of its cause, and stval?",
    "How many cycles does the translation add?",
)


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """An exercise.

    Attributes
    ----------
    kind : str
        A key of `KINDS`.
    memory, steps, latency
        The page-table entries that are not 0 at first, what happens, and cycles of memory: what
        the answer is worked out from. An exercise about the kernel has no steps.
    about : tuple of int
        The accesses that are asked about, counted from 0 and from behind as in a list.
    questions : tuple of str
        What is asked.
    happens : tuple of str
        The steps in words, if they would tell too much by themselves.
    told, solution : tuple of str
        Lines of the situation, and of the answer; those that follow from the steps come first.
    quiz : tuple of str or None
        A short question and its answer, where it is not what becomes of the last access.
    """

    kind: str
    memory: Mapping[int, int] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    latency: int = 1
    about: tuple[int, ...] = (-1,)
    questions: tuple[str, ...] = _ASKED
    happens: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    solution: tuple[str, ...] = ()
    quiz: tuple[str, str] | None = None

    @property
    def answers(self) -> list[Answer]:
        """What comes of each access."""
        return [answer for _, answer in answers(self.memory, self.steps, self.latency)]


def lines(exercise: Exercise, number: int, *, solved: bool) -> Iterator[str]:
    """The exercise as lines; with `solved` the answer behind it."""
    yield f"{number}. {KINDS[exercise.kind]} ({exercise.kind})"
    yield ""
    if exercise.steps:
        yield from _indented(situation(exercise.steps, exercise.latency))
        yield from _indented(listing(exercise.memory))
        yield ""
        yield from _indented(exercise.happens or steps_in_words(exercise.steps))
    yield from _indented(exercise.told)
    yield ""
    for letter, question in zip("abcdef", exercise.questions, strict=False):
        yield from wrap(question, WIDTH, initial_indent=f"  {letter}) ", subsequent_indent=" " * 5)
    if solved:
        yield ""
        yield from solution(exercise)


def solution(exercise: Exercise) -> Iterator[str]:
    """The answer as lines, with its reasons."""
    yield "  Answer"
    yield from _indented(_reasons(exercise), 4)


def _reasons(exercise: Exercise) -> Iterator[str]:
    done = answers(exercise.memory, exercise.steps, exercise.latency)
    asked = [done[index] for index in exercise.about] if done else []
    for number, (access, answer) in enumerate(asked):
        if number:
            yield ""
        if len(asked) > 1:
            yield f"{access.insn}:"
        yield from explained(access, answer, exercise.latency)
    yield from exercise.solution
    if asked:
        yield ""
        yield from rules(exercise.steps, [answer for _, answer in asked])


def _indented(texts: Iterable[str], by: int = 2) -> Iterator[str]:
    """Lines that fit, so many columns to the right of where they begin."""
    for text in texts:
        indent = " " * (by + len(text) - len(text.lstrip()))
        if len(text) + by <= WIDTH:  # also what is aligned by spaces
            yield (" " * by + text).rstrip()
        else:
            yield from wrap(text.strip(), WIDTH, initial_indent=indent, subsequent_indent=indent)
