"""Options that do not fit, and files that a run must not write, by the command line."""

import pytest

from sim.cli import main as cli
from sim.host.own_programs import elf_of
from tests.sim.cli.test_main import complaint


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "--vcd-window", "5:9", "lazy"], "--vcd-window needs --vcd FILE"),
        (["run", "--vcd-last", "5", "lazy"], "--vcd-last needs --vcd FILE"),
        (
            ["run", "--vcd", "a.vcd", "--vcd-last", "5", "--vcd-fault", "1", "x"],
            "--vcd-fault and --vcd-last cannot both be given",
        ),
        (
            ["bare", "--vcd", "a.vcd", "--vcd-fault", "1", "--engine", "pysim", "x"],
            "--vcd-fault needs the engine native",
        ),
        (["run", "--vcd", "a.gtkw", "x"], "must not end in .gtkw"),
        (["run", "--vcd", "a\nb.vcd", "x"], "--vcd: 'a\\nb.vcd' has control characters"),
        (["bare", "--vcd", "/tmp/\x7f.vcd", "x"], "--vcd: '\\x7f.vcd' has control characters"),
    ],
)
def test_options_for_waveforms_that_do_not_fit(folder, capsys, arguments, expected):
    assert cli.main(arguments) == 2
    assert expected in complaint(capsys)


def test_an_fst_needs_its_converter(folder, capsys, monkeypatch):
    monkeypatch.setattr("sim.output.fst.is_available", lambda: False)
    assert cli.main(["run", "--vcd", "a.fst", "x"]) == 2
    assert "needs vcd2fst on PATH" in complaint(capsys)


@pytest.mark.parametrize("target", ["/dev/full", "/dev/zero", "."])
def test_a_save_file_that_is_no_file_is_refused_before_the_run(
    capsys, tmp_path, monkeypatch, target
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.vcd.gtkw").symlink_to(target)

    assert cli.main(["run", "--vcd", "a.vcd", "hello"]) == 2
    assert "a.vcd.gtkw, its save file, is no regular file" in complaint(capsys)
    assert not (tmp_path / "a.vcd").exists()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--vcd", "f", "--json", "f"], "--vcd and --json are the same file, f"),
        (["--vcd", "f", "--json", "f.gtkw"], "the save file of --vcd and --json are the same file"),
        (["--json", "f", "--journal", "./f"], "--json and --journal are the same file, f"),
        (["--vcd", "f", "--journal", "f"], "--vcd and --journal are the same"),
        (["--vcd", "f", "--journal", "f.gtkw"], "the save file of --vcd and --journal are the"),
        (["--journal", "old", "--replay", "old"], "--journal and --replay are the same file, old"),
        (["--vcd", "old", "--replay", "old"], "--vcd and --replay are the same file, old"),
        (["--json", "old", "--replay", "old"], "--json and --replay are the same file, old"),
        (["--json", "old", "--file", "old:x"], "--json and --file x are the same file, old"),
        (["--vcd", "old", "--file", "old"], "--vcd and --file old are the same file, old"),
        (["--journal", "old", "--file", "old"], "--file old and --journal are the same file, old"),
        (["--vcd", "prog"], "--vcd and PROGRAM are the same file, prog"),
        (["--kanata", "f", "--rvfi", "f"], "--rvfi and --kanata are the same file, f"),
        (["--csv", "f", "--json", "f"], "--json and --csv are the same file, f"),
        (["--json", "prog"], "--json and PROGRAM are the same file, prog"),
        (["--journal", "link"], "--journal and PROGRAM are the same file, link"),
    ],
)
def test_two_files_of_a_run_that_are_one_are_refused(folder, capsys, options, expected):
    """Else the one would overwrite the other in silence."""
    (folder / "old").write_text("kept")
    (folder / "prog").write_text("kept, too")
    (folder / "link").symlink_to("prog")

    assert cli.main(["run", *options, "prog"]) == 2

    assert expected in complaint(capsys)
    assert (folder / "old").read_text() == "kept"
    assert (folder / "prog").read_text() == "kept, too"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["bare", "--vcd", "f", "--signature", "f", "x"], "--vcd and --signature are the same"),
        (["bare", "--vcd", "f", "--signature", "f.gtkw", "x"], "the save file of --vcd and --sig"),
        (["bare", "--signature", "x", "x"], "--signature and FILE are the same file, x"),
        (["bare", "--vcd", "x", "x"], "--vcd and FILE are the same file, x"),
        (["cc", "-o", "link", "x.c"], "-o and SOURCES are the same file, link"),
    ],
)
def test_so_are_those_of_the_other_commands(folder, capsys, arguments, expected):
    (folder / "x.c").write_text("kept")
    (folder / "x").write_text("kept")
    (folder / "link").symlink_to("x.c")

    assert cli.main(arguments) == 2

    assert expected in complaint(capsys)
    assert (folder / "x.c").read_text() == (folder / "x").read_text() == "kept"


@pytest.mark.parametrize(
    "options",
    [
        ["--json", "d/f"],
        ["--json", "d/new"],
        ["--json", "d/sub/new"],
        ["--json", "d/link"],
        ["--json", "beside"],
        ["--json", "d/../d/./f"],
        ["--json", "hard"],
        ["--json", "outside"],
        ["--json", "way/new"],
        ["--vcd", "d/new.vcd"],
        ["--vcd", "x.vcd"],
        ["--journal", "d/sub/deep"],
    ],
)
def test_nothing_is_written_into_the_folder_of_the_disk(folder, capsys, options):
    """It would be on the kernel's disk the next time, or one of its files is lost."""
    (folder / "d" / "sub").mkdir(parents=True)
    (folder / "outside").write_text("kept")
    for name in ("d/f", "d/sub/deep"):
        (folder / name).write_text("kept")
    (folder / "d" / "link").symlink_to(folder / "outside")
    (folder / "beside").symlink_to("d/f")
    (folder / "way").symlink_to("d")
    (folder / "hard").hardlink_to(folder / "d" / "sub" / "deep")
    (folder / "x.vcd.gtkw").symlink_to("d/f")
    before = sorted(folder.rglob("*"))

    for disk in ("d", "./d/", str(folder / "d"), "way"):
        assert cli.main(["run", *options, "--disk", disk, "hello"]) == 2
        assert "which is only read" in complaint(capsys)

    assert sorted(folder.rglob("*")) == before
    assert {(folder / name).read_text() for name in ("d/f", "d/sub/deep", "outside")} == {"kept"}


def test_a_mistake_leaves_every_file_as_it_is(folder, capsys):
    (folder / "old").write_text("kept")

    assert cli.main(["run", "--json", "old", "--vcd", "a.gtkw", "hello"]) == 2

    complaint(capsys)
    assert (folder / "old").read_text() == "kept"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "--json", "old", "--vcd", "wave", "nosuch"], "no such file or bundled program"),
        (["run", "--json", "old", "--vcd", "wave", "nosuch.c"], "no such file or bundled program"),
        (["run", "--json", "old", "--vcd", "wave", "sub"], "sub: is a folder"),
        (["run", "--json", "old", "--vcd", "wave", ""], "no such file or bundled program"),
        (["run", "--json", "old", "--vcd", "wave", "--replay", "no", "hello"], "no: No such file"),
        (["run", "--json", "old", "--disk", "wave", "hello"], "--disk wave: "),
        (["bare", "--signature", "old", "--vcd", "wave", "nosuch"], "nosuch: No such file"),
        (["bare", "--signature", "old", "--vcd", "wave", "nosuch.S"], "nosuch.S: No such file"),
        (["cc", "-o", "old", "nosuch.c"], "nosuch.c: no file that ends in"),
    ],
)
def test_a_name_that_nothing_has_leaves_every_file_as_it_is(folder, capsys, arguments, expected):
    """Such as a mistyped program; and a journal is what somebody has typed."""
    names = ("old", "wave", "wave.gtkw", "journal")
    for name in names:
        (folder / name).write_text("kept")
    journal = ["--journal", "journal"] if arguments[0] == "run" else []

    assert cli.main([*arguments[:1], *journal, *arguments[1:]]) == 2

    assert expected in complaint(capsys)
    assert [(folder / name).read_text() for name in names] == ["kept"] * len(names)


def test_a_program_that_cannot_be_run_costs_no_journal(folder, capsys):
    (folder / "journal").write_text("typed")
    (folder / "prog").write_text("no program")

    assert cli.main(["run", "--journal", "journal", "prog"]) == 2

    complaint(capsys)
    assert (folder / "journal").read_text() == "typed"


@pytest.mark.parametrize("option", ["--json", "--vcd"])
def test_a_result_of_an_earlier_run_does_not_stay_though_this_one_never_begins(folder, option):
    """A program that cannot be run stands for whatever ends the command before."""
    (folder / "result").write_text("of an earlier run")
    (folder / "prog").write_text("no program")
    (folder / "journal").write_text("typed")

    assert cli.main(["run", option, "result", "--journal", "journal", "prog"]) == 2

    assert (folder / "result").read_text() == ""


def test_neither_does_a_signature(folder):
    (folder / "result").write_text("of an earlier run")
    (folder / "prog").write_text("no program")

    assert cli.main(["bare", "--signature", "result", "prog"]) == 2

    assert (folder / "result").read_text() == ""


def test_the_elf_of_a_source_is_one_of_a_runs_files(folder, capsys):
    (folder / "x.c").write_text("int main() {}")
    elf = elf_of(folder / "x.c")

    assert cli.main(["run", "--json", str(elf), "x.c"]) == 2
    assert "--json and the program's ELF are the same file" in complaint(capsys)
