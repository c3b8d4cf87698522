"""The index of docs/, and the glossary."""

import re

import pytest

from tests.docs import PAGES, ROOT

INDEX = ROOT / "docs" / "README.md"
ENTRIES = re.findall(
    r"^\| ([^|]+) \| ([^|]+) \| `([^`|]+)` \|$", (ROOT / "docs/glossary.md").read_text(), re.M
)


def test_every_page_is_in_the_index_once():
    listed = re.findall(r"^\| \[([^]]+)\]\(([^)]+)\) \| [^|]+ \|$", INDEX.read_text(), re.M)
    pages = {(INDEX.parent / target).resolve() for _, target in listed}

    assert all(name == target for name, target in listed)
    assert len(listed) == len(pages)
    assert pages == {*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"} - {INDEX}


def test_tests_that_are_named_are_there():
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/verification.md").read_text()))
    sources = list((ROOT / "tests").rglob("test_*.py"))
    defined = {path.stem for path in sources}
    for path in sources:
        defined.update(re.findall(r"^ *(?:async )?def (test_\w+)\(", path.read_text(), re.M))

    assert len(named) > 150
    assert named <= defined


def test_the_glossary_is_in_order_and_has_no_other_lines():
    words = [word for word, _, _ in ENTRIES]
    rows = re.findall(r"^\|", (ROOT / "docs/glossary.md").read_text(), re.M)

    assert len(words) > 30
    assert words == sorted(words, key=str.lower)
    assert len(rows) == 2 + len(words)


@pytest.mark.parametrize("word, meaning, file", ENTRIES, ids=[word for word, _, _ in ENTRIES])
def test_a_word_of_the_glossary_lives_in_its_file(word, meaning, file):
    text = (ROOT / file).read_text()

    assert re.search(re.sub("[ -]", "[ _-]?", word), text, re.I), f"{file} does not speak of {word}"
