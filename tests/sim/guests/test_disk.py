"""`--disk`: an image or a folder of the host becomes what is on the disk."""

import os

import pytest

from kernel_model.facts.param import BSIZE, MAXFILE, NINODES
from kernel_model.fs.disk import Folder
from sim.cli import main as cli
from sim.guests import kernel_setup
from sim.guests.disk import read_disk
from sim.guests.host_files import HostFileError
from sim.host.programs import build_program, strip
from tests.sim.cli.test_main import complaint
from tests.sim.mkfs import Mkfs

MOST = MAXFILE * BSIZE


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "work"
    path.mkdir()
    return path


def test_a_folder_has_its_files_and_folders(folder):
    (folder / "a" / "empty").mkdir(parents=True)
    (folder / "a" / "deep").write_bytes(b"down")
    (folder / "top").write_bytes(b"t" * MOST)
    (folder / "link").symlink_to("top")
    disk = read_disk(folder)
    assert disk.contents == {
        "a": Folder(),
        "a/deep": b"down",
        "a/empty": Folder(),
        "link": b"t" * MOST,
        "top": b"t" * MOST,
    }
    assert disk.geometry is None


def test_only_a_file_is_a_program(folder):
    (folder / "a").mkdir()
    (folder / "a" / "file").write_bytes(b"mine")
    disk = read_disk(folder)

    assert disk.program("/a/file") == b"mine"
    assert disk.program("a") is None
    assert disk.program("nothing") is None


def test_a_folder_may_need_every_inode(folder):
    for n in range(NINODES - 1):
        (folder / str(n)).touch()

    assert len(read_disk(folder).contents) == NINODES - 1


def test_a_file_larger_than_any_disk_is_not_read(tmp_path):
    path = tmp_path / "fs.img"
    path.touch()
    os.truncate(path, (1 << 28) + 1)

    with pytest.raises(HostFileError, match="268435457 bytes, more than any disk of xv6"):
        read_disk(path)


def too_large(folder):
    (folder / "big").write_bytes(bytes(MOST + 1))


def too_many(folder):
    for n in range(200):
        (folder / str(n)).touch()


def linked(folder):
    (folder / "loop").symlink_to(folder)


def dangling(folder):
    (folder / "gone").symlink_to("nowhere")


def pipe(folder):
    os.mkfifo(folder / "pipe")


def long_name(folder):
    (folder / "fifteen-letters").touch()


def too_full(folder):
    for n in range(9):
        (folder / str(n)).write_bytes(bytes(MOST))


def a_console(folder):
    (folder / "console").touch()


@pytest.mark.parametrize(
    "fill, message",
    [
        (too_large, f"big has more than {MOST} bytes, the most of a file"),
        (too_many, "more files and folders than the disk has inodes, which are 199"),
        (linked, "loop is a link to a folder; xv6 has none"),
        (dangling, "gone: No such file or directory"),
        (pipe, "pipe is neither a file nor a folder"),
        (long_name, "fifteen-letters: a name has more than 14 bytes"),
        (too_full, "7: 274432 bytes, but only"),
        (a_console, "console: /console is there already"),
    ],
)
def test_a_folder_that_is_no_disk_is_one_line(capsys, monkeypatch, folder, fill, message):
    monkeypatch.setattr(kernel_setup, "bundled_files", dict)
    fill(folder)
    assert cli.main(["run", "--disk", str(folder), "hello"]) == 2
    assert message in complaint(capsys)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda path: None, "No such file or directory"),
        (lambda path: os.mkfifo(path), "is neither a file nor a folder"),
        (lambda path: path.write_bytes(b"text"), "no disk image of xv6: 4 bytes, too few for"),
        (lambda path: path.write_bytes(Mkfs().image()[:-1]), "truncated: 2047999 bytes"),
    ],
)
def test_a_file_that_is_no_disk_is_one_line(capsys, tmp_path, make, message):
    path = tmp_path / "fs.img"
    make(path)
    assert cli.main(["run", "--disk", str(path), "hello"]) == 2
    line = complaint(capsys)
    assert message in line
    assert str(path) in line


def test_no_name_is_not_the_working_directory(capsys):
    """As `--disk "$IMG"` is, if there is no such variable."""
    assert cli.main(["run", "--disk", "", "hello"]) == 2
    assert "'': No such file or directory" in complaint(capsys)


def test_a_huge_file_is_not_read(tmp_path):
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(HostFileError, match="more than any disk of xv6"):
        read_disk(path)


@pytest.fixture(scope="module")
def fs_img(tmp_path_factory):
    """An image with a few programs; its `echo` is really `args`, whose status is argc."""
    mkfs = Mkfs()
    for name, program in (("ls", "ls"), ("echo", "args"), ("wc", "wc")):
        mkfs.file(name, strip(build_program(program).read_bytes()))
    mkfs.folder("d")
    mkfs.file("d/text", b"one\ntwo\n")
    mkfs.enter("again", mkfs.inums["d/text"])
    mkfs.device("console", 1, 0)
    path = tmp_path_factory.mktemp("image") / "fs.img"
    path.write_bytes(mkfs.image())
    return path


def run(*arguments):
    return cli.main(["run", "--quiet", *map(str, arguments)])


def test_the_image_is_the_whole_disk(capfdbinary, fs_img):
    before = fs_img.read_bytes()
    assert run("--disk", fs_img, "sh", "-c", "ls; wc again; echo x > again; wc d/text") == 0
    shown = capfdbinary.readouterr().out.decode()
    names = [line.split()[0] for line in shown.splitlines()]
    assert names[:8] == [".", "..", "console", "ls", "echo", "wc", "d", "again"]
    assert "2 2 8 again" in shown
    assert fs_img.read_bytes() == before, "the image is never written"


def test_the_program_is_looked_up_on_the_disk_before_the_bundled_ones(capfdbinary, fs_img):
    assert run("--disk", fs_img, "echo", "1", "2") == 3
    assert run("--disk", fs_img, "/echo", "1") == 2
    assert capfdbinary.readouterr().out != b"1 2\n"
    assert run("--disk", fs_img, "hello") == 0  # which is not there


def test_a_program_of_file_goes_before_the_bundled_one(fs_img):
    args = build_program("args")
    assert run("--file", f"{args}:echo", "echo", "1", "2") == 3
    assert run("--disk", fs_img, "--file", f"{args}:bin/mine", "bin/mine", "1") == 2


def test_a_file_replaces_one_name_of_a_link(capfdbinary, fs_img, tmp_path):
    (tmp_path / "new").write_bytes(b"new\n")
    assert (
        run("--disk", fs_img, "--file", f"{tmp_path / 'new'}:again", "wc", "again", "d/text") == 0
    )
    assert capfdbinary.readouterr().out == b"1 1 4 again\n2 2 8 d/text\n"


def test_a_folder_has_the_bundled_programs_beside_it(capfdbinary, monkeypatch, folder):
    monkeypatch.setattr(
        kernel_setup, "bundled_files", lambda: {"cat": strip(build_program("cat").read_bytes())}
    )
    (folder / "notes").write_bytes(b"mine\n")
    (folder / "mine").write_bytes(build_program("args").read_bytes())
    assert run("--disk", folder, "sh", "-c", "cat notes; mine 1 2") == 3
    assert capfdbinary.readouterr().out.startswith(b"mine\n")


def test_a_program_that_is_nowhere_is_one_line(capsys, fs_img):
    assert run("--disk", fs_img, "nowhere") == 2
    assert "no such file or bundled program: nowhere" in complaint(capsys)


def test_a_file_of_the_disk_that_is_no_program_is_one_line(capsys, fs_img):
    assert run("--disk", fs_img, "d/text") == 2
    assert complaint(capsys) == "d/text on the disk: not an ELF file"
