"""The command line: random arguments, through `sim.cli.main.main` in this process."""

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import click

from sim.cli.main import main, trapline
from sim.host.programs import build_bare, build_program, programs_directory
from tests.verify.fuzz.damage import damaged
from tests.verify.fuzz.guard import Misbehaved, bounded

__all__ = ["CommandLine"]

#: A mistake of the user's, and a machine that cannot go on. Else the status is a program's, or the
#: bound's.
_USAGE, _BROKEN = 2, 125
#: Another engine, or RAM of another size, would be another hart to compile for seconds.
_VALUES = {
    "engine": ["native", "pysim2", ""],
    "memory_mib": ["128", "0", "-1", "131073", "1e3"],
}
_NUMBERS = """0 1 2 -1 7 999 1000 1001 5000 18446744073709551615 18446744073709551616 1.5 0x10 nan
    \u0661""".split()
_NUMBERS += ["", " 1", "9" * 40, "9" * 5000]
_TEXTS = """1:2 : 5: :5 2:1 1@exit 1@5 2@ @ 1@99999999999999999999 0:99999999999999999999""".split()
_TEXTS += ["9" * 5000 + ":", "1@" + "9" * 5000]
_FILES = """out.vcd out.json out.gtkw out.fst no/such/folder folder bad bad:x good:hello good:a/b
    good:.. good: : / . /dev/null good caf\u00e9""".split()
_FILES += ["", "x" * 300, "good:" + "x" * 20, "\udcff\udcfe"]
_PROGRAMS = "hello echo hello.c lazy2 good bad bad bare.elf folder /dev/null - --".split()
_PROGRAMS += ["", "x" * 300, "\udcff"]
#: Those that end by themselves.
_SHORT = {"hello", "echo", "good"}
#: What bounds a run; the last of an option counts.
_BOUND = ["--max-cycles", "3000"]


class CommandLine:
    """Runs the command line in a folder of its own, whose files are good, bad or missing."""

    def __init__(self):
        self._hello = build_program("hello").read_bytes()
        speed = programs_directory() / "bench" / "speed.S"
        self._bare = build_bare(speed).read_bytes()

    def run(self, seed: int) -> int:
        """Runs the arguments of `seed`; the exit status. Raises `Misbehaved`."""
        random = Random(f"command {seed}")
        arguments = _arguments(random)
        with _folder() as folder, bounded():
            (folder / "folder").mkdir()
            (folder / "good").write_bytes(self._hello)
            (folder / "bare.elf").write_bytes(self._bare)
            bad = damaged(random.choice((self._hello, self._bare)), random)
            (folder / "bad").write_bytes(random.choice((bad, b"", random.randbytes(99))))
            status, errors = _main(arguments)
        _check(arguments, status, errors)
        return status


def _check(arguments, status, errors):
    """A complaint is one line and has its status; whatever ran has a summary or is quiet."""
    lines = errors.removesuffix("\n").split("\n")
    complaints = [line for line in lines if line.startswith("trapline: error: ")]
    if complaints:
        good = status == _BROKEN or (status == _USAGE and len(lines) == 1)
    else:
        ran = "exit status" in errors or "--quiet" in arguments or "Usage:" in errors
        good = 0 <= status <= 255 and (ran or status == 0) and "Traceback" not in errors
    if not good or len(complaints) > 1:
        raise Misbehaved(f"{arguments}: status {status}, {errors[-500:]!r}")


def _main(arguments):
    """Status and standard error of the command; its standard input is empty."""
    streams = sys.stdin, sys.stdout, sys.stderr
    texts = [io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace") for _ in streams]
    sys.stdin, sys.stdout, sys.stderr = texts
    try:
        status = main(arguments)
    except Exception as error:
        raise Misbehaved(f"{arguments}: {type(error).__name__}: {error}") from error
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
    texts[2].flush()
    return status, texts[2].buffer.getvalue().decode()


def _arguments(random):
    name = random.choice(("run", "run", "bare", "boot"))
    command = trapline.commands[name]
    options = [param for param in command.params if isinstance(param, click.Option)]
    arguments = []
    # A good run takes far longer than a mistake, of which there are many kinds.
    for option in random.sample(options, random.choice((0, 1, 1, 2, 2, 3, 5))):
        flag = random.choice(option.opts)
        arguments.append(flag if random.random() < 0.97 else flag[:-1])
        if not option.is_flag and random.random() < 0.97:
            arguments.append(_value(option, random))
    if random.random() < 0.03:
        arguments.insert(
            random.randrange(len(arguments) + 1), random.choice(("-x", "--", "-", "\u2028"))
        )
    program = random.choices(_PROGRAMS, k=random.random() < 0.95)
    if not set(program) <= _SHORT or random.random() < 0.5:
        arguments += _BOUND
    arguments += program
    arguments += random.choices(
        ["a", "", "--help", "\udcff", "x" * 5000], k=random.choice((0, 0, 1, 3, 40))
    )
    start = [name] if random.random() < 0.97 else random.choice(([], ["-h"], ["fly"], ["--vcd"]))
    return [*start, *arguments]


def _value(option, random):
    if option.name in _VALUES:
        return random.choice(_VALUES[option.name])
    kind = option.type
    if isinstance(kind, click.Choice):
        return random.choice([*kind.choices, "", "x"])
    if isinstance(kind, (click.IntRange, click.types.IntParamType)) or kind.name == "cycles":
        return random.choice(_NUMBERS)
    likely = _TEXTS if "@" in kind.name or kind.name == "from:to" else _FILES
    return random.choice(likely if random.random() < 0.9 else [*_TEXTS, *_FILES, *_NUMBERS])


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder that is the working directory, and gone afterwards."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        try:
            yield Path(name)
        finally:
            os.chdir(before)
