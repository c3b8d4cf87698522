"""The event unit alone: which events follow from what the MMU and the stages show in a cycle."""

import pytest

from hdl.events import Event
from hdl.mmu.probe import Verdict
from hdl.mmu.vocabulary import Side
from hdl.pipeline.events import EventUnit
from tests.support import member, simulate

SIZES = ("4K", "2M", "1G")
SIDES = {"ITLB": ("fetch", Side.FETCH), "DTLB": ("data", Side.DATA)}


def told(*cycles):
    """The events of each of these cycles, by what the inputs are in it; else they are 0."""
    dut, found = EventUnit(), []

    async def testbench(ctx):
        for inputs in cycles:
            for name, value in inputs.items():
                ctx.set(member(dut, name), value)
            bits = ctx.get(dut.events.as_value())
            found.append({event for event in Event if bits >> event & 1})
            await ctx.tick()
            for name in inputs:
                ctx.set(member(dut, name), 0)

    simulate(dut, testbench)
    return found


def hit(tlb, *, level=0, takes=1):
    """The inputs of a cycle in which the TLB answers."""
    port, _ = SIDES[tlb]
    answer = {f"mmu__{port}__answers": 1, f"mmu__{port}__level": level}
    return answer | {f"{port}__asks": 1, f"{port}__takes": takes}


def miss(tlb):
    """Those of a cycle in which it does not."""
    port, _ = SIDES[tlb]
    return {f"mmu__{port}__miss": 1, f"{port}__asks": 1}


def end(side, verdict, level=0):
    """Those of a cycle in which a walk ends."""
    ends = {"mmu__walk__ends": 1, "mmu__walk__verdict": verdict}
    return ends | {"mmu__side": side, "mmu__level": level}


def stalls(tlb):
    return {Event.FETCH_STALL if tlb == "ITLB" else Event.DATA_STALL}


def test_nothing_happens_where_nothing_is_asked():
    assert told({}, {}) == [set(), set()]


@pytest.mark.parametrize("tlb", SIDES)
@pytest.mark.parametrize("level", range(3))
def test_a_hit_counts_by_the_page_when_the_stage_takes_it(tlb, level):
    waiting, taken = hit(tlb, level=level, takes=0), hit(tlb, level=level)

    counted = {Event[f"{tlb}_HIT_{SIZES[level]}"]}
    assert told(waiting, waiting, taken, taken) == [set(), set(), counted, counted]


@pytest.mark.parametrize("tlb", SIDES)
def test_the_hit_behind_a_walk_is_no_other_look_up(tlb):
    waiting = hit(tlb, takes=0)
    found = told(miss(tlb), miss(tlb), waiting, waiting, hit(tlb), hit(tlb))

    assert found == [stalls(tlb), stalls(tlb), set(), set(), set(), {Event[f"{tlb}_HIT_4K"]}]


@pytest.mark.parametrize("tlb", SIDES)
def test_a_fault_that_a_walk_has_found_is_taken_and_what_follows_looks_up_anew(tlb):
    port, _ = SIDES[tlb]
    fault = {f"{port}__asks": 1, f"{port}__takes": 1}
    assert told(miss(tlb), fault, hit(tlb))[1:] == [set(), {Event[f"{tlb}_HIT_4K"]}]


@pytest.mark.parametrize("tlb", SIDES)
def test_who_gives_up_waiting_for_a_walk_looks_up_anew(tlb):
    assert told(miss(tlb), {}, hit(tlb))[1:] == [set(), {Event[f"{tlb}_HIT_4K"]}]


@pytest.mark.parametrize("tlb", SIDES)
@pytest.mark.parametrize("level", range(3))
def test_a_miss_counts_by_what_its_walk_has_found(tlb, level):
    side = SIDES[tlb][1]
    good = (Verdict.FOUND, Verdict.UPDATE)
    bad = (Verdict.PAGE_FAULT, Verdict.ACCESS_FAULT, Verdict.SQUASHED)
    found = told(*(end(side, verdict, level) for verdict in (*good, *bad)))

    page, fault = Event[f"{tlb}_MISS_{SIZES[level]}"], Event[f"{tlb}_MISS_FAULT"]
    assert found == [{page}, {page}, {fault}, {fault}, {Event[f"{tlb}_MISS_SQUASHED"]}]


def test_the_walk_of_an_update_is_no_miss():
    ends = [end(Side.UPDATE, verdict) for verdict in (Verdict.FOUND, Verdict.PAGE_FAULT)]
    assert told(*ends) == [set(), set()]


@pytest.mark.parametrize("tlb", SIDES)
@pytest.mark.parametrize("level", range(3))
def test_an_eviction_counts_by_the_page_that_goes(tlb, level):
    port = SIDES[tlb][0]
    inputs = {f"mmu__{port}__displaces": 1, f"mmu__{port}__displaced_level": level}
    assert told(inputs) == [{Event[f"{tlb}_EVICTION_{SIZES[level]}"]}]


@pytest.mark.parametrize("side", ["FETCH", "DATA", "UPDATE"])
def test_walks_count_when_they_begin(side):
    begins = {"mmu__walk__begins": 1, "mmu__side": Side[side]}
    walk = Event[f"{side}_WALK"]

    found = told(begins, begins | {"mmu__walk__skips": 1})

    assert found == [{walk}, {walk, Event.WALK_CACHE_HIT}]


@pytest.mark.parametrize("level", range(3))
def test_reads_count_by_the_level_of_their_table(level):
    for read in ("mmu__read", "mmu__walk__rereads"):
        assert told({read: 1, "mmu__level": level}) == [{Event[f"PTE_READ_{level}"]}]


def test_a_write_of_an_entry_counts():
    assert told({"mmu__walk__writes": 1}) == [{Event.PTE_UPDATE}]


def test_a_fetch_that_waits_for_memory_anyhow_loses_nothing():
    assert told(miss("ITLB") | {"fetch_waits": 1}) == [set()]


def test_the_trap_stage_waits_for_updates():
    assert told({"update_waits": 1}, {}) == [{Event.UPDATE_STALL}, set()]
