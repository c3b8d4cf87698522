import math
import re

import pytest

from sim.engines.base import CYCLE_FS
from sim.engines.pysim.engine import PysimEngine
from sim.output.gtkw import (
    PIXELS_PER_CYCLE,
    WINDOW,
    is_ours,
    save_path,
    side_by_side,
    write_save_file,
)
from sim.output.moments import Mark, Shown
from sim.output.waveform import Waveform, read_waveform
from sim.platform.bus import Bus
from sim.platform.ram import Ram
from tests.sim.scripted import ScriptedHart, load

BASE = 0x8000_0000


@pytest.fixture
def vcd(tmp_path):
    """The cycles 5 to 30 of a scripted hart."""
    path = tmp_path / "run.vcd"
    engine = PysimEngine(ScriptedHart([load(BASE)] * 30), Bus(Ram(BASE, 0x1000)))
    engine.run(5)
    engine.start_trace(path)
    engine.run(25)
    engine.close()
    return path


def fault(cycle, name):
    """A fault of which nothing else is known."""
    mark = Mark(cycle, name)
    return Shown(mark, (mark,), cycle, cycle)


def write(vcd, *faults, **options):
    """The lines of the save file for `vcd`."""
    save = write_save_file(vcd, read_waveform(vcd), faults, **options)
    return save.read_text(errors="surrogateescape").splitlines()


def shown_signals(lines):
    """Names of the signals in a save file, without their ranges."""
    return re.findall(r"bench\.[^\[\s]+", "\n".join(lines))


def test_the_save_file_shows_only_signals_that_the_vcd_has(vcd):
    shown = shown_signals(write(vcd))

    assert "bench.top.data_port__request__address" in shown
    assert set(shown) <= set(read_waveform(vcd).widths)


def test_the_save_file_is_called_like_its_dump_and_both_may_be_moved(vcd):
    """So `x.vcd` and `x.fst` have one each. GTKWave looks for the dump beside the save file."""
    assert save_path(vcd).name == "run.vcd.gtkw"
    assert write(vcd)[1:3] == ['[dumpfile] "run.vcd"', '[savefile] "run.vcd.gtkw"']


def test_the_dump_may_have_a_name_that_is_not_utf_8(vcd):
    named = vcd.rename(vcd.with_name("\udcff.vcd"))

    assert write(named)[1] == '[dumpfile] "\udcff.vcd"'
    assert is_ours(save_path(named))


def test_a_save_file_that_somebody_changed_is_told_from_ours(vcd):
    write(vcd)
    save = save_path(vcd)
    assert is_ours(save)

    for changed in (
        save.read_text().replace("[timestart] ", "[timestart] 1"),
        save.read_text().split("\n", 1)[1],
        "[*]\n[*] GTKWave Analyzer v3.3.118 (w)1999-2023 BSI\n[*]\n",
        "",
    ):
        save.write_text(changed)
        assert not is_ours(save)


def test_numbers_are_hexadecimal_and_bits_are_not(vcd):
    lines = write(vcd)

    data = lines.index("+{request__data} bench.top.data_port__request__data[63:0]")
    valid = lines.index("+{request__valid} bench.top.data_port__request__valid")
    flags = [[line for line in lines[:index] if line[0] == "@"][-1] for index in (data, valid)]
    assert flags == ["@22", "@28"]


def test_of_a_long_number_the_lowest_bits_are_shown(vcd):
    lines = write(vcd)

    name, *bits = next(line for line in lines if line.startswith("#{address")).split()
    assert name == "#{address[31:0]}"
    assert len(bits) == 32
    # Bit 31 of 56 is the 25th from the left.
    assert bits[0] == "(24)bench.top.data_port__request__address[55:0]"
    assert bits[-1] == "(55)bench.top.data_port__request__address[55:0]"


def test_there_is_room_for_the_longest_name_and_the_longest_value(vcd):
    lines = write(vcd)
    (width,) = (int(line.split()[1]) for line in lines if line.startswith("[signals_width]"))
    labels = [line.partition("}")[0].removeprefix("#{") for line in lines if line[:2] == "#{"]
    labels += [line.split()[0].removeprefix("+{").rstrip("}") for line in lines if line[:2] == "+{"]

    assert width > 8 * (max(map(len, labels)) + 16)


def test_enumerations_are_strings(vcd):
    names = read_waveform(vcd).widths

    assert names["bench.top.retire__mode"] == 0


def values(lines, start):
    return next(line for line in lines if line.startswith(start)).removeprefix(start).split()


def test_marks_inside_the_vcd_are_marked_and_the_first_is_on_the_screen(vcd):
    faults = fault(1, "fault 1"), fault(10, "fault 2"), fault(20, "fault 3"), fault(50, "x")
    lines = write(vcd, *faults)

    zoom, marker, *named = values(lines, "*")
    assert (int(marker), named[:3]) == (
        10 * CYCLE_FS,
        [f"{10 * CYCLE_FS}", f"{20 * CYCLE_FS}", "-1"],
    )
    assert "[markername] Afault 2\n[markername] Bfault 3\n" in "\n".join(lines)
    # The time of 200 pixels is 2 ** -zoom.
    assert math.isclose(2 ** -float(zoom) / 200 * PIXELS_PER_CYCLE, CYCLE_FS, rel_tol=1e-4)


def test_without_marks_there_is_no_marker(vcd):
    assert values(write(vcd), "*")[1:3] == ["-1", "-1"]


def test_the_screen_is_about_the_cycle_that_was_asked_for(tmp_path):
    """Not about the first marker: the window around a fault holds others before it."""
    waveform = Waveform({}, 0, 10_000 * CYCLE_FS)
    faults = [fault(cycle, f"fault {cycle}") for cycle in range(0, 9000, 100)]

    save = write_save_file(tmp_path / "x.vcd", waveform, faults, focus=5000)

    lines = save.read_text().splitlines()
    (start,) = values(lines, "[timestart] ")
    _zoom, marker, *named = map(float, values(lines, "*"))
    assert 4950 < int(start) / CYCLE_FS < 5000
    assert marker == 5000 * CYCLE_FS
    # There are 26 letters: for that fault and the next ones.
    assert named == [cycle * CYCLE_FS for cycle in range(5000, 7600, 100)]


def test_a_fault_is_on_the_screen_from_beginning_to_end(tmp_path):
    names = {"miss": 4000, "raised": 4010, "doorbell": 4500, "retired": 5200}
    moments = tuple(Mark(cycle, name) for name, cycle in names.items())
    told = Shown(Mark(4010, "fault 2"), moments, 4000, 5200)
    others = fault(3000, "fault 1"), fault(8000, "fault 3")

    waveform = Waveform({}, 0, 10_000 * CYCLE_FS)
    save = write_save_file(tmp_path / "x.vcd", waveform, [others[0], told, others[1]], focus=4010)

    lines = save.read_text().splitlines()
    start = int(values(lines, "[timestart] ")[0]) / CYCLE_FS
    zoom, marker, *named = map(float, values(lines, "*"))
    shown = (2**-zoom / 200 / CYCLE_FS) * WINDOW[0]
    assert start < 4000
    assert 5200 < start + shown < 7000
    assert marker == 4010 * CYCLE_FS
    assert [cycle / CYCLE_FS for cycle in named[:7]] == [*names.values(), 3000, 8000, -1e-9]
    marks = sorted(line[13:] for line in lines if line.startswith("[markern"))
    assert [mark[1:].strip() for mark in marks] == [*names, "fault 1", "fault 3"]


def test_names_that_would_overlap_stand_side_by_side():
    assert side_by_side([(0, "far"), (1000, "away")]) == ["far", "away"]

    left, middle, right = side_by_side([(500, "left"), (500, "mid"), (500, "right")])
    assert (left.strip(), middle.strip(), right.strip()) == ("left", "mid", "right")
    # Blanks behind a name move it to the left, for its middle is above the mark.
    assert left.startswith("left  ")
    assert right.endswith("  right")


def test_a_waveform_that_ends_on_the_screen_is_shown_to_its_end(tmp_path):
    waveform = Waveform({}, 0, 500 * CYCLE_FS)

    save = write_save_file(tmp_path / "x.vcd", waveform, focus=500)

    (start,) = values(save.read_text().splitlines(), "[timestart] ")
    assert int(start) == 425 * CYCLE_FS
