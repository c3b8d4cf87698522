"""The shell and the small programs, by what they print."""

import pytest

from sim.host.programs import build_program
from tests.programs.lines import LINES
from tests.programs.running import run


@pytest.mark.parametrize("line", LINES, ids=str)
def test_line(line):
    done = run(build_program("sh"), "-c", line.line, stdin=line.stdin)

    assert done.output == line.output
    assert done.status & 0xFF == line.status
    assert done.frames_lost == 0


def test_killed_command_is_status_minus_1():
    done = run(build_program("sh"), "-c", "badaccess illegal > f")

    assert done.output.startswith("usertrap(): unexpected scause 0x2 pid=3\n")
    assert done.status == -1


def test_shell_reads_lines_until_its_input_ends():
    done = run(build_program("sh"), stdin=b"echo one\n\ncat\nfor cat\n")

    # The kernel has no echo for a pipe, and the shell cannot tell it from a terminal.
    assert done.output == "$ one\n$ $ for cat\n$ "
    assert done.status == 0


def test_shell_does_not_prompt_a_file_or_a_pipe():
    script = b"echo 'echo one' > script; echo 'args two' >> script; sh < script; cat script | sh\n"
    done = run(build_program("sh"), stdin=script)

    assert done.output == "$ " + "one\n0: args\n1: two\n" * 2 + "$ "
    assert done.status == 2


def test_shell_passes_over_a_line_that_is_too_long():
    piped = b"echo " + b"x" * 1500 + b"\necho on\n"
    done = run(build_program("sh"), "-c", "cat | sh", stdin=piped)

    assert done.output == "sh: line too long\non\n"


def test_grep_cuts_a_line_that_is_too_long():
    done = run(build_program("grep"), "x$", stdin=b"x" * 5000 + b"y\nlast x\n", memory_mib=1)

    lengths = [len(line) for line in done.output.splitlines()]
    assert lengths == [2047, 2047, 6]
    assert done.status == 0
