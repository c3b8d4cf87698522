"""The waveform of a run as GTKWave shows it."""

from pathlib import Path

import pytest

from sim.cli import main as cli
from sim.engines.base import CYCLE_FS
from sim.output.rows import DETAILS, SIGNALS, WORDS, find
from sim.output.waveform import read_waveform
from tests import gtkwave

gtkwave.require()

#: The rows of words under the kernel, whose own take the place of the function, without faults on
#: command.
SHOWN = [row.label for row in WORDS if row.label not in ("function", "injected")]


@pytest.fixture(scope="module")
def display(tmp_path_factory):
    folder = tmp_path_factory.mktemp("screen")
    with gtkwave.screen(folder) as name:
        yield name, folder


@pytest.fixture
def show(display, tmp_path):
    """Opens the waveform of a run of `lazy` from another folder, after both have been moved."""
    name, folder = display

    def run(*options, vcd, open_groups=False):
        made, moved, other = (tmp_path / part for part in ("as it was", "some where", "other"))
        made.mkdir()
        other.mkdir()
        arguments = ["--quiet", "--vcd", str(made / vcd), *options]
        assert cli.main(["run", *arguments, "lazy"]) == 0
        made.rename(moved)
        save = f"../some where/{vcd}.gtkw"
        seen = gtkwave.view(save, other, name, folder, open_groups=open_groups)
        seen.screenshot.save(tmp_path / "screen.png")
        assert seen.dump == str(moved / vcd)
        return seen

    return run


def check(seen, begin, raised, retired):
    """What a student has to see of a page fault: all of it, in words, and named."""
    assert seen.start < begin * CYCLE_FS
    assert retired * CYCLE_FS < seen.end
    # It fills the screen.
    assert seen.end - seen.start < (retired - begin) * CYCLE_FS * 1.3
    assert seen.marker == raised * CYCLE_FS
    assert seen.first_marker == begin * CYCLE_FS
    left = seen.screenshot.waves_begin()
    assert seen.screenshot.rows_drawn(left, seen.row_height) >= len(SHOWN)
    # On the left of the waves no value is cut off.
    assert seen.screenshot.is_blank(range(left - 24, left - 10))


def test_make_sims_waveform_shows_the_first_fault(show):
    seen = show(vcd="a b.vcd")

    check(seen, 2884, 2888, 4179)
    shown = {name: seen.values[name] for name in SHOWN}
    assert shown == {
        "page fault": "1: load page fault at 0x4ff8, pid 2 lazy",
        "phase": "trap entry",
        "kernel": "",
        "kernel step": "",
        "instruction": "read_some+0x50: load page fault",
        "privilege": "supervisor",
        "page table": "pid 2 lazy",
        "fetch TLB": "",
        "data TLB": "",
        "walker": "",
        "bus": "",
        "scause": "load page fault",
        "stval": "0x4ff8",
        "resident pages": "4",
        "as a curve": "4",
        "free frames": "32751",
    }
    # What is below GTKWave has found in the waveform, and shows when its group is opened.
    below = seen.values.keys() - shown.keys()
    assert len(below) > 80
    assert {"sepc[15:0]", "to[15:0]", "state", "satp"} <= below
    assert {seen.values[name] for name in below} == {""}


def test_each_closed_group_opens_and_has_its_rows(show, tmp_path):
    closed = show(vcd="closed.vcd").screenshot
    (tmp_path / "some where").rename(tmp_path / "before")
    (tmp_path / "other").rmdir()
    seen = show(vcd="open.vcd", open_groups=True)

    waveform = read_waveform(Path(seen.dump))
    rows = {title: len(find(rows, waveform)) for title, rows in (*SIGNALS, *DETAILS)}
    # The end of a group is a row, too.
    assert seen.groups == {title: count + 1 for title, count in rows.items()}
    assert all(rows.values())
    assert len(rows) > 15
    left = seen.screenshot.waves_begin()
    drawn, before = (each.rows_drawn(left, seen.row_height) for each in (seen.screenshot, closed))
    assert drawn > before + 10


def test_the_fault_that_was_asked_for_is_shown_from_an_fst_too(show):
    seen = show("--vcd-fault", "5", vcd="a b.fst")

    check(seen, 10700, 10704, 11995)
    assert seen.values["page fault"] == "5: store page fault at 0xc000, pid 2 lazy"
    assert seen.values["scause"] == "store page fault"


def test_the_last_cycles_are_shown_to_their_end(show):
    seen = show("--vcd-last", "1,000", vcd="last.vcd")

    assert seen.end >= seen.marker - 8 * CYCLE_FS
    assert seen.screenshot.rows_drawn(500, seen.row_height) >= len(SHOWN) - 2
