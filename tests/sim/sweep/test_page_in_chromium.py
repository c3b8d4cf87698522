"""The charts of a sweep in a real browser: a reader chooses what is drawn over what."""

from sim.sweep.page import write_page
from sim.sweep.spec import read_spec
from tests import chromium
from tests.sim.sweep.specs import written

chromium.require()


def test_a_measure_over_a_parameter(tmp_path, page):
    spec = read_spec(written(tmp_path))
    rows = [
        {
            "point": point.number,
            "program": "lazy",
            "arguments": "",
            **point.parameters,
            "error": "",
            "cycles": 1000 * point.number,
            "faults": point.number % 2,
        }
        for point in spec.points()
    ]
    write_page(tmp_path / "x.html", spec, rows)

    page.open(tmp_path / "x.html")
    assert page.texts("#medians th") == ["latency", "policy lazy", "policy eager"]
    assert page.texts("#medians td") == ["4", "1,000", "2,000", "8", "3,000", "4,000"]

    page.evaluate("""
        for (const [id, value] of [["over", "policy"], ["split", ""], ["measure", "faults"]]) {
          byId(id).value = value;
          byId(id).dispatchEvent(new Event("change"));
        }
    """)
    assert page.texts("#medians td") == ["lazy", "1", "eager", "0"]
    assert page.texts("#chart h3") == ["faults over policy"]
    assert page.complaints == []
