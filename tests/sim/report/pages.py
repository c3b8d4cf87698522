"""Reads what a page has of data, in Python: as assets/data.js does it in the browser."""

import base64
import json
import re
import zlib
from pathlib import Path

__all__ = ["data_of", "facts_of", "rows_of"]

_BLOCK = re.compile(
    r'<script type="application/octet-stream" data-kind="(\w+)">([\w+/=]*)</script>'
)
_FACTS = re.compile(r'<script type="application/json" id="(\w+)">(.*?)</script>', re.DOTALL)


def facts_of(page: Path) -> dict:
    """The data with an id."""
    return {name: json.loads(text) for name, text in _FACTS.findall(page.read_text())}


def data_of(text: str) -> list[tuple[str, list]]:
    """The blocks of a page, in order, each with its kind."""
    return [
        (kind, json.loads(zlib.decompress(base64.b64decode(packed))))
        for kind, packed in _BLOCK.findall(text)
    ]


def rows_of(page: Path, table: str) -> list[dict]:
    """The rows of a table, with words in place of their numbers."""
    layout, blocks = facts_of(page)["layout"], data_of(page.read_text())
    words = [word for kind, block in blocks if kind == "words" for word in block]
    columns, base = (layout["tables"][table][name] for name in ("columns", "base"))
    rows = []
    for block in (block for kind, block in blocks if kind == table):
        cells = decoded(block, columns, base)
        rows += [dict(zip(columns, row, strict=True)) for row in zip(*cells, strict=True)]
    for row in rows:
        for name in set(layout["words"]) & row.keys():
            row[name] = None if row[name] is None else words[row[name]]
    return rows


def decoded(block: list, columns: list[str], base: dict[str, str]) -> list[list]:
    """The cells of a block, by columns."""
    found: dict[str, list] = {}
    for name, cells in zip(columns, block, strict=True):
        before, values = 0, []
        near = found.get(base.get(name), [None] * len(cells))
        for cell, other in zip(cells, near, strict=True):
            if isinstance(cell, int):
                before += cell
                values.append(before + (other if other is not None and other < 1 << 52 else 0))
            else:
                values.append(None if cell is None else int(cell))
        found[name] = values
    return list(found.values())
