import pytest

from sim.config import HostFile
from sim.guests.host_files import HostFileError, parse_host_file, read_host_files


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "path", "name"),
    [
        ("notes", "notes", "notes"),
        ("some/where/notes", "some/where/notes", "notes"),
        ("notes:other", "notes", "other"),
        ("notes:/bin/other", "notes", "bin/other"),
        ("a:b:c", "a:b", "c"),
    ],
)
def test_a_name_follows_a_colon_or_is_the_files(folder, text, path, name):
    file = parse_host_file(text)
    assert (str(file.path), file.name) == (path, name)


def test_a_file_with_a_colon_in_its_name_needs_none(folder):
    (folder / "12:30").write_bytes(b"")
    assert parse_host_file("12:30").name == "12:30"
    assert parse_host_file("12:30:noon").name == "noon"


def test_contents_go_by_name(folder):
    (folder / "one").write_bytes(b"1")
    files = [HostFile(folder / "one", "a"), HostFile(folder / "one", "b/c")]
    assert read_host_files(files) == {"a": b"1", "b/c": b"1"}


def test_two_files_of_one_name_are_refused(folder):
    (folder / "one").write_bytes(b"1")
    files = [HostFile(folder / "one", "a"), HostFile(folder / "one", "a")]
    with pytest.raises(HostFileError, match="another one is called a, too"):
        read_host_files(files)


def test_a_file_is_read_no_further_than_one_can_be_large(folder):
    (folder / "most").write_bytes(bytes(268 * 1024))
    assert len(read_host_files([HostFile(folder / "most", "most")])["most"]) == 268 * 1024
    (folder / "more").write_bytes(bytes(268 * 1024 + 1))
    with pytest.raises(HostFileError, match="more: more than 274432 bytes"):
        read_host_files([HostFile(folder / "more", "more")])
