"""The pictures of waveforms in docs/: that they are there, are small, and can be taken anew."""

import struct

import pytest

from tests import gtkwave, report_pictures
from tests.docs import PAGES, ROOT
from tests.pictures import DOCS, PICTURES, draw


def size(path):
    """Width and height of a PNG in pixels."""
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">2I", content[16:24])


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_is_small_and_shown(picture):
    path = DOCS / picture.name

    assert path.stat().st_size < 200_000
    assert size(path)[0] > 1000
    pages = [page.name for page in PAGES if f"{picture.name})" in page.read_text()]
    assert "insight.md" in pages


def test_the_whole_fault_is_in_the_readme():
    assert "(docs/fault.png)" in (ROOT / "README.md").read_text()
    ours = {picture.name for picture in (*PICTURES, *report_pictures.PICTURES)}
    assert {path.name for path in DOCS.glob("*.png")} == ours


def test_pictures_can_be_taken_anew(tmp_path):
    gtkwave.require()

    assert draw(tmp_path)

    for picture in PICTURES:
        drawn = tmp_path / picture.name
        assert size(drawn) == size(DOCS / picture.name)
        # Neither a blank window nor another one.
        assert drawn.stat().st_size > 10_000
    assert len({(tmp_path / picture.name).read_bytes() for picture in PICTURES}) == len(PICTURES)


def test_without_gtkwave_they_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.pictures.shutil.which", lambda name: None)

    assert not draw(tmp_path)
    assert [*tmp_path.iterdir()] == []
