"""Pages of two runs in a real browser: numbers side by side, pairs of faults, charts."""

import pytest

from sim.cli import main as cli
from tests import chromium

chromium.require()


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    folder = tmp_path_factory.mktemp("comparison")
    near, far, path = (str(folder / name) for name in ("near.json", "far.json", "x.html"))
    cli.main(["run", "--quiet", "--json", near, "lazy"])
    options = ["--latency", "20", "--max-cycles", "100000"]
    cli.main(["run", "--quiet", *options, "--json", far, "lazy"])
    assert cli.main(["compare", near, far, "--report", path]) == 0
    return folder / "x.html"


@pytest.fixture
def compared(page, comparison):
    page.prefer("light")
    page.resize(1280, 900)
    page.open(comparison)
    return page


def test_two_runs_are_beside_each_other(compared):
    assert compared.complaints == []
    assert compared.text("h1") == "near.json and far.json"
    rows = compared.cells("#measures")
    assert rows["page faults"][:3] == ["12", "8", "\N{MINUS SIGN}4"]
    assert rows["exit status"][:2] == ["0", "124"]
    assert compared.cells("#spread")["kernel"] == ["1,136.0", "1,155.0", "+19.0", "+1.7 %"]
    assert compared.texts("#settings tbody tr") == ["latency\t1\t20"]


def test_a_pair_of_faults_is_told_part_by_part(compared):
    compared.click("#table tbody tr[data-place='1']")
    assert "load page fault at 0x14ff8" in compared.text("#story")
    rows = [row.split("\t")[:4] for row in compared.texts("#story tbody tr")]
    assert ["kernel", "1,136", "1,155", "+19"] in rows


def test_both_bars_of_a_pair_have_the_same_scale(compared):
    compared.click("#table tbody tr[data-place='1']")
    widths = "[...document.querySelectorAll('#story .stack')].map((each) => each.clientWidth)"
    near, far = compared.evaluate(widths)
    assert near / far == pytest.approx(1294 / 3280, rel=0.02)


def test_what_is_in_one_run_only_is_found(compared):
    compared.click("#search")
    compared.type("only near")
    assert compared.text("#found") == "4 of 12"
    assert "only in near.json" in compared.text("#story")
    assert compared.evaluate("document.querySelectorAll('#table tr.killed').length") == 4


@pytest.mark.parametrize("width", [1280, 390])
def test_a_comparison_fits_too(compared, width):
    compared.resize(width, 844, phone=width < 500)
    assert compared.evaluate("document.documentElement.scrollWidth") <= width


def test_a_telephone_shows_both_runs_without_scrolling(compared):
    compared.resize(375, 812, phone=True)
    cut = """["#measures .scroll", "#spread .scroll", ".view", "#story .scroll"].filter((name) => {
      const table = document.querySelector(name);
      return table.scrollWidth > table.clientWidth;
    })"""
    assert compared.evaluate(cut) == []


@pytest.mark.parametrize("width", [1280, 961, 375])
def test_labels_under_a_chart_keep_apart(compared, width):
    compared.resize(width, 844, phone=width < 500)
    compared.settle()
    assert min(compared.evaluate(GAPS)) > 7


# Pixels between the labels of the lower axis, of all charts.
GAPS = """[...charts].flatMap((plot) => {
  const context = document.createElement("canvas").getContext("2d");
  context.font = "12px system-ui, sans-serif";
  const [{ _splits, _values }] = plot.axes;
  const labels = _splits.map((split, number) => ({
    middle: plot.valToPos(split, "x"), width: context.measureText(_values[number]).width,
  }));
  return labels.slice(1).map((label, number) =>
    label.middle - labels[number].middle - (label.width + labels[number].width) / 2);
})"""
