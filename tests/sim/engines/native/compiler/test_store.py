import json
import os

import pytest

from sim.engines.native.compiler.store import StoredModel, fingerprint, load, save
from sim.host.shared_cache import keep


@pytest.fixture
def image(tmp_path):
    (tmp_path / "model.new").touch()
    keep(tmp_path / "model.new", tmp_path / "model.so")
    return StoredModel("model.so", [0, 1 << 63], {"mtime": 1})


@pytest.fixture
def package(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "hart.py").write_text("one")
    (tmp_path / "inner" / "bus.cpp").write_text("two")
    return tmp_path


def test_an_image_comes_back_as_it_was(image, tmp_path):
    save(tmp_path / "image.json", image)

    assert load(tmp_path / "image.json", StoredModel) == image
    assert {path.name for path in tmp_path.iterdir()} == {"model.so", "image.json"}


@pytest.mark.parametrize("mask, mode", [(0o022, 0o644), (0o027, 0o640), (0o002, 0o664)])
def test_who_may_read_an_image_is_for_the_umask_to_say(image, tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        save(tmp_path / "image.json", image)
    finally:
        os.umask(before)

    assert (tmp_path / "image.json").stat().st_mode & 0o777 == mode


def test_an_image_without_its_library_counts_as_none(image, tmp_path):
    save(tmp_path / "image.json", image)
    (tmp_path / "model.so").unlink()

    assert load(tmp_path / "image.json", StoredModel) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"library": "model.so"}'])
def test_a_file_that_is_no_image_counts_as_none(image, tmp_path, text):
    (tmp_path / "image.new").write_text(text)
    keep(tmp_path / "image.new", tmp_path / "image.json")

    assert load(tmp_path / "image.json", StoredModel) is None


def test_what_is_not_there_is_none(tmp_path):
    assert load(tmp_path / "image.json", StoredModel) is None


def test_a_fingerprint_depends_on_sources_and_facts_alone(package):
    before = fingerprint([package], "hart", 1)
    (package / "notes.txt").write_text("no source")

    assert fingerprint([package], "hart", 1) == before
    assert fingerprint([package], "hart", 2) != before


@pytest.mark.parametrize("name", ["hart.py", "inner/bus.cpp"])
def test_a_changed_source_changes_the_fingerprint(package, name):
    before = fingerprint([package])
    (package / name).write_text(json.dumps("changed"))

    assert fingerprint([package]) != before
