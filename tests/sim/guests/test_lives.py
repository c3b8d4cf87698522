"""The life of a page fault: its spans follow each other, and their names are right."""

from collections import Counter
from itertools import pairwise

import pytest

from hdl.arch import Cause, Priv
from kernel_model.facts.costs import IDEAL, Step, Work
from sim.engines.story import Lookup, Passage
from sim.engines.traps import TrapRecord
from sim.guests.lives import Answer, Life, Lives, Part
from tests.sim.served import mapped, refused

PASSAGE = Passage(raised=105, entered=110, left=170, back=60, returned=80)
ANSWER = Answer(PASSAGE, rung=180, answered=1300, cost=1118)
WALK = Lookup(asked=100, answered=103, va=0x5008, fault=1, reads=())
NOTHING = bytes(len(WALK.pack()))


def counts(**steps):
    return tuple(steps.get(step.name.lower(), 0) for step in Step)


def life_of(served, *, cause=Cause.LOAD_PAGE):
    work = Work(counts(allocate=1, zero_page=1, pte=2), IDEAL, begun=60)
    served = served._replace(outcome=served.outcome._replace(work=work))
    trap = TrapRecord(105, 0x44, cause, 0x5008, Priv.U, refused=NOTHING + WALK.pack())
    return Life(trap, served, ANSWER)


@pytest.fixture
def life():
    return life_of(mapped(0x44, Cause.LOAD_PAGE, 0x5008))


@pytest.fixture
def lives(life):
    lives = Lives()
    lives.begin(life)
    return lives


def told(life):
    """Its spans, after a look at whether they follow each other, and at their sums."""
    spans = life.spans
    assert all(before.end == after.start for before, after in pairwise(spans))
    assert spans[0].start == life.begin
    assert all(span.cycles > 0 for span in spans)
    sums = Counter()
    for span in spans:
        sums[span.part] += span.cycles
    # In the order of time.
    assert list(life.cycles_by_part.items()) == [(part, sums[part]) for part in Part if sums[part]]
    return [(span.part, span.cycles) for span in spans]


TO_THE_KERNEL = [
    (Part.WALK, 3),
    (Part.RAISE, 2),
    (Part.ENTRY, 5),
    (Part.SAVE, 60),
    (Part.SWITCH, 10),
    (Part.KERNEL, 1120),
]


def test_up_to_the_answer_it_is_not_complete(life):
    assert told(life) == TO_THE_KERNEL
    assert (life.complete, life.cycles) == (False, None)


def test_a_retry_is_told_with_what_had_to_be_looked_up(life, lives):
    lives.resumed(2, 1300)
    life.trap.retried_at = 1430
    fetch = Lookup(1402, 1404, 0x44, 0, ())
    life.trap.looked_up = fetch.pack() + Lookup(1410, 1413, 0x5008, 0, ()).pack()
    lives.trapped(2, Passage(2000, 2005, 2050, back=1320, returned=1400))

    assert told(life) == [
        *TO_THE_KERNEL,
        (Part.BACK, 20),
        (Part.RESTORE, 80),
        (Part.RETRY, 2),
        (Part.REFETCH, 2),
        (Part.RETRY, 6),
        (Part.REWALK, 3),
        (Part.RETRY, 17),
    ]
    assert (life.complete, life.cycles) == (True, 1430 - 100)
    assert life.cycles_by_part[Part.RETRY] == 25
    assert list(life.cycles_by_part)[-3:] == [Part.REFETCH, Part.REWALK, Part.RETRY]


def test_what_is_fetched_again_is_looked_up_with_the_return(life, lives):
    lives.resumed(2, 1300)
    life.trap.retried_at = 1430
    fetch = Lookup(1400, 1404, 0x44, 0, ())
    life.trap.looked_up = fetch.pack() + Lookup(0, 0, 0, 0, ()).pack()
    lives.trapped(2, Passage(2000, 2005, 2050, back=1320, returned=1400))

    assert told(life)[-3:] == [(Part.RESTORE, 80), (Part.REFETCH, 4), (Part.RETRY, 26)]


def test_another_process_comes_between(life, lives):
    lives.resumed(3, 1300)
    lives.trapped(3, Passage(4000, 4005, 4050, back=1320, returned=1400))
    lives.resumed(2, 5000)
    life.trap.retried_at = 5130
    lives.trapped(2, Passage(6000, 6005, 6050, back=5020, returned=5100))

    assert told(life) == [
        *TO_THE_KERNEL,
        (Part.ELSEWHERE, 3700),
        (Part.BACK, 20),
        (Part.RESTORE, 80),
        (Part.RETRY, 30),
    ]


def test_an_interrupt_comes_before_the_retry(life, lives):
    lives.resumed(2, 1300)
    lives.trapped(2, Passage(1405, 1405, 1450, back=1320, returned=1400))
    assert not life.complete
    assert lives.waits(2)
    lives.resumed(2, 1600)
    life.trap.retried_at = 1730
    life.trap.looked_up = NOTHING + Lookup(1710, 1713, 0x5008, 0, ()).pack()
    lives.trapped(2, Passage(2000, 2005, 2050, back=1620, returned=1700))

    assert told(life)[len(TO_THE_KERNEL) :] == [
        (Part.BACK, 20),
        (Part.RESTORE, 80),
        (Part.RETRY, 5),
        (Part.ELSEWHERE, 195),
        (Part.BACK, 20),
        (Part.RESTORE, 80),
        (Part.RETRY, 10),
        (Part.REWALK, 3),
        (Part.RETRY, 17),
    ]


@pytest.mark.parametrize("asked", [1390, 1399])
def test_look_ups_of_another_turn_are_not_of_the_retry(life, lives, asked):
    lives.resumed(2, 1300)
    life.trap.retried_at = 1430
    life.trap.looked_up = Lookup(asked, 1404, 0x44, 0, ()).pack() + NOTHING
    lives.trapped(2, Passage(2000, 2005, 2050, back=1320, returned=1400))

    assert told(life)[-1] == (Part.RETRY, 30)


def test_what_has_been_retried_is_no_part_of_later_turns(life, lives):
    lives.resumed(2, 1300)
    life.trap.retried_at = 1430
    assert not life.complete
    for raised in (2000, 3000):
        lives.trapped(2, Passage(raised, back=1320, returned=1400))
        assert not lives.waits(2)

    assert told(life) == [
        *TO_THE_KERNEL,
        (Part.BACK, 20),
        (Part.RESTORE, 80),
        (Part.RETRY, 30),
    ]


def test_only_what_is_retried_is_waited_for(life, lives):
    assert lives.waits(2)
    assert not lives.waits(3)

    lives = Lives()
    lives.begin(life_of(refused(0x44, Cause.STORE_PAGE, 0x5008)))
    lives.begin(life_of(mapped(None, Cause.LOAD_PAGE, 0x5008, via="copyin")))
    assert not lives.waits(2)


def test_who_is_killed_ends_with_the_answer():
    life = life_of(refused(0x44, Cause.STORE_PAGE, 0x5008), cause=Cause.STORE_PAGE)
    lives = Lives()
    lives.begin(life)

    assert told(life) == TO_THE_KERNEL
    assert (life.complete, life.cycles) == (True, 1200)


def test_what_a_system_call_touched_is_work_of_the_kernel():
    life = life_of(mapped(None, Cause.LOAD_PAGE, 0x5008, via="copyin"))

    assert told(life) == [(Part.KERNEL, 20 + 1024 + 2 * 5)]
    assert [part.name for part in life.kernel_parts] == ["allocate", "zero_page", "pte"]
    assert life.begin == 180 + 60
    assert (life.complete, life.cycles) == (True, 1054)


def test_a_run_that_ends_after_the_retry_completes_it(life, lives):
    lives.resumed(2, 1300)
    life.trap.retried_at = 1430
    lives.finish(1600, Passage(105, 110, 170, back=1320, returned=1400), 1320)

    assert told(life)[-1] == (Part.RETRY, 30)
    assert life.complete


@pytest.mark.parametrize(
    "passage, satp_written, further",
    [
        (PASSAGE, 60, [(Part.BACK, 300)]),
        (PASSAGE, 1320, [(Part.BACK, 20), (Part.RESTORE, 280)]),
        (
            PASSAGE._replace(back=1320, returned=1400),
            1320,
            [(Part.BACK, 20), (Part.RESTORE, 80), (Part.RETRY, 200)],
        ),
        (
            PASSAGE._replace(raised=1450, back=1320, returned=1400),
            1320,
            [(Part.BACK, 20), (Part.RESTORE, 80), (Part.RETRY, 50), (Part.ELSEWHERE, 150)],
        ),
    ],
    ids=["kernel's page table", "its own", "user mode", "another trap"],
)
def test_a_run_that_ends_before_the_retry_ends_it_there(
    life, lives, passage, satp_written, further
):
    lives.resumed(2, 1300)
    lives.finish(1600, passage, satp_written)

    assert told(life) == [*TO_THE_KERNEL, *further]
    assert not life.complete


def test_so_does_one_in_which_another_process_runs(life, lives):
    lives.resumed(2, 1300)
    lives.trapped(2, Passage(1405, 1405, 1450, back=1320, returned=1400))
    lives.resumed(3, 1600)
    lives.finish(1700, Passage(1405, 1405, 1450, back=1620, returned=1650), 1620)

    assert told(life)[-2:] == [(Part.RETRY, 5), (Part.ELSEWHERE, 295)]


def test_so_does_one_that_ends_before_the_answer(life, lives):
    lives.resumed(2, 1300)
    lives.finish(400, PASSAGE, 60)

    assert told(life) == [*TO_THE_KERNEL[:-1], (Part.KERNEL, 220)]
    assert [(part.name, part.cycles) for part in life.kernel_parts] == [
        ("dispatch", 60),
        ("allocate", 20),
        ("zero_page", 140),
    ]


@pytest.mark.parametrize("ended, kernel", [(181, 1), (1299, 1119), (1300, 1120), (5000, 1120)])
def test_a_run_that_a_kill_ends_gives_it_no_cycle_more(ended, kernel):
    life = life_of(refused(0x44, Cause.STORE_PAGE, 0x5008), cause=Cause.STORE_PAGE)
    life.run_ended = ended

    assert told(life) == [*TO_THE_KERNEL[:-1], (Part.KERNEL, kernel)]
    assert sum(part.cycles for part in life.kernel_parts) == kernel
    assert (life.complete, life.cycles) == (True, 80 + kernel)


@pytest.mark.parametrize("ended, cycles", [(200, 0), (300, 60), (9000, 1054)])
def test_what_a_system_call_touched_ends_with_the_run_too(ended, cycles):
    life = life_of(mapped(None, Cause.LOAD_PAGE, 0x5008, via="copyin"))
    life.run_ended = ended

    assert life.cycles == cycles if cycles else not life.spans
    assert sum(part.cycles for part in life.kernel_parts) == cycles


def test_who_has_gone_is_not_told_of_any_more(life, lives):
    lives.resumed(2, 1300)
    lives.exited(2)
    lives.trapped(2, PASSAGE)

    assert told(life) == TO_THE_KERNEL


def test_the_kernels_answer_consists_of_its_steps_and_the_bus(life):
    parts = [(part.name, part.times, part.cycles) for part in life.kernel_parts]

    assert parts == [
        ("dispatch", 1, 60),
        ("allocate", 1, 20),
        ("zero_page", 1, 1024),
        ("pte", 2, 10),
        ("other work", 1, 4),
        ("bus", 1, 2),
    ]


def test_parts_of_the_answer_that_took_no_time_are_left_out(life):
    life.answer = Answer(PASSAGE, rung=180, answered=180 + 1114, cost=1114)

    assert [part.name for part in life.kernel_parts] == ["dispatch", "allocate", "zero_page", "pte"]


def test_without_a_probe_it_begins_with_the_exception():
    life = life_of(mapped(0x44, Cause.LOAD_PAGE, 0x5008))
    life.trap.refused = b""

    assert life.begin == 105
    assert life.spans[0].part is Part.ENTRY
