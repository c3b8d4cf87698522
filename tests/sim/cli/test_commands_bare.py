"""`bare` from the command line to its results, with a scripted hart for the real one."""

import io
import os
import re

import pytest

from sim import limit, machine
from sim.cli import commands, driving
from sim.cli import main as cli
from sim.host import progress
from tests.sim.cli.test_main import complaint
from tests.sim.elf import make_elf
from tests.sim.scripted import store

BASE = 0x8000_0000
TOHOST = BASE + 8


@pytest.mark.parametrize(("code", "status"), [(0, 0), (1, 1), (7, 7), (255, 255), (300, 255)])
def test_bare_exits_with_the_number_of_the_test(capsys, script, bare_file, code, status):
    script += [store(TOHOST, code << 1 | 1)]

    assert cli.main(["bare", "--quiet", str(bare_file)]) == status
    error = capsys.readouterr().err
    assert error == (f"{bare_file}: test {code} failed\n" if code else "")


def test_bare_prints_what_the_program_prints(capfdbinary, script, bare_file):
    script += [store(TOHOST, 0x0101 << 48 | character) for character in b"hi\n"]
    script += [store(TOHOST, 1)]

    assert cli.main(["bare", str(bare_file)]) == 0
    output = capfdbinary.readouterr()
    assert output.out == b"hi\n"
    assert b"exit status" in output.err


def test_a_word_written_by_halves_ends_the_program(script, bare_file):
    script += [store(TOHOST, 3, size=2), store(TOHOST + 4, 0, size=2)]

    assert cli.main(["bare", "--quiet", str(bare_file)]) == 1


def test_half_a_word_ends_the_program_too(script, bare_file):
    script += [store(TOHOST, 3, size=2)]

    assert cli.main(["bare", "--quiet", str(bare_file)]) == 1


@pytest.mark.parametrize(("granularity", "words"), [("4", 4), ("8", 2)])
def test_bare_writes_the_signature(script, bare_file, tmp_path, granularity, words):
    script += [store(BASE, 0x1122_3344_5566_7788), store(TOHOST, 1)]
    path = tmp_path / "signature"

    arguments = ["--signature", str(path), "--signature-granularity", granularity]
    assert cli.main(["bare", "--quiet", *arguments, str(bare_file)]) == 0

    lines = path.read_text().splitlines()
    assert "".join(reversed(lines[: words // 2])) == "1122334455667788"
    assert len(lines) == words


def test_without_the_option_a_program_need_not_have_a_signature(script, tmp_path):
    script += [store(TOHOST, 1)]
    path = tmp_path / "program.elf"
    path.write_bytes(make_elf([(BASE, b"\x13\0\0\0" * 2, 64)], {"tohost": TOHOST}))
    assert cli.main(["bare", "--quiet", str(path)]) == 0
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_json_that_cannot_be_written_is_no_success(capsys, script, bare_file):
    script += [store(TOHOST, 1)]
    assert cli.main(["bare", "--json", "/dev/full", str(bare_file)]) == 2
    assert "/dev/full: No space left on device" in capsys.readouterr().err


def test_max_cycles_ends_with_124_and_says_so(capsys, script, bare_file):
    assert cli.main(["bare", "--quiet", "--max-cycles", "50", str(bare_file)]) == 124
    assert "ended by --max-cycles 50" in capsys.readouterr().err


def test_without_it_the_limit_is_told_by_its_number(capsys, script, bare_file, monkeypatch):
    for module in (limit, driving):
        monkeypatch.setattr(module, "DEFAULT_CYCLES", 60)
    assert cli.main(["bare", "--quiet", str(bare_file)]) == 124
    assert "ended by --max-cycles 60:" in capsys.readouterr().err


def test_a_stuck_hart_ends_with_125(capsys, script, bare_file, monkeypatch):
    monkeypatch.setattr(machine, "STALL_LIMIT", 100)

    assert cli.main(["bare", "--quiet", str(bare_file)]) == 125
    assert "the hart is stuck" in capsys.readouterr().err


def test_an_unknown_htif_device_ends_with_125_and_one_line(capsys, script, bare_file):
    script += [store(TOHOST, 9 << 56)]

    assert cli.main(["bare", str(bare_file)]) == 125
    assert "no device 9" in complaint(capsys)


@pytest.mark.parametrize("command", ["bare", "run"])
@pytest.mark.parametrize("options, told", [([], True), (["--quiet"], False)])
def test_who_wants_it_quiet_is_not_told_what_takes_long(
    monkeypatch, script, bare_file, program, command, options, told
):
    seen = []

    class Watched(progress.Progress):
        def __init__(self, file, *, told):
            super().__init__(file, told=told)
            seen.append(told)

    monkeypatch.setattr(commands, "Progress", Watched)
    monkeypatch.setattr(progress, "_files_are_told", None)
    script += [store(TOHOST, 1)]
    file = bare_file if command == "bare" else program

    cli.main([command, *options, "--memory", "1", "--max-cycles", "50", str(file)])

    assert seen == [told]
    assert progress._files_are_told is told


class Screen(io.BytesIO):
    """A terminal, on which everything is seen in its order."""

    def isatty(self):
        return True


@pytest.mark.parametrize("reads", [False, True])
def test_a_run_that_is_silent_in_the_middle_of_a_line_says_what_it_does(
    monkeypatch, script, bare_file, reads
):
    """But not to somebody who is typing: there the screen is the program's."""
    script += [store(TOHOST, 0x0101 << 48 | character) for character in b"starting "]
    screen = Screen()
    terminal = io.TextIOWrapper(screen, write_through=True)
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr("sim.host.progress._INTERVAL", 1e-9)
    monkeypatch.setattr("sim.host.progress._LONG", 0)
    monkeypatch.setattr(commands.Console, "interactive", reads)

    limit = ["--engine", "pysim", "--max-cycles", "3000"]
    assert cli.main(["bare", "--quiet", *limit, str(bare_file)]) == 124
    shown = screen.getvalue().decode().partition("trapline: ended")[0]
    if reads:
        assert shown == "starting \n"
    else:
        assert re.search(r" \n\r\x1b\[K[\d,]+ cycles, 0 page faults", shown)
