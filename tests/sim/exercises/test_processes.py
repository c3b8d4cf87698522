"""What an exercise says of a process is what happens to one on the real hart."""

from random import Random

import pytest

from hdl.arch import PAGE_SIZE, Pte
from kernel_model.facts.abi import Abi, Syscall
from kernel_model.mm.served import Decision, Why
from sim.config import RunConfig
from sim.exercises.making import chance
from sim.exercises.mmu import Access, Context
from sim.exercises.process import MEMORY_MIB, Process, Program
from sim.exercises.processes import Sbrk, Story, Touch, lazy_story, play, sizes_story
from sim.platform.devices.captured import Captured
from sim.session import KernelSession
from tests.verify.lockstep.encode import i_type, li, r_type, s_type

SEED = 2026
STORIES = {"lazy": lazy_story, "sizes": sizes_story}
T0, S1, A0, A1, A7 = 5, 9, 10, 11, 17
ECALL = 0x73


def code_of(story):
    """The story as machine code; it exits with a hash of what `sbrk` has returned."""
    words = []
    for event in story.events:
        if isinstance(event, Sbrk):
            words += [*li(A0, event.n), *li(A7, Syscall.SBRK), ECALL]
            # s1 = 31 * s1 + a0
            words += [i_type(0x13, 1, T0, S1, 5), r_type(0x33, 0, 0x20, T0, T0, S1)]
            words += [r_type(0x33, 0, 0, S1, T0, A0)]
            continue
        words += li(A1, event.va)
        match event.kind:
            case "load":
                words.append(i_type(0x03, 3, A0, A1, 0))
            case "store":
                words.append(s_type(3, A1, 0, 0))
            case "fetch":
                words.append(i_type(0x67, 0, 0, A1, 0))
    words += [r_type(0x33, 0, 0, A0, S1, 0), *li(A7, Syscall.EXIT), ECALL]
    return b"".join(word.to_bytes(4, "little") for word in words)


def hashed(returned):
    total = 0
    for value in returned:
        total = 31 * total + value
    total &= 0xFFFFFFFF
    return total - (total >> 31 << 32)


def on_the_hart(story):
    """Its page faults, (cause, stval, outcome) each, and how it exits."""
    config = RunConfig(memory_mib=MEMORY_MIB, abi=Abi.LAB.value, svadu=story.svadu)
    elf = story.program.elf(code_of(story))
    with KernelSession.of_program(config, elf, ["program"], Captured()) as session:
        served = []
        take = session.kernel.take_faults

        def taking():
            faults = take()
            served.extend(faults)
            return faults

        session.kernel.take_faults = taking
        session.run(1_000_000)
        faults = [(fault.cause, fault.stval, facts(fault.outcome)) for fault in served]
        return faults, session.kernel.exit_status


def facts(outcome):
    """All but what it cost."""
    return outcome[:-1]


@pytest.mark.parametrize("kind", STORIES)
def test_it_goes_so_on_the_hart(kind):
    for number in range(8):
        _compare(STORIES[kind](chance(kind, SEED, number)))


def test_with_svadu_the_hart_has_set_a_in_the_text_that_runs():
    story = Story(Program(), True, (Sbrk(0x2000), Touch("store", 0x1C0)))
    _compare(story)
    assert play(story)[1][-1].outcome.pte & Pte.A


def _compare(story):
    _, came = play(story)
    touched = [what for what in came if not isinstance(what, int)]
    faults, status = on_the_hart(story)

    assert faults == [
        (each.answer.cause, each.answer.stval, facts(each.outcome))
        for each in touched
        if each.outcome is not None
    ]
    killed = any(each.outcome and each.outcome.decision is Decision.REFUSED for each in touched)
    returned = [what for what in came if isinstance(what, int)]
    assert status == (-1 if killed else hashed(returned))


@pytest.mark.parametrize(
    "kind, insn, size",
    [("load", "ld a0, (a1)", 8), ("store", "sd a0, (a1)", 8), ("fetch", "the instruction", 4)],
)
def test_a_touch_is_an_access_of_its_size(kind, insn, size):
    context = Context(0x8000_0000)
    assert Touch(kind, 0x5000).access(context) == Access(insn, kind, 0x5000, context, size)


class Greatest(Random):
    """Draws the greatest number, and of several things what is preferred, or the last."""

    def __init__(self, *preferred):
        super().__init__(1)
        self._preferred = preferred

    def randrange(self, start, stop=None, step=1):
        return (range(start) if stop is None else range(start, stop, step))[-1]

    def choice(self, things):
        return next((each for each in things if each in self._preferred), things[-1])


def test_the_greatest_draws_stay_within_their_page():
    sbrk, *_, last = lazy_story(Greatest("new")).events
    assert sbrk.n == 7 * PAGE_SIZE - (PAGE_SIZE - 16)
    touched = [event for event in sizes_story(Greatest()).events if isinstance(event, Touch)]
    assert {each.va % PAGE_SIZE for each in (last, *touched)} == {PAGE_SIZE - 8}
    assert touched


def test_a_lazy_page_is_mapped_or_refused_for_every_reason():
    seen = set()
    for number in range(80):
        _, came = play(lazy_story(chance("lazy", SEED, number)))
        seen.add(came[-1].outcome and came[-1].outcome.why)
    kinds = {Why.UNTOUCHED, Why.PAST_SIZE, Why.GUARD_PAGE, Why.PAGE_RIGHTS, Why.OWNER_RIGHTS}
    assert seen == {None, *kinds}


def test_sizes_have_all_that_can_happen():
    refused, mapped, killed, again = 0, 0, 0, 0
    for number in range(80):
        story = sizes_story(chance("sizes", SEED, number))
        _, came = play(story)
        assert any(isinstance(event, Touch) for event in story.events) or len(came) > 3
        refused += -1 in came
        outcomes = [what.outcome for what in came if not isinstance(what, int)]
        again += None in outcomes
        mapped += any(each and each.decision is Decision.MAPPED for each in outcomes)
        killed += any(each and each.decision is Decision.REFUSED for each in outcomes)
    assert min(refused, mapped, killed, again) >= 5


def test_what_is_given_back_is_of_the_heap_or_more_than_there_is():
    for seed in (*range(20), 138):
        story = sizes_story(chance("sizes", seed))
        assert not story.svadu
        heap = size = Process(story.program).space.size
        for n in (event.n for event in story.events if isinstance(event, Sbrk)):
            assert size + n >= heap or size + n < 0
            size += n if size + n >= heap else 0


def test_the_hart_sets_a_and_d_with_svadu():
    """So the second store finds them set, as the first has left them."""
    stories = (lazy_story(chance("lazy", SEED, number)) for number in range(50))
    story = next(each for each in stories if each.svadu)
    process, came = play(story)
    assert all(isinstance(what, int) or what.outcome for what in came[:-1])
    page = story.events[1].va
    touch = Touch("store", page).access(process.context)
    answer = process.touch(touch).answer
    assert (answer.cause, answer.written) == (None, None)
