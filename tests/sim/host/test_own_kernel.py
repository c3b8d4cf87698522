"""Our own kernel in C: it is compiled once, boots, and powers off."""

import shutil
from pathlib import Path

import pytest

from sim import start_boot
from sim.host import own_kernel, programs
from sim.host.toolchain import ToolchainError
from tests.sim.elf import segments, symbols

#: What `--fault-steps` tells by.
FUNCTIONS = "uservec usertrap vmfault kalloc memset mappages walk userret"


def boot(stdin, **options):
    with start_boot(stdin=stdin, **options) as session:
        session.run(max_cycles=50_000_000)
        return session.exit_code, session.output.decode()


def test_it_is_compiled_once(monkeypatch):
    built = own_kernel.build_kernel()
    monkeypatch.setattr(own_kernel, "compile_strictly", None)

    assert own_kernel.build_kernel() == built
    assert segments(built)[0]["p_vaddr"] == 0x8000_0000
    assert set(FUNCTIONS.split()) <= set(symbols(built))


def test_it_boots_serves_page_faults_and_powers_off():
    status, output = boot("echo hi | cat\nlazy\nexit\n")

    assert "$ hi\n" in output
    assert "lazy: every value as expected\n" in output
    # As many as the kernel model serves.
    assert output.endswith("\n$ 12 page faults served\n")
    assert status == 0


def test_a_line_is_edited_and_more_is_typed_ahead_than_the_console_has_room_for():
    lines = [f"echo line {n}\n" for n in range(40)]
    status, output = boot("".join(["nonsense\x15echo riXX\b\x7fght\n", *lines, "\x04"]))

    # What is typed is shown at once, in the middle of what is printed.
    assert "right" in output
    assert output.endswith("$ line 38\n$ line 39\n$ 0 page faults served\n")
    assert output.count("$ ") == 1 + len(lines) + 1
    assert status == 0


def test_it_has_the_memory_that_there_is_and_no_more_and_needs_no_protection():
    status, output = boot("lazytests -n oom\nexit\n", memory_mib=2, pmp_entries=0)

    assert "test oom: OK\n" in output, output
    assert status == 0


def test_a_turn_has_room_for_an_instruction_however_slow_memory_is():
    status, output = boot("exit\n", latency=50)

    assert output.endswith("$ 0 page faults served\n")
    assert status == 0


def test_a_copy_with_changes_is_booted(tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(programs.programs_directory() / "kernel", "mine")
    Path("mine/file_of_mine.c").write_text("int unused(void) { int x; return 5; }\n")
    source = Path("mine/trap.c")
    source.write_text(source.read_text().replace("faults_served++", "faults_served += 100"))

    with start_boot("mine", stdin="lazy\nexit\n") as session:
        session.run(max_cycles=50_000_000)
    assert session.output.endswith(b"\n$ 1200 page faults served\n")
    assert "mine/file_of_mine.c:1:" in capfd.readouterr().err


@pytest.mark.parametrize(
    "name, text, told, said",
    [
        ("vm.c", "int vm = ;\n", "kernel/vm.c:1:", "kernel: not compiled, for the reason above"),
        ("kernel.ld", None, "", "kernel: no folder of a kernel: kernel.ld is not there"),
        ("vm.h", "", "", "kernel: no folder of a kernel: it has no .c and no .S"),
    ],
)
def test_what_is_no_kernel_is_told_by_the_names_of_its_files(
    tmp_path, capfd, monkeypatch, name, text, told, said
):
    monkeypatch.chdir(tmp_path)
    Path("kernel").mkdir()
    shutil.copy(programs.programs_directory() / "kernel" / "kernel.ld", "kernel")
    Path("kernel", name).unlink() if text is None else Path("kernel", name).write_text(text)

    with pytest.raises(ToolchainError, match=said):
        own_kernel.compile_own_kernel(Path("kernel"), tmp_path / "elf")
    assert told in capfd.readouterr().err


def test_every_source_names_its_counterpart_that_there_is():
    """A comment that names a file of the kernel model names one."""
    folder = programs.programs_directory()
    for source in (folder / "kernel").glob("*.c"):
        for word in source.read_text().replace(",", " ").replace(":", " ").split():
            if word.startswith("kernel_model/"):
                assert (folder.parent / word.rstrip(".;")).exists(), (source.name, word)
