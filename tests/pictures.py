"""The pictures of waveforms in the documentation: `make docs` takes them in a real GTKWave."""

import shutil
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from sim import api
from sim.cli import main as cli
from sim.output.moments import of_life
from tests import gtkwave

__all__ = ["PICTURES", "Picture", "draw"]

DOCS = Path(__file__).resolve().parents[1] / "docs"
#: Of the screen what is shown: names, values and waves, without the window around them.
_COLUMNS = range(46, 1634)
_TOP, _WORDS, _ALL = 116, 532, 965
#: Cycles before and behind what is shown closely.
_BEFORE, _BEHIND = 3, 7


class Picture(NamedTuple):
    """A picture in docs/ of the first fault of `lazy`: the whole, or the cycles between moments.

    The cursor is at the last of them, and the values are those there.
    """

    name: str
    moments: tuple[str, str] | None = None


PICTURES = (
    Picture("fault.png"),
    Picture("fault-raised.png", ("miss", "raised")),
    Picture("fault-retried.png", ("sret", "retired")),
)


def draw(folder: Path = DOCS) -> bool:
    """Takes the pictures; False, and does nothing, where there is no GTKWave."""
    if not all(map(shutil.which, gtkwave.PROGRAMS)):
        return False
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        assert cli.main(["run", "--quiet", "--vcd", str(home / "lazy.vcd"), "lazy"]) == 0
        fault = of_life(api.run("lazy").faults[0].life, "")
        cycles = {mark.name: mark.cycle for mark in fault.moments}
        for picture in PICTURES:
            _draw(picture, home, folder, cycles)
    return True


def _draw(picture: Picture, home: Path, folder: Path, cycles: dict[str, int]) -> None:
    shown: dict[str, Any] = {}
    if picture.moments is not None:
        first, last = (cycles[name] for name in picture.moments)
        shown = {"cycles": (first - _BEFORE, last + _BEHIND), "marker": last}
    rows = range(_TOP, _WORDS if shown else _ALL)
    with gtkwave.screen(home) as display:
        seen = gtkwave.view("lazy.vcd.gtkw", home, display, home, **shown)
        seen.screenshot.save(folder / picture.name, _COLUMNS, rows)
