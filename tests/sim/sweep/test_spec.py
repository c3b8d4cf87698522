"""What a file asks for, and what is said of one that asks for nothing."""

import pytest

from sim.sweep.spec import SpecError, read_spec
from tests.sim.sweep.specs import SMALL, written

RANGES = """\
[hart]
latency = {from = 1, to = 10, step = 4}
dtlb_entries = {from = 2, to = 16, factor = 2}
itlb_entries = {from = 7, to = 8}
svadu = true
[[run]]
program = "echo"
arguments = ["a 'b c'", ""]
"""


def test_a_grid_is_in_the_order_of_its_keys(tmp_path):
    spec = read_spec(written(tmp_path))

    points = list(spec.points())

    assert spec.size == len(points) == 4
    assert [point.number for point in points] == [1, 2, 3, 4]
    found = [(p.parameters["latency"], p.parameters["policy"]) for p in points]
    assert found == [(4, "lazy"), (4, "eager"), (8, "lazy"), (8, "eager")]
    assert points[0].parameters["memory_mib"] == 8
    assert points[0].max_cycles == 1_000_000
    assert spec.swept == ["latency", "policy"]


def test_ranges_and_lines_of_arguments(tmp_path):
    spec = read_spec(written(tmp_path, RANGES))

    assert spec.axes["latency"] == (1, 5, 9)
    assert spec.axes["dtlb_entries"] == (2, 4, 8, 16)
    assert spec.axes["itlb_entries"] == (7, 8)
    assert spec.commands == (("echo", ("a", "b c")), ("echo", ()))
    assert spec.size == 3 * 4 * 2 * 2


def test_a_sample_is_the_same_each_time_and_part_of_the_grid(tmp_path):
    def points(seed):
        text = f"sample = 10\nseed = {seed}\n{RANGES}"
        return list(read_spec(written(tmp_path, text)).points())

    grid = list(read_spec(written(tmp_path, RANGES)).points())
    assert points(1) == points(1) != points(2)
    numbers = [point.number for point in points(1)]
    assert numbers == sorted({*numbers})
    assert points(1) == [grid[number - 1] for number in numbers]


def test_a_sample_of_a_grid_that_is_larger_than_any_memory(tmp_path):
    ranges = "".join(
        f"{name} = {{from = 1, to = 64}}\n"
        for name in ("itlb_entries", "dtlb_entries", "walk_cache_entries", "latency")
    )
    turns = "[kernel]\nquantum = {from = 5_000, to = 5_499}\n"
    text = f"sample = 3\n[hart]\n{ranges}{turns}[[run]]\nprogram = 'a'\n"
    spec = read_spec(written(tmp_path, text))
    assert spec.size == 64**4 * 500
    assert len(list(spec.points())) == 3


def test_faults_on_command_stand_in_texts_with_blanks_between_several(tmp_path):
    faults = """\
[faults]
fail = ["", "kalloc:3", "kalloc:3  pte:0x4ff8:V@fault:1"]
bus_error = "0x80010020@2"
drop_tlb = {from = 100, to = 300, step = 200}
"""
    spec = read_spec(written(tmp_path, SMALL.replace("[[run]]", f"{faults}[[run]]")))

    both = ("kalloc:3", "pte:0x4ff8:V@fault:1")
    assert spec.axes["fail"] == ((), ("kalloc:3",), both)
    assert spec.axes["bus_error"] == (("0x80010020@2",),)
    assert spec.axes["drop_tlb"] == (100, 300)


@pytest.mark.parametrize(
    "old, new, complaint",
    [
        ("[hart]", "[hart", ":2: |(at line 2"),
        ("max_cycles = 1_000_000", "max_cycles = 0", ":1: max_cycles: must be a number from 1 on"),
        ("max_cycles = 1_000_000", "sample = 5", ":1: sample: must be at most 4, the points"),
        ("max_cycles = 1_000_000", "seed = -1", ":1: seed: must be a number from 0 on, not -1"),
        ("max_cycles", "cycles", ":1: cycles: must be one of sample, seed, max_cycles, hart"),
        ("latency", "dtlb", ":3: hart.dtlb: must be one of itlb_entries, "),
        ("[4, 8]", "[4, 0]", ":3: hart.latency: must be 1 to 1000, not 0"),
        ("[4, 8]", "[4, 4]", ":3: hart.latency: has 4 twice"),
        ("[4, 8]", "[]", ":3: hart.latency: has no value"),
        ("[4, 8]", "[4, true]", ":3: hart.latency: must be a value, a list"),
        ("[4, 8]", "{from = 4}", ":3: hart.latency: must be a value, a list"),
        ("[4, 8]", "{from = 4, to = 8, step = 0}", "hart.latency: never comes to its end"),
        ("[4, 8]", "{from = 0, to = 8, factor = 2}", "hart.latency: never comes to"),
        ("[4, 8]", "{from = 4, to = 80_000}", "hart.latency: has more than 10000 values"),
        ("[4, 8]", "{from = 8, to = 4}", "hart.latency: has no value"),
        ('"eager"', '"never"', ":6: kernel.policy: "),
        ("[kernel]", "[faults]\nfail = 3\n[kernel]", ":5: faults.fail: must be a value, a list"),
        ("[kernel]", "[faults]\nfail = 'x'\n[kernel]", ":5: faults.fail: must be kalloc:N or"),
        ("[kernel]", "[faults]\nfail = ['', ' ']\n[kernel]", ":5: faults.fail: has ' ' twice"),
        ("[kernel]", "[faults]\ndrop_tlb = 1\n[kernel]", ":5: faults.drop_tlb: must be 0 or"),
        ('"lazy"\n', "3\n", ":8: run.program: must be a name or a file"),
        ("[[run]]\n", "[[run]]\nargs = 1\n", ":8: run.args: must be one of program, arguments"),
        ('"lazy"\n', '"a"\narguments = "\'"\n', ":9: run.arguments: No closing quotation"),
        ('"lazy"\n', '"a"\narguments = 3\n', ":9: run.arguments: must be a line"),
        ('[[run]]\nprogram = "lazy"\n', "", ": run: must be there: a table [[run]]"),
        ("[hart]", "[[hart]]", ": hart: must be a table, [hart]"),
    ],
)
def test_a_mistake_is_one_line_that_says_where(tmp_path, old, new, complaint):
    assert old in SMALL
    path = written(tmp_path, SMALL.replace(old, new, 1))

    with pytest.raises(SpecError) as raised:
        read_spec(path)

    said = str(raised.value)
    assert said.startswith(str(path))
    assert any(each in said for each in complaint.split("|"))
    assert "\n" not in said


def test_what_is_no_text_is_no_file_of_a_sweep(tmp_path):
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SpecError, match=r"x\.toml: .*utf-8"):
        read_spec(path)
