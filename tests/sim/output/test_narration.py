"""What the records of a run tell in a waveform: of its page faults, and of the kernel's work."""

from types import SimpleNamespace

import pytest

from hdl.arch import Cause, Priv
from kernel_model.facts.abi import Syscall
from kernel_model.facts.costs import NO_WORK, Charged, Step, Work
from kernel_model.facts.doorbell import Reason
from sim.engines.story import NO_LOOKUP, Lookup, Passage
from sim.engines.traps import TrapRecord
from sim.guests.injector import Injected
from sim.guests.lives import NEVER, Answer
from sim.output.narration import BareNarrator, KernelNarrator, TrapFault
from tests.sim.output.narrated import KERNEL_SATP, LAZY, place_of, rows_of, service
from tests.sim.served import mapped, page_fault


def lookup(asked, answered):
    return Lookup(asked, answered, 0, 0, ())


def fault(number=7, via=None, retried_at=None, work=NO_WORK):
    """A load page fault of `lazy`: asked for in cycle 100, raised in 105, and rung for in 120."""
    refused = NO_LOOKUP + lookup(100, 103).pack()
    again = lookup(222, 224).pack() + lookup(226, 228).pack()
    trap = TrapRecord(105, 0x44, Cause.LOAD_PAGE, 0x5008, Priv.U, retried_at, refused, again)
    passage = Passage(raised=105, entered=108, left=112)
    answer = Answer(passage, rung=120, answered=200, cost=70)
    served = mapped(0x44, Cause.LOAD_PAGE, 0x5008, via=via)
    served = served._replace(outcome=served.outcome._replace(work=work))
    each = page_fault(number, served, trap, answer)
    if retried_at is not None:
        each.life.went_on(200, Passage(back=210, returned=220))
    return each


def kernel_rows(cycles, faults=(), services=(), **fields):
    """What is told of cycles in which nothing happens, by the names of the rows."""
    narrator = KernelNarrator(faults, services, KERNEL_SATP, place_of)
    return {cycle: rows_of(narrator, cycle, **fields) for cycle in cycles}


def test_a_page_fault_is_told_from_its_lookup_to_its_retirement():
    rows = kernel_rows((99, 100, 229, 230), [fault(retried_at=230)])
    told = "7: load page fault at 0x5008, pid 2 lazy"
    assert [each["fault"] for each in rows.values()] == ["", told, told, ""]


def test_a_page_that_a_system_call_touches_is_told_so():
    # The kernel comes to it five cycles after the ring, and works at it for ten.
    work = Work(tuple(int(step is Step.PTE) for step in Step), {Step.PTE: 10}, begun=5)
    rows = kernel_rows((124, 125, 134, 135), [fault(3, via="copyin", work=work)])
    told = "3: copyin touches 0x5008, pid 2 lazy"
    assert [row["fault"] for row in rows.values()] == ["", told, told, ""]
    assert {row["phase"] for row in rows.values()} == {"user"}


def test_a_page_fault_without_a_cycle_is_not_told():
    rows = kernel_rows((119, 120, 121), [fault(via="copyin", work=NO_WORK)])
    assert [row["fault"] for row in rows.values()] == ["", "", ""]


def test_the_parts_that_only_its_life_knows_are_told_while_the_process_runs():
    narrator = KernelNarrator([fault(retried_at=230)], [], KERNEL_SATP, place_of)
    told = [rows_of(narrator, cycle)["phase"] for cycle in (99, 100, 102, 103, 104, 105, 219)]
    assert told == ["user", "walk", "walk", "raise", "raise", "user", "user"]
    told = [rows_of(narrator, cycle)["phase"] for cycle in (220, 222, 224, 226, 228, 230)]
    assert told == ["retry", "fetch walk", "retry", "data walk", "retry", "user"]

    narrator = KernelNarrator([fault(retried_at=230)], [], KERNEL_SATP, place_of)
    assert [rows_of(narrator, cycle, priv="M")["phase"] for cycle in (99, 100)] == ["boot", "boot"]


@pytest.mark.parametrize(
    "first, told", [(99, "user"), (100, "kernel"), (179, "kernel"), (180, "user")]
)
def test_a_waveform_may_begin_while_the_kernel_serves(first, told):
    assert kernel_rows([first], services=[service()])[first]["phase"] == told


@pytest.mark.parametrize("running, told", [(None, "idle"), (LAZY, "switch back")])
def test_after_an_answer_that_lets_nobody_run_it_is_idle(running, told):
    narrator = KernelNarrator([], [service(running=running)], KERNEL_SATP, place_of)
    assert rows_of(narrator, 150)["phase"] == "kernel"
    assert rows_of(narrator, 180, response=1)["phase"] == told


@pytest.mark.parametrize(
    "fields, told",
    [
        ({"reason": Reason.BOOT, "pid": None}, "boot"),
        ({"reason": Reason.IDLE, "pid": None}, "looks who can run"),
        ({}, "interrupt, or end of a turn"),
        ({"syscall": Syscall.READ, "pid": 3}, "read, pid 3"),
        # What was served is more than why it was rung.
        ({"syscall": Syscall.WAIT, "reason": Reason.BOOT}, "wait, pid 2"),
    ],
)
def test_it_is_told_what_the_kernel_serves(fields, told):
    rows = kernel_rows((99, 100, 179, 180), services=[service(**fields)])
    assert [row["kernel"] for row in rows.values()] == ["", told, told, ""]


def test_of_a_page_fault_it_is_told_what_is_decided_and_why():
    rows = kernel_rows([120], [fault()], [service(rung=120)])
    assert rows[120]["kernel"] == (
        "it is below the size and has no frame yet, so it is lazy; mapped frame 0x80010000"
    )
    # Of what a system call touches the call is told.
    rows = kernel_rows([120], [fault(via="copyin")], [service(rung=120, syscall=Syscall.WRITE)])
    assert rows[120]["kernel"] == "write, pid 2"


def steps_of(cycles, *args):
    """The steps of the kernel's answer, each with its first cycle."""
    told = {cycle: row["kernel_step"] for cycle, row in kernel_rows(cycles, *args).items()}
    return [(at, told[at]) for at in cycles if told[at] != told.get(at - 1)]


def test_the_steps_of_an_answer_follow_each_other():
    steps = (Charged(Step.DISPATCH, 1, 60), Charged(Step.PTE, 2, 10), Charged(Step.COPY, 4, 0))
    assert steps_of(range(99, 200), [], [service(rung=100, answered=173, steps=steps)]) == [
        (99, ""),
        (100, "dispatch 60"),
        (160, "access 2 page-table entries 10"),
        (170, "bus 3"),
        (173, ""),
    ]
    assert steps_of(range(99, 200), [], [service(rung=100, answered=170, steps=steps)])[-2:] == [
        (160, "access 2 page-table entries 10"),
        (170, ""),
    ]


def test_the_steps_of_a_page_fault_are_those_of_its_life():
    work = Work(tuple(int(step is Step.PTE) for step in Step), dict.fromkeys(Step, 10))
    assert steps_of(range(119, 210), [fault(work=work)], [service(rung=120, answered=200)]) == [
        (119, ""),
        (120, "dispatch 10"),
        (130, "access a page-table entry 10"),
        (140, "other work 50"),
        (190, "bus 10"),
        (200, ""),
    ]


def test_pages_and_frames_are_those_of_the_last_answer():
    idle = service(rung=300, answered=310, running=None, resident=0, free=901)
    rows = kernel_rows((179, 180, 309, 310, 1 << 62), [], [service(), idle], satp=LAZY.satp)
    told = [(row["resident_pages"], row["free_frames"], row["page_table"]) for row in rows.values()]
    assert told == [
        (0, 0, "root 0x8000b000"),
        (5, 900, "pid 2 lazy"),
        (5, 900, "pid 2 lazy"),
        (0, 901, "root 0x8000b000"),
        (0, 901, "root 0x8000b000"),
    ]


def test_it_wants_to_be_asked_whenever_something_begins_or_ends():
    narrator = KernelNarrator(
        [fault(retried_at=230)], [service(rung=120, answered=200)], KERNEL_SATP, place_of
    )
    begun_and_ended = {100, 103, 105, 220, 222, 224, 226, 228, 230}
    served = {120, 190, 200}
    assert [*narrator.moments][:-1] == sorted(begun_and_ended | served)
    assert narrator.moments[-1] == NEVER


def injected_rows(cycles, injected=(), drop_tlb=0):
    narrator = KernelNarrator([], [], KERNEL_SATP, place_of, injected, drop_tlb)
    return [rows_of(narrator, cycle)["injected"] for cycle in cycles]


def test_a_fault_on_command_is_told_from_then_on_with_what_has_followed():
    happened = Injected("--fail kalloc:1", 20, 2, "no frame", "fork returns -1", 30)
    later = Injected("--skip-fence 9", 40, 2, "left out")
    assert injected_rows((19, 20, 29, 30, 39, 40), (happened, later)) == [
        "",
        *["--fail kalloc:1: no frame"] * 2,
        *["--fail kalloc:1: no frame; then: fork returns -1"] * 2,
        "--skip-fence 9: left out",
    ]


def test_a_fault_on_command_that_has_not_happened_has_an_empty_row():
    assert injected_rows((0, 50), [Injected("--fail kalloc:9")]) == ["", ""]


def test_each_cycle_in_which_tlbs_are_emptied_is_told():
    told = injected_rows((99, 100, 101, 200), drop_tlb=100)
    dropped = "--drop-tlb: the TLBs and the walk cache are emptied"
    assert told == ["", dropped, "", dropped]


def test_without_a_kernel_they_are_told_likewise():
    narrator = BareNarrator((), place_of, [Injected("--bus-error 1@1", 20, 0, "an error")], 30)
    told = [rows_of(narrator, cycle)["injected"] for cycle in (19, 20, 30, 31)]
    dropped = "--drop-tlb: the TLBs and the walk cache are emptied"
    assert told == ["", "--bus-error 1@1: an error", dropped, "--bus-error 1@1: an error"]
    assert 20 in narrator.moments


def test_a_run_without_faults_on_command_has_no_row_of_them():
    variables = KernelNarrator([], [], KERNEL_SATP, place_of).variables
    assert "injected" not in {each.name for each in variables}


def test_numbers_and_registers_are_told_as_such():
    variables = KernelNarrator([], [], KERNEL_SATP, place_of).variables
    assert {each.full_name: each.width for each in variables if each.width} == {
        "story.resident_pages": 32,
        "story.free_frames": 32,
    }
    registers = [each.name for each in variables if each.scope == "story.registers"]
    assert registers == ["satp", "sstatus", "stvec", "sepc", "mcause", "mepc", "mtval"]


# What they tell of a run without a kernel.


def raised(cycle=20, number=1, **fields):
    """A load page fault that no kernel has served."""
    usual = {"lookup": None, "retried_at": None, "retry": (None, None)}
    trap = SimpleNamespace(
        **usual | {"cycle": cycle, "cause": Cause.LOAD_PAGE, "tval": 0x5000} | fields
    )
    return TrapFault(number, trap)


def told_of(row, *faults):
    """A row of a program without a kernel, each text with its first cycle."""
    narrator = BareNarrator(faults, place_of)
    told = [rows_of(narrator, cycle)[row] for cycle in range(60)]
    return [(at, text) for at, text in enumerate(told) if at and text != told[at - 1]]


def test_a_fault_without_a_kernel_is_told_from_its_lookup_to_its_retirement():
    each = raised(number=3, lookup=lookup(10, 16), retried_at=50)
    assert told_of("fault", each) == [(10, "3: load page fault at 0x5000"), (50, "")]
    assert told_of("fault", raised()) == [(20, "1: load page fault at 0x5000"), (21, "")]


def test_the_parts_of_a_faults_life_follow_each_other():
    retry = lookup(32, 36), lookup(40, 44)
    assert told_of("phase", raised(lookup=lookup(10, 16), retried_at=50, retry=retry)) == [
        (10, "walk"),
        (16, "raise"),
        (20, "retry"),
        (32, "fetch walk"),
        (36, "retry"),
        (40, "data walk"),
        (44, "retry"),
        (50, "program"),
    ]


def test_a_fault_that_is_never_retried_has_no_more_than_its_beginning():
    assert told_of("phase", raised()) == []
    assert told_of("phase", raised(lookup=lookup(10, 16))) == [
        (10, "walk"),
        (16, "raise"),
        (20, "program"),
    ]


def test_what_was_looked_up_before_it_is_no_part_of_the_retry():
    before, behind = lookup(18, 24), lookup(40, 70)
    assert told_of("phase", raised(retried_at=50, retry=(before, behind))) == [
        (20, "retry"),
        (40, "data walk"),
        (50, "program"),
    ]
    at_once = lookup(20, 24), None
    assert told_of("phase", raised(retried_at=50, retry=at_once)) == [
        (20, "retry"),
        (50, "program"),
    ]


def test_a_handler_is_told_even_while_a_fault_waits_for_its_retry():
    narrator = BareNarrator([raised(retried_at=50)], place_of)
    assert rows_of(narrator, 20, retired=1, trap=1)["phase"] == "trap entry"
    assert rows_of(narrator, 21, retired=1, intr=1)["phase"] == "handler"
    assert rows_of(narrator, 40)["phase"] == "handler"


def test_the_function_is_told_until_an_instruction_of_another_one_retires():
    narrator = BareNarrator([], place_of)

    def function(cycle, **fields):
        return rows_of(narrator, cycle, **fields)["function"]

    assert function(0) == ""
    assert function(1, retired=1, pc=0x44) == "main"
    assert function(2, pc=0x2044) == "main"
    assert function(3, retired=1, trap=1, pc=0x2044) == "main"
    assert function(4, retired=1, pc=0x2044) == ""


def test_without_a_kernel_it_wants_to_be_asked_when_a_fault_begins_or_ends():
    narrator = BareNarrator([raised(lookup=lookup(10, 16), retried_at=50)], place_of)
    assert narrator.moments == [10, 16, 20, 50]
