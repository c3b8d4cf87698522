"""Our own kernel in C: it is compiled once, boots, and powers off."""

from sim import start_boot
from sim.host import own_kernel, programs
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


def test_every_source_names_its_counterpart_that_there_is():
    """A comment that names a file of the kernel model names one."""
    folder = programs.programs_directory()
    for source in (folder / "kernel").glob("*.c"):
        for word in source.read_text().replace(",", " ").replace(":", " ").split():
            if word.startswith("kernel_model/"):
                assert (folder.parent / word.rstrip(".;")).exists(), (source.name, word)
