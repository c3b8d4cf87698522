import pytest

from tests import chromium


@pytest.mark.parametrize(
    ("value", "outcome"), [("1", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_a_missing_browser_is_named_and_in_ci_a_failure(monkeypatch, value, outcome):
    monkeypatch.setattr(chromium.shutil, "which", lambda name: None)
    monkeypatch.setenv(chromium.REQUIRE, value)

    with pytest.raises(outcome, match="not installed .*: chromium"):
        chromium.require()
