"""The page around the data: a template, and what is put into it, so that it needs no other file."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from sim.host.terminals import visible

__all__ = ["begin", "end", "facts"]

_ASSETS = Path(__file__).parent / "assets"
#: What every page has.
_STYLES = ("uplot/uPlot.min.css", "page.css")
_SCRIPTS = ("uplot/uPlot.iife.min.js", "dom.js", "data.js")


def begin(template: str, title: str, **values: Any) -> str:
    """The page up to its data; `title` is text, and may be any."""
    text = _environment().get_template(template)
    styles = [_asset(name) for name in _STYLES]
    return text.render(title=_printable(title), styles=styles, **values) + "\n"


def facts(name: str, value: Mapping[str, Any]) -> str:
    """Data that is small, as an element with an id."""
    # A script ends with `</script` only, wherever it stands, and `<!--` has a meaning too.
    text = json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{text}</script>\n'


def end(scripts: Iterable[str]) -> str:
    """What shows the data, and the end of the page."""
    parts = [f"<script>\n{_asset(name)}</script>\n" for name in (*_SCRIPTS, *scripts)]
    return "</div>\n" + "".join(parts) + "</body>\n</html>\n"


def _printable(text: str) -> str:
    """A name may have bytes that are no text, and control characters."""
    return visible(text).encode(errors="backslashreplace").decode()


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(_ASSETS)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)


@cache
def _asset(name: str) -> Markup:
    return Markup((_ASSETS / name).read_text())
