"""The page of several policies has every measure, and needs no script to show it."""

from justhtml import JustHTML

from sim.report.policies import GROUPS, Trial
from sim.report.policies_page import write_policies


def test_every_measure_is_in_it(tmp_path):
    measures = {group: {f"of {group}": 1234} for group in GROUPS}
    measures["memory"]["unknown"] = None
    trials = [Trial(name, 56789, 0, b"", measures) for name in ("lazy", "cow<i>")]
    measures["memory"]["frames at most"] = 9
    path = tmp_path / "x.html"

    write_policies(path, "a & b.c", trials)

    text = path.read_text()
    JustHTML(text, strict=True)
    assert "a &amp; b.c under 2 policies" in text
    assert "cow&lt;i&gt;" in text
    assert text.count(">56,789</td>") == 2
    assert text.count(">1,234</td>") == 2 * len(GROUPS)
    assert "Fewest cycles: lazy and cow&lt;i&gt;, 56,789." in text
