"""The tables of counters: what is counted, by side; and no wider than 80 columns."""

import io

from hdl.events import Event
from kernel_model.facts.accounts import Account
from sim.guests.counters import Counters
from sim.output.counter_tables import print_counters
from tests.sim.results import make_result

NOTHING = {event.name.lower(): 0 for event in Event}
LARGE = 9_876_543


def printed(counters, accounts=()):
    output = io.StringIO()
    print_counters(make_result(counters=counters, processes=list(accounts)), output)
    return output.getvalue()


def rows(text):
    """The rows by what stands in front of their numbers."""
    lines = [line.rsplit(None, 4) for line in text.splitlines()[2:]]
    return {name.strip(): numbers for name, *numbers in lines}


def run_of(**counts):
    return Counters(NOTHING | counts, NOTHING, NOTHING, {2: NOTHING | counts})


def test_nothing_is_printed_of_a_run_that_does_not_count():
    assert printed(None) == ""


def test_sides_have_columns_and_sizes_rows():
    found = rows(
        printed(
            run_of(
                itlb_hit_4k=1234, itlb_hit_2m=1, dtlb_hit_4k=5, dtlb_miss_fault=7, fetch_walk=3,
                data_walk=4, update_walk=5, walk_cache_hit=6, pte_read_0=8, pte_update=9,
                update_stall=1,
            )
        )
    )  # fmt: skip

    assert found["TLB hits"] == ["1,235", "5", "-", "1,240"]
    assert found["2 MiB"] == ["1", "0", "-", "1"]
    assert found["TLB misses"] == found["a fault"] == ["0", "7", "-", "7"]
    assert found["TLB evictions"] == ["0", "0", "-", "0"]
    assert found["walks"] == ["3", "4", "5", "12"]
    assert found["walk-cache hits"] == ["-", "-", "-", "6"]
    assert found["PTE reads, level 0"] == ["-", "-", "-", "8"]
    assert found["A and D updates"] == ["-", "-", "-", "9"]
    assert found["cycles stalled"] == ["0", "0", "1", "1"]
    assert "1 GiB" not in found


def test_of_several_processes_each_has_a_row():
    shares = {2: NOTHING | {"itlb_hit_4k": 3, "dtlb_miss_2m": 4}, 3: NOTHING}
    text = printed(
        Counters(NOTHING, NOTHING, NOTHING, shares), [Account(2, "sh"), Account(3, "x\x1b")]
    )

    table = text.partition("Counters by process\n")[2].splitlines()
    assert table[1].split() == ["2", "sh", "3", "0", "0", "4", "0", "0"]
    assert "\x1b" not in table[2]


def test_one_process_needs_no_table_of_its_own():
    assert "by process" not in printed(run_of(itlb_hit_4k=1), [Account(2, "lazy")])


def test_it_fits_a_terminal_of_80_columns(monkeypatch):
    monkeypatch.setattr("sim.host.tables.columns_of", lambda file: 80)
    full = dict.fromkeys(NOTHING, LARGE)
    counters = Counters(full, full, full, {2: full, 30_000: full})
    text = printed(counters, [Account(2, "usertests"), Account(30_000, "lazytests")])

    assert max(map(len, text.splitlines())) <= 80
    assert text.count("29,629,629") == 6 + 2 * 3, "no number is broken"
