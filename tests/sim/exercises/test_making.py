"""Every answer is the golden model's, of every kind, over many seeds."""

import hashlib
import re

import pytest

from hdl.arch import Priv, Pte
from sim.exercises.exercise import WIDTH, lines
from sim.exercises.making import MAKERS, exercises, make
from sim.exercises.mmu import Access, Fence, Mmu, Put
from sim.exercises.names import KINDS
from tests.verify.golden.sv39 import Request, respond

SEEDS = range(150)
WITH_ACCESSES = [kind for kind in KINDS if kind != "sizes"]


def in_words(exercise, *, solved=True):
    return [*lines(exercise, 1, solved=solved)]


def test_every_kind_has_a_name_and_a_maker():
    assert [*MAKERS] == [*KINDS]
    assert len(KINDS) >= 8


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_is_always_the_same_exercise(kind):
    texts = [in_words(make(kind, seed)) for seed in range(8)]
    assert texts == [in_words(make(kind, seed)) for seed in range(8)]
    assert len({*map(tuple, texts)}) == 8


#: Sheets that may have been printed: so many seeds of each kind, with a digest of them.
PRINTED = {
    "walk": (120, "0ec6394dc207660c"),
    "superpage": (120, "fa00141c41e6446d"),
    "permission": (120, "5a5bb03668519cb4"),
    "ad": (120, "d7f46e6bf12c514d"),
    "tlb": (120, "809657f1cc5654cd"),
    "crossing": (120, "346c6ee742e757ee"),
    "cost": (170, "bd9c56790de20995"),
    "lazy": (24, "ae2a2c268d894ffd"),
    "sizes": (24, "d1c68220257088f4"),
}


def numbers_of(exercise):
    """What is asked and answered, in whatever words."""
    numbers = re.findall("0x[0-9a-f]+|[0-9]+", "\n".join(in_words(exercise)))
    return f"{exercise.steps} {' '.join(numbers)}"


@pytest.mark.parametrize("kind", PRINTED)
def test_a_printed_sheet_gets_the_same_answers_from_every_version(kind):
    """A digest that differs is a sheet that has changed: for those who have it, by no accident."""
    count, printed = PRINTED[kind]
    sheets = "\n".join(numbers_of(make(kind, seed)) for seed in range(count))
    assert hashlib.sha256(sheets.encode()).hexdigest()[: len(printed)] == printed


@pytest.mark.parametrize("kind", KINDS)
def test_the_text_fits_the_screen(kind):
    for seed in SEEDS:
        exercise = make(kind, seed)
        assert max(map(len, in_words(exercise))) <= WIDTH
        assert len(in_words(exercise, solved=False)) <= 50


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_is_not_given_away(kind):
    text = "\n".join(in_words(make(kind, 3), solved=False))
    assert "Answer" not in text
    assert "cause 1" not in text


def test_in_a_row_every_kind_comes_once():
    made = [exercise.kind for exercise in exercises(7, 2 * len(KINDS))]
    assert made[: len(KINDS)] == made[len(KINDS) :]
    assert {*made} == {*KINDS}
    assert [each.kind for each in exercises(7, 3, "ad")] == ["ad"] * 3
    assert [*exercises(7, 3, "ad")] == [make("ad", 7, number) for number in (1, 2, 3)]
    assert make("ad", 7) == make("ad", 7, 1) != make("ad", 7, 2)


def test_kinds_that_come_again_are_new_exercises_and_another_seed_has_another_order():
    made = [*exercises(7, 2 * len(KINDS) + 1)]
    numbers = [1] * len(KINDS) + [2] * len(KINDS) + [3]
    assert made == [make(each.kind, 7, number) for each, number in zip(made, numbers, strict=True)]
    orders = {tuple(each.kind for each in exercises(seed, len(KINDS))) for seed in range(5)}
    assert len(orders) == 5


class Golden:
    """The golden model, which knows no TLB: a hit is judged by memory as the entry was read."""

    def __init__(self, memory):
        self.memory = dict(memory)
        self._filled = {}

    def check(self, access, answer):
        """`answer` is right; what it writes is written."""
        page = access.kind == "fetch", access.va >> 12
        now = dict(self.memory)
        if answer.hit:
            now = self._filled.get(page) or self._any(access)
        response = respond(_request(access), _reader(now))
        reads = () if answer.hit else response.reads[2:] if answer.cached else response.reads
        assert answer.reads == reads
        if answer.cause is not None:
            assert (answer.cause, answer.stval) == (response.cause, response.tval)
        elif answer.written is not None:
            assert response.kind == "update"
            assert (answer.written.address, answer.written.value) == (
                response.leaf,
                response.written,
            )
            now[response.leaf] = self.memory[response.leaf] = response.written
            assert respond(_request(access), _reader(now)).pa == answer.pa
        else:
            assert (response.kind, response.pa) == ("ok", answer.pa)
        if answer.cause is None and not answer.hit:
            self._filled[page] = now

    def _any(self, access):
        """Another address of the same superpage has filled the TLB."""
        near = [page for page in self._filled if page[1] >> 9 == access.va >> 21]
        return self._filled[near[0]]


def _request(access):
    c = access.context
    kind = "AMO" if access.insn.startswith("amo") else access.kind.upper()
    return Request(
        access.va,
        kind,
        Priv(c.priv).name,
        root=c.root >> 12,
        asid=c.asid,
        sum_=c.sum_,
        mxr=c.mxr,
        adue=c.adue,
        size=access.size,
    )


def _reader(memory):
    return lambda address: memory.get(address, 0)


@pytest.mark.parametrize("kind", WITH_ACCESSES)
def test_every_answer_is_the_golden_models(kind):
    for seed in SEEDS:
        exercise = make(kind, seed)
        golden, mmu = Golden(exercise.memory), Mmu(exercise.memory, exercise.latency)
        for step in exercise.steps:
            answer = mmu.do(step)
            if isinstance(step, Access):
                golden.check(step, answer)
            elif isinstance(step, Put):
                golden.memory[step.address] = step.value


@pytest.mark.parametrize("kind", [kind for kind in WITH_ACCESSES if kind != "lazy"])
def test_both_ends_are_frequent(kind):
    """Neither a fault nor a translation can be guessed. (A lazy page faults; what then, cannot.)"""
    faults = [any(a.cause for a in make(kind, seed).answers) for seed in SEEDS]
    assert 0.2 < sum(faults) / len(faults) < 0.8


def test_each_kind_has_what_it_is_about():
    seen = {kind: set() for kind in WITH_ACCESSES}
    for kind in seen:
        for seed in SEEDS:
            exercise = make(kind, seed)
            for answer in exercise.answers:
                seen[kind] |= {answer.rule, f"cause {answer.cause and int(answer.cause)}"}
                seen[kind] |= {"hit"} if answer.hit else set()
                seen[kind] |= {"written"} if answer.written else set()
                seen[kind] |= {"cached"} if answer.cached else set()
            if any(isinstance(step, Fence) for step in exercise.steps):
                seen[kind].add("fence")
    assert seen["walk"] >= {0, 2, 3, 4, 10, "cause 5", "cause 12", "cause 13", "cause 15"}
    assert seen["superpage"] >= {5, 8, 10}
    assert seen["permission"] >= {6, 8, 10, "cause 12"}
    assert seen["ad"] >= {9, 10, "written"}
    assert seen["tlb"] >= {3, 8, 10, "hit", "cached", "fence", "cause 13", "cause 15"}
    assert seen["crossing"] >= {"cause 4", "cause 6", "cause 12", "cause None"}
    assert seen["cost"] >= {"hit", "cached", 10}
    assert seen["lazy"] >= {3, 6, 8, 10}


def test_why_a_tlb_holds_an_entry_is_told():
    """The reason and the answer are worked out apart, and agree."""
    gone = ("no entry for the page", "hold it no more", " alone ")
    told = set()
    for seed in SEEDS:
        exercise = make("tlb", seed)
        text = "\n".join(exercise.solution)
        put = next(step for step in exercise.steps if isinstance(step, Put))
        # With D clear a store has to walk again, whatever the TLB holds.
        usable = exercise.memory.get(put.address, 0) & Pte.D
        kept = not any(words in text for words in gone)
        assert exercise.answers[-1].hit == bool(kept and usable)
        told |= {line for line in exercise.solution if "0x" not in line}
    assert len(told) >= 7
