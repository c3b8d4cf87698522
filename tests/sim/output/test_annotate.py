"""What is added to a VCD, and that nothing else is changed."""

from dataclasses import dataclass, field

import pytest
import pywellen
from vcd.reader import TokenKind, tokenize

from sim.engines.base import CYCLE_FS
from sim.output.annotate import Variable, annotate
from tests.sim.vcd import read_vcd

HEADER = """\
$timescale 1 fs $end
$scope module bench $end
$scope module top $end
$var wire 1 ! bit $end
$var wire 8 " number $end
$var string 1 # mode $end
$var wire 1 ! alias $end
$upscope $end
$upscope $end
$enddefinitions $end
"""


def at(cycle, *lines, late=False):
    return "\n".join([f"#{cycle * CYCLE_FS + late * CYCLE_FS // 2}", *lines, ""])


@dataclass
class Narrator:
    """Tells what it was asked; `tell` makes the values."""

    tell_values: object
    variables: list = field(default_factory=lambda: [Variable("story", "said")])
    moments: tuple = ()
    signals: tuple = ("bench.top.bit", "bench.top.number", "bench.top.mode")
    asked: list = field(default_factory=list)

    def tell(self, cycle, values):
        self.asked.append((cycle, *values))
        return self.tell_values(cycle, *values)


@pytest.fixture
def make(tmp_path):
    """Writes a VCD with `changes` and annotates it."""
    path = tmp_path / "x.vcd"

    def run(changes, narrator):
        path.write_text(HEADER + "".join(changes))
        annotate(path, narrator)
        return path

    return run


CHANGES = [
    at(5, "$dumpvars", "0!", 'b101 "', "sU #", "$end"),
    at(6, "1!"),
    at(6, "0!", late=True),
    at(7, 'b11111111 "', "sS #"),
]


def test_it_is_asked_once_a_cycle_with_the_values_at_its_end(make):
    narrator = Narrator(lambda *now: [""])
    make(CHANGES, narrator)

    assert narrator.asked == [(5, 0, 5, "U"), (6, 0, 5, "U"), (7, 0, 255, "S")]


def test_a_signal_that_has_not_been_told_is_0(make):
    narrator = Narrator(lambda *now: [""])
    make([at(5, "1!"), at(6, "sU #")], narrator)
    assert narrator.asked == [(5, 1, 0, 0), (6, 1, 0, "U")]


def test_other_signals_are_passed_over(make):
    narrator = Narrator(lambda *now: [""], signals=("bench.top.mode",))
    make(CHANGES, narrator)
    assert narrator.asked == [(5, "U"), (6, "U"), (7, "S")]


def test_of_a_waveform_without_a_cycle_nothing_is_asked(make):
    narrator = Narrator(lambda *now: [""])
    path = make([], narrator)
    assert narrator.asked == []
    assert "said" in path.read_text()


def test_what_was_there_is_there_as_before(make, tmp_path):
    (tmp_path / "before.vcd").write_text(HEADER + "".join(CHANGES))
    before = read_vcd(tmp_path / "before.vcd")

    after = read_vcd(make(CHANGES, Narrator(lambda cycle, *now: [f"in {cycle}"])))

    assert after.variables == before.variables | {"story.said": ("string", "1")}
    said = {time: values.pop("story.said") for time, values in after.changes.items() if time % 2}
    assert said == {}
    without = {
        time: {name: value for name, value in values.items() if name != "story.said"}
        for time, values in after.changes.items()
    }
    assert without == before.changes
    assert after.of("story.said") == {cycle * CYCLE_FS: rf"in\x20{cycle}" for cycle in (5, 6, 7)}


def test_only_changes_are_written(make):
    after = read_vcd(make(CHANGES, Narrator(lambda cycle, bit, number, mode: [mode])))
    assert after.of("story.said") == {5 * CYCLE_FS: "U", 7 * CYCLE_FS: "S"}


def test_moments_between_the_cycles_that_are_there_are_told(make):
    changes = [at(5, "0!", 'b1 "', "sU #"), at(90, "1!")]
    narrator = Narrator(lambda cycle, *now: [str(cycle)], moments=(3, 5, 20, 40, 90, 200))
    after = read_vcd(make(changes, narrator))

    assert [asked[0] for asked in narrator.asked] == [5, 20, 40, 90]
    assert {*after.of("story.said")} == {cycle * CYCLE_FS for cycle in (5, 20, 40, 90)}
    assert [*after.changes] == sorted(after.changes)


def test_texts_numbers_and_scopes_as_other_readers_read_them(make):
    variables = [Variable("story", "a"), Variable("story", "n", 8), Variable("story.more", "a")]
    texts = {5: "", 6: "a b\\c\td", 7: "§?"}
    narrator = Narrator(lambda cycle, *now: [texts[cycle], cycle, "x y"], variables)
    path = make(CHANGES, narrator)

    signals = {each.full_name: each.signal for each in pywellen.Waveform(str(path)).all_vars()}
    told = {
        name: [signal.value_at(cycle * CYCLE_FS) for cycle in (5, 6, 7)]
        for name, signal in signals.items()
        if name.startswith("story.")
    }
    assert told == {
        "story.a": ["", "a b\\c\td", "??"],
        "story.n": [5, 6, 7],
        "story.more.a": ["x y"] * 3,
    }
    with path.open("rb") as file:
        kinds = [token.kind for token in tokenize(file)]
    assert kinds.count(TokenKind.CHANGE_STRING) == 2 + 3 + 1


def test_codes_are_none_that_the_file_has(make):
    many = [Variable("story", f"v{number}") for number in range(200)]
    path = make(CHANGES, Narrator(lambda *now: [""] * len(many), many))

    codes = [line.split()[3] for line in path.read_text().splitlines() if "$var" in line]
    assert len({*codes}) == 200 + 3
    assert {*map(ord, "".join(codes))} <= {*range(ord("!"), ord("~") + 1)}


def test_a_file_of_many_chunks(make, monkeypatch):
    monkeypatch.setattr("sim.output.annotate._CHUNK", 7)
    after = read_vcd(make(CHANGES, Narrator(lambda cycle, *now: [str(cycle)])))
    assert len(after.changes) == 4
    assert len(after.of("story.said")) == 3


def test_if_it_fails_the_file_is_as_it_was_and_alone(make, tmp_path):
    with pytest.raises(ZeroDivisionError):
        make(CHANGES, Narrator(lambda cycle, *now: [str(1 / (cycle - 7))]))

    assert (tmp_path / "x.vcd").read_text() == HEADER + "".join(CHANGES)
    assert [*tmp_path.iterdir()] == [tmp_path / "x.vcd"]


def test_a_link_leads_to_the_same_file_with_its_mode(tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    real, link = folder / "real.vcd", tmp_path / "x.vcd"
    real.write_text(HEADER + "".join(CHANGES))
    real.chmod(0o640)
    link.symlink_to(real)

    annotate(link, Narrator(lambda *now: ["told"]))

    assert link.is_symlink()
    assert "told" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640
    assert [*folder.iterdir()] == [real]
