"""The pictures of pages in docs/: that they are there, are small, and can be taken anew."""

import pytest

from tests import chromium
from tests.docs import ROOT
from tests.report_pictures import DOCS, PICTURES, draw
from tests.test_pictures import size


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_a_picture_is_small_and_shown(picture):
    path = DOCS / picture.name

    assert path.stat().st_size < 200_000
    width, _ = size(path)
    assert width >= picture.size[0] * 0.9
    assert f"({picture.name})" in (DOCS / "report.md").read_text()


def test_the_page_is_in_the_readme():
    assert "(docs/report.png)" in (ROOT / "README.md").read_text()


def test_pictures_can_be_taken_anew(tmp_path):
    chromium.require()

    assert draw(tmp_path)

    for picture in PICTURES:
        drawn = tmp_path / picture.name
        # What an element takes depends on the fonts that there are.
        assert size(drawn) == size(DOCS / picture.name) or picture.element
        assert drawn.stat().st_size > 10_000


def test_without_chromium_they_are_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.report_pictures.shutil.which", lambda name: None)

    assert not draw(tmp_path)
    assert [*tmp_path.iterdir()] == []
