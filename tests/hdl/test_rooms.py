"""The rooms of the silicon: imports run down, from the hart to the facts of the architecture."""

import ast
from pathlib import Path

import pytest

import hdl

ROOT = Path(hdl.__path__[0])
#: From the lowest room to the highest; what stands in a row knows nothing of its neighbours.
FLOORS = (
    ("arch",),
    ("memory", "units"),
    ("mmu",),
    ("priv",),
    ("pipeline",),
    ("hart",),
    ("verilog",),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def imported(path):
    """The names of all modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def room_of(path):
    return path.relative_to(ROOT).with_suffix("").parts[0]


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: path.stem)
def test_a_room_imports_from_lower_ones_only(path):
    room = room_of(path)
    for name in imported(path):
        package, *rest = name.split(".")
        assert package not in ("sim", "kernel_model", "tests")
        if package == "hdl":
            assert rest[0] == room or FLOOR[rest[0]] < FLOOR[room], name
