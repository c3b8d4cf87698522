import pytest

from sim.output.waveform import Waveform, read_waveform

DEFINITIONS = (
    "$timescale 1 fs $end\n$scope module bench $end\n$scope module top $end\n"
    '$var wire 8 ! a $end\n$var string 1 " state $end\n$upscope $end\n'
    "$var wire 1 # \\rows[3].v $end\n$upscope $end\n$enddefinitions $end\n"
)
WIDTHS = {"bench.top.a": 8, "bench.top.state": 0, "bench.\\rows[3].v": 1}


def read(tmp_path, changes):
    path = tmp_path / "small.vcd"
    path.write_text(DEFINITIONS + changes)
    return read_waveform(path)


def test_time_and_variables_of_a_vcd_are_read_back(tmp_path):
    changes = '#5\n$dumpvars\nb1 !\n$end\n#70\nb10 !\nsIDLE "\n#900\n'
    assert read(tmp_path, changes) == Waveform(WIDTHS, 5, 900)


def test_the_end_of_a_long_one_is_found_at_its_end(tmp_path):
    changes = "".join(f"#{time}\nb{time % 256:08b} !\n" for time in range(5, 50_000))
    assert read(tmp_path, changes) == Waveform(WIDTHS, 5, 49_999)


def test_what_only_looks_like_a_time_is_none(tmp_path):
    """`#` is the code of a variable, too."""
    assert read(tmp_path, "#5\n1#\n#70\n0#\n#7x\n").end == 70


def test_one_that_has_nothing_but_its_first_time_ends_there(tmp_path):
    assert read(tmp_path, "#5\n") == Waveform(WIDTHS, 5, 5)
    assert read(tmp_path, "") == Waveform(WIDTHS, 0, 0)


@pytest.mark.parametrize("time, holds", [(4, False), (5, True), (900, True), (901, False)])
def test_it_holds_the_times_from_its_first_to_its_last(time, holds):
    assert Waveform({}, 5, 900).holds(time) == holds


def test_what_stands_before_the_first_time_is_passed_over(tmp_path):
    assert read(tmp_path, "\n$comment 1 $end\n#5\n#9\n") == Waveform(WIDTHS, 5, 9)
