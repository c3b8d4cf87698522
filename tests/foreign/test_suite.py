"""Suites of others, on a small one of our own in their place."""

import pytest

from tests.foreign.__main__ import compare, main
from tests.foreign.projects import PROJECTS, Project
from tests.foreign.suite import NotInstalled, Suite, SuiteError

#: Passes on both engines; `{more}` may not.
TESTS = """
from amaranth.hdl import Module, Signal
from amaranth.sim import Simulator

def ran():
    m, count = Module(), Signal(8)
    m.d.sync += count.eq(count + 1)
    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.run_until(5e-6)
    return type(simulator._engine).__name__

def test_it_runs():
    assert ran()
{more}
"""


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """Takes the place of what would be fetched; called with more tests."""
    source, site = tmp_path / "source", tmp_path / "site"
    (source / "tests").mkdir(parents=True)
    (source / "tests" / "__init__.py").touch()
    site.mkdir()
    project = Project("tiny", "1.0", "tests")

    def made(more=""):
        (source / "tests" / "test_it.py").write_text(TESTS.replace("{more}", more))
        found = Suite(project, source, site)
        monkeypatch.setattr(Suite, "installed", lambda project, folder: found)
        return found

    return made


def test_a_suite_that_does_the_same_differs_in_nothing(suite, tmp_path):
    project = suite().project
    row, differ = compare(project, tmp_path)
    assert differ == []
    assert row[:4] == ["tiny", "1", "0", "0"]


def test_a_test_that_knows_its_engine_is_found(suite, capsys):
    suite("\ndef test_engine():\n    assert ran() == 'PySimEngine'\n")
    assert main(["--only", PROJECTS[0].name]) == 1
    said = capsys.readouterr().out
    assert said.count("tests.test_it::test_engine: passed on pysim, failed natively") == 2


def test_a_suite_that_cannot_be_imported_is_one_that_does_not_run(suite, tmp_path):
    made = suite()
    (made.source / "tests" / "conftest.py").write_text("import no_such_module\n")
    with pytest.raises(SuiteError, match="its tests do not run"):
        made.run("pysim", made.empty_cache())


def test_a_file_that_cannot_be_imported_is_no_outcome_that_is_alike(suite):
    made = suite()
    (made.source / "tests" / "test_more.py").write_text("import no_such_module\n")
    with pytest.raises(
        SuiteError, match=r"some of its tests cannot be imported:\n(.*\n)*.*no_such"
    ):
        made.run("pysim", made.empty_cache())


def test_what_cannot_be_installed_is_an_error_or_left_out_with_a_line(
    monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr("tests.foreign.suite.sys.executable", "false")
    options = ["--only", PROJECTS[0].name, "--into", str(tmp_path)]
    told = "pip download: its exit status is 1\n"

    assert main(options) == 1
    assert capsys.readouterr().out.endswith(f"{PROJECTS[0].name}: {told}")
    assert main([*options, "--if-there"]) == 0
    said = capsys.readouterr().out
    assert f"{PROJECTS[0].name}: left out, since it cannot be installed: {told}" in said


def test_pip_that_does_not_end_is_given_up(monkeypatch, tmp_path):
    monkeypatch.setattr("tests.foreign.suite.PATIENCE", 0)
    with pytest.raises(NotInstalled, match="pip download has not ended after 0 s"):
        Suite.installed(PROJECTS[0], tmp_path)


def test_a_project_is_named_once_and_at_one_release():
    names = [project.name for project in PROJECTS]
    assert len({*names}) == len(names)
    assert all(project.version[0].isdigit() for project in PROJECTS)
