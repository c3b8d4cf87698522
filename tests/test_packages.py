"""What is not installed is named: the tests are skipped, and in CI that is a failure."""

import pytest

from tests import chromium, gdb, gtkwave, packages


@pytest.mark.parametrize(
    ("value", "outcome"), [("1", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
@pytest.mark.parametrize(
    ("user", "names"),
    [(chromium, "chromium"), (gdb, "gdb-multiarch"), (gtkwave, "gtkwave, xvfb")],
)
def test_what_is_missing_is_named_and_in_ci_a_failure(monkeypatch, user, names, value, outcome):
    monkeypatch.setattr(packages.shutil, "which", lambda name: None)
    monkeypatch.setenv(user.REQUIRE, value)

    with pytest.raises(outcome, match=f"not installed .*: {names}"):
        user.require()


def test_with_all_that_is_needed_nothing_happens(monkeypatch):
    monkeypatch.setenv("NEEDED", "1")
    monkeypatch.setattr(packages.shutil, "which", lambda name: f"/usr/bin/{name}")
    packages.require("NEEDED", {"one": "a", "other": "b"})
