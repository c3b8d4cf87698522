"""A real Chromium without a window, and what is to be seen in its page.

It is driven by the Chrome DevTools Protocol over two pipes, messages that end with a zero byte
(`--remote-debugging-pipe`): no port, and no library.
"""

import base64
import itertools
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import packages

__all__ = ["PROGRAM", "REQUIRE", "Page", "browser", "require"]

REQUIRE = "TRAPLINE_REQUIRE_CHROMIUM"
PROGRAM = "chromium"
#: Seconds in which a page has to be ready, on a machine with much else to do.
_PATIENCE = 60
_OPTIONS = (
    *("--headless", "--remote-debugging-pipe", "--hide-scrollbars", "--disable-gpu"),
    # Root has no sandbox in a container; the pages are our own.
    *("--no-sandbox", "--no-first-run", "--disable-extensions", "--disable-background-networking"),
    *("--force-color-profile=srgb", "--font-render-hinting=none", "--disable-dev-shm-usage"),
)


def require() -> None:
    """Skips the tests of the module that calls it where Chromium is missing."""
    packages.require(REQUIRE, {PROGRAM: PROGRAM})


class _Pipe:
    """Messages to and from the browser."""

    def __init__(self, requests: int, answers: int):
        self._requests = os.fdopen(requests, "wb", buffering=0)
        self._answers = os.fdopen(answers, "rb")
        self._numbers = itertools.count(1)
        self._rest = b""
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Calls a method of the protocol; what else comes meanwhile goes to `events`."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        self._requests.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self.events.append(answer)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            data = self._answers.read1()
            assert data, "the browser has ended"
            self._rest += data
        message, self._rest = self._rest.split(b"\0", 1)
        return json.loads(message)

    def close(self) -> None:
        self._requests.close()
        self._answers.close()


class Page:
    """A page in the browser.

    Members
    -------
    complaints : list of str
        What the console says of errors, and what was to be fetched from elsewhere.
    """

    def __init__(self, pipe: _Pipe, session: str):
        self._pipe, self._session = pipe, session
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._pipe.call(method, self._session, **params)

    @property
    def complaints(self) -> list[str]:
        """See the class."""
        found = []
        self.evaluate("1")  # so that all that has happened so far has come
        for event in self._pipe.events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(json.dumps(params["exceptionDetails"]))
            elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(params["entry"]["text"])
            elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
                found.append(json.dumps(params["args"]))
            elif method == "Network.requestWillBeSent":
                url = params["request"]["url"]
                found += [] if url.startswith(("file:", "data:", "about:")) else [url]
        return found

    def resize(self, width: int, height: int, *, phone: bool = False) -> None:
        """The window's size in CSS pixels."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )
        self.settle()  # else a click that follows aims at what has moved since

    def prefer(self, scheme: str) -> None:
        """What the user prefers: "light" or "dark"."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._call("Emulation.setEmulatedMedia", features=features)

    def go(self, url: str) -> None:
        """Opens an address, and waits for nothing."""
        self._call("Page.navigate", url=url)

    def open(self, path: Path) -> float:
        """Opens a file, waits until it is ready, and tells the seconds that took in the browser."""
        self.go(path.as_uri())
        return self.evaluate(
            f"""new Promise((done, fail) => {{
              const end = performance.now() + {_PATIENCE}e3;
              (function look() {{
                if (document.documentElement?.dataset.ready) return done(performance.now() / 1e3);
                const notice = document.getElementById("notice");
                if (notice && !notice.hidden) return fail(new Error(notice.textContent));
                if (performance.now() > end) return fail(new Error("it is not ready"));
                setTimeout(look, 5);
              }})();
            }})"""
        )

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in JavaScript; of a promise, what it comes to."""
        result = self._call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def settle(self) -> None:
        """Waits until what was changed has been drawn."""
        self.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))")

    def text(self, selector: str) -> str:
        """What an element shows."""
        return self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")

    def texts(self, selector: str) -> list[str]:
        """What all elements that are chosen show."""
        found = f"[...document.querySelectorAll({json.dumps(selector)})]"
        return self.evaluate(f"{found}.map((each) => each.innerText)")

    def cells(self, selector: str) -> dict[str, list[str]]:
        """The cells of a table's rows, by what stands in the first one."""
        rows = [row.split("\t") for row in self.texts(f"{selector} tbody tr")]
        return {name.strip(): others for name, *others in rows}

    def click(self, selector: str) -> None:
        """Clicks in the middle of an element, once nothing moves it any more or covers it."""
        x, y = self.evaluate(
            f"""new Promise((done, fail) => {{
              const element = document.querySelector({json.dumps(selector)});
              const end = performance.now() + {_PATIENCE}e3;
              let before = null;
              (function look() {{
                element.scrollIntoView({{block: "center", behavior: "instant"}});
                const box = element.getBoundingClientRect();
                const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
                const hit = document.elementFromPoint(x, y);
                const still = before === `${{x}} ${{y}}`;
                if (still && hit && element.contains(hit)) return done([x, y]);
                if (performance.now() > end) return fail(new Error("it cannot be clicked"));
                before = `${{x}} ${{y}}`;
                requestAnimationFrame(() => setTimeout(look, 20));
              }})();
            }})"""
        )
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def hover(self, selector: str, across: float, down: float) -> None:
        """Moves the mouse into an element: 0 is its left, or upper edge, and 1 the other."""
        x, y, width, height = self.evaluate(
            f"""(() => {{
              const box = document.querySelector({json.dumps(selector)}).getBoundingClientRect();
              return [box.x, box.y, box.width, box.height];
            }})()"""
        )
        x, y = x + across * width, y + down * height
        self._call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        self.settle()

    def press(self, *keys: str) -> None:
        """Presses keys: one letter, or a name such as "ArrowDown"."""
        for key in keys:
            letter = {"text": key} if len(key) == 1 else {}
            letter |= {"text": "\r"} if key == "Enter" else {}
            code = _CODES.get(key, 0)
            for kind in ("keyDown", "keyUp"):
                self._call(
                    "Input.dispatchKeyEvent",
                    type=kind,
                    key=key,
                    windowsVirtualKeyCode=code,
                    **letter,
                )

    def type(self, text: str) -> None:
        """Types into what has the focus."""
        self._call("Input.insertText", text=text)

    def screenshot(self, path: Path, selector: str | None = None) -> None:
        """What the window shows, or where an element is, as a PNG."""
        clip = {}
        if selector is not None:
            box = self.evaluate(
                f"""(() => {{
                  const element = document.querySelector({json.dumps(selector)});
                  const {{x, y, width, height}} = element.getBoundingClientRect();
                  return {{x: x + scrollX, y: y + scrollY, width, height}};
                }})()"""
            )
            clip = {"clip": box | {"scale": 1}, "captureBeyondViewport": True}
        data = self._call("Page.captureScreenshot", format="png", **clip)["data"]
        path.write_bytes(base64.b64decode(data))

    def print(self, path: Path) -> None:
        """Prints it as a PDF."""
        data = self._call("Page.printToPDF", printBackground=True)["data"]
        path.write_bytes(base64.b64decode(data))


_CODES = {
    "Enter": 13,
    "Escape": 27,
    "PageUp": 33,
    "PageDown": 34,
    "End": 35,
    "Home": 36,
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
    "Tab": 9,
    "/": 191,
}


@contextmanager
def browser(home: Path) -> Iterator[Page]:
    """A browser with an empty page; its own files are in `home`."""
    to_browser, requests = os.pipe()
    answers, from_browser = os.pipe()
    # It reads descriptor 3 and writes 4, and reserves more addresses than whoever tests may use.
    script = 'ulimit -S -v "$(ulimit -H -v)"; exec "$@" 3<&"$IN" 4>&"$OUT"'
    environment = os.environ | {"HOME": str(home), "IN": str(to_browser), "OUT": str(from_browser)}
    with open(home / "chromium.log", "wb") as log:
        process = subprocess.Popen(
            [
                "bash",
                "-c",
                script,
                "bash",
                PROGRAM,
                *_OPTIONS,
                f"--user-data-dir={home / 'profile'}",
            ],
            pass_fds=[to_browser, from_browser],
            env=environment,
            stdout=log,
            stderr=log,
        )
    os.close(to_browser)
    os.close(from_browser)
    pipe = _Pipe(requests, answers)
    try:
        target = pipe.call("Target.createTarget", url="about:blank")["targetId"]
        attached = pipe.call("Target.attachToTarget", targetId=target, flatten=True)
        yield Page(pipe, attached["sessionId"])
        pipe.call("Browser.close")
        process.wait(_PATIENCE)
    finally:
        process.kill()
        process.wait()
        pipe.close()
