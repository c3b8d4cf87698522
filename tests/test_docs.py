"""The examples in the documentation are run: what follows `$ COMMAND` is what it prints."""

import re
import shutil

import pytest

from sim.bench import mmubench
from sim.config import MachineConfig
from sim.host.programs import programs_directory
from tests.docs import (
    PAGES,
    PERFORMANCE,
    ROOT,
    StaleError,
    environment,
    examples,
    output_of,
    renewed,
)

WITH_EXAMPLES = [page for page in PAGES if examples(page.read_text())]
PRINTED = ["begins", "at 1000", "   x 12345", "in 2000 cycles", "same 7", "same 8", "ends at 9999"]


def test_there_are_examples():
    assert [page.name for page in WITH_EXAMPLES] == [
        "README.md",
        "boot.md",
        "classic_bugs.md",
        "counters.md",
        "debugging.md",
        "exercises.md",
        "insight.md",
        "policies.md",
        "programs.md",
        "report.md",
        "sweeps.md",
        "transcripts.md",
        "tutorial.md",
    ]


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: page.name)
def test_examples_print_what_the_page_shows(page, tmp_path):
    """To the letter, and in their order, for one may use what another has written."""
    variables = environment(tmp_path)
    for example in examples(page.read_text()):
        printed = output_of(example.command, variables)
        assert renewed(example.lines, printed) == example.lines, (
            f"{page}:{example.start}: {example.command}: `make docs` renews it"
        )


def test_the_table_of_mmubench_is_what_it_measures(tmp_path):
    page = tmp_path / PERFORMANCE.name
    shutil.copy(PERFORMANCE, page)

    mmubench.write_docs(mmubench.run_mmubench(MachineConfig()), page)

    assert page.read_text() == PERFORMANCE.read_text(), "`make docs` renews it"


def test_the_prose_has_the_figures_of_the_table():
    """What README.md says of the way from a fault to its retirement, and of the bars."""
    text = (ROOT / "README.md").read_text()
    rows = re.findall(r"^ +\d+ +([\d,]+) .* mapped frame \w+ +([\d,]+)$", text, re.M)
    elapsed = {int(b.replace(",", "")) - int(a.replace(",", "")) for a, b in rows}

    told = re.search(
        r"it is ([\d,]+) cycles; the bars begin four cycles before\b.*?\bso are ([\d,]+) together"
        r"\. ([\d,]+) are\b.*?\band (\d+) the bus's; the other (\d+) are",
        " ".join(text.split()),
    )
    elapsed_told, bars, kernel, bus, hart = (int(f.replace(",", "")) for f in told.groups())
    assert len(rows) == 12
    assert {elapsed_told} == elapsed
    assert bars == elapsed_told + 4 == kernel + bus + hart
    assert re.search(rf"^ +cycles +{bars:,}\.0$", text, re.M)


class TestRenewed:
    """What an example is to show, from what it shows and what is printed."""

    @pytest.mark.parametrize(
        ("shown", "now"),
        [
            pytest.param(["old", "lines"], PRINTED, id="all lines"),
            pytest.param(["...", "at 1001", "..."], ["...", "at 1000", "..."], id="a number"),
            pytest.param(["...", "x 1234567", "..."], ["...", "   x 12345", "..."], id="a width"),
            pytest.param(["begins", "..."], ["begins", "..."], id="the beginning"),
            pytest.param(["...", "ends at 123"], ["...", "ends at 9999"], id="the end"),
            pytest.param(["...", "same 8", "..."], ["...", "same 8", "..."], id="small numbers"),
            pytest.param(
                ["begins", "at 777", "  ...", "in 200 cycles", "same 7", "..."],
                ["begins", "at 1000", "  ...", "in 2000 cycles", "same 7", "..."],
                id="blocks",
            ),
        ],
    )
    def test_is_found_again(self, shown, now):
        assert renewed(shown, PRINTED) == now

    @pytest.mark.parametrize(
        "shown",
        [
            pytest.param(["...", "gone", "..."], id="not printed"),
            pytest.param(["...", "begins"], id="not at the end"),
            pytest.param(["at 1000", "..."], id="not at the beginning"),
            pytest.param(["...", "same 8", "...", "same 7", "..."], id="in another order"),
            pytest.param(["...", "at 1000", "in 2000 cycles", "..."], id="with a line between"),
        ],
    )
    def test_is_for_people_to_say_if_lines_are_gone(self, shown):
        with pytest.raises(StaleError):
            renewed(shown, PRINTED)


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


def test_the_functions_of_the_tutorial_are_where_it_says():
    text = (ROOT / "docs" / "tutorial.md").read_text()
    named = re.findall(r"\[`(\w+)`\]\((\S+)\)", text)

    assert len(named) > 20
    for name, path in named:
        source = (ROOT / "docs" / path).read_text()
        assert re.search(rf"^ *(def|class) {name}\b|^{name}:", source, re.M), f"{path}: {name}"


def test_links_between_the_pages_lead_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
