import click
import pytest

from sim.cli import main as cli
from sim.cli.counts import Count, CycleWindow, parse_count
from sim.output.waves import CycleRange
from tests.sim.cli.test_main import complaint

#: More than 64 bits hold.
BEYOND = "999999999999999999G"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("10000", 10_000),
        ("10,000", 10_000),
        ("1_234_567", 1_234_567),
        ("10k", 10_000),
        ("2M", 2_000_000),
        ("1,000K", 1_000_000),
        ("3g", 3_000_000_000),
        ("9" * 18, 10**18 - 1),
        ("18446744073G", 18_446_744_073_000_000_000),
    ],
)
def test_numbers_are_taken_as_people_write_them(text, number):
    """And as the tables print them: 10,000."""
    assert parse_count(text) == number


@pytest.mark.parametrize(
    "text",
    ["", "k", "ten", "-1", "+1", "1.5k", "1,00", "10,0000", ",100", "100,", "1k5", "1kk", " 1",
     "0x10", "1e3", "\u0661", "9" * 19, "9" * 18 + "g",
     "18446744074G"],
)  # fmt: skip
def test_nothing_else_is_a_number(text):
    assert parse_count(text) is None


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("10,000:20,000", CycleRange(10_000, 20_000)),
        ("10k:20k", CycleRange(10_000, 20_000)),
        ("1M:", CycleRange(1_000_000)),
        (":5k", CycleRange(0, 5_000)),
        (":", CycleRange()),
    ],
)
def test_a_window_is_written_in_such_numbers(text, window):
    assert CycleWindow().convert(text, None, None) == window


@pytest.mark.parametrize(
    "options",
    [
        ["--max-cycles", "1,000"],
        ["--max-cycles", "1k"],
        ["--latency", "1,000"],
        ["--memory", "1,024"],
        ["--quantum", "10k"],
        ["--tick", "10,000"],
        ["--vmprint", "2@10k"],
        ["--vmprint", "2@1,000,000"],
        ["--vcd", "x.vcd", "--vcd-last", "2,000"],
        ["--vcd", "x.vcd", "--vcd-last", "2k"],
        ["--vcd", "x.vcd", "--vcd-fault", "1,000"],
        ["--vcd", "x.vcd", "--vcd-window", "1k:2,000"],
    ],
)
def test_every_option_that_takes_a_number_takes_it_so(tmp_path, monkeypatch, capsys, options):
    """The command gets as far as its program, which there is not."""
    monkeypatch.chdir(tmp_path)

    assert cli.main(["run", *options, "nothing"]) == 2

    assert "nothing" in complaint(capsys)


def test_no_option_takes_numbers_otherwise():
    numbers = [
        param
        for command in cli.trapline.commands.values()
        for param in command.params
        if isinstance(param.type, (click.IntRange, click.types.IntParamType))
    ]

    assert len(numbers) > 10
    assert [param.name for param in numbers if not isinstance(param.type, Count)] == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--vcd-window", "20k:10,000"], "'20k:10,000' is empty: FROM must be less than TO"),
        (["--vcd-window", "5:5"], "'5:5' is empty: FROM must be less than TO"),
        (["--vcd-window", "1,00:5000"], "'1,00:5000' is not FROM:TO in cycles"),
        (["--vcd-window", "1:2:3"], "'1:2:3' is not FROM:TO in cycles"),
        (["--vcd-window", "-5:9"], "'-5:9' is not FROM:TO in cycles"),
        (["--vcd-window", ""], "'' is not FROM:TO in cycles"),
        (["--vcd-window", f"5:{BEYOND}"], f"'5:{BEYOND}' is not FROM:TO in cycles"),
        (["--vcd-window", f"{BEYOND}:"], f"'{BEYOND}:' is not FROM:TO in cycles"),
        (["--vcd-fault", "0"], "'--vcd-fault': 0 is not in the range"),
        (["--vcd-fault", "1.5"], "'--vcd-fault': '1.5' is not a valid integer"),
        (["--vcd-last", "101k"], "'--vcd-last': 101000 is not in the range"),
        (["--vcd", ""], "'--vcd': the file's name is empty"),
        (["--vcd", "no/x.vcd"], "no/x.vcd: the folder no does not exist"),
        (["--vmprint", "2@1,00"], "'2@1,00' is neither PID@exit nor PID@CYCLE"),
        (["--vmprint", f"2@{BEYOND}"], f"'2@{BEYOND}' is neither PID@exit nor PID@CYCLE"),
        (["--vmprint", f"{BEYOND}@5"], f"'{BEYOND}@5' is neither PID@exit nor PID@CYCLE"),
        (["--quantum", "1,00"], "'1,00' is not a valid integer"),
        (["--max-cycles", "-1k"], "'-1k' is not a valid integer"),
    ],
)
def test_a_bad_number_or_window_is_refused(tmp_path, monkeypatch, capsys, options, expected):
    monkeypatch.chdir(tmp_path)

    assert cli.main(["run", "--vcd", "x.vcd", *options, "nothing"]) == 2

    assert expected in complaint(capsys)
    assert not list(tmp_path.iterdir())


def test_what_is_no_number_is_no_integer():
    with pytest.raises(click.BadParameter, match="'x' is not a valid integer\\."):
        Count(0).convert("x", None, None)
