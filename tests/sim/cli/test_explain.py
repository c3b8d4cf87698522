import re

import pytest

from sim.cli import main as cli
from sim.host.own_programs import compile_program

HOSTILE = """\
#include "user.h"
__attribute__((noinline)) void hostile(volatile char *at) {
  *at = 1; //\there\a
}
int main(void) { hostile(sbrk(4096)); return 0; }
"""


def lines_of(capsys, *arguments):
    """What `trapline explain` prints; it must end well."""
    assert cli.main(["explain", "--memory", "8", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def error_of(capsys, *arguments):
    """The error that it ends with."""
    assert cli.main(["explain", "--memory", "8", *arguments]) == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_the_first_fault_is_told_if_nobody_says_which(capsys):
    lines = lines_of(capsys, "lazy")

    assert lines[0] == "fault 1: load page fault, pid 2 (lazy), cycle 2,888"
    assert re.fullmatch(r"  lazy\.c:\d+  uint64_t seen = words\[WORDS - 1\];", lines[2])
    assert re.fullmatch(r"  0x240  read_some\+0x\w+  ld a0, .*", lines[3])
    assert "  cycles          1,295" in lines
    assert lines[-1] == "  the instruction is made again, and retires in cycle 4,179"


@pytest.mark.parametrize(
    "arguments",
    [["lazy", "all"], ["badaccess", "1", "null"], ["sh", "1", "--", "-c", "badaccess guard"]],
    ids=" ".join,
)
def test_no_line_is_longer_than_a_terminal(capsys, arguments):
    assert max(map(len, lines_of(capsys, *arguments))) < 80


def test_the_cycles_are_those_of_its_parts(capsys):
    lines = lines_of(capsys, "lazy", "5")
    numbers = [re.match(r"  [a-z ]{12}\s*([\d,]+)(  [▏▎▍▌▋▊▉█]|$)", line) for line in lines]
    *parts, total = [int(found[1].replace(",", "")) for found in numbers if found]

    assert sum(parts) == total == 11_995 - 10_700


def test_all_are_told_one_after_the_other(capsys):
    lines = lines_of(capsys, "lazy", "all")

    heads = [line for line in lines if line.startswith("fault ")]
    assert [head.split(":")[0] for head in heads] == [f"fault {n}" for n in range(1, 13)]
    assert lines[lines.index(heads[1]) - 1] == ""


def test_arguments_are_the_programs(capsys):
    lines = lines_of(capsys, "badaccess", "1", "text")

    assert lines[0].startswith("fault 1: store page fault, pid 2 (badaccess)")
    assert lines[-1] == "  the process is killed, and the run is over"


def test_a_child_runs_a_program_of_its_own(capsys):
    """Its instructions are told of its own file."""
    lines = lines_of(capsys, "sh", "1", "--", "-c", "lazy")

    assert "(lazy)" in lines[0]
    assert lines[2].startswith("  lazy.c:")


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["args"], "the run has no page fault"),
        (["args", "all"], "the run has no page fault"),
        (["lazy", "13"], "the run has 12 page faults only"),
        (["lazy", "0"], "'0' is neither a number from 1 on nor all"),
        (["lazy", "x"], "'x' is neither a number from 1 on nor all"),
        (["nosuch"], "no such file or bundled program: nosuch"),
        (["--max-cycles", "2000", "lazy"], "the run has not come to page fault 1 by cycle 2,000"),
    ],
)
def test_what_cannot_be_told_is_said(capsys, arguments, message):
    assert message in error_of(capsys, *arguments)


def test_run_tells_while_it_runs(capsys):
    assert cli.main(["run", "--quiet", "--memory", "8", "--explain", "2", "lazy"]) == 0
    told = capsys.readouterr().err.splitlines()

    assert told[0] == "fault 2: load page fault, pid 2 (lazy), cycle 4,463"
    assert told[-1] == "  the instruction is made again, and retires in cycle 5,754"


def test_run_says_if_the_fault_has_not_come(capsys):
    arguments = ["run", "--quiet", "--memory", "8", "--explain", "13", "lazy"]
    assert cli.main(arguments) == 2
    assert capsys.readouterr().err == "trapline: page fault 13 is not told: the run had 12\n"
    # All that there are may be none.
    assert cli.main(["run", "--quiet", "--memory", "8", "--explain", "all", "hello"]) == 0


def test_run_ends_with_the_average_fault(capsys):
    assert cli.main(["run", "--memory", "8", "lazy"]) == 0
    lines = capsys.readouterr().err.splitlines()

    at = lines.index("Average of 12 page faults, from the look-up to the retry")
    assert lines[-1] == "  cycles        1,295.0"
    assert len(lines) - at == 13


def test_a_symbol_does_not_command_the_terminal(tmp_path, capsys):
    source, program = tmp_path / "x.c", tmp_path / "x"
    source.write_text(HOSTILE)
    elf = compile_program([source], program).read_bytes()
    program.write_bytes(elf.replace(b"hostile", b"\x1b[31m\n\r"))
    lines = lines_of(capsys, str(program))
    assert lines[2].endswith("\there^G")
    assert "  ^[[31m^J^M" in lines[3]
