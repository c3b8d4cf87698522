"""Save files word by word: what is on the screen, to the pixel, and how rows are written."""

import re

import pytest

from sim.engines.base import CYCLE_FS
from sim.output.gtkw import side_by_side, write_save_file
from sim.output.moments import Mark, Shown
from sim.output.waveform import Waveform

#: Of the window's 1640 pixels 40 are a frame, and 48 the column of names where there is no name.
WIDTH = 1640 - 40 - 48


def shown(begin, end, **moments):
    """A fault that is raised with its beginning, and on the screen for these cycles."""
    marks = tuple(Mark(cycle, name) for name, cycle in moments.items())
    return Shown(Mark(begin, "fault"), marks, begin, end)


def written(tmp_path, faults=(), *, focus=None, cycles=(0, 10_000), widths=()):
    """The lines of the save file of a waveform of those cycles."""
    waveform = Waveform(dict(widths), *(cycle * CYCLE_FS for cycle in cycles))
    return (
        write_save_file(tmp_path / "x.vcd", waveform, faults, focus=focus).read_text().split("\n")
    )


def scene(*args, **options):
    """The first cycle on the screen, and the pixels of a cycle."""
    lines = written(*args, **options)
    (start,) = (line.split()[1] for line in lines if line.startswith("[timestart]"))
    (zoom,) = (line[1:].split()[0] for line in lines if line.startswith("*"))
    return int(start) / CYCLE_FS, 200 * CYCLE_FS * 2 ** float(zoom)


def marked(*args, **options):
    """{cycle: name} of the markers, by what the save file says of both."""
    lines = written(*args, **options)
    (times,) = (line.split()[2:] for line in lines if line.startswith("*"))
    names = {line[13]: line[14:].strip() for line in lines if line.startswith("[markername]")}
    letters = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", times, strict=True))
    return {int(letters[letter]) // CYCLE_FS: name for letter, name in names.items()}


def test_a_save_file_word_by_word(tmp_path):
    fault = shown(4000, 4075, miss=4000, answer=4010, retired=4075)
    first, *lines, last = written(tmp_path, [fault], focus=4000)

    assert re.search(r": [0-9a-f]{16}$", first)
    assert last == ""
    unused = " -1" * 23
    assert lines == [
        '[dumpfile] "x.vcd"',
        '[savefile] "x.vcd.gtkw"',
        "[size] 1640 1000",
        "[pos] -1 -1",
        # 60 pixels of 18.29 for a cycle before its beginning.
        "[timestart] 3996720116618",
        f"*-33.347963 4000000000000 4000000000000 4010000000000 4075000000000{unused}",
        "[markername] Amiss",
        "[markername] Banswer",
        "[markername] Cretired",
        "[sst_expanded] 0",
        "[signals_width] 48",
    ]


def test_a_short_fault_is_shown_with_what_is_around_it(tmp_path):
    start, pixels = scene(tmp_path, [shown(4000, 4074)])
    assert (start, pixels) == (4000 - 28, pytest.approx(16))
    start, pixels = scene(tmp_path, [shown(4000, 4075)])
    assert pixels == pytest.approx((WIDTH - 60 - 120) / 75)
    assert start == pytest.approx(4000 - 60 / pixels)


@pytest.mark.parametrize("length", [20, 200])
def test_nothing_is_shown_of_what_is_not_in_the_waveform(tmp_path, length):
    fault = shown(4000, 4000 + length)
    begins, _ = scene(tmp_path, [fault], cycles=(3999, 10_000))
    ends, pixels = scene(tmp_path, [fault], cycles=(0, 4000 + length))

    assert begins == 3999
    seen = 75 if length < 75 else round(WIDTH / pixels)
    assert ends == 4000 + length - seen
    # A waveform that is shorter than the screen begins at its left.
    assert scene(tmp_path, [fault], cycles=(3999, 4000 + length))[0] == 3999


def test_without_anything_to_be_shown_it_begins_at_the_beginning(tmp_path):
    assert scene(tmp_path) == (0, pytest.approx(16))
    assert scene(tmp_path, cycles=(7, 10_000))[0] == 7
    assert scene(tmp_path, focus=5000)[0] == 5000 - 28


def test_the_last_cycle_is_in_it(tmp_path):
    faults = shown(10_000, 10_000), shown(10_001, 10_001)
    assert marked(tmp_path, faults, focus=5000) == {10_000: "fault"}
    told = shown(9_000, 10_001, miss=9_000, answer=10_000, retired=10_001)
    assert marked(tmp_path, [told]) == {9_000: "miss", 10_000: "answer"}


def test_the_next_faults_have_the_letters_before_the_earlier_ones(tmp_path):
    faults = [shown(cycle, cycle) for cycle in range(1000, 5000, 100)]
    told = shown(3000, 3000, a=3000, b=3001)
    faults[faults.index(shown(3000, 3000))] = told

    named = marked(tmp_path, faults, focus=3000)

    assert {3000: "a", 3001: "b"}.items() <= named.items()
    assert sorted(named) == [
        *range(1000, 1500, 100),
        3000,
        3001,
        *range(3100, 5000, 100),
    ]


def test_names_are_moved_by_the_width_of_their_letters():
    # They take 28, 23 and 33 pixels; a blank moves a name by half a letter of five.
    names = [(500, "left"), (500, "mid"), (500, "right")]
    assert side_by_side(names) == ["left" + " " * 11, "mid ", " " * 10 + "right"]
    assert side_by_side([(0, "ab"), (17, "cd")]) == ["ab", "cd"]
    assert side_by_side([(0, "left"), (23, "ab")]) == ["left", "ab"]
    assert side_by_side([(0, "ab"), (15, "cd")]) == ["ab ", " cd"]


WORDS = {"story.fault": 0, "story.free_frames": 32}
BITS = {"bench.top.priv": 0, "bench.top.retire__valid": 1, "bench.top.clk": 1}
REGISTER = {"story.registers.satp": 0}

PRIV, CLOCK = ["[color] 0", "+{priv} bench.top.priv"], ["[color] 0", "+{clk} bench.top.clk"]
RETIRE, VALID = (
    ["[color] 0", f"+{{{name}}} bench.top.retire__valid"] for name in ("retire", "valid")
)
SATP = ["[color] 0", "+{satp} story.registers.satp"]


def closed(title, *lines):
    """A group of bits and texts that is closed."""
    return ["@c00200", f"-{title}", "@28", *lines, "@1401200", f"-{title}"]


def rows(*args, **options):
    """The width of the column of names, and the lines behind it."""
    lines = written(*args, **options)
    (place,) = (n for n, line in enumerate(lines) if line.startswith("[signals_width]"))
    return int(lines[place].split()[1]), lines[place + 1 : -1]


def test_words_come_first_and_signals_are_closed(tmp_path):
    width, lines = rows(tmp_path, widths=WORDS | BITS | REGISTER)

    # "free frames" and a text of 42 characters, with a blank between them.
    assert width == 8 * (len("free frames") + 1 + 42) + 40
    assert lines == [
        *("@28", "[color] 1", "+{page fault} story.fault"),
        *("@24", "[color] 4", "+{free frames} story.free_frames[31:0]"),
        # A curve takes one more row than another.
        *("@8024", "[color] 4", "+{as a curve} story.free_frames[31:0]", "@20200", "-"),
        *closed("instructions", *PRIV, *RETIRE),
        *closed("registers by field", *SATP),
        *closed("clock", *CLOCK, *PRIV),
        *closed("retire", *VALID),
    ]


def test_without_words_the_signals_are_open(tmp_path):
    width, lines = rows(tmp_path, widths=BITS)

    assert width == 8 * (len("retire") + 1 + 12) + 40
    assert lines == [
        *("@200", "-instructions", "@28", *PRIV, *RETIRE),
        *closed("clock", *CLOCK, *PRIV),
        *closed("retire", *VALID),
    ]


def test_of_two_bits_the_highest_is_told(tmp_path):
    _, lines = rows(tmp_path, widths={"bench.top.mmu.walker.level": 2})
    assert "+{level} bench.top.mmu.walker.level[1:0]" in lines
    assert lines[2] == "@22"
