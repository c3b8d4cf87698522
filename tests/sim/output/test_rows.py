"""Which signals have a row, under which name, and how much of them is shown."""

import pytest

from hdl.hart import Hart
from sim.engines.pysim.engine import PysimEngine
from sim.output.narration import KernelNarrator
from sim.output.rows import DETAILS, SIGNALS, WORDS, Row, Shown, find
from sim.output.waveform import Waveform, read_waveform
from sim.platform.bus import Bus
from sim.platform.ram import Ram

BASE = 0x8000_0000
WAVEFORM = Waveform({"bench.top.fetch.pc": 64, "bench.top.priv": 2, "bench.mtime": 64}, 0, 1)


def shown(*rows):
    return [(each.label, each.name) for each in find(rows, WAVEFORM)]


def test_a_pattern_is_of_the_whole_name_below_the_hart():
    assert shown(Row(r"fetch\.pc")) == [("pc", "bench.top.fetch.pc")]
    assert shown(Row("mtime")) == [("mtime", "bench.mtime")]
    assert shown(Row("pc"), Row("fetch"), Row("riv")) == []


def test_rows_stand_in_their_order_and_have_their_own_labels():
    rows = Row("priv", "mode"), Row(r"fetch\.\w+")
    assert [label for label, _ in shown(*rows)] == ["mode", "pc"]
    assert [label for label, _ in shown(*rows[::-1])] == ["pc", "mode"]


def test_a_pattern_may_have_several_rows():
    assert len(shown(Row(".*"))) == 3


@pytest.mark.parametrize(
    "width, bits, label, digits",
    [(64, None, "pc", 16), (64, 16, "pc[15:0]", 4), (8, 16, "pc", 2), (1, None, "pc", 1)],
)
def test_of_a_long_number_the_lowest_bits_are_shown(width, bits, label, digits):
    each = Shown(Row("x", "pc", bits), "bench.top.x", width)
    assert (each.label, each.digits) == (label, digits)


def test_an_enumeration_has_room_for_the_name_of_a_value():
    assert Shown(Row("state"), "bench.top.state", 0).digits >= len("UPDATE")


def test_what_is_shown_of_a_number_is_whole_digits():
    bits = [row.bits for _, rows in (*SIGNALS, *DETAILS) for row in rows if row.bits is not None]
    assert bits
    assert all(count % 4 == 0 for count in bits)


def test_every_pattern_finds_a_signal_of_the_hart_or_a_row_of_words(tmp_path):
    path = tmp_path / "hart.vcd"
    engine = PysimEngine(Hart(), Bus(Ram(BASE, 128 << 20)))
    engine.start_trace(path)
    engine.run(1)
    engine.close()
    words = {
        variable.full_name: variable.width
        for variable in KernelNarrator((), (), 0, lambda pc, running: None, (), 100).variables
    }
    waveform = Waveform(read_waveform(path).widths | words, 0, 1)

    assert {each.name for each in find(WORDS, waveform)} == {
        name for name in words if not name.startswith("story.registers.")
    }
    for title, rows in (*SIGNALS, *DETAILS):
        for row in rows:
            assert find([row], waveform), f"{title}: {row.pattern}"
