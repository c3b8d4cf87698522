"""`trapline exercise`."""

import re
from io import StringIO

import pytest

from sim.cli import main as cli
from sim.exercises.making import exercises
from sim.exercises.names import KINDS
from sim.exercises.quiz import key


def printed(capsys, *arguments):
    assert cli.main(["exercise", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_a_new_seed_is_told_and_gives_the_answers(capsys):
    asked = printed(capsys)
    *text, last = asked.splitlines()
    again = re.fullmatch(r"With answers: trapline exercise (--seed \d+ --answers)", last)
    answered = printed(capsys, *again[1].split())
    assert answered.startswith("\n".join(text).rstrip())
    assert "\n  Answer\n" in answered


def test_two_seeds_are_new(capsys):
    assert printed(capsys, "--kind", "walk") != printed(capsys, "--kind", "walk")


@pytest.mark.parametrize("kind", KINDS)
def test_of_one_kind(capsys, kind):
    text = printed(capsys, "--seed", "5", "--kind", kind, "--count", "2")
    assert text.startswith(f"1. {KINDS[kind]} ({kind})\n")
    assert f"\n2. {KINDS[kind]} ({kind})\n" in text
    assert text.endswith(
        f"With answers: trapline exercise --seed 5 --kind {kind} --count 2 --answers\n"
    )


def test_answers_of_a_new_seed_can_be_had_again(capsys):
    *text, last = printed(capsys, "--answers").splitlines()
    again = re.fullmatch(r"The same again: trapline exercise (--seed \d+ --answers)", last)
    assert "\n".join(text).rstrip() == printed(capsys, *again[1].split()).rstrip()


def test_a_quiz_says_right_or_wrong_and_why(capsys, monkeypatch):
    made = [*exercises(5, 3)]
    monkeypatch.setattr("sys.stdin", StringIO(f"{key(made[0])}\n1 2 3\n"))  # and then it ends
    text = printed(capsys, "--seed", "5", "--count", "3", "--quiz")

    assert text.count("Right.") == text.count("Wrong.") == 1
    assert text.index("Right.") < text.index("Wrong.")
    assert text.count("\n  Answer\n") == 2
    assert text.endswith("1 of 2 right (trapline exercise --seed 5 --count 3 --quiz)\n")


def test_help_lists_the_kinds(capsys):
    text = printed(capsys, "--help")
    assert "|".join(KINDS) in text


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--kind", "tbl"], "'tbl' is not one of 'walk', 'superpage', "),
        (["--seed", "x"], "Invalid value for '--seed': 'x' is not a valid"),
        (["--seed", "-1"], "Invalid value for '--seed'"),
        (["--count", "0"], "Invalid value for '--count'"),
        (["--quiz", "--answers"], "--answers and --quiz exclude each other"),
        (["lazy"], "unexpected extra argument (lazy)"),
    ],
)
def test_mistakes_are_told_in_one_line(capsys, arguments, message):
    assert cli.main(["exercise", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("trapline: error: ")
    assert err.count("\n") == 1
    assert message in err


def test_a_quiz_without_standard_input_is_over(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", None)
    assert cli.main(["exercise", "--seed", "1", "--quiz"]) == 0
    assert "0 of 0 right" in capsys.readouterr().out


def test_exercises_are_apart_from_each_other(capsys):
    lines = printed(capsys, "--seed", "3", "--count", "3").splitlines()
    heads = [index for index, line in enumerate(lines) if re.match(r"\d\. ", line)]
    assert len(heads) == 3
    assert heads[0] == 0
    assert [lines[head - 1] for head in heads[1:]] == ["", ""]
    assert all(lines[head - 2] for head in heads[1:]), "by one line"
