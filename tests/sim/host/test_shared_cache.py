"""A cache keeps what is whole; what the owner of a checkout has compiled is not compiled again."""

import ctypes
import os
from pathlib import Path

import pytest

from sim.engines.native.compiler import cxx
from sim.engines.native.compiler.store import StoredModel, load, save
from sim.host import shared_cache, toolchain
from sim.host.shared_cache import content, is_kept, keep, scratch


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


def kept(path, data=b"compiled"):
    """A file of a cache with this content."""
    made = path.with_suffix(".new")
    made.write_bytes(data)
    keep(made, path)
    return path


def empty(path):
    path.write_bytes(b"")


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def bend(path):
    data = path.read_bytes()
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])


DAMAGE = pytest.mark.parametrize("damage", [empty, cut, bend])


def test_what_is_kept_is_there_and_whole(tmp_path, capsys):
    path = kept(tmp_path / "model.so")

    assert is_kept(path)
    assert content(path) == b"compiled"
    assert list(tmp_path.iterdir()) == [path]
    assert capsys.readouterr().err == ""


@DAMAGE
def test_what_is_damaged_is_taken_away_and_told_once(damage, tmp_path, capsys):
    path = kept(tmp_path / "model.so")
    damage(path)

    assert not is_kept(path)
    assert not path.exists()
    assert not is_kept(path)
    assert capsys.readouterr().err == f"trapline: {path} is damaged and is made anew\n"


def test_what_has_another_name_is_not_what_the_name_says(tmp_path):
    other = kept(tmp_path / "model.so").rename(tmp_path / "other.so")

    with pytest.raises(ValueError, match="other.so is damaged"):
        content(other)
    assert not is_kept(other)


def test_what_is_made_goes_and_what_was_left_a_day_ago_goes_with_it(tmp_path):
    for name in ("making-old", "making-new", "mine"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").touch()
    for name in ("making-old", "mine"):
        os.utime(tmp_path / name, (0, 0))

    with scratch(tmp_path) as folder:
        assert folder.parent == tmp_path
        (folder / "half").touch()

    assert {path.name for path in tmp_path.iterdir()} == {"making-new", "mine"}


@DAMAGE
def test_a_damaged_program_is_compiled_anew(damage, tmp_path, monkeypatch):
    monkeypatch.setattr(toolchain, "cache_directory", lambda: tmp_path)

    def build():
        return toolchain.cached("name", [], (), lambda out: out.write_text("made"))

    damage(build())

    assert content(build()) == b"made"


@DAMAGE
def test_a_damaged_library_is_compiled_anew(damage, tmp_path):
    source = 'extern "C" int one() { return 1; }'
    library, _ = cxx.compile_library(source, "one", tmp_path, "-O0")
    damage(library)

    assert cxx.compile_library(source, "one", tmp_path, "-O0") == (library, False)
    assert ctypes.CDLL(str(library)).one() == 1


@DAMAGE
@pytest.mark.parametrize("name", ["model.so", "model.json"])
def test_an_image_is_none_if_it_or_its_library_is_damaged(damage, name, tmp_path):
    kept(tmp_path / "model.so")
    save(tmp_path / "model.json", StoredModel("model.so", [1], {}))
    damage(tmp_path / name)

    assert load(tmp_path / "model.json", StoredModel) is None


@DAMAGE
def test_a_damaged_copy_is_replaced_by_the_owners(damage, shared, own):
    kept(shared / "model.so")
    assert is_kept(own / "model.so")
    damage(own / "model.so")

    assert is_kept(own / "model.so")
    assert content(own / "model.so") == b"compiled"


@DAMAGE
def test_what_the_owner_has_is_not_copied_if_it_is_damaged(damage, shared, own):
    damage(kept(shared / "model.so"))

    assert not is_kept(own / "model.so")
    assert not list(own.iterdir())


def test_a_library_and_its_image_serve_everybody(shared, own):
    kept(shared / "model.so")
    save(shared / "model.json", StoredModel("model.so", [1], {}))

    assert load(own / "model.json", StoredModel) == StoredModel("model.so", [1], {})
    assert content(own / "model.so") == b"compiled"
    assert {path.name for path in own.iterdir()} == {"model.so", "model.json"}


def test_a_program_serves_everybody(shared, own, monkeypatch):
    def build(directory):
        monkeypatch.setattr(toolchain, "cache_directory", lambda: directory)
        return toolchain.cached("name", [], (), lambda out: out.write_text(str(directory)))

    built = build(shared)

    assert build(own) == own / built.name
    assert content(own / built.name) == str(shared).encode()


def test_a_library_is_compiled_once(shared, own, monkeypatch):
    source = "extern int one() { return 1; }"
    library, _ = cxx.compile_library(source, "one", shared, "-O0")
    monkeypatch.setattr(cxx, "_compile", None)

    assert cxx.compile_library(source, "one", own, "-O0") == (own / library.name, True)


def test_what_nobody_has_is_not_kept(shared, own):
    assert not is_kept(own / "model.so")
    assert not list(own.iterdir())


def test_a_folder_of_ones_own_takes_nothing_from_elsewhere(shared, own, tmp_path):
    kept(shared / "model.so")

    assert not is_kept(Path(tmp_path) / "model.so")
