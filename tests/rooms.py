"""The rooms of the code, floor over floor, and their picture: `make docs` draws docs/rooms.svg."""

import ast
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

__all__ = ["BELOW", "FLOORS", "ROOT", "draw", "imported", "modules", "place"]

ROOT = Path(__file__).resolve().parents[1]
#: The rooms of each package from the lowest floor up; what stands on a floor knows nothing of its
#: neighbours. A room is a module, or a package with all that is in it.
FLOORS = {
    "hdl": (
        ("arch", "events"),
        ("memory", "units"),
        ("mmu", "bus"),
        ("priv",),
        ("pipeline",),
        ("hart",),
        ("parameters",),
        ("verilog",),
    ),
    "kernel_model": (
        ("facts",),
        ("mm",),
        ("proc",),
        ("dev",),
        ("fs",),
        ("calls",),
        ("scheduler", "trap", "invariants"),
        ("kernel",),
    ),
    "sim": (
        ("injection",),
        ("host", "config", "checkpoint", "plain"),
        ("platform", "spread"),
        ("engines",),
        ("machine",),
        ("limit", "guests"),
        ("result",),
        ("session", "output"),
        ("boot",),
        ("api",),
        ("debug", "exercises", "report"),
        ("sweep",),
        ("cli", "bench"),
        ("__main__",),
    ),
}
#: What a package may import of others: all of it, or one room.
BELOW = {"hdl": (), "kernel_model": ("hdl.arch",), "sim": ("hdl", "kernel_model")}


def modules(package: str) -> list[Path]:
    """The files of a package that stand in a room."""
    top = ROOT / package
    return sorted(path for path in top.rglob("*.py") if path != top / "__init__.py")


def place(module: str) -> tuple[str, int]:
    """The room of a module, and its floor, counted from 0. Raises KeyError if it has none."""
    package, room, *_ = module.split(".")
    for number, rooms in enumerate(FLOORS[package]):
        if room in rooms:
            return room, number
    raise KeyError(f"{module} stands in no room: tests/rooms.py has them")


def imported(path: Path) -> Iterator[str]:
    """The modules of ours that a file imports, packages themselves left out.

    Not what only a checker of types imports: a process has files, and no code of theirs.
    """
    tree = ast.parse(path.read_text())
    tests = [node for node in ast.walk(tree) if isinstance(node, ast.If)]
    typing = [node for node in tests if ast.unparse(node.test) == "TYPE_CHECKING"]
    ignored = {each for node in typing for line in node.body for each in ast.walk(line)}
    for node in ast.walk(tree):
        if node in ignored:
            continue
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            if name.partition(".")[0] in FLOORS and name.count("."):
                yield name


#: Sizes in pixels: a box, what lies between boxes, and a package's frame around them.
_WIDTH, _HEIGHT, _GAP, _MARGIN = 108, 30, 8, 16
_STYLE = (
    "text{font:13px sans-serif;fill:#1c2733} .head{font-weight:bold;font-size:15px}"
    " .note{font-size:12px;fill:#5b6770} .room{fill:#fff;stroke:#8a99a6}"
    " .hdl{fill:#e4f0e2} .kernel_model{fill:#e3ecf7} .sim{fill:#f8eddc}"
)
_TITLES = {"hdl": "silicon", "kernel_model": "the kernel", "sim": "the machine around them"}


def draw() -> str:
    """The picture as SVG: a column for each package, its highest floor on top."""
    most = max(map(len, FLOORS.values()))
    height = most * (_HEIGHT + _GAP) + 2 * _MARGIN + 28
    x, parts = _GAP, []
    for package, floors in FLOORS.items():
        widest = max(map(len, floors))
        width = widest * (_WIDTH + _GAP) - _GAP + 2 * _MARGIN
        parts.append(
            f'<rect class="{package}" x="{x}" y="{_GAP}" rx="6" width="{width}" height="{height}"/>'
        )
        title = f"{package}/  {_TITLES[package]}"
        parts.append(_text(x + width // 2, _GAP + 26, title, "head"))
        for number, rooms in enumerate(floors):
            y = height - _MARGIN - (number + 1) * (_HEIGHT + _GAP) + 2 * _GAP
            left = x + (width - len(rooms) * (_WIDTH + _GAP) + _GAP) // 2
            for index, room in enumerate(rooms):
                parts += _box(left + index * (_WIDTH + _GAP), y, room)
        x += width + 2 * _GAP
    note = "Imports run down; sim/ uses both, kernel_model/ of hdl/ only arch."
    parts.append(_text(x // 2, height + _GAP + 24, note, "note"))
    size = f'width="{x}" height="{height + _GAP + 36}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n<style>{_STYLE}</style>\n'
    return head + "\n".join(parts) + "\n</svg>\n"


def _box(x: int, y: int, room: str) -> list[str]:
    rect = f'<rect class="room" x="{x}" y="{y}" rx="4" width="{_WIDTH}" height="{_HEIGHT}"/>'
    return [rect, _text(x + _WIDTH // 2, y + 20, room)]


def _text(x: int, y: int, text: str, kind: str = "") -> str:
    which = f' class="{kind}"' if kind else ""
    return f'<text{which} x="{x}" y="{y}" text-anchor="middle">{escape(text)}</text>'
