"""What CONTRIBUTING.md and CHANGELOG.md name is there."""

import re
from pathlib import Path

import pytest

from tests.test_docs import ROOT

PAGES = ("CONTRIBUTING.md", "CHANGELOG.md")


@pytest.mark.parametrize("page", PAGES)
def test_files_that_the_page_names_exist(page):
    quoted = re.findall(r"`([^`\s]+)`", (ROOT / page).read_text())
    paths = [text for text in quoted if "/" in text and not text.startswith("build/")]

    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert len(paths) > 20 or page == "CHANGELOG.md"


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", (ROOT / page).read_text())

    assert [link for link in links if not (ROOT / link).exists()] == []


def test_targets_that_the_page_names_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"(?:`|    )make ([a-z-]+)", text))

    assert {"sim", "test", "lint", "formal"} <= named <= targets


def test_names_of_the_code_that_the_page_relies_on_are_there():
    """Pairs of a file and what is to be changed in it."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for path, names in (
        ("kernel_model/calls/syscall.py", ["SYSCALLS"]),
        ("sim/output/arguments.py", ["_SIGNATURES"]),
        ("kernel_model/mm/state.py", ["Policy"]),
        ("kernel_model/mm/served.py", ["FaultOutcome", "Why"]),
        ("kernel_model/mm/policy.py", ["POLICIES"]),
        ("hdl/priv/csr.py", ["_value", "CsrFile", "Environment"]),
        ("hdl/priv/legality.py", ["_is_allowed"]),
        ("hdl/priv/table.py", ["REGISTERS", "State"]),
        ("sim/cli/parameters.py", ["MACHINE", "KERNEL", "SHOWN", "WATCHED", "OutputFile"]),
        ("sim/config.py", ["MachineConfig", "RunConfig"]),
        ("sim/cli/options.py", ["Options", "RunOptions"]),
        ("tests/support.py", ["simulate"]),
    ):
        code = Path(ROOT / path).read_text()
        for name in names:
            assert f"`{path}`" in text
            assert re.search(rf"`[^`]*\b{name}\b[^`]*`", text), name
            assert re.search(rf"\b{name}\b", code), f"{path}: {name}"
