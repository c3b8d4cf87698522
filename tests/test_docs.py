"""The examples in the documentation are run: what follows `$ COMMAND` is what it prints."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from sim.toolchain import programs_directory

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
#: Where an example's command begins; `$ hi` is a shell's prompt in the output.
COMMAND = re.compile(r"    \$ (.*\btrapline .*)")


class Example(NamedTuple):
    command: str
    output: str


def examples(page):
    """The examples of a page: a command, and the indented lines up to the next one."""
    found = []
    for line in page.read_text().splitlines():
        if match := COMMAND.fullmatch(line):
            found.append((match[1], []))
        elif found and line.startswith("    "):
            found[-1][1].append(line[4:])
        elif found and line:
            found.append(("", []))  # prose: what is indented behind it is no output
    return [Example(command, "\n".join(lines)) for command, lines in found if command]


WITH_EXAMPLES = [page for page in PAGES if examples(page)]


def pattern(output):
    """A regular expression for `output`: `...` is any text, and large numbers are any numbers."""
    numbers = r"0x[0-9a-f]{2,}|\d[\d,.]{2,}"
    parts = re.split(rf"( ?(?<!<)\.\.\.(?= |$)|{numbers})", normal(output))
    return "".join(_any(part) if n % 2 else re.escape(part) for n, part in enumerate(parts))


def _any(part):
    if part.endswith("..."):
        return "(?: ?.*)?"
    return "0x[0-9a-f]+" if part.startswith("0x") else r"[\d,.]+"


def normal(output):
    return re.sub(r"[━─]+", "-", re.sub(r"\s+", " ", output.strip()))


@pytest.fixture
def trapline(tmp_path):
    """The environment of a shell that finds `trapline`."""
    script = tmp_path / "trapline"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sim "$@" 2>&1\n')
    script.chmod(0o755)
    (ROOT / "build").mkdir(exist_ok=True)
    return dict(os.environ, PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")


def output_of(command, environment):
    result = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, env=environment, text=True, timeout=120,
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return result.stdout


def test_there_are_examples():
    assert [page.name for page in WITH_EXAMPLES] == ["README.md", "insight.md", "programs.md"]


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: page.name)
def test_examples_print_what_the_page_shows(page, trapline):
    """In their order, for one may use what another has written."""
    for command, output in examples(page):
        printed = output_of(command, trapline)
        assert re.fullmatch(pattern(output), normal(printed)), f"{command}\n{printed}"


def test_the_first_screen_is_what_make_sim_prints(trapline):
    text = (ROOT / "README.md").read_text()
    (block,) = re.findall(r"This is what `make sim` prints:\n\n((?:    .*\n)+)", text)

    printed = output_of("trapline run lazy", trapline)

    assert re.fullmatch(pattern(block), normal(printed)), printed


def test_every_mistake_in_the_table_is_a_test():
    (table,) = re.findall(
        r"## Mistakes.*?\n\n(\|.*?)\n\n", (ROOT / "docs/kernel.md").read_text(), re.S
    )
    unit_tests = (ROOT / "tests/kernel_model/test_mistakes.py").read_text()
    programs = (programs_directory() / "lazytests" / "lazytests.c").read_text()
    rows = table.splitlines()[2:]

    assert len(rows) > 15
    for row in rows:
        *_, units, lazytests = (cell.strip() for cell in row.strip("|").split("|"))
        assert re.findall(r"`(\w+)`", units), row
        for name in re.findall(r"`(\w+)`", units):
            assert f"def {name}(" in unit_tests
        for name in re.findall(r"`(\w+)`", lazytests):
            assert f'{{"{name}", ' in programs


def test_links_between_the_pages_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
