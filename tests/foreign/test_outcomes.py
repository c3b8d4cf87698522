"""What a report says of the tests, and where two of them differ."""

from tests.foreign.outcomes import UNREADABLE, differences, read_outcomes

REPORT = """<testsuites><testsuite>
<testcase classname="a.b" name="good" time="0.1" />
<testcase classname="a.b" name="bad"><failure message="no">trace</failure></testcase>
<testcase classname="a.b" name="torn"><error message="no">trace</error></testcase>
<testcase classname="" name="c"><error message="collection failure">trace</error></testcase>
<testcase classname="a.b" name="left"><skipped message="no" /></testcase>
<testcase classname="a.b" name="loud"><system-out>text</system-out></testcase>
</testsuite></testsuites>"""


def test_each_test_has_an_outcome(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert read_outcomes(report) == {
        "a.b::good": "passed",
        "a.b::bad": "failed",
        "a.b::torn": "error",
        "::c": UNREADABLE,
        "a.b::left": "skipped",
        "a.b::loud": "passed",
    }


def test_what_differs_is_told_and_what_only_one_has():
    assert differences({"a": "passed", "b": "failed"}, {"a": "passed", "b": "failed"}) == []
    expected = {"a": "passed", "b": "failed", "c": "passed"}
    assert differences(expected, {"a": "error", "b": "failed", "d": "passed"}) == [
        "a: passed on pysim, error natively",
        "c: passed on pysim, not there natively",
        "d: not there on pysim, passed natively",
    ]
