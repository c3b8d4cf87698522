"""What stands around the data: it shows any title as text, and asks for nothing from elsewhere."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from justhtml import JustHTML

from sim.report import html

ASSETS = Path(html.__file__).parent / "assets"
#: Those of version 1.6.32 from npm, which is MIT-licensed.
UPLOT = {
    "LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
    "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
}


def page(title="lazy", **facts):
    return html.begin("run.html", title) + html.facts("run", facts) + html.end(["run.js"])


@pytest.mark.parametrize(
    "title", ["lazy", "</title><script>alert(1)</script>", "a&b\x1b[1m", "\udcff.elf", "<!--"]
)
def test_a_page_of_any_title_is_html_without_a_mistake(title):
    text = page(title)
    text.encode()
    document = JustHTML(text, strict=True)
    assert "alert(1)" not in [script.to_text() for script in document.query("script")]
    assert "\x1b" not in text


def test_facts_cannot_end_their_element():
    text = html.facts("run", {"name": "</script><b>", "other": "<!--<script>"})
    inner = text.partition(">")[2].rpartition("</script>")[0]
    assert "<" not in inner
    assert json.loads(inner) == {"name": "</script><b>", "other": "<!--<script>"}


def test_nothing_is_fetched():
    text = page()
    assert "default-src 'none'" in text
    markup = re.sub(r"(?s)<(script|style)\b.*?</\1>", "", text)
    assert not re.findall(r'(?:src|href)="(?!#|data:)', markup)
    assert "@import" not in text
    assert "url(" not in text


def test_the_library_for_charts_is_the_one_that_was_released():
    folder = ASSETS / "uplot"
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    assert found == UPLOT


def test_no_script_makes_html_of_text():
    makers = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(")
    for path in ASSETS.glob("*.js"):
        assert not makers.search(path.read_text()), path.name
