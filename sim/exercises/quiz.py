"""One short question about an exercise, and whether what somebody types answers it."""

from sim.exercises.exercise import Exercise

__all__ = ["is_right", "key", "question"]

_ENDS = "The physical address, or cause and stval? (as 0x80001238, or 13 0x5238)"


def question(exercise: Exercise) -> str:
    """What is asked."""
    return exercise.quiz[0] if exercise.quiz else _ENDS


def key(exercise: Exercise) -> str:
    """The right answer, as one would type it."""
    if exercise.quiz:
        return exercise.quiz[1]
    answer = exercise.answers[exercise.about[-1]]
    return f"{answer.pa:#x}" if answer.cause is None else f"{int(answer.cause)} {answer.stval:#x}"


def is_right(exercise: Exercise, typed: str) -> bool:
    """Whether it is the right answer; numbers may be decimal or, with 0x, hexadecimal."""
    return _words(typed) == _words(key(exercise))


def _words(text: str) -> list[int | str]:
    return [_word(word) for word in text.lower().split()]


def _word(word: str) -> int | str:
    try:
        return int(word.replace(",", ""), 0)
    except ValueError:
        return word
