"""What happens where gdb is missing."""

import pytest

from tests import gdb


@pytest.mark.parametrize(
    "value, outcome", [("", pytest.skip.Exception), ("1", pytest.fail.Exception)]
)
def test_without_it_tests_are_skipped_or_fail(monkeypatch, value, outcome):
    monkeypatch.setattr(gdb.shutil, "which", lambda name: None)
    monkeypatch.setenv(gdb.REQUIRE, value)

    with pytest.raises(outcome, match="not installed .*: gdb-multiarch"):
        gdb.require()
