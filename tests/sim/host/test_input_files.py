import os
import socket

import pytest

from sim.host.input_files import fault_of, read_whole


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """One of each kind."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        yield tmp_path


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("file", None),
        ("link", None),
        ("", "the file's name is empty"),
        ("gone", "No such file or directory"),
        ("file/x", "Not a directory"),
        ("folder", "is a folder"),
        ("pipe", "is a pipe, no regular file"),
        ("socket", "is a socket, no regular file"),
        ("/dev/zero", "is a device, no regular file"),
        ("a\0b", "embedded null byte"),
    ],
)
def test_what_is_no_file_is_called_what_it_is(folder, name, fault):
    assert fault_of(name) == fault


def test_a_file_is_read_whole_or_its_first_bytes(folder):
    assert read_whole(folder / "link") == b"content"
    assert read_whole(folder / "file", 3) == b"con"


@pytest.mark.parametrize("name", ["folder", "pipe", "gone"])
def test_nothing_else_is_waited_for(folder, name):
    with pytest.raises(OSError, match=fault_of(folder / name)) as caught:
        read_whole(folder / name)
    assert caught.value.filename == str(folder / name)
