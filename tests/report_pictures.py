"""The pictures of pages in the documentation: `make docs` takes them in a real Chromium."""

import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from sim.cli import main as cli
from tests import chromium

__all__ = ["PICTURES", "Picture", "draw"]

DOCS = Path(__file__).resolve().parents[1] / "docs"


class Picture(NamedTuple):
    """A picture in docs/ of a page, "run" or "comparison".

    It is of what the window shows, or of where an element is. First `choose`, in JavaScript, is
    carried out.
    """

    name: str
    page: str
    size: tuple[int, int] = (1280, 880)
    scheme: str = "light"
    element: str | None = None
    choose: str = ""


_FIFTH = "document.querySelector('#table tr[data-place=\"4\"]').click()"
PICTURES = (
    Picture("report.png", "run", choose=_FIFTH),
    Picture("report-memory.png", "run", element="#memory", choose="drawWaiting()"),
    Picture(
        "report-phone.png",
        "run",
        (390, 844),
        "dark",
        choose=f"{_FIFTH}; document.getElementById('faults').scrollIntoView()",
    ),
    Picture("report-comparison.png", "comparison", (1200, 900), element="#phases"),
)


def draw(folder: Path = DOCS) -> bool:
    """Takes the pictures; False, and does nothing, where there is no Chromium."""
    if not shutil.which(chromium.PROGRAM):
        return False
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        pages = _pages(home)
        with chromium.browser(home) as page:
            for picture in PICTURES:
                page.prefer(picture.scheme)
                page.resize(*picture.size, phone=picture.size[0] < 500)
                page.open(pages[picture.page])
                page.evaluate(picture.choose)
                page.settle()
                page.screenshot(folder / picture.name, picture.element)
    return True


def _pages(home: Path) -> dict[str, Path]:
    """A page of `lazy`, and one of it with near and with far memory."""
    pages = {name: home / f"{name}.html" for name in ("run", "comparison")}
    near, far = home / "near.json", home / "far.json"
    files = ["--json", str(near), "--report", str(pages["run"])]
    assert cli.main(["run", "--quiet", *files, "lazy"]) == 0
    assert cli.main(["run", "--quiet", "--latency", "20", "--json", str(far), "lazy"]) == 0
    assert cli.main(["compare", str(near), str(far), "--report", str(pages["comparison"])]) == 0
    return pages
