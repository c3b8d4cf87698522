"""What the MMU's ports do in a miss, hits, a fault and an update: `make docs` draws docs/mmu.svg.

The picture is of a simulation, cycle by cycle.
"""

from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from hdl.mmu.mmu import Mmu
from hdl.mmu.vocabulary import Access, Fault
from tests.hdl.mmu.support import DATA, Memory, R, Tables, V, W, drive, drop, serve, set_context
from tests.support import member, simulate
from tests.verify.golden.sv39 import Request

__all__ = ["draw", "trace"]

#: Pages that are mapped, mapped but with A and D clear, and not mapped; where the first two are.
_PAGE, _CLEAN, _NOWHERE = 0x4000_0000, 0x4000_1000, 0x4000_2000
_FRAME, _CLEAN_FRAME = 0x8123_4000, 0x8123_5000
#: Of each row its name as in Verilog, and as what it is drawn: a wave, or words where another row
#: is high.
_ROWS: tuple[tuple[str, str | None], ...] = (
    ("data__valid", None),
    ("data__va", "data__valid"),
    ("data__access", "data__valid"),
    ("data__done", None),
    ("data__pa", "data__done"),
    ("data__fault", "data__done"),
    ("data__update", None),
    ("update__valid", None),
    ("update__done", None),
    ("port__request__valid", None),
    ("port__request__address", "port__request__valid"),
    ("port__request__write", None),
    ("port__request__lock", None),
    ("port__response__valid", None),
)


class Row(NamedTuple):
    """A signal: its name, and of each cycle its value, or None where it says nothing."""

    name: str
    values: list[int | None]


def trace() -> tuple[list[Row], list[tuple[int, str]]]:
    """The rows, and what begins in which cycle."""
    dut, memory = Mmu(), Memory()
    tables = Tables(memory, first=0x80001)
    tables.map(_PAGE, _FRAME, DATA)
    tables.map(_CLEAN, _CLEAN_FRAME, V | R | W)
    samples: list[list[int]] = []
    notes: list[tuple[int, str]] = []
    signals = [member(dut, name) for name, _ in _ROWS]

    async def watch(ctx: Any) -> None:
        while True:
            _, _, *values = await ctx.tick().sample(*signals)
            samples.append([getattr(value, "value", value) for value in values])

    async def ask(ctx: Any, port: Any, request: Request, note: str) -> None:
        # This runs before `watch` does in the same cycle.
        notes.append((len(samples) + 1, note))
        set_context(ctx, dut, request)
        drive(ctx, port, request)
        while not (await ctx.tick().sample(port.done))[2]:
            pass
        drop(ctx, port)

    async def bench(ctx: Any) -> None:
        await ctx.tick()
        await ask(ctx, dut.data, Request(_PAGE + 8, "LOAD"), "a miss")
        await ask(ctx, dut.data, Request(_PAGE + 16, "STORE"), "a hit")
        await ctx.tick()
        await ask(ctx, dut.data, Request(_NOWHERE, "LOAD"), "not mapped, the table is known")
        await ctx.tick()
        store = Request(_CLEAN, "STORE", adue=1)
        await ask(ctx, dut.data, store, "D is clear")
        await ask(ctx, dut.update, store, "it is set")
        await ask(ctx, dut.data, store, "a hit")
        await ctx.tick()

    simulate(dut, bench, background=[watch, serve(dut.port, memory)], engine="pysim")
    columns = list(map(list, zip(*samples, strict=True)))
    named = dict(zip((name for name, _ in _ROWS), columns, strict=True))
    rows = []
    for name, shown in _ROWS:
        values: list[int | None] = list(named[name])
        if shown is not None:
            values = [
                value if on else None for value, on in zip(named[name], named[shown], strict=True)
            ]
        rows.append(Row(name, values))
    _blank(rows, named)
    return rows, notes


def _blank(rows: list[Row], named: dict[str, list[int]]) -> None:
    """An answer that is a fault or asks for an update has no address, and only a fault is told."""
    by_name = {row.name: row.values for row in rows}
    for cycle, fault in enumerate(named["data__fault"]):
        if fault or named["data__update"][cycle]:
            by_name["data__pa"][cycle] = None
        if not fault:
            by_name["data__fault"][cycle] = None


#: Sizes in pixels: names, a cycle, a row, a wave, and what stands above.
_NAMES, _CYCLE, _ROW, _WAVE, _TOP = 170, 44, 26, 16, 46
_STYLE = (
    "text{font:11px monospace;fill:#1c2733} .word{font-size:8px} .note{font:12px sans-serif}"
    " .number{fill:#5b6770} .grid{stroke:#dde3e8} .wave{fill:none;stroke:#2563a8;stroke-width:1.5}"
    " .box{fill:#eaf1f9;stroke:#2563a8}"
)


def draw() -> str:
    """The picture as SVG."""
    rows, notes = trace()
    cycles = len(rows[0].values)
    width, height = _NAMES + cycles * _CYCLE + 12, _TOP + len(rows) * _ROW + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">',
        f'<style>{_STYLE}</style>\n<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for cycle in range(cycles + 1):
        x = _NAMES + cycle * _CYCLE
        parts.append(f'<line class="grid" x1="{x}" y1="{_TOP - 6}" x2="{x}" y2="{height - 6}"/>')
        if cycle < cycles:
            parts.append(_text(x + _CYCLE // 2, _TOP - 10, str(cycle), "number", "middle"))
    for index, (cycle, note) in enumerate(notes):
        # Notes of short requests would touch: every other one stands higher.
        parts.append(_text(_NAMES + cycle * _CYCLE, 12 + 12 * (index % 2), note, "note"))
    for number, row in enumerate(rows):
        y = _TOP + number * _ROW
        parts.append(_text(_NAMES - 8, y + 13, row.name, "", "end"))
        parts += _words(row, y) if _ROWS[number][1] else [_wave(row, y)]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _wave(row: Row, y: int) -> str:
    points = []
    for cycle, value in enumerate(row.values):
        level = y if value else y + _WAVE
        points += [(_NAMES + cycle * _CYCLE, level), (_NAMES + (cycle + 1) * _CYCLE, level)]
    path = " ".join(f"{x},{level}" for x, level in points)
    return f'<polyline class="wave" points="{path}"/>'


def _words(row: Row, y: int) -> list[str]:
    """Boxes with a word, one for as long as it stays."""
    parts, start = [], 0
    for cycle in range(1, len(row.values) + 1):
        value = row.values[start]
        if cycle < len(row.values) and row.values[cycle] == value:
            continue
        if value is not None:
            x, width = _NAMES + start * _CYCLE, (cycle - start) * _CYCLE
            box = f'x="{x}" y="{y}" width="{width}" height="{_WAVE}" rx="3"'
            parts.append(f'<rect class="box" {box}/>')
            parts.append(_text(x + width // 2, y + 11, _word(row.name, value), "word", "middle"))
        start = cycle
    return parts


def _word(name: str, value: int) -> str:
    if name.endswith("access"):
        return str(Access(value).name.lower())
    if name.endswith("fault"):
        return str(Fault(value).name.lower())
    return f"{value:x}"


def _text(x: int, y: int, text: str, kind: str, anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
