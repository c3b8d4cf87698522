"""docs/formal.md lists what is proven and what is assumed, no more and no less."""

import re
from pathlib import Path

import pytest

from tests.verify.formal.proofs import PROOFS

DOCS = (Path(__file__).parents[3] / "docs" / "formal.md").read_text()


@pytest.mark.parametrize("name", PROOFS)
def test_the_docs_list_every_property(name):
    section = re.search(rf"^### `{name}`: .*?(?=^### |\Z)", DOCS, re.MULTILINE | re.DOTALL)[0]
    listed = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE))
    assert listed == PROOFS[name]().statements("property")


def assumptions():
    """The rows of the table of assumptions: name, what it says, why it holds."""
    table = DOCS.partition("\n| assumption |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `([\w.]+)` \| (.*) \| (.*) \|$", table, re.MULTILINE)


def test_the_docs_say_why_every_assumption_holds():
    listed = [name for name, _, _ in assumptions()]
    made = [
        f"{name}.{assumption}"
        for name, proof in PROOFS.items()
        for assumption in proof.statements("assumption")
    ]
    assert sorted(listed) == sorted(made)


def test_what_assumptions_rest_on_is_proven():
    for name, _, why in assumptions():
        proven = re.findall(r"`(\w+)\.(\w+)`", why)
        assert proven or "assumed: " in why, name
        for proof, statement in proven:
            known = [*PROOFS[proof].statements("property"), *PROOFS[proof].statements("invariant")]
            assert statement in known, f"{name}: {proof}.{statement}"
