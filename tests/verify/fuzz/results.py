"""Broken results of runs for `compare`, which reads them back and writes a page."""

import copy
import io
import json
import tempfile
from pathlib import Path
from random import Random
from typing import Any

from sim.cli import main as cli
from sim.cli.compare import compare_runs
from sim.report.runs import RunFileError
from tests.verify.fuzz.guard import bounded, one_line

__all__ = ["Comparer"]

#: What stands in the place of a member.
_VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1 << 53, 1 << 64, 10**30, 1.5, "x", "\ud800", "</script>"),
    *([], {}, [[]], {"a": 1}, [None]),
)


class Comparer:
    """`compare` of a whole result with a broken one."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self._whole, self._broken = folder / "whole.json", folder / "broken.json"
        self._page = folder / "page.html"
        options = ["--quiet", "--memory", "4", "--counters", "--max-cycles", "30000"]
        cli.main(["run", *options, "--json", str(self._whole), "lazytests", "readwrite"])

    def run(self, seed: int) -> str | None:
        """Compares with the file of `seed`; what was complained of, or None."""
        random = Random(f"result {seed}")
        content = self._whole.read_bytes()
        make = _garbled if random.random() < 0.3 else _changed
        self._broken.write_bytes(make(content, random))
        with bounded():
            try:
                compare_runs(self._whole, self._broken, self._page, io.StringIO())
            except RunFileError as error:
                return one_line(error)
        return None


def _garbled(content: bytes, random: Random) -> bytes:
    """Other bytes in a few places, or the end is missing."""
    data = bytearray(content)
    for _ in range(random.randint(1, 4)):
        data[random.randrange(len(data))] = random.randrange(256)
    return bytes(data[: random.randrange(len(data))] if random.random() < 0.2 else data)


def _changed(content: bytes, random: Random) -> bytes:
    """Another value, or none, in the place of one."""
    result = copy.deepcopy(json.loads(content))
    paths = list(_paths(result, ()))
    for _ in range(random.randint(1, 2)):
        *way, last = random.choice(paths)
        place = result
        try:
            for name in way:
                place = place[name]
            if random.random() < 0.3:
                del place[last]
            else:
                place[last] = random.choice(_VALUES)
        except (KeyError, IndexError, TypeError):
            continue  # the first change has taken it away
    return json.dumps(result).encode()


def _paths(value: Any, path: tuple):
    """The ways to all members; of a list to the first and the last."""
    if isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list) and value:
        members = {0: value[0], len(value) - 1: value[-1]}.items()
    else:
        return
    for name, inner in members:
        yield (*path, name)
        yield from _paths(inner, (*path, name))
