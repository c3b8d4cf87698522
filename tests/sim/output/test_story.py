"""How a page fault is told."""

import pytest

from hdl.arch import Cause, Priv
from kernel_model.facts.costs import IDEAL, Step, Work
from kernel_model.mm.served import Decision, PteWrite, Why
from sim.engines.story import Lookup, Passage, Read
from sim.engines.traps import TrapRecord
from sim.guests.fault_table import PageFault
from sim.guests.lives import Answer, Life
from sim.host.debug_info import SourceLine
from sim.output.story import average, tell
from tests.sim.served import mapped, refused

ANSWER = Answer(Passage(raised=105, entered=110, left=170), rung=180, answered=1316, cost=1134)
ENTRY = 0x8001_0028
WALK = (
    Read(100, 0x8000_7000, 0x2000_4401, 2),
    Read(101, 0x8001_1000, 0x2000_4001, 1),
    Read(102, ENTRY, 0, 0),
)


def nothing():
    return bytes(len(Lookup(0, 0, 0, 0, ()).pack()))


def work():
    done = {Step.ALLOCATE: 1, Step.ZERO_PAGE: 1, Step.PTE: 6}
    return Work(tuple(done.get(step, 0) for step in Step), IDEAL)


def fault_of(served, reads=WALK, *, cause=Cause.LOAD_PAGE, retried_at=1430, number=7):
    """A page fault that took the usual way, and was retried in a turn of its own."""
    write = PteWrite(ENTRY, 0, 0, 0x2000_40D7)
    outcome = served.outcome._replace(work=work(), writes=(write,) if served.outcome.frame else ())
    lookup = Lookup(100, 103, served.stval, 1, reads)
    refused = nothing() + lookup.pack()
    trap = TrapRecord(105, 0x44, cause, served.stval, Priv.U, refused=refused)
    life = Life(trap, served._replace(outcome=outcome), ANSWER)
    if retried_at is not None:
        trap.retried_at = retried_at
        life.went_on(1316, Passage(back=1320, returned=1400))
    return PageFault(number, life)


def told(fault, info=None):
    return list(tell(fault, "mine", info))


class Info:
    """A program whose every instruction is the same."""

    def function(self, pc):
        return "touch+0x4"

    def __init__(self, line=None):
        self._line = line

    def line(self, pc):
        return self._line

    def instruction(self, pc):
        return "ld a0, 0(a0)"


def test_a_fault_is_told_from_the_look_up_to_the_retry():
    assert told(fault_of(mapped(0x44, Cause.LOAD_PAGE, 0x5008)), Info()) == [
        "fault 7: load page fault, pid 2 (mine), cycle 105",
        "",
        "  0x44  touch+0x4  ld a0, 0(a0)",
        "  va 0x5008: VPN[2] 0, VPN[1] 0, VPN[0] 5, offset 0x8",
        "    level 2  0x80007000  0x0000000020004401 -------V  points to table 0x80011000",
        "    level 1  0x80011000  0x0000000020004001 -------V  points to table 0x80010000",
        "    level 0  0x80010028  0x0000000000000000 --------  V = 0: not valid",
        "    so load page fault, cause 13",
        "",
        "  walk                3  ▏",
        "  raise               2  ▏",
        "  trap entry          5  ▏",
        "  save               60  █▉",
        "  switch             10  ▍",
        "  kernel          1,136  ████████████████████████████████████",
        "                         dispatch 60, allocate 20, clear the page 1,024,",
        "                         access 6 page-table entries 30, bus 2",
        "  switch back         4  ▏",
        "  restore            80  ██▌",
        "  retry              30  █",
        "  cycles          1,330",
        "",
        "  kernel: it is below the size and has no frame yet, so it is lazy; mapped",
        "    frame 0x80010000",
        "    level 0  0x80010028  0x0 -> 0x200040d7 DA-U-WRV  4 KiB page at 0x80010000",
        "  the instruction is made again, and retires in cycle 1,430",
    ]


def test_the_line_of_the_source_stands_above_the_instruction():
    lines = told(
        fault_of(mapped(0x44, Cause.LOAD_PAGE, 0x5008)), Info(SourceLine("a.c", 4, "*at;"))
    )

    assert lines[2:4] == ["  a.c:4  *at;", "  0x44  touch+0x4  ld a0, 0(a0)"]


def test_a_line_whose_text_is_gone_ends_with_its_number():
    lines = told(fault_of(mapped(0x44, Cause.LOAD_PAGE, 0x5008)), Info(SourceLine("a.c", 4, "")))

    assert lines[2] == "  a.c:4"


def test_of_a_program_that_nothing_is_known_of_the_address_is_told():
    assert told(fault_of(mapped(0x44, Cause.LOAD_PAGE, 0x5008)))[2] == "  0x44"


def test_a_walk_may_begin_where_the_cache_points():
    lines = told(fault_of(mapped(0x44, Cause.LOAD_PAGE, 0x5008), WALK[2:]))

    assert "    levels 2 and 1: the walk cache knows the table" in lines
    assert not any(line.startswith("    level 2") for line in lines)


@pytest.mark.parametrize(
    "va, reason",
    [
        (0x5008, "the TLB has the page, which does not allow the store"),
        (1 << 40, "bits 63 to 39 must be like bit 38"),
    ],
)
def test_without_a_walk_the_reason_is_told(va, reason):
    fault = fault_of(refused(0x44, Cause.STORE_PAGE, va), (), cause=Cause.STORE_PAGE)

    assert f"    no walk: {reason}" in told(fault)


def test_who_is_killed_is_told_why():
    fault = fault_of(refused(0x44, Cause.STORE_PAGE, 0x5008), cause=Cause.STORE_PAGE,
                     retried_at=None)  # fmt: skip

    lines = told(fault)
    assert lines[-3:] == [
        "  kernel: the page is mapped, and does not allow the access; killed: page is",
        "    mapped r-x",
        "  the process is killed",
    ]
    assert "  cycles          1,216" in lines


def test_what_else_the_kernel_did_is_told_step_by_step():
    """Of a kill that is the end of the process."""
    fault = fault_of(refused(0x44, Cause.STORE_PAGE, 0x5008), cause=Cause.STORE_PAGE)
    own = fault.life.served.outcome.work
    counts = [*own.counts]
    for step, times in ((Step.DISPATCH, 1), (Step.FREE, 2), (Step.PTE, 4)):
        counts[step] += times
    whole = Work(tuple(counts), IDEAL)
    answered = fault.life.answer.rung + whole.cycles + 2
    fault.life.answer = fault.life.answer._replace(answered=answered, cost=whole.cycles, work=whole)

    text = " ".join(line.strip() for line in told(fault))
    assert (
        "access 6 page-table entries 30, "
        "other work 60 (free 2 frames 40, access 4 page-table entries 20), bus 2" in text
    )
    fault.life.run_ended = answered - 12
    assert fault.life.kernel_parts[-1] == ("other work", 1, 50)
    assert fault.life.other_steps(50) == (("free", 2, 40), ("pte", 1, 10))
    assert told(fault)[-1] == "  the process is killed, and the run is over"


def test_pages_that_were_mapped_with_it_are_named():
    served = mapped(0x44, Cause.LOAD_PAGE, 0x5008)
    pages = (0x6000, 0x7000, 0x8000, 0x4000, *range(0x10000, 0x20000, 0x2000))
    served = served._replace(outcome=served.outcome._replace(ahead=pages))
    lines = told(fault_of(served))
    (first,) = (at for at, line in enumerate(lines) if "with it the policy" in line)
    assert " ".join(line.strip() for line in lines[first : first + 2]) == (
        "with it the policy has mapped 0x4000, 0x6000 to 0x8000, 0x10000, 0x12000 "
        "and 6 more stretches"
    )


def test_what_a_system_call_touched_is_told_as_its_work():
    fault = fault_of(mapped(None, Cause.STORE_PAGE, 0x5008, via="copyout"), retried_at=None)

    assert told(fault)[2:8] == [
        "  a system call touched the page, in copyout",
        "  va 0x5008: VPN[2] 0, VPN[1] 0, VPN[0] 5, offset 0x8",
        "",
        "  kernel          1,074  ████████████████████████████████████",
        "                         allocate 20, clear the page 1,024,",
        "                         access 6 page-table entries 30",
    ]
    assert told(fault)[-1] == "  the system call goes on"


def test_a_step_that_was_done_twice_says_so():
    served = mapped(0x44, Cause.LOAD_PAGE, 0x5008)
    fault = fault_of(served)
    twice = Work(tuple(2 if step is Step.PTE else 0 for step in Step), IDEAL)
    fault.life.served = served._replace(outcome=served.outcome._replace(work=twice))

    assert "dispatch 60, access 2 page-table entries 10," in map(str.strip, told(fault))


def test_what_has_not_been_retried_has_the_sum_so_far():
    lines = told(fault_of(mapped(0x44, Cause.LOAD_PAGE, 0x5008), retried_at=None))

    assert "  so far          1,216" in lines
    assert not any(line.startswith("  cycles") for line in lines)
    assert lines[-1] == "  the instruction has not retired: its process or the run ended before"


@pytest.mark.parametrize("why", Why)
def test_every_reason_has_words(why):
    served = refused(0x44, Cause.LOAD_PAGE, 0x5008)
    if why in (
        Why.UNTOUCHED,
        Why.COMMON,
        Why.NEVER_STORED,
        Why.SHARED,
        Why.LAST_OWNER,
        Why.NOT_ACCESSED,
        Why.CLEAN,
    ):
        served = mapped(0x44, Cause.LOAD_PAGE, 0x5008)
    served = served._replace(outcome=served.outcome._replace(why=why))
    if why is Why.RUN_ENDED:
        served = served._replace(outcome=served.outcome._replace(decision=Decision.UNSERVED))
        lines = told(fault_of(served))
        assert lines[-1].startswith("  unfinished: ")
        assert not any(line.startswith("  kernel: ") for line in lines)
        return

    assert any(line.startswith("  kernel: ") for line in told(fault_of(served)))


class TestAverage:
    def test_is_of_the_faults_that_were_retried(self):
        served = mapped(0x44, Cause.LOAD_PAGE, 0x5008)
        killed = refused(0x44, Cause.STORE_PAGE, 0x5008)
        called = mapped(None, Cause.STORE_PAGE, 0x5008, via="copyout")
        faults = [
            fault_of(served),
            fault_of(served, retried_at=1441),
            fault_of(served, retried_at=1430),
            fault_of(served, retried_at=None),
            fault_of(killed, cause=Cause.STORE_PAGE, retried_at=None),
            fault_of(called, retried_at=None),
        ]
        lines = list(average(faults))

        assert lines[0] == "Average of 3 page faults, from the look-up to the retry"
        assert lines[-2:] == ["  retry            33.7  █▏", "  cycles        1,333.7"]

    def test_of_one_is_said_to_be_of_one(self):
        first, *_, last = average([fault_of(mapped(0x44, Cause.LOAD_PAGE, 0x5008))])

        assert first == "Average of page fault, from the look-up to the retry"
        assert last == "  cycles        1,330.0"

    def test_of_more_faults_than_are_kept_it_says_so(self):
        class Table(list):
            def __len__(self):
                return 20_000

        table = Table([fault_of(mapped(0x44, Cause.LOAD_PAGE, 0x5008))] * 2)

        among = "among the first and last of 20,000"
        assert next(average(table)).startswith(f"Average of 2 page faults {among}, from")

    def test_is_nothing_without_any(self):
        assert list(average([])) == []
