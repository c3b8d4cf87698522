"""`run mine.c`, `bare mine.S` and `cc` from the command line; tests/programs has programs."""

from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from elftools.elf.elffile import ELFFile

from sim.cli import main as cli
from sim.host import own_programs
from sim.host.own_programs import compile_program, elf_of, weaken
from sim.host.programs import build_program
from sim.host.toolchain import ToolchainError
from tests.sim.cli.test_main import complaint

GOOD = (
    "#include <stdio.h>\nint main(int argc, char **argv) { puts(argv[argc - 1]); return argc; }\n"
)
WARNED = "#include <stdio.h>\nint main(void) {\n  int unused;\n  return 4;\n}\n"
BROKEN = "int main(void) {\n  return nonsense;\n}\n"
UNIX = """#include <unistd.h>
int main(void) {
  int ends[2];
  char line[8];
  if (pipe(ends) < 0)
    return 1;
  if (fork() == 0) {
    write(ends[1], "hello", 5);
    return 0;
  }
  close(ends[1]);
  ssize_t n = read(ends[0], line, sizeof line);
  write(STDOUT_FILENO, line, n);
  return getpid() == 2 && sbrk(0) != (void *)-1 ? n : 2;
}
"""
FLOATS = "volatile double a;\nint main(void) { return a * 2 > 1; }\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_c_file_is_compiled_and_run_and_the_elf_is_named(capfd, folder):
    Path("mine.c").write_text(GOOD)

    assert cli.main(["run", "mine.c", "a", "b"]) == 3
    captured = capfd.readouterr()

    assert captured.out == "b\n"
    elf = captured.err.splitlines()[0].removeprefix("trapline: mine.c is compiled into ")
    assert cli.main(["run", "--quiet", elf, "c"]) == 2
    assert list(folder.iterdir()) == [folder / "mine.c"]


def test_its_name_is_that_of_the_source_without_the_ending(capfd, folder):
    Path("mine.c").write_text(GOOD)

    assert cli.main(["run", "--quiet", "mine.c"]) == 1
    captured = capfd.readouterr()

    assert (captured.out, captured.err) == ("mine\n", "")


def test_files_of_the_same_name_in_two_folders_are_two_programs(folder):
    for name in ("a", "b"):
        (folder / name).mkdir()

    assert elf_of(Path("a/mine.c")) == elf_of(folder / "a" / "mine.c") != elf_of(Path("b/mine.c"))
    assert elf_of(Path("a/mine.S")) != elf_of(Path("a/mine.S"), bare=True)


def test_warnings_are_shown_each_time_and_stop_nobody(capfd, folder):
    Path("mine.c").write_text(WARNED)
    for _ in range(2):
        assert cli.main(["run", "--quiet", "mine.c"]) == 4
        assert "mine.c:3:7: warning: unused variable" in capfd.readouterr().err


def test_a_header_beside_the_source_may_change(capfd, folder):
    Path("mine.c").write_text('#include "mine.h"\nint main(void) { return STATUS; }\n')
    for status in (5, 6):
        Path("mine.h").write_text(f"#define STATUS {status}\n")
        assert cli.main(["run", "--quiet", "mine.c"]) == status


def test_compiler_errors_are_shown_as_they_are(capfd, folder):
    Path("mine.c").write_text(BROKEN)

    assert cli.main(["run", "mine.c"]) == 2
    first, *_, last = capfd.readouterr().err.splitlines()

    assert first == "mine.c:2:10: error: use of undeclared identifier 'nonsense'"
    assert last == "trapline: error: mine.c: not compiled, for the reason above"


def test_floating_point_is_refused_by_its_name(capfd, folder):
    Path("mine.c").write_text(FLOATS)

    assert cli.main(["run", "mine.c"]) == 2
    error = capfd.readouterr().err

    assert "undefined symbol: __adddf3" in error
    assert error.endswith("for the reason above; floating point is not supported\n")


@pytest.mark.parametrize(
    "command, include, hint",
    [
        (
            "run",
            "<sys/mman.h>",
            "; there is no sys/mman.h, docs/programs.md has the list of headers",
        ),
        ("run", '"mine.h"', ""),
        ("bare", "<stdio.h>", "; a bare-metal program has no library"),
    ],
)
def test_a_header_that_is_not_there_is_told_of_in_our_words_too(
    capfd, folder, command, include, hint
):
    Path("mine.c").write_text(f"#include {include}\n")

    assert cli.main([command, "mine.c"]) == 2
    error = capfd.readouterr().err

    assert "file not found" in error
    assert error.endswith(f"mine.c: not compiled, for the reason above{hint}\n")


def test_unistd_has_of_unix_what_xv6_has(capfd, folder):
    Path("mine.c").write_text(UNIX)

    assert cli.main(["run", "--quiet", "mine.c"]) == 5
    captured = capfd.readouterr()

    assert (captured.out, captured.err) == ("hello", "")


def test_several_files_become_one_program(capfd, folder):
    Path("one.c").write_text("int two(void);\nint main(void) { return two(); }\n")
    Path("two.c").write_text("int two(void) { return 2; }\n")

    assert cli.main(["cc", "-o", "both", "one.c", "two.c"]) == 0
    assert capfd.readouterr() == ("", "")
    assert cli.main(["run", "--quiet", "both"]) == 2


def test_what_two_files_define_is_an_error_though_the_librarys_gives_way(capfd, folder):
    Path("one.c").write_text("int abs(int n) { return 7; }\nint main(void) { return abs(1); }\n")
    Path("two.c").write_text("int abs(int n) { return 8; }\n")

    assert cli.main(["run", "--quiet", "one.c"]) == 7
    assert cli.main(["cc", "-o", "both", "one.c", "two.c"]) == 2
    assert "duplicate symbol: abs" in capfd.readouterr().err
    assert not Path("both").exists()


def test_a_library_that_is_not_compiled_is_told(folder, monkeypatch):
    failed = SimpleNamespace(returncode=1, stderr="libc.c: no\n")
    monkeypatch.setattr(own_programs, "run_compiler", lambda *arguments: failed)
    monkeypatch.setattr(own_programs, "cached", lambda n, f, a, build, suffix: build(folder / "o"))
    with pytest.raises(ToolchainError, match="cannot compile the library:\nlibc.c: no"):
        compile_program([folder / "mine.c"], folder / "out")


def test_a_program_takes_the_place_of_the_old_one(folder):
    """So who runs or reads the old one just now has it whole."""
    (folder / "mine.c").write_text(GOOD)
    (folder / "out").write_text("old")
    (folder / "kept").hardlink_to(folder / "out")

    assert cli.main(["cc", "-o", "out", "mine.c"]) == 0

    assert (folder / "out").read_bytes()[:4] == b"\x7fELF"
    assert (folder / "kept").read_text() == "old"


def test_a_failed_compilation_leaves_the_old_program(capfd, folder):
    Path("mine.c").write_text(BROKEN)
    Path("mine").write_text("old")

    assert cli.main(["cc", "-o", "mine", "mine.c"]) == 2
    assert Path("mine").read_text() == "old"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["cc", "mine.c"], "Missing option '-o'"),
        (["cc", "-o", "x"], "Missing argument 'SOURCES...'"),
        (["cc", "-o", "x", "gone.c"], "gone.c: no file that ends in .c, .S, .s"),
        (["cc", "-o", "x", "mine.txt"], "mine.txt: no file that ends in .c, .S, .s"),
        (["cc", "-o", "mine.c", "mine.c"], "-o and SOURCES are the same file"),
        (["cc", "-o", "other.c", "mine.c"], "-o other.c: would be taken for a source"),
        (["run", "gone.c"], "no such file or bundled program: gone.c"),
        (["bare", "gone.S"], "gone.S: No such file or directory"),
    ],
)
def test_a_mistake_is_one_clear_line(capsys, folder, arguments, expected):
    Path("mine.c").write_text(GOOD)
    Path("mine.txt").write_text(GOOD)

    assert cli.main(arguments) == 2
    assert expected in complaint(capsys)
    assert Path("mine.c").read_text() == GOOD


def test_a_bare_program_is_assembled_and_run(capfd, folder):
    Path("mine.S").write_text("""\
.globl _start, tohost
_start: li t0, 3 << 1 | 1
  la t1, tohost
  sd t0, (t1)
  j .
.section .tohost, "aw"
tohost: .dword 0
""")

    assert cli.main(["bare", "mine.S"]) == 3
    assert "mine.S is compiled into " in capfd.readouterr().err


def test_what_is_weakened_differs_in_the_binding_of_what_it_defines_for_others():
    def symbols(elf):
        table = ELFFile(BytesIO(elf)).get_section_by_name(".symtab")
        return [
            (each.name, each["st_info"]["bind"], each["st_shndx"]) for each in table.iter_symbols()
        ]

    strong = build_program("hello").read_bytes()
    weak = weaken(strong)
    before, after = symbols(strong), symbols(weak)
    defined = [bind == "STB_GLOBAL" and where != "SHN_UNDEF" for _, bind, where in before]
    assert any(defined)
    assert not all(defined)
    assert after == [
        (name, "STB_WEAK" if changes else bind, where)
        for (name, bind, where), changes in zip(before, defined, strict=True)
    ]
    assert sum(a != b for a, b in zip(strong, weak, strict=True)) == sum(defined)
