import pytest

from hdl.hart import Hart
from sim.bus import Bus
from sim.engines.base import CYCLE_FS
from sim.engines.pysim import PysimEngine
from sim.gtkw import GROUPS, Waveform, read_waveform, select, write_save_file
from sim.ram import Ram
from tests.sim.scripted import ScriptedHart, load
from tests.sim.test_waves import fault_table

BASE = 0x8000_0000


@pytest.fixture
def vcd(tmp_path, monkeypatch):
    """The cycles 5 to 30 of a scripted hart, by a path relative to the current folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "run.vcd"
    engine = PysimEngine(ScriptedHart([load(BASE)] * 30), Bus(Ram(BASE, 0x1000)))
    engine.run(5)
    engine.start_trace(path)
    engine.run(25)
    engine.close()
    return path.relative_to(tmp_path)


def shown_signals(save):
    """Names of the signals in a save file, without their ranges."""
    lines = save.read_text().splitlines()
    return [line.split("[")[0] for line in lines if line.startswith("bench.")]


def test_the_save_file_shows_only_signals_that_the_vcd_has(vcd):
    save = write_save_file(vcd)

    names = read_waveform(vcd).widths
    shown = shown_signals(save)
    assert save.name == "run.gtkw"
    assert "bench.top.data_port__request__address" in shown
    assert set(shown) <= set(names)
    assert len(set(shown)) == len(shown)


def test_the_save_file_finds_the_dump_from_where_it_was_written(vcd):
    text = write_save_file(vcd).read_text()

    assert '[dumpfile] "run.vcd"' in text


def test_the_dump_may_have_a_name_that_is_not_utf_8(vcd):
    named = vcd.rename("\udcff.vcd")

    assert b'[dumpfile] "\xff.vcd"' in write_save_file(named).read_bytes()


def test_vectors_have_a_range_and_are_hexadecimal_bits_are_neither(vcd):
    lines = write_save_file(vcd).read_text().splitlines()

    address = lines.index("bench.top.data_port__request__address[55:0]")
    assert lines[address - 1] == "@22"
    assert "bench.top.data_port__request__valid" in lines


def test_enumerations_are_strings(vcd):
    names = read_waveform(vcd).widths

    assert names["bench.top.retire__mode"] == 0


def test_faults_inside_the_vcd_are_marked(vcd):
    text = write_save_file(vcd, fault_table(3, 10, 20, 50)).read_text()

    markers = next(line for line in text.splitlines() if line.startswith("*")).split()
    assert markers[1:5] == [str(10 * CYCLE_FS), str(10 * CYCLE_FS), str(20 * CYCLE_FS), "-1"]
    assert "[markername] Afault 2: load\n[markername] Bfault 3: load\n" in text
    assert "fault 4" not in text


def test_time_and_variables_of_a_vcd_are_read_back(tmp_path):
    path = tmp_path / "small.vcd"
    path.write_text(
        "$timescale 1 fs $end\n$scope module bench $end\n$scope module top $end\n"
        '$var wire 8 ! a $end\n$var string 1 " state $end\n$upscope $end\n'
        "$var wire 1 # \\rows[3].v $end\n$upscope $end\n$enddefinitions $end\n"
        '#5\n$dumpvars\nb1 !\n$end\n#70\nb10 !\nsIDLE "\n#900\n'
    )

    assert read_waveform(path) == Waveform(
        {"bench.top.a": 8, "bench.top.state": 0, "bench.\\rows[3].v": 1}, 5, 900
    )


def test_every_pattern_finds_a_signal_of_the_hart(tmp_path):
    path = tmp_path / "hart.vcd"
    engine = PysimEngine(Hart(), Bus(Ram(BASE, 128 << 20)))
    engine.start_trace(path)
    engine.run(1)
    engine.close()
    names = read_waveform(path).widths

    for title, patterns in GROUPS:
        for pattern in patterns:
            assert select(names, [pattern]), f"{title}: {pattern}"
