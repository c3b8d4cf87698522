"""The lives of real page faults: they add up, and are what the retire port and page tables say."""

from collections import Counter
from itertools import pairwise

import pytest

from hdl.arch import PAGE_FAULTS, PTE_SIZE, Csr, Pte, pte_to_pa, vpn
from sim.config import RunConfig
from sim.guests.lives import OTHER_WORK, Part, Span
from sim.host.programs import find_program
from sim.machine import End
from sim.session import KernelSession
from tests.kernel_model.support import Console
from tests.sim.runs import run
from tests.sim.test_sums import ARGUMENTS, INPUT

SRET = 0x10200073
#: Parts that are told apart when the instruction has retired.
LATE = (Part.REFETCH, Part.REWALK, Part.RETRY)


def check_sums(finished):
    """Every life is complete, without a gap, and as long as its spans; how often each part was."""
    seen = Counter()
    for fault in finished.guest.faults:
        life, spans = fault.life, fault.life.spans
        unfinished = finished.end is End.LIMIT and fault.retired_cycle is None
        assert life.complete or unfinished
        assert all(one.end == two.start for one, two in pairwise(spans))
        assert all(span.cycles > 0 for span in spans)
        assert life.cycles == (spans[-1].end - life.begin if life.complete else None)
        assert life.begin + sum(life.cycles_by_part.values()) == spans[-1].end <= finished.cycles
        if fault.served.via is None and fault.retired_cycle is not None:
            assert spans[-1].end == fault.retired_cycle
        kernel = sum(span.cycles for span in spans if span.part is Part.KERNEL)
        assert sum(part.cycles for part in life.kernel_parts) == kernel
        others = sum(part.cycles for part in life.kernel_parts if part.name == OTHER_WORK)
        assert sum(part.cycles for part in life.other_steps(others)) == others
        seen.update({span.part for span in spans})
    return seen


@pytest.mark.parametrize("name", sorted(ARGUMENTS))
def test_the_spans_of_every_fault_add_up(name):
    finished = run(name, *ARGUMENTS[name], stdin=INPUT)

    assert finished.end is End.FINISHED
    check_sums(finished)


@pytest.mark.parametrize("svadu", [False, True])
@pytest.mark.parametrize("latency", [1, 2, 7, 30])
@pytest.mark.parametrize("cost", ["table", "zero"])
def test_they_do_with_slow_memory_and_svadu(latency, svadu, cost):
    finished = run("lazy", latency=latency, svadu=svadu, kernel_cost=cost)

    seen = check_sums(finished)
    assert len(finished.guest.faults) == 12
    assert {Part.WALK, Part.RAISE, Part.KERNEL, Part.RESTORE, Part.REWALK, Part.RETRY} <= set(seen)


@pytest.mark.parametrize("name", ["badaccess", "usertests"])
def test_whom_the_end_of_its_process_ends_has_no_cycle_behind_that_of_the_run(name):
    arguments = {"badaccess": ["guard"], "usertests": ["-n", "MAXVAplus"]}[name]
    finished = run(name, *arguments)

    check_sums(finished)
    if name == "badaccess":
        (fault,) = finished.guest.faults
        assert fault.life.spans[-1] == (Part.KERNEL, finished.cycles - 1, finished.cycles)
        assert fault.life.kernel_parts == (("dispatch", 1, 1),)


@pytest.mark.parametrize("engine", ["native", "pysim"])
def test_wherever_a_run_is_cut_off_its_faults_end_there(engine):
    """From before the first fault is raised until it is retried, every few cycles."""
    whole = run("lazy").guest.faults[0].life
    # The slow engine is asked in the middle of a few parts.
    few = (Part.SAVE, Part.BACK) if engine == "pysim" else (*Part,)
    seen = set()
    for _, start, end in (span for span in whole.spans if span.part in few):
        middle = (start + end) // 2
        for cycle in {middle} if engine == "pysim" else {start, middle, end - 1, end}:
            finished = run("lazy", engine=engine, max_cycles=cycle)
            check_sums(finished)
            if cycle <= whole.trap.cycle:
                assert not finished.guest.faults
                continue
            (fault,) = finished.guest.faults
            assert (fault.number, fault.trap.cycle) == (1, whole.trap.cycle)
            spans = [Span(span.part, span.start, min(span.end, cycle)) for span in whole.spans]
            told = fault.life.spans
            if fault.retired_cycle is None:
                # Which look-up is that of the retry is known with it.
                spans = [each for each in spans if each.start < cycle and each.part not in LATE]
                told = tuple(each for each in told if each.part not in LATE)
            assert list(told) == spans
            seen.add(fault.as_json()["outcome"])
    assert seen == {"unfinished", "mapped"}


def test_another_process_runs_when_the_run_ends():
    finished = run("sh", stdin=b"lazy &\nlazy &\nlazy\n", quantum=2_000)
    life = next(
        each.life
        for each in finished.guest.faults
        if any(span.part is Part.ELSEWHERE and span.cycles > 1_000 for span in each.life.spans)
    )
    away = next(span for span in life.spans if span.part is Part.ELSEWHERE)
    middle = (away.start + away.end) // 2
    cut = run("sh", stdin=b"lazy &\nlazy &\nlazy\n", quantum=2_000, max_cycles=middle)

    check_sums(cut)
    (same,) = (each.life for each in cut.guest.faults if each.trap.cycle == life.trap.cycle)
    assert same.spans[-1] == (Part.ELSEWHERE, away.start, middle)
    assert not same.complete


def test_processes_and_interrupts_come_between():
    """With turns so short that a fault's retry has to wait for other processes."""
    finished = run("sh", stdin=b"lazy &\nlazy &\nlazy\n", quantum=2_000)

    assert check_sums(finished)[Part.ELSEWHERE] > 0


@pytest.fixture(params=["native", "pysim"], scope="module")
def observed(request):
    """The faults of `lazy`, and every record of the retire port by its cycle.

    The slow engine is asked about the first few.
    """
    config = RunConfig(memory_mib=8, engine=request.param, traced=request.param == "native")
    elf, records = find_program("lazy").read_bytes(), {}
    with KernelSession.of_program(config, elf, ["lazy"], Console(b"")) as session:
        session.machine.engine.observe(lambda cycle, fields: records.update({cycle: dict(fields)}))
        session.run(*[11_500] if request.param == "pysim" else [])
    faults = [fault for fault in session.guest.faults if fault.retired_cycle is not None]
    assert len(faults) >= 3
    return faults, records


def test_each_span_ends_with_the_instruction_that_it_is_named_after(observed):
    faults, records = observed
    ends = {part: [] for part in Part}
    for fault in faults:
        for span in fault.life.spans:
            ends[span.part].append(records.get(span.end))
        assert records[fault.retired_cycle]["pc_rdata"] == fault.served.pc
    assert len(ends[Part.RAISE]) == len(faults)
    assert {(end["trap"], end["cause"] in PAGE_FAULTS) for end in ends[Part.RAISE]} == {(1, True)}
    assert {(end["intr"], end["intr_cause"] in PAGE_FAULTS) for end in ends[Part.ENTRY]} == {
        (1, True)
    }
    for part in (Part.SAVE, Part.BACK):
        assert {(end["csr_addr"], end["csr_wmask"] > 0) for end in ends[part]} == {(Csr.SATP, True)}
    assert {end["insn"] for end in ends[Part.RESTORE]} == {SRET}


def test_nothing_of_user_mode_retires_between_the_fault_and_its_retry(observed):
    faults, records = observed
    for fault in faults:
        between = range(fault.trap.cycle + 1, fault.retired_cycle)
        assert {records[cycle]["mode"] for cycle in between if cycle in records} == {1}


def test_a_walk_reads_the_page_table_from_where_it_begins_to_the_hole(observed):
    faults, _ = observed
    for fault in faults:
        lookup, stval = fault.trap.lookup, fault.served.stval
        assert (lookup.va, lookup.fault) == (stval, 1)
        *pointers, hole = lookup.reads
        assert hole.value & Pte.V == 0
        for pointer, read in zip(pointers, lookup.reads[1:], strict=True):
            assert pointer.level == read.level + 1
            assert read.address == pte_to_pa(pointer.value) + PTE_SIZE * vpn(stval, read.level)
        # With memory that answers in the next cycle, and never shorter than that.
        assert lookup.answered - lookup.asked == 1 + len(lookup.reads)


def test_the_instruction_is_fetched_through_a_walk_of_its_own(observed):
    """The kernel's fences have dropped its page from the TLB, and the pointers that led to it."""
    faults, _ = observed
    for fault in faults:
        fetch, _ = fault.trap.retry
        assert fetch.va == fault.served.pc
        assert [read.level for read in fetch.reads] == [2, 1, 0]
        returned = next(span.end for span in fault.life.spans if span.part is Part.RESTORE)
        assert fetch.asked == returned
        assert fault.life.cycles_by_part[Part.REFETCH] == fetch.answered - fetch.asked


def test_the_retry_reads_what_the_kernel_has_written(observed):
    faults, _ = observed
    for fault in faults:
        _, data = fault.trap.retry
        leaf = fault.served.outcome.writes[-1]
        assert (data.reads[-1].address, data.reads[-1].value) == (leaf.address, leaf.after)


def test_both_engines_tell_the_same_story():
    told = []
    for engine in ("native", "pysim"):
        finished = run("lazy", engine=engine, latency=3, svadu=True, max_cycles=12_000)
        told.append(
            [(fault.life.spans, fault.life.kernel_parts) for fault in finished.guest.faults]
        )
    assert told[0] == told[1]
    assert len(told[0]) == 4
