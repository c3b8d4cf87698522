"""The page of a sweep has what its charts are made of, and what has failed."""

import json
import re

from justhtml import JustHTML

from sim.sweep.page import write_page
from sim.sweep.spec import read_spec
from tests.sim.sweep.specs import written


def test_parameters_measures_and_failures_are_in_it(tmp_path):
    spec = read_spec(written(tmp_path))
    rows = [
        {
            "point": number + 1,
            "program": "lazy",
            "arguments": "",
            **point.parameters,
            "max_cycles": 100,
            "error": "",
            "cycles": 1000 + number,
            "exit_status": number,
            "boot_cycles": 7,
        }
        for number, point in enumerate(spec.points())
    ]
    # Its cycles are those that it was given: no measure of it.
    for name in ("exit_status", "boot_cycles"):
        del rows[2][name]
    rows[2]["error"] = "a <b> & c"

    write_page(tmp_path / "x.html", spec, rows)

    text = (tmp_path / "x.html").read_text()
    JustHTML(text, strict=True)
    assert "x.toml: 4 points" in text
    assert "a &lt;b&gt; &amp; c" in text
    sweep = json.loads(re.search(r'id="sweep">(.*)</script>', text)[1])
    assert sweep["parameters"] == ["latency", "policy"]
    assert sweep["measures"] == ["cycles"]
    assert sweep["columns"]["cycles"] == [1000, 1001, None, 1003]
    assert sweep["columns"]["latency"] == [4, 4, 8, 8]


def test_where_no_fault_is_asked_for_the_page_says_so(tmp_path):
    text = '[faults]\nfail = ["", "kalloc:3"]\n[[run]]\nprogram = "lazy"\n'
    spec = read_spec(written(tmp_path, text))
    rows = [
        {"point": 1, "program": "lazy", "arguments": "", "error": "", "fail": fail, "cycles": 7}
        for fail in ("", "kalloc:3")
    ]

    write_page(tmp_path / "x.html", spec, rows)

    sweep = json.loads(re.search(r'id="sweep">(.*)</script>', (tmp_path / "x.html").read_text())[1])
    assert sweep["columns"]["fail"] == ["none", "kalloc:3"]
