"""The waveform of a run as GTKWave shows it."""

import pytest

from sim.cli import main as cli
from sim.engines.base import CYCLE_FS
from sim.output.rows import STORY
from tests import gtkwave

gtkwave.require()


@pytest.fixture(scope="module")
def display(tmp_path_factory):
    folder = tmp_path_factory.mktemp("screen")
    with gtkwave.screen(folder) as name:
        yield name, folder


@pytest.fixture
def show(display, tmp_path):
    """Opens the waveform of a run of `lazy` from another folder, after both have been moved."""
    name, folder = display

    def run(*options, vcd):
        made, moved, other = (tmp_path / part for part in ("as it was", "some where", "other"))
        made.mkdir()
        other.mkdir()
        arguments = ["--quiet", "--vcd", str(made / vcd), *options]
        assert cli.main(["run", *arguments, "lazy"]) == 0
        made.rename(moved)
        seen = gtkwave.view(f"../some where/{vcd}.gtkw", other, name, folder)
        seen.screenshot.save(tmp_path / "screen.ppm")
        assert seen.dump == str(moved / vcd)
        return seen

    return run


def check(seen, fault):
    """What a student has to see of the page fault in the cycle `fault`."""
    cycles = (seen.end - seen.start) / CYCLE_FS
    assert 40 <= cycles <= 200
    # With some of what led to it, and some of what came of it.
    assert seen.start + 20 * CYCLE_FS <= fault * CYCLE_FS <= seen.end - 30 * CYCLE_FS
    assert seen.marker == fault * CYCLE_FS
    rows = sum(len(rows) for _title, rows in STORY)
    assert rows >= 30
    assert len([value for value in seen.values.values() if value]) >= rows
    left = seen.screenshot.waves_begin()
    assert seen.screenshot.rows_drawn(left, seen.row_height) >= rows
    # On the left of the waves no value is cut off.
    assert seen.screenshot.is_blank(range(left - 24, left - 10))


def test_make_sims_waveform_shows_the_first_fault(show):
    seen = show(vcd="a b.vcd")

    check(seen, 3210)
    assert seen.first_marker == seen.marker
    assert seen.values["priv"] == "S"
    assert seen.values["scause[7:0]"] == "0D"
    assert seen.values["stval[31:0]"] == "00004FF8"
    assert seen.values["sepc[15:0]"] == "0240"


def test_the_fault_that_was_asked_for_is_shown_from_an_fst_too(show):
    seen = show("--vcd-fault", "5", vcd="a b.fst")

    check(seen, 11960)
    assert seen.values["scause[7:0]"] == "0F"
    assert seen.values["stval[31:0]"] == "0000C000"


def test_the_last_cycles_are_shown_to_their_end(show):
    seen = show("--vcd-last", "1,000", vcd="last.vcd")

    assert seen.end >= seen.marker - 8 * CYCLE_FS
    assert seen.screenshot.rows_drawn(500, seen.row_height) >= 30
