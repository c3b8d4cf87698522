"""Files on the command line, by themselves: what is taken, and what is said of the rest."""

import os
from pathlib import Path

import click
import pytest

from sim.cli.file_types import (
    DiskContents,
    DiskFile,
    InputFile,
    KernelFile,
    OutputFile,
    OutputOrStdout,
)
from sim.config import HostFile


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    os.mkfifo("pipe")
    return tmp_path


def convert(kind, value):
    return kind().convert(value, None, None)


def complaint(kind, value):
    with pytest.raises(click.BadParameter) as caught:
        convert(kind, value)
    return caught.value.message


@pytest.mark.parametrize("kind", [OutputFile, OutputOrStdout])
@pytest.mark.parametrize("name", ["file", "new", "folder/new", "./-"])
def test_an_output_may_be_new_or_not_and_is_not_touched_yet(folder, kind, name):
    before = sorted(folder.rglob("*"))
    assert convert(kind, name) == Path(name)
    assert sorted(folder.rglob("*")) == before
    assert (folder / "file").read_text() == "kept"


@pytest.mark.parametrize("kind", [OutputFile, OutputOrStdout])
@pytest.mark.parametrize(
    "name, said",
    [
        ("", "the file's name is empty"),
        ("gone/new", "gone/new: the folder gone does not exist"),
        ("folder", "folder: is a folder"),
        ("/proc/new", "/proc/new: No such file or directory"),
    ],
)
def test_what_cannot_be_written_is_found_out_before_the_run(kind, name, said):
    assert complaint(kind, name) == said


def test_standard_output_is_for_those_that_may_go_there():
    assert convert(OutputOrStdout, "-") == "-"
    assert complaint(OutputFile, "-").startswith("it cannot go to standard output")


def test_an_input_is_a_file_that_can_be_read_whole_or_may_still_come():
    assert convert(InputFile, "file") == Path("file")
    assert convert(InputFile, "gone") == Path("gone")
    assert complaint(InputFile, "folder") == "folder: is a folder"
    assert complaint(InputFile, "pipe") == "pipe: is a pipe, no regular file"
    assert complaint(InputFile, "") == "the file's name is empty"


@pytest.mark.parametrize(
    "value, file",
    [("file", HostFile(Path("file"), "file")), ("file:bin/x", HostFile(Path("file"), "bin/x"))],
)
def test_a_file_of_the_disk_has_a_name_there(value, file):
    assert convert(DiskFile, value) == file


@pytest.mark.parametrize(
    "value, said",
    [
        ("", "the file's name is empty"),
        (":x", "the file's name is empty"),
        ("gone:x", "gone: No such file or directory"),
        ("folder", "folder: is a folder"),
    ],
)
def test_a_file_of_the_disk_must_be_there(value, said):
    assert complaint(DiskFile, value) == said


def test_a_name_that_begins_with_a_colon_is_one_if_the_file_is_there(folder):
    (folder / ":x").write_text("")
    assert convert(DiskFile, ":x") == HostFile(Path(":x"), ":x")


def test_the_disk_is_filled_from_what_exists():
    assert convert(DiskContents, "file") == Path("file")
    assert convert(DiskContents, "folder") == Path("folder")
    assert complaint(DiskContents, "gone") == "'gone': No such file or directory"
    assert complaint(DiskContents, "") == "'': No such file or directory"


def test_a_kernel_may_be_a_folder():
    assert convert(KernelFile, "file") == Path("file")
    assert convert(KernelFile, "folder") == Path("folder")
    assert complaint(KernelFile, "") == complaint(InputFile, "")


@pytest.mark.parametrize(
    "kind", [OutputFile, OutputOrStdout, InputFile, KernelFile, DiskFile, DiskContents]
)
def test_the_shell_completes_all_of_them(kind):
    (item,) = kind().shell_complete(None, None, "fi")
    assert (item.value, item.type) == ("fi", "file")
