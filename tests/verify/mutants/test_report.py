"""The report: which results count, and the list of reasons."""

from collections import Counter

import pytest

from tests.verify.mutants import store
from tests.verify.mutants.campaign import Result
from tests.verify.mutants.mutate import mutants_of
from tests.verify.mutants.report import percentage, read_reasons, table
from tests.verify.mutants.store import Results

FIRST, SECOND, *_ = mutants_of("hdl/a.py", "x = a & 1\ny = b | c\n", {})
KILLED, SURVIVED = Result("killed", "test_a", 1.0), Result("survived", "", 2.0)


def test_percentage_leaves_out_what_is_proven_equivalent():
    assert percentage(Counter(killed=49, survived=1, equivalent=50)) == 98
    assert percentage(Counter(equivalent=2)) == 100


def test_the_table_counts_by_file():
    lines = table([(FIRST, KILLED), (SECOND, SURVIVED)]).splitlines()
    assert lines[2:] == [
        "| hdl/a.py | 2 | 1 | 0 | 1 | 50.0 % |",
        "| all | 2 | 1 | 0 | 1 | 50.0 % |",
    ]


def test_reasons_are_read(tmp_path):
    path = tmp_path / "mutants.md"
    path.write_text(
        "# Mutants\n\n- a list\n  of something else\n\n- `hdl/a.py f: a | b -> a & b`\n  it is\n"
        "  so\n- `hdl/a.py g: a -> b`\n  too\n\nThe end.\n"
    )
    reasons = {"hdl/a.py f: a | b -> a & b": "it is so", "hdl/a.py g: a -> b": "too"}
    assert read_reasons(path) == reasons


@pytest.mark.parametrize(
    "text, message",
    [
        ("- `a`\n- `b`\n  so", "mutants.md: no reason: a"),
        ("- `a`\n  so\n- `a`\n  so", "mutants.md:3: a second time: a"),
    ],
)
def test_bad_reasons_are_refused(tmp_path, text, message):
    path = tmp_path / "mutants.md"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_reasons(path)


def test_results_count_while_what_they_are_of_is_the_same(tmp_path, monkeypatch):
    digests = {"source": "s1", "tests": "t1"}
    monkeypatch.setattr(store, "_source_digest", lambda file: digests["source"])
    monkeypatch.setattr(store, "_tests_digest", lambda file: digests["tests"])
    path = tmp_path / "results.json"
    results = Results(path)
    results.add(FIRST, KILLED)
    results.add(SECOND, SURVIVED)
    results.save()

    again = Results(path)
    assert (again.known(FIRST).status, again.known(SECOND).status) == ("killed", "survived")
    digests["tests"] = "t2"
    assert (again.known(FIRST).status, again.known(SECOND)) == ("killed", None)
    digests["source"] = "s2"
    assert again.known(FIRST) is None
    assert Results(path, fresh=True).known(FIRST) is None
