"""A checkout that may only be read: what its owner has compiled is not compiled again."""

from pathlib import Path

import pytest

from sim.engines.native.compiler import cxx
from sim.engines.native.compiler.store import Image, load, save
from sim.host import shared_cache, toolchain
from sim.host.shared_cache import is_kept


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """The owner's cache."""
    directory = tmp_path / "checkout"
    directory.mkdir()
    monkeypatch.setattr(shared_cache, "checkout_cache", lambda: directory)
    return directory


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The cache of one who may not write there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    directory = tmp_path / "trapline"
    directory.mkdir()
    return directory


def test_a_library_and_its_image_serve_everybody(shared, own):
    (shared / "model.so").write_text("compiled")
    save(shared / "model.json", Image("model.so", [1], {}))

    assert load(own / "model.json") == Image("model.so", [1], {})
    assert (own / "model.so").read_text() == "compiled"
    assert {path.name for path in own.iterdir()} == {"model.so", "model.json"}


def test_a_program_serves_everybody(shared, own, monkeypatch):
    def build(directory):
        monkeypatch.setattr(toolchain, "cache_directory", lambda: directory)
        return toolchain.cached("name", [], (), lambda out: out.write_text(str(directory)))

    built = build(shared)

    assert build(own) == own / built.name
    assert (own / built.name).read_text() == str(shared)


def test_a_library_is_compiled_once(shared, own, monkeypatch):
    source = "extern int one() { return 1; }"
    library, _ = cxx.compile_library(source, "one", shared, "-O0")
    monkeypatch.setattr(cxx, "_compile", None)

    assert cxx.compile_library(source, "one", own, "-O0") == (own / library.name, True)


def test_what_nobody_has_is_not_kept(shared, own):
    assert not is_kept(own / "model.so")
    assert not list(own.iterdir())


def test_a_folder_of_ones_own_takes_nothing_from_elsewhere(shared, own, tmp_path):
    (shared / "model.so").touch()

    assert not is_kept(Path(tmp_path) / "model.so")
