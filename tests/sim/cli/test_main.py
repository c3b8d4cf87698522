"""Mistakes on the command line; what it starts is tested in `test_commands.py`."""

import os
import re

import pytest

from sim.cli import main as cli
from sim.host.programs import build_program
from tests.sim.elf import make_elf


def complaint(capsys):
    """The one line on standard error."""
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert len(lines) == 1, captured.err
    assert lines[0].startswith("trapline: error: ")
    return lines[0].removeprefix("trapline: error: ")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["walk"], "No such command 'walk'"),
        (["hello"], "No such command 'hello'. A program is run by: trapline run hello"),
        (["run"], "Missing argument 'PROGRAM'"),
        (["run", "--frob", "lazy"], "No such option '--frob'"),
        (["run", "--max-cycles", "0", "lazy"], "'--max-cycles': 0 is not in the range"),
        (["run", "--max-cycles", "ten", "lazy"], "'--max-cycles': 'ten' is not a valid integer"),
        (["run", "--latency", "0", "lazy"], "'--latency': 0 is not in the range"),
        (["run", "--memory", "-1", "lazy"], "'--memory': -1 is not in the range"),
        (["run", "--kernel-cost", "free", "lazy"], "'--kernel-cost': 'free' is not one of"),
        (["run", "--policy", "never", "lazy"], "'--policy': policy must be one of lazy, eager"),
        (["run", "--engine", "abacus", "lazy"], "'--engine': 'abacus' is not"),
        (["run", "--vcd", "a.vcd", "--vcd-window", "9:5", "x"], "FROM must be less than TO"),
        (["run", "--vcd", "a.vcd", "--vcd-window", "5", "x"], "'5' is not FROM:TO in cycles"),
        (
            ["run", "--vcd", "a.vcd", "--vcd-window", "9" * 5000 + ":", "x"],
            "9:' is not FROM:TO in cycles",
        ),
        (["run", "--fail", "kfree:1", "x"], "--fail must be kalloc:N or pte:VA:BIT@fault:N, not"),
        (["run", "--skip-fence", "0", "x"], "--skip-fence must be N or trap:K, from 1 on, not"),
        (["run", "--bus-error", "0", "x"], "--bus-error must be ADDRESS@N, N from 1 on, and a"),
        (["run", "--drop-tlb", "31", "x"], "--drop-tlb must be 0 or at least 32, 32 accesses"),
        (["run", "--vmprint", "1@" + "9" * 5000, "x"], "is neither PID@exit nor PID@CYCLE"),
        (["run", "--quantum", "9" * 20, "x"], "99 is neither 0 nor 1000 to 4611686018427387904"),
        (["run", "--tick", "9" * 20, "x"], "'--tick': 99999999999999999999 is not in the range"),
        (["run", "--vcd", "a.vcd", "--vcd-last", "0", "x"], "'--vcd-last': 0 is not in the range"),
        (["run", "--json", "/no/such/folder/f", "x"], "the folder /no/such/folder does not exist"),
        (["run", "--vcd", "/", "x"], "/: is a folder"),
        (["run", "--abi", "2024", "x"], "'--abi': '2024' is not one of 'auto', 'lab', '2025'"),
        (["run", "--quantum", "999", "x"], "999 is neither 0 nor 1000 to "),
        (["run", "--quantum", "-1", "x"], "-1 is neither 0 nor 1000 to "),
        (["run", "--quantum", "long", "x"], "'long' is not a valid integer"),
        (["run", "--tick", "0", "x"], "'--tick': 0 is not in the range"),
        (["run", "--file", "/no/such", "x"], "'--file': /no/such: No such file or directory"),
        (["run", "--file", "/no/such:name", "x"], "'--file': /no/such: No such file or directory"),
        (["run", "--file", "/:name", "x"], "'--file': /: is a folder"),
        (
            ["run", "--file", __file__, "--file", __file__, "hello"],
            "another one is called",
        ),
        (["run", "--file", "/dev/zero", "hello"], "'--file': /dev/zero: is a device"),
        (["run", "--file", "", "hello"], "'--file': the file's name is empty"),
        (["run", "--file", ":x", "hello"], "'--file': the file's name is empty"),
        (["run", "--journal", "/no/such/folder/f", "x"], "the folder /no/such/folder does not"),
        (["run", "--replay", "/no/such", "hello"], "/no/such: No such file or directory"),
        (["run", "--replay", "/", "hello"], "/: is a folder"),
        (["run", "--replay", "/dev/zero", "hello"], "/dev/zero: is a device, no regular file"),
        (["run", "/"], "/: is a folder"),
        (["run", "/dev/null"], "/dev/null: is a device, no regular file"),
        (["run", "--replay", __file__, "hello"], "test_main.py, line 1: no JSON"),
        (["run", "--vmprint", "2", "x"], "'2' is neither PID@exit nor PID@CYCLE"),
        (["run", "--vmprint", "@5", "x"], "'@5' is neither PID@exit nor PID@CYCLE"),
        (["run", "--vmprint", "2@exits", "x"], "'2@exits' is neither PID@exit nor PID@CYCLE"),
        (["bare", "--abi", "lab", "x"], "No such option '--abi'"),
        (["bare", "--signature-granularity", "3", "x"], "'3' is not one of '4', '8'"),
        (["bare", "--svadu", "x"], "No such option '--svadu'"),
        (["bare", "/no/such/file"], "/no/such/file: No such file or directory"),
        (["bare", "/"], "/: is a folder"),
        (["bare", "/dev/zero"], "/dev/zero: is a device, no regular file"),
        (["bare", ""], "'FILE': the file's name is empty"),
        (["bare", "one.elf", "two.elf"], "unexpected extra argument"),
    ],
)
def test_a_mistake_is_one_clear_line_and_status_2(capsys, arguments, expected):
    assert cli.main(arguments) == 2
    assert expected in complaint(capsys)


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "pipe"],
        ["bare", "pipe"],
        ["run", "--replay", "pipe", "hello"],
        ["run", "--file", "pipe:x", "hello"],
        ["run", "--disk", "pipe", "hello"],
    ],
)
def test_a_pipe_is_not_waited_for(capsys, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")

    assert cli.main(arguments) == 2
    assert re.search(r"pipe: is (a pipe, no regular file|neither a file)", complaint(capsys))


def test_a_bundled_program_is_run_though_a_folder_has_its_name(capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hello").mkdir()

    assert cli.main(["run", "--quiet", "hello"]) == 0
    assert "hello from user mode" in capfd.readouterr().out


def test_too_many_arguments_are_told_of_the_program_as_it_was_called(capsys):
    assert cli.main(["run", "args", *map(str, range(31))]) == 2
    assert complaint(capsys).startswith("args: ")


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["bare", "-h"]])
def test_help_is_no_error(capsys, arguments):
    assert cli.main(arguments) == 0
    assert "Usage: trapline" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["run", "bare"])
@pytest.mark.parametrize(
    "content", [b"", b"text\n", b"\x7fELF", make_elf()[:90], make_elf(machine=3)]
)
def test_a_file_that_is_no_program_is_named(capsys, tmp_path, command, content):
    path = tmp_path / "bad"
    path.write_bytes(content)

    assert cli.main([command, str(path)]) == 2
    assert str(path) in complaint(capsys)


def test_a_signature_without_symbols_is_found_out_before_the_run(capsys, tmp_path):
    path = tmp_path / "program.elf"
    path.write_bytes(make_elf())

    assert cli.main(["bare", "--signature", str(tmp_path / "out"), str(path)]) == 2
    assert "no symbol begin_signature" in complaint(capsys)


def test_a_mistake_moves_no_cursor(capsys):
    assert cli.main(["run", "\x1b[A"]) == 2
    assert "no such file or bundled program: ^[[A (bundled" in complaint(capsys)


def test_neither_does_the_name_of_a_program(capfd, tmp_path):
    """What an arrow key sends may be in the name of a file."""
    name = "\x1b[Abad"
    (tmp_path / name).write_bytes(build_program("badaccess").read_bytes())
    options = ["--trace-faults", "--vmprint", "3@exit", "--disk", str(tmp_path)]

    assert cli.main(["run", *options, "sh", "-c", f"'{name}' past"]) == 255

    told = capfd.readouterr().err
    assert "\x1b" not in told
    assert told.count("^[[Abad") == 3
