"""The examples in the documentation: `python -m tests.docs`, which is `make docs`, renews them.

What is indented and begins with `$` and a command with `trapline` in it is an example; the indented
lines behind it are what it prints, standard error included. Runs are deterministic, so they are
that to the letter. A line `...` stands for lines that are left out.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from sim.bench import ipc, mmubench
from sim.config import MachineConfig
from tests import (
    csr_table,
    debug_picture,
    pictures,
    report_pictures,
    rooms,
    timing_picture,
    trap_table,
)

__all__ = [
    "PAGES",
    "ROOT",
    "Example",
    "StaleError",
    "environment",
    "examples",
    "output_of",
    "renewed",
]

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
#: The page with the tables of mmubench and of instructions per cycle, which are renewed too.
PERFORMANCE = ROOT / "docs" / "performance.md"

_INDENT = "    "
#: Where an example's command begins; `$ hi` is a shell's prompt in the output.
_COMMAND = re.compile(r"    \$ (.*\btrapline .*)")
#: What stands before the one example that has no command.
_MAKE_SIM = "This is what `make sim` prints:"
_ELISION = "..."
#: How the lines begin that a run prints when it has lasted for long.
_SLOW = ("trapline: still running after", "trapline: sweeping")


class StaleError(Exception):
    """An example shows lines that are not printed any more: people have to say what it shows."""


class Example(NamedTuple):
    """A command, the lines shown behind it, and where these begin in the page, counted from 0."""

    command: str
    lines: list[str]
    start: int


def examples(text: str) -> list[Example]:
    """The examples of a page, in order."""
    found, lines = [], text.splitlines()
    for number, line in enumerate(lines):
        if match := _COMMAND.fullmatch(line):
            found.append(Example(match[1], _shown(lines, number + 1), number + 1))
        elif line == _MAKE_SIM:
            found.append(
                Example(
                    "trapline run --vcd build/lazy.vcd lazy", _shown(lines, number + 2), number + 2
                )
            )
    return found


def _shown(lines: list[str], start: int) -> list[str]:
    """The indented lines from `start` to the next example or to prose."""
    end = start
    while end < len(lines) and (not lines[end] or lines[end].startswith(_INDENT)):
        if _COMMAND.fullmatch(lines[end]):
            break
        end += 1
    while end > start and not lines[end - 1]:
        end -= 1
    return [line[len(_INDENT) :] for line in lines[start:end]]


def renewed(shown: list[str], printed: list[str]) -> list[str]:
    """What an example shows, if its command prints `printed`.

    Lines are found again though their numbers have changed. Raises StaleError if they are not.
    """
    blocks = [list(block) for _, block in groupby(shown, _is_elision)]
    if len(blocks) == 1 and not _is_elision(shown[0]):
        return printed
    lines, start = [], 0
    for number, block in enumerate(blocks):
        if _is_elision(block[0]):
            lines += block
            continue
        places = range(start, len(printed) - len(block) + 1)
        places = places[:1] if number == 0 else places
        places = [len(printed) - len(block)] if number == len(blocks) - 1 else places
        start = _place(block, printed, places)
        lines += printed[start : start + len(block)]
        start += len(block)
    return lines


def _is_elision(line: str) -> bool:
    return line.strip() == _ELISION


def _place(block, printed, places) -> int:
    """Where the lines of `block` are: just so, or else with other numbers."""
    for like in (str, _shape):
        for place in places:
            if [*map(like, block)] == [*map(like, printed[place : place + len(block)])]:
                return place
    raise StaleError("no such lines are printed any more:\n" + "\n".join(block))


def _shape(line: str) -> str:
    """The line without what changes when a cycle more passes: large numbers, and widths."""
    return re.sub(r"0x[0-9a-f]{2,}|\d[\d,.]{2,}", "#", re.sub(r"\s+|[━─]+", " ", line.strip()))


def environment(folder: Path) -> Mapping[str, str]:
    """The environment of a shell that finds `trapline`, by a script that is put into `folder`."""
    script = folder / "trapline"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sim "$@" 2>&1\n')
    script.chmod(0o755)
    (ROOT / "build").mkdir(exist_ok=True)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    variables = dict(os.environ, PATH=path, PYTHONPATH=str(ROOT))
    # What is compiled once is compiled now: if it takes long the first example would say so.
    for options in ("sh -c true", f"--vcd {folder}/x.vcd hello"):
        output_of(f"trapline run --quiet {options}", variables)
    return variables


def output_of(command: str, variables: Mapping[str, str]) -> list[str]:
    """The lines that a command prints, without spaces at their ends.

    What is told only where it takes long is left out: a busy machine prints nothing else.
    """
    result = subprocess.run(
        ["sh", "-c", command],
        cwd=ROOT,
        env=variables,
        text=True,
        timeout=120,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    return [line for line in lines if not line.startswith(_SLOW)]


def _renew(page: Path, variables: Mapping[str, str]) -> Iterator[str]:
    """Renews the examples of a page; yields what people have to do themselves."""
    text = page.read_text()
    lines = text.splitlines()
    # In order, for one may use what another has written; put in from the last to the first.
    outputs = [(example, output_of(example.command, variables)) for example in examples(text)]
    for example, printed in reversed(outputs):
        try:
            now = renewed(example.lines, printed)
        except StaleError as error:
            yield f"{page}:{example.start}: {error}"
            continue
        end = example.start + len(example.lines)
        lines[example.start : end] = [(_INDENT + line).rstrip() for line in now]
    page.write_text("\n".join(lines) + "\n")


def main() -> int:
    """Renews all pages; returns the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        variables = environment(Path(folder))
        complaints = [line for page in PAGES for line in _renew(page, variables)]
    mmubench.write_docs(mmubench.run_mmubench(MachineConfig()), PERFORMANCE)
    ipc.write_docs(ipc.run_all(), PERFORMANCE)
    (ROOT / "docs" / "rooms.svg").write_text(rooms.draw())
    (ROOT / "docs" / "mmu.svg").write_text(timing_picture.draw())
    (ROOT / "docs" / "debugger.svg").write_text(debug_picture.draw())
    if not pictures.draw():
        complaints.append("the pictures of waveforms need GTKWave and Xvfb: they are as they were")
    if not report_pictures.draw():
        complaints.append("the pictures of pages need Chromium: they are as they were")
    csr_table.PAGE.write_text(csr_table.renew(csr_table.PAGE.read_text()))
    trap_table.PAGE.write_text(trap_table.renew(trap_table.PAGE.read_text()))
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
