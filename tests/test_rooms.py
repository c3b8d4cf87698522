"""Every module stands in a room, and imports run down."""

import pytest

from tests.rooms import BELOW, FLOORS, ROOT, draw, imported, modules, place

PATHS = [path.relative_to(ROOT) for package in FLOORS for path in modules(package)]


def dotted(path):
    return ".".join(path.with_suffix("").parts)


@pytest.mark.parametrize("path", PATHS, ids=str)
def test_a_room_imports_from_lower_ones_only(path):
    package = path.parts[0]
    room, floor = place(dotted(path))
    for name in imported(ROOT / path):
        if name.partition(".")[0] != package:
            assert any(f"{name}.".startswith(f"{below}.") for below in BELOW[package]), name
            continue
        if (package, name) == ("sim", "sim.__version__"):
            continue
        other, below = place(name)
        assert other == room or below < floor, name


def test_every_room_is_there():
    for package, floors in FLOORS.items():
        for room in (room for rooms in floors for room in rooms):
            top = ROOT / package / room
            assert top.is_dir() or top.with_suffix(".py").is_file(), top


def test_the_picture_shows_them():
    assert (ROOT / "docs" / "rooms.svg").read_text() == draw(), "`make docs` draws it"
