"""How an exercise lies on the screen, with its answer and without."""

import pytest

from sim.exercises.exercise import WIDTH, Exercise, lines, solution
from tests.sim.exercises.small import MEMORY, load, store

RULE = [
    '    "Virtual Address Translation Process", step 10: the offset in the page comes',
    "    from the address, the page number from the entry; of a superpage the lower",
    "    VPN fields are part of the offset.",
]


def test_the_screen_has_80_columns():
    assert WIDTH == 80


def test_situation_tables_accesses_and_questions_stand_below_each_other():
    exercise = Exercise(kind="walk", memory=MEMORY, steps=(load(),), told=("", "RAM is large."))
    assert [*lines(exercise, 3, solved=False)] == [
        "3. a walk by hand (walk)",
        "",
        "  satp 0x8000000000080100   mode U   SUM 0   MXR 0   ADUE 0",
        "  TLBs and walk cache are empty; memory answers in the next cycle.",
        "  A TLB hit adds 0 cycles, a walk its reads and 1.",
        "",
        "  What is not 0 in the page tables (address, entry):",
        "    0x80100008  0x0000000020040401",
        "",
        "    0x80101010  0x0000000020040801",
        "",
        "    0x80102018  0x00000000200800df",
        "",
        "  ld a0, (a1)            a1 = 0x40403458",
        "",
        "  RAM is large.",
        "",
        "  a) Which page-table entries are read, at which addresses and in which order?",
        "  b) Which physical address is accessed? Or which exception is raised: the",
        "     number and the name of its cause, and stval?",
        "  c) How many cycles does the translation add?",
    ]


def test_the_answer_comes_behind_it_with_its_rules_at_the_end():
    exercise = Exercise(kind="walk", memory=MEMORY, steps=(load(),), solution=("So it is.",))
    asked = [*lines(exercise, 1, solved=False)]
    solved = [*lines(exercise, 1, solved=True)]
    assert solved == [*asked, "", *solution(exercise)]
    first, second, *_, last, note, gap = solved[len(asked) + 1 : -3]
    assert (first, second[:18]) == ("  Answer", "    va 0x40403458:")
    assert last == "    4 cycles: 3 reads of a cycle each, and 1 more"
    assert (note, gap) == ("    So it is.", "")
    assert solved[-3:] == RULE


def test_of_several_accesses_those_that_are_asked_about_are_explained():
    steps = (load(), load(0x5000), store())
    one = Exercise(kind="tlb", memory=MEMORY, steps=steps)
    two = Exercise(kind="cost", memory=MEMORY, steps=steps, about=(0, -1))
    assert sum("va 0x" in line for line in solution(one)) == 1
    told = [*solution(two)]
    assert told[1] == "    ld a0, (a1):"
    assert told[told.index("    sd a0, (a1):") - 1] == ""
    assert told.count("") == 2  # before the second, and before the rules
    assert not any("0x5000" in line for line in told)
    assert [answer.hit for answer in two.answers] == [False, False, True]


def test_one_about_the_kernel_has_no_accesses_and_says_what_it_says():
    exercise = Exercise(
        kind="sizes", questions=("How large?",), told=("It grows.",), solution=("0x5000",)
    )
    assert [*lines(exercise, 9, solved=True)] == [
        "9. sbrk, sizes and frames (sizes)",
        "",
        "  It grows.",
        "",
        "  a) How large?",
        "",
        "  Answer",
        "    0x5000",
    ]


def test_what_happens_may_be_said_in_other_words():
    exercise = Exercise(kind="crossing", memory=MEMORY, steps=(load(),), happens=("It crosses.",))
    text = [*lines(exercise, 1, solved=False)]
    assert "  It crosses." in text
    assert not any("ld a0" in line for line in text)


@pytest.mark.parametrize("by, part", [(2, "told"), (4, "solution")])
def test_what_fits_stays_as_it_is_and_what_does_not_is_wrapped_below_itself(by, part):
    def shown(text):
        exercise = Exercise(kind="sizes", questions=(), **{part: (text,)})
        return [line for line in lines(exercise, 1, solved=True) if "word" in line]

    fits = ("  word" + "   word" * 12)[: WIDTH - by - 5] + " word"
    assert len(fits) == WIDTH - by
    assert shown(fits) == [" " * by + fits]
    first, second = shown(fits + " words")
    assert first.startswith(" " * (by + 2) + "word")
    assert second == " " * (by + 2) + "words"
