"""Faults on command, on whole runs: they happen where they are wanted, and what follows is told."""

import pytest

from hdl.arch import PAGE_SIZE, RAM_BASE, Pte, make_pte
from kernel_model.facts.panic import PANIC_STATUS
from sim import run, start
from sim.guests import injector
from sim.machine import End
from sim.platform.ram import Ram


def injected(**wanted):
    """The result of `lazy`, which is given one fault, and what has become of it."""
    result = run("lazy", memory_mib=16, **wanted)
    (only,) = result.injected
    return result, only


def test_without_any_there_is_nothing_to_tell():
    assert run("hello", memory_mib=16).injected == ()


def test_a_kalloc_finds_no_frame_and_only_that_one():
    result, only = injected(fail="kalloc:9")
    assert (only.option, only.pid) == ("--fail kalloc:9", 2)
    assert only.what.startswith("kalloc finds no frame, though ")
    assert only.followed == "the page fault at 0x24ff8 is refused (no frame)"
    assert result.exit_status == 255
    *_, last = result.faults
    assert last.trap.cycle < only.cycle <= only.followed_cycle <= result.cycles


def test_one_that_is_not_come_to_changes_nothing():
    result, only = injected(fail="kalloc:900")
    assert result.cycles == run("lazy", memory_mib=16).cycles
    assert (only.cycle, only.what) == (None, "only 12 were asked for")
    for wanted, what in [
        ({"fail": "pte:0:V@fault:900"}, "only 12 page faults came"),
        ({"bus_error": "0x80fff000@1"}, "only 0 accesses went there"),
        ({"skip_fence": "9000"}, "only 43 fences were come to"),
    ]:
        assert injected(**wanted)[1].what == what


def test_a_bit_of_an_entry_is_flipped_behind_its_fault():
    result, only = injected(fail="pte:0x4ff8:U@fault:1")
    assert only.what == "U is cleared at level 0 for 0x4ff8: 0x200020d7 -> 0x200020c7"
    assert only.followed == "the page fault at 0x4ff8 is refused (guard page)"
    assert [fault.served.stval for fault in result.faults] == [0x4FF8, 0x4FF8]


def test_a_kernel_that_panics_for_it_says_so():
    result, only = injected(fail="pte:0x4ff8:V@fault:1")
    assert result.exit_status == PANIC_STATUS
    assert only.followed == "the kernel panics: freeproc: 1 frames leaked"


@pytest.mark.parametrize(
    "nth, what", [(1, "a load"), (2, "a load"), (1000, "only 3 accesses went there")]
)
def test_an_access_goes_wrong(nth, what):
    result, only = injected(bus_error=f"0x80008ff8@{nth}")
    assert what in only.what
    if only.cycle is not None:
        assert only.followed == "it is killed: scause 0x5, stval 0x4ff8"
        assert (result.end, result.exit_status) == (End.FINISHED, 255)


def test_a_walk_that_goes_wrong_is_an_access_fault_of_what_was_wanted():
    _, only = injected(bus_error="0x80010020@2")
    assert only.what == "the bus answers a page-table walk at 0x80010020 with an error"
    assert only.followed == "it is killed: scause 0x5, stval 0x4ff8"


def test_they_combine():
    result = run("lazy", memory_mib=16, fail=("kalloc:9", "kalloc:2"), bus_error="0x80008ff8@5")
    assert [each.cycle is not None for each in result.injected] == [False, True, False]


@pytest.mark.parametrize(
    "wanted",
    [{"bus_error": "0x80010020@2"}, {"fail": "kalloc:2"}, {"skip_fence": "trap:2"}],
    ids=str,
)
def test_engines_agree_to_the_cycle(wanted):
    natively, slowly = (
        run("lazy", memory_mib=16, engine=engine, max_cycles=5_000, **wanted)
        for engine in ("native", "pysim")
    )
    assert natively.injected == slowly.injected
    assert natively.injected[0].cycle is not None
    assert (natively.cycles, natively.instructions) == (slowly.cycles, slowly.instructions)


@pytest.mark.parametrize("engine", ["native", "pysim"])
def test_a_run_that_returns_to_a_snapshot_goes_wrong_again(engine):
    wanted = {"bus_error": "0x80010020@2", "fail": "kalloc:1", "skip_fence": "trap:3"}
    with start("lazy", memory_mib=16, engine=engine, **wanted) as session:
        session.run(2_500)
        snapshot = session.snapshot()
        session.run(5_000)
        first = session.injector.injected()
        session.restore(snapshot)
        assert {each.cycle for each in session.injector.injected()} == {None}
        session.run(5_000)
        assert session.injector.injected() == first
        assert any(each.cycle is not None for each in first)


def test_a_table_that_lies_where_no_memory_is_lets_the_kernel_panic():
    """As its load access fault lets xv6's."""
    result, only = injected(fail="pte:0x80000000:V@fault:1")
    assert result.exit_status == PANIC_STATUS
    assert only.followed.startswith("the kernel panics: kerneltrap: 4096 bytes at 0x0 are not in")
    assert b"panic: kerneltrap: 4096 bytes at 0x0" in result.output


@pytest.mark.parametrize("rights", [Pte.R, Pte.R | Pte.W, Pte.X])
def test_the_entry_of_a_superpage_is_that_of_level_1(rights):
    ram = Ram(RAM_BASE, 3 * PAGE_SIZE)
    table = RAM_BASE + PAGE_SIZE
    ram.write_u64(RAM_BASE + 8, make_pte(table, Pte.V))
    last = table + PAGE_SIZE
    ram.write_u64(table + 16, make_pte(last, Pte.V | rights))
    va = 1 << 30 | 2 << 21 | 0x5000
    assert injector._entry_of(ram, RAM_BASE, va) == (table + 16, 1)
    ram.write_u64(table + 16, make_pte(last, Pte.V))
    assert injector._entry_of(ram, RAM_BASE, va) == (last + 8 * 5, 0)


def test_the_fences_of_a_return_and_of_the_next_trap_are_left_out_in_their_own_time():
    reset, back, entry = (injected(skip_fence=number)[1].cycle for number in "123")
    assert reset <= back < entry


def test_a_bit_may_be_flipped_where_the_table_leads_nowhere():
    flips = ("pte:0x80000000:V@fault:1", "pte:0x80000000:10@fault:2")
    first, second = run("lazy", memory_mib=16, fail=flips).injected
    assert "at level 2 for 0x80000000: 0x0 -> 0x1" in first.what
    assert "at level 2 for 0x80000000: 0x1 -> 0x401" in second.what


def test_a_bus_error_is_known_though_the_kernel_is_never_entered():
    with start("lazy", memory_mib=16, bus_error="0x80000000@1") as session:
        session.run(1_000)
        (only,) = session.injector.injected()
    assert (only.cycle, only.what) == (0, "the bus answers a fetch at 0x80000000 with an error")


def test_a_bit_that_is_set_again_has_followed():
    _, only = injected(fail="pte:0xc000:A@fault:5")
    assert only.what.startswith("A is cleared at level 0 for 0xc000")
    assert only.followed == "the page fault at 0xc000 sets A, and D, again"


def test_a_call_that_is_none_may_be_what_fails():
    with start("lazy", memory_mib=16, skip_fence="trap:3") as session:
        session.run(5_000)
        watcher, proc = session.injector, session.kernel.proc
        watcher.syscall_end(proc, 99, 0, 0)
        assert [each.followed for each in watcher.injected()] == [""]
        watcher.syscall_end(proc, 99, -1, 0)
        assert [each.followed for each in watcher.injected()] == ["syscall_99 returns -1"]
