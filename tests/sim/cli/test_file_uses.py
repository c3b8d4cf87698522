from pathlib import Path

import pytest

from sim.cli.file_uses import FileUse, find_collision, find_intrusion


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    return tmp_path


def collide(one, other, *, written=(True, False)):
    uses = [
        FileUse(path, Path(path), flag) for path, flag in zip((one, other), written, strict=True)
    ]
    return find_collision(uses) is not None


def test_a_file_is_known_by_any_of_its_names(folder):
    (folder / "there").write_text("x")
    (folder / "link").symlink_to("there")
    (folder / "hard").hardlink_to("there")
    (folder / "nowhere").symlink_to("new")

    for name in ("there", "./there", "sub/../there", f"{folder}/there", "link", "hard"):
        assert collide("there", name), name
    for name in ("./new", "sub/../new", f"{folder}/new", "nowhere"):
        assert collide("new", name), name
    assert not collide("there", "new")
    assert not collide("new", "sub/new")


def test_a_file_may_be_read_twice_and_a_device_be_written_twice(folder):
    assert not collide("f", "f", written=(False, False))
    assert not collide("/dev/null", "/dev/null", written=(True, True))


def test_what_lies_beside_the_folder_of_the_disk_may_be_written(folder):
    (folder / "d").mkdir()
    (folder / "d" / "f").write_text("kept")
    read = FileUse("--disk", folder / "d", False)

    for name in ("f", "d.json", "sub/f"):
        assert find_intrusion([FileUse("--json", folder / name, True), read]) is None
    assert find_intrusion([FileUse("PROGRAM", folder / "d" / "f", False), read]) is None


def test_what_is_in_a_folder_by_any_name_belongs_to_it(folder):
    (folder / "d").mkdir()
    (folder / "d" / "f").write_text("kept")
    (folder / "hard").hardlink_to(folder / "d" / "f")
    (folder / "link").symlink_to("d/new")
    read = FileUse("--disk", Path("d"), False)

    for name in ("d/f", "d/new", "sub/../d/x", "hard", "link"):
        use = FileUse("--json", Path(name), True)
        assert find_intrusion([use, read]) == (use, read), name
