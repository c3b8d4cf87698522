"""Pages in a real browser: they open, are searched, told, and go by keyboard."""

import re
from itertools import pairwise

import pytest

from sim.cli import main as cli
from tests import chromium
from tests.docs import ROOT

chromium.require()

CHOSEN = "#table tr[aria-current] td"


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


@pytest.fixture(scope="module")
def wrong(tmp_path_factory):
    """A run that is given faults: one that happens in a page fault, and one that does not."""
    faults = ("--fail", "pte:0xc000:A@fault:5", "--fail", "kalloc:900")
    return report(tmp_path_factory, *faults, "lazy")


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
        *("retires in cycle 4,179", "clear the page"),
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
        "Entries in use, looked at every 16 cycles, averaged",
    ]
    assert all(colours > 10 for _, colours in charts)


def test_the_map_tells_of_the_page_at_the_mouse(drawn):
    drawn.evaluate("document.getElementById('of-process').scrollIntoView({behavior: 'instant'})")
    drawn.hover("#of-process .chart:nth-child(2) .u-over", 0.95, 0.98)
    assert re.fullmatch(
        r"Page 0x1?000 in cycle 29,\d+: segment r[w-][x-], touched, since cycle 16\d",
        drawn.text("#of-process .said"),
    )
    drawn.hover("#of-process .chart:nth-child(2) .u-over", 0.623, 0.1)
    assert "given back" in drawn.text("#of-process .said")


def test_a_gigabyte_leaves_room_for_a_page(opened):
    heights, pages, ticks = opened.evaluate(
        """(() => {
          const heights = new Heights([{page: 0, count: 2 ** 18}, {page: 100, count: 1}], []);
          const pages = [100, 101].map((page) => heights.page(heights.of.get(page)));
          return [heights.heights, pages, heights.ticks().length];
        })()"""
    )
    assert heights == sorted(heights)
    assert (heights[2] - heights[1]) / heights[-1] > 0.005
    assert pages == [100, 101]
    assert ticks == 3


def test_a_hole_is_low_however_large_it_is(opened):
    heights = opened.evaluate(
        """(() => {
          const ends = [{page: 2 ** 25, count: 2}, {page: 2 ** 26, count: 1}];
          return new Heights([{page: 0, count: 9}, ...ends], [{page: 0, count: 4}]).heights;
        })()"""
    )
    assert [top - low for low, top in pairwise(heights)] == [4, 5, 3, 2, 3, 1]


def test_charts_over_time_zoom_together_by_keys(drawn):
    first = "[...charts].slice(1).map((chart) => [chart.scales.x.min, chart.scales.x.max])"
    whole = drawn.evaluate(first)
    assert len(whole) == 4
    assert whole == [[0, 31_047]] * 4
    drawn.evaluate("document.getElementById('over-time').focus()")
    drawn.press("+")
    assert drawn.evaluate(first) == [[7_761.75, 23_285.25]] * 4
    drawn.press("ArrowRight", "ArrowRight", "ArrowRight")
    assert drawn.evaluate(first) == [[15_523.5, 31_047]] * 4
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
    rows = page.cells("#counters .scroll:first-child")
    assert len(rows) > 10
    for name, numbers in rows.items():
        assert re.search(rf"^ *{name} +{' +'.join(numbers)}$", shown, re.MULTILINE), name
    page.click("#counters summary")
    assert page.texts("#counters caption")[1:] == ["pid 2 (sh)", "pid 3 (lazy)", "pid 4 (wc)"]


def test_a_fault_that_the_run_ended_in_is_told(page, tmp_path):
    path = tmp_path / "x.html"
    cli.main(["run", "--quiet", "--max-cycles", "2962", "--report", str(path), "lazy"])
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


def test_faults_on_command_are_told_with_the_page_faults_they_happen_in(page, wrong):
    page.open(wrong)
    cells = page.texts("#injected td")
    assert cells[0] == "--fail pte:0xc000:A@fault:5"
    assert cells[1].endswith("fault 5")
    assert cells[3].startswith("A is cleared at level 0")
    assert cells[5] == "the page fault at 0xc000 sets A, and D, again"
    assert cells[6] == "--fail kalloc:900"
    assert cells[9].startswith("it has not happened: only 12 were")

    page.evaluate("""
        byId("search").value = "nowhere";
        byId("search").dispatchEvent(new Event("input"));
        document.querySelector("#injected button").click();
    """)
    assert chosen(page) == "5"
    assert page.evaluate("byId('search').value") == ""
    page.evaluate("drawWaiting()")
    page.settle()
    assert page.complaints == []


def test_a_run_without_any_says_nothing_of_them(opened):
    assert opened.text("#injected") == ""
