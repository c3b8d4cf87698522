"""docs/formal.md lists what is proven, no more and no less."""

import re
from pathlib import Path

import pytest

from tests.formal.proofs import PROOFS

DOCS = (Path(__file__).parents[2] / "docs" / "formal.md").read_text()


@pytest.mark.parametrize("name", PROOFS)
def test_the_docs_list_every_property(name):
    section = re.search(rf"^### `{name}`: .*?(?=^### |\Z)", DOCS, re.MULTILINE | re.DOTALL)[0]
    listed = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE))
    assert listed == PROOFS[name]().statements("property")
