"""Pages in a real browser: they open, are searched, told, and go by keyboard."""

import re

import pytest

from sim.cli import main as cli
from tests import chromium
from tests.docs import ROOT

chromium.require()

CHOSEN = "#table tr[aria-current] td"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with chromium.browser(tmp_path_factory.mktemp("chromium")) as page:
        yield page


@pytest.fixture(scope="module")
def lazy(tmp_path_factory):
    return report(tmp_path_factory, "lazy")


@pytest.fixture(scope="module")
def touch(tmp_path_factory):
    return report(tmp_path_factory, str(ROOT / "programs" / "bench" / "touch.c"))


@pytest.fixture
def opened(page, lazy):
    page.prefer("light")
    page.resize(1280, 900)
    page.open(lazy)
    return page


@pytest.fixture
def drawn(opened):
    """With all that is far below."""
    opened.evaluate("drawWaiting()")
    opened.settle()
    return opened


def report(factory, *arguments):
    path = factory.mktemp("report") / "x.html"
    cli.main(["run", "--quiet", "--memory", "16", "--report", str(path), *arguments])
    return path


def chosen(page):
    return page.texts(CHOSEN)[0]


def test_nothing_goes_wrong_and_nothing_is_fetched(opened):
    assert opened.complaints == []
    assert opened.text("h1") == "lazy"


def test_the_first_fault_is_told(opened):
    story = opened.text("#story")
    told = (
        *("Fault 1: load page fault", "lazy.c:26", "words[WORDS - 1]", "ld a0, 0x7f9(a0)"),
        *("the walk cache knows the next table", "V = 0: not valid", "mapped frame 0x80008000"),
        *("retires in cycle 4,549", "clear the page"),
    )
    for each in told:
        assert each in story
    flags = opened.evaluate(
        "[...document.querySelectorAll('#story .flags')].map((each) => each.ariaLabel)"
    )
    assert flags == ["flags --------", "flags DA-U-WRV"]


def test_a_click_tells_of_another(opened):
    opened.click("#table tbody tr[data-place='4']")
    assert "Fault 5: store page fault" in opened.text("#story")
    assert chosen(opened) == "5"


def test_the_search_finds_by_any_word_and_shows_how_many(opened):
    opened.click("#search")
    opened.type("store main 0x2c")
    assert opened.text("#found") == "2 of 12"
    assert opened.texts("#table tbody td:first-child") == ["7", "11"]
    assert "Fault 7" in opened.text("#story")
    opened.press("Escape")
    assert len(opened.texts("#table tbody td:first-child")) == 12


def test_a_number_is_found_as_a_whole(opened):
    found = [
        opened.evaluate(
            f"""(() => {{
              const box = document.getElementById("search");
              box.value = "{query}";
              box.dispatchEvent(new Event("input"));
              return document.getElementById("found").textContent;
            }})()"""
        )
        for query in ("#1", "#12", "pid:2", "pid:3", "lazy.c:26", "0x34ff8 load")
    ]
    assert found == [f"{count} of 12" for count in (1, 1, 12, 0, 6, 2)]


def test_all_of_it_goes_by_keyboard(opened):
    opened.press("/")
    opened.type("store")
    opened.press("Enter", "ArrowDown", "ArrowDown", "End", "ArrowUp")
    assert chosen(opened) == "11"
    opened.press("Enter")
    assert opened.evaluate("document.activeElement.id") == "story"
    opened.press("ArrowRight")
    assert "Fault 12" in opened.text("#story")
    opened.press("Escape", "Home")
    assert chosen(opened) == "5"


def test_a_column_sorts(opened):
    opened.click("#table th:nth-child(8) button")
    opened.click("#table th:nth-child(8) button")
    cycles = opened.texts("#table tbody tr[data-place] td:nth-child(8)")
    assert cycles == sorted(cycles, reverse=True)
    assert opened.evaluate("document.querySelector('th[aria-sort]').ariaSort") == "descending"


def test_the_average_is_what_the_terminal_shows(opened, capfd):
    cli.main(["run", "--memory", "16", "lazy"])
    shown = dict(re.findall(r"^  (\w[\w ]+?) +([\d,]+\.\d)", capfd.readouterr().err, re.MULTILINE))
    rows = [row.split("\t") for row in opened.texts("#spread tbody tr")]
    total = opened.text("#average strong").removesuffix(" cycles")
    assert {name.strip(): average for name, average, *_ in rows} | {"cycles": total} == shown


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_text_is_legible_and_nothing_sticks_out(opened, scheme, width):
    opened.prefer(scheme)
    opened.resize(width, 844, phone=width < 500)
    back, text = opened.evaluate(
        """[document.body, document.body].map((each, number) => {
          const style = getComputedStyle(each);
          return (number ? style.color : style.backgroundColor).match(/\\d+/g).map(Number);
        })"""
    )
    assert contrast(back, text) > 7
    assert (sum(back) < sum(text)) is (scheme == "dark")
    assert opened.evaluate("document.documentElement.scrollWidth") <= width


def contrast(one, other):
    """As WCAG 2 defines it."""

    def luminance(colour):
        parts = [part / 255 for part in colour]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted(map(luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_on_a_phone_a_touch_leads_to_the_story(opened):
    opened.resize(390, 844, phone=True)
    opened.click("#table tbody tr[data-place='2']")
    assert opened.evaluate("document.activeElement.id") == "story"
    assert "Fault 3" in opened.text("#story")


def test_on_paper_stands_the_table(opened, tmp_path):
    opened.prefer("dark")
    opened.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert len(opened.texts("#table tbody tr[data-place]")) == 12
    assert len(opened.texts("#memory .uplot")) == 3
    assert (
        opened.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(253, 253, 252)"
    )
    opened.evaluate("window.dispatchEvent(new Event('afterprint'))")
    opened.print(tmp_path / "x.pdf")
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")


def test_charts_are_drawn_and_say_what_they_are(drawn):
    charts = drawn.evaluate(
        """[...document.querySelectorAll(".uplot")].map((each) => {
          const canvas = each.querySelector("canvas"), { width, height } = canvas;
          const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
          return [each.ariaLabel, new Set(new Uint32Array(pixels.buffer)).size];
        })"""
    )
    assert [name for name, _ in charts] == [
        "How long page faults take, in classes of 1 cycle",
        "Pages and page faults",
        "Map of the address space",
        "Free frames",
        "Entries in use, looked at every 32 cycles, averaged",
    ]
    assert all(colours > 10 for _, colours in charts)


def test_the_map_tells_of_the_page_at_the_mouse(drawn):
    drawn.evaluate("document.getElementById('of-process').scrollIntoView({behavior: 'instant'})")
    drawn.hover("#of-process .chart:nth-child(2) .u-over", 0.95, 0.98)
    assert re.fullmatch(
        r"Page 0x1?000 in cycle 3\d,\d+: touched, since cycle 167", drawn.text("#of-process .said")
    )
    drawn.hover("#of-process .chart:nth-child(2) .u-over", 0.621, 0.1)
    assert "given back" in drawn.text("#of-process .said")


def test_a_gigabyte_leaves_room_for_a_page(opened):
    heights, pages, ticks = opened.evaluate(
        """(() => {
          const heights = new Heights([{page: 0, count: 2 ** 18}, {page: 100, count: 1}]);
          const pages = [100, 101].map((page) => heights.page(heights.of.get(page)));
          return [heights.heights, pages, heights.ticks().length];
        })()"""
    )
    assert heights == sorted(heights)
    assert (heights[2] - heights[1]) / heights[-1] > 0.005
    assert pages == [100, 101]
    assert ticks == 3


def test_charts_over_time_zoom_together_by_keys(drawn):
    first = "[...charts].slice(1).map((chart) => [chart.scales.x.min, chart.scales.x.max])"
    whole = drawn.evaluate(first)
    assert len(whole) == 4
    assert whole == [[0, 33_954]] * 4
    drawn.evaluate("document.getElementById('over-time').focus()")
    drawn.press("+")
    assert drawn.evaluate(first) == [[8_488.5, 25_465.5]] * 4
    drawn.press("ArrowRight", "ArrowRight", "ArrowRight")
    assert drawn.evaluate(first) == [[16_977, 33_954]] * 4
    drawn.press("-")
    assert drawn.evaluate(first) == whole
    drawn.press("+", "0")
    assert drawn.evaluate(first) == whole


def test_each_process_has_its_own_map(page, tmp_path_factory):
    page.open(report(tmp_path_factory, "sh", "-c", "lazy | wc"))
    assert page.texts("#process option") == []
    page.evaluate("document.getElementById('memory').scrollIntoView()")
    page.settle()
    assert page.texts("#process option") == ["2 sh", "3 lazy", "4 wc"]
    assert page.evaluate("document.getElementById('process').value") == "3"
    page.evaluate(
        """(() => {
          document.getElementById("process").value = "2";
          document.getElementById("process").dispatchEvent(new Event("change"));
        })()"""
    )
    assert len(page.texts("#of-process .uplot")) == 2
    assert page.complaints == []


def test_pages_that_are_hot_are_named(drawn):
    rows = [row.split("\t") for row in drawn.texts("#hot .scroll:first-child tbody tr")]
    assert ["0x3ffffff000", "trampoline", "2 lazy"] in [row[:3] for row in rows]
    assert {row[0]: row[5] for row in rows if row[2] == "2 lazy"}["0x34000"] == "2"


def test_what_was_counted_is_what_the_terminal_shows(page, tmp_path, capfd):
    path = tmp_path / "x.html"
    cli.main(["run", "--counters", "--report", str(path), "sh", "-c", "lazy | wc"])
    shown = capfd.readouterr().err
    page.open(path)
    rows = cells(page, "#counters .scroll:first-child")
    assert len(rows) > 10
    for name, numbers in rows.items():
        assert re.search(rf"^ *{name} +{' +'.join(numbers)}$", shown, re.MULTILINE), name
    page.click("#counters summary")
    assert page.texts("#counters caption")[1:] == ["pid 2 (sh)", "pid 3 (lazy)", "pid 4 (wc)"]


def test_a_fault_that_the_run_ended_in_is_told(page, tmp_path):
    path = tmp_path / "x.html"
    cli.main(["run", "--quiet", "--max-cycles", "3300", "--report", str(path), "lazy"])
    page.open(path)
    assert "Unfinished: the run ended before the kernel came to it." in page.text("#story")
    assert page.complaints == []


def test_20_000_faults_are_open_in_two_seconds_and_searched_in_one(page, touch):
    page.resize(1280, 900)
    assert min(page.open(touch) for _ in range(3)) < 2

    assert len(page.texts("#table tbody tr[data-place]")) < 100
    page.click("#search")
    seconds = page.evaluate(
        """(() => {
          const start = performance.now();
          document.getElementById("search").value = "0x7d0";
          document.getElementById("search").dispatchEvent(new Event("input"));
          return (performance.now() - start) / 1e3;
        })()"""
    )
    assert seconds < 1
    assert page.text("#found").endswith("of 20,000")
    page.press("Escape", "Enter", "End")
    assert chosen(page) == "20,000"


def test_a_name_that_is_html_is_shown_as_text(page, tmp_path):
    name = "<img src=x onerror=alert(1)>"
    source = tmp_path / f"{name}.c"
    source.write_text((ROOT / "programs" / "lazy.c").read_text())
    path = tmp_path / "x.html"
    cli.main(["run", "--quiet", "--report", str(path), str(source)])

    page.open(path)
    assert page.text("h1").startswith("<img src=x")
    assert page.evaluate("document.querySelectorAll('img').length") == 0
    assert page.complaints == []


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
    rows = cells(compared, "#measures")
    assert rows["page faults"][:3] == ["12", "8", "\N{MINUS SIGN}4"]
    assert rows["exit status"][:2] == ["0", "124"]
    assert cells(compared, "#spread")["kernel"] == ["1,136.0", "1,155.0", "+19.0", "+1.7 %"]
    assert compared.texts("#settings tbody tr") == ["latency\t1\t20"]


def cells(page, place):
    """The cells of a table's rows, by what stands in the first one."""
    rows = [row.split("\t") for row in page.texts(f"{place} tbody tr")]
    return {name.strip(): others for name, *others in rows}


def test_a_pair_of_faults_is_told_part_by_part(compared):
    compared.click("#table tbody tr[data-place='1']")
    assert "load page fault at 0x14ff8" in compared.text("#story")
    rows = [row.split("\t")[:4] for row in compared.texts("#story tbody tr")]
    assert ["kernel", "1,136", "1,155", "+19"] in rows


def test_both_bars_of_a_pair_have_the_same_scale(compared):
    compared.click("#table tbody tr[data-place='1']")
    widths = "[...document.querySelectorAll('#story .stack')].map((each) => each.clientWidth)"
    near, far = compared.evaluate(widths)
    assert near / far == pytest.approx(1346 / 3698, rel=0.02)


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
def test_labels_under_a_chart_keep_apart(page, comparison, touch, width):
    page.resize(width, 844, phone=width < 500)
    for path in (comparison, touch):
        page.open(path)
        page.evaluate("drawWaiting()")
        page.settle()
        assert min(page.evaluate(GAPS)) > 6


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
