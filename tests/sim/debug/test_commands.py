"""Commands of the debugger: what they do, and what is said of those that make no sense."""

import pytest

import sim
from sim.config import RunConfig
from sim.debug.commands import Commands
from sim.debug.debugger import DebugError
from sim.debug.opening import open_debugger
from sim.host.own_programs import compile_program
from tests.sim.cli.test_explain import HOSTILE

CONFIG = RunConfig(memory_mib=4)


@pytest.fixture
def lazy():
    debugger = open_debugger("lazy", config=CONFIG)
    with debugger.session as session:
        yield Commands(debugger, session.symbols())


def run(commands, *lines):
    return [line for each in lines for line in commands.run(each)]


def test_a_breakpoint_at_a_symbol_stops_there(lazy):
    shown = run(lazy, "break main", "continue")
    assert shown[0].startswith("breakpoint 1: pc ")
    assert shown[1].endswith("(main) (breakpoint 1)")
    assert shown[2].endswith(": pid 2 (lazy)")
    assert "  main  " in shown[3]
    assert shown[4].lstrip().startswith("lazy.c:")


def test_faults_are_stepped_forth_and_back(lazy):
    first = run(lazy, "step fault")
    assert first[-4:-1] == [
        "cycle 2,888: pid 2 (lazy), in S-mode",
        "  0x3ffffff0b8  csrw sscratch, a0",
        "from 0x240  read_some+0x50  ld a0, 0x7f9(a0)",
    ]
    assert first[-1].startswith("  lazy.c:")
    assert run(lazy, "step fault 4")[-4:] != first[-4:]
    assert run(lazy, "back fault 4")[-4:] == first[-4:]


def test_output_is_shown_once_however_often_it_is_passed(lazy):
    first = run(lazy, "goto end")
    again = run(lazy, "goto 0", "goto end")
    assert "| lazy: 64 pages promised at 0x4000" in first
    assert not any(line.startswith("|") for line in again)


def test_a_fault_is_gone_to_and_told(lazy):
    run(lazy, "goto fault 5")
    assert lazy.debugger.cycle == 10_704
    run(lazy, "goto fault 2")
    assert lazy.debugger.cycle == 4_463
    told = run(lazy, "explain 1")
    assert told[0] == "fault 1: load page fault, pid 2 (lazy), cycle 2,888"


@pytest.mark.parametrize(
    "line, told",
    [
        ("bre main", "'bre' may be break or breakpoints"),
        ("nonsense", "'nonsense' is no command: "),
        ("step sideways", "'sideways' is no kind of step: cycle"),
        ("step 0", "number 0 is too small: 1 is the least"),
        ("step 1x", "'1x' is no number"),
        ("break fault 0", "number 0 is too small: 1 is the least"),
        ("break pte 0 0", "pid 0 is too small: 1 is the least"),
        ("step fault 1 2", "too many words: 2"),
        ("break", "break SYMBOL | ADDRESS"),
        ("break nowhere", "'nowhere' is neither an address nor a symbol of lazy"),
        ("break cat:nowhere", "'nowhere' is neither an address nor a symbol of cat"),
        ("break none:main", "'main' is neither an address nor a symbol of none"),
        ("break va 0x1 sideways", "'sideways' is no access: read, write"),
        ("break pte x", "'x' is no address of 64 bits, such as 0x4ff8"),
        ("break 0x12345678123456789", "is neither an address nor a symbol"),
        ("delete 7", "there is no breakpoint 7"),
        ("d", "'d' may be "),
        ("memory 0 4097", "at most 4,096 are shown at once, not 4,097"),
        ("disassemble 0 9999999999", "at most 4,096 are shown at once"),
        ("goto nowhere", "'nowhere' is no cycle"),
        ("csr sfoo", "'sfoo' is no CSR: "),
        ("pages 77", "there is no process 77 with memory of its own"),
        ("explain", "no page fault has been served yet"),
        ("translate", "translate VA"),
        ("memory", "memory SYMBOL|VA [BYTES]"),
        ("registers now", "too many words: now"),
        ("help nonsense", "'nonsense' is no command: "),
        ("step \x1b[31m", "'^[[31m' is no kind of step"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(lazy, line, told):
    with pytest.raises(DebugError) as caught:
        run(lazy, line)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_breakpoint_takes_no_number(lazy):
    with pytest.raises(DebugError):
        run(lazy, "break nowhere")
    assert run(lazy, "break fault 3") == ["breakpoint 1: fault 3"]
    assert run(lazy, "b cycle 10k", "breakpoints")[1:] == ["1: fault 3", "2: cycle 10,000"]
    assert run(lazy, "delete 1", "breakpoints") == ["2: cycle 10,000"]
    assert run(lazy, "delete", "breakpoints") == ["1 deleted", "no breakpoints"]


def test_an_entry_that_changes_stops(lazy):
    shown = run(lazy, "goto fault 1", "break pte 0x4ff8", "continue", "translate 0x4ff8")
    assert "pte of 0x4ff8, pid 2 (breakpoint 1)" in shown
    assert any("4 KiB page at 0x80008000" in line for line in shown)


def test_an_empty_line_and_a_comment_do_nothing(lazy):
    assert run(lazy, "", "   ", "# break main") == []


def test_it_is_left(lazy):
    assert not lazy.finished
    run(lazy, "quit")
    assert lazy.finished


def test_a_shell_is_typed_to_and_its_programs_have_symbols_of_their_own():
    debugger = open_debugger("sh", config=CONFIG)
    with debugger.session as session:
        commands = Commands(debugger, session.symbols())
        assert "the program waits for input" in run(commands, "continue")
        shown = run(commands, "break echo:main", "input echo hi", "continue")
        assert any(line.endswith("(main) (breakpoint 1)") for line in shown)
        assert any(line.endswith(": pid 3 (echo)") for line in shown)
        shown = run(commands, "delete", "eof", "continue")
        assert "| hi" in shown
        assert any("the run has ended, with status 0" in line for line in shown)


def test_a_run_with_input_of_its_own_is_not_typed_to():
    debugger = open_debugger("cat", config=CONFIG, stdin=b"once\n")
    with debugger.session as session:
        commands = Commands(debugger, session.symbols())
        assert "| once" in run(commands, "continue")
        with pytest.raises(DebugError, match="comes from a file"):
            run(commands, "input twice")


def test_a_breakpoint_at_an_address_tells_how_long_it_is(lazy):
    assert run(lazy, "break va 0x4ff8 8 read", "break va 0x4ff8", "break va main 2") == [
        "breakpoint 1: va 0x4ff8 (8 bytes) read",
        "breakpoint 2: va 0x4ff8",
        "breakpoint 3: va 0x10 (2 bytes)",
    ]


def test_a_process_that_is_not_there_is_remarked(lazy):
    """It may come, or have been."""
    assert run(lazy, "break pte 0x4000 77", "break pte 0x4000 2") == [
        "breakpoint 1: pte of 0x4000, pid 77 (there is no process 77 now)",
        "breakpoint 2: pte of 0x4000, pid 2",
    ]


@pytest.mark.parametrize("line", ["input more", "eof"])
def test_behind_the_end_of_the_input_nothing_can_be_typed(line):
    debugger = open_debugger("cat", config=CONFIG)
    with debugger.session as session:
        commands = Commands(debugger, session.symbols())
        run(commands, "continue", "input one", "eof")
        end = debugger.cycle
        with pytest.raises(DebugError, match=f"input has ended in cycle {end:,}: go back before"):
            run(commands, line)
        assert "| one" in run(commands, "continue")
        run(commands, f"goto {end - 1}", "input two", "eof")
        assert "| two" in run(commands, "continue")


def test_a_symbol_does_not_command_the_terminal(tmp_path):
    source, program = tmp_path / "x.c", tmp_path / "x"
    source.write_text(HOSTILE)
    elf = compile_program([source], program).read_bytes()
    program.write_bytes(elf.replace(b"hostile", b"\x1b[31m\n\r"))
    debugger = open_debugger(str(program), config=CONFIG)
    with debugger.session as session:
        shown = run(
            Commands(debugger, session.symbols()), "step fault", "list", "goto end", "explain 1"
        )
    assert any("  ^[[31m^J^M" in line for line in shown)
    assert any(line.endswith("\there^G") for line in shown)
    assert not any(set(line) & {"\x1b", "\n", "\r", "\a"} for line in shown)


@pytest.mark.parametrize("rest", [None, "// shorter"])
def test_a_line_is_named_whose_source_is_gone(tmp_path, rest):
    source, program = tmp_path / "x.c", tmp_path / "x"
    source.write_text(HOSTILE)
    compile_program([source], program)
    source.unlink() if rest is None else source.write_text(rest)
    debugger = open_debugger(str(program), config=CONFIG)
    with debugger.session as session:
        commands = Commands(debugger, session.symbols())
        run(commands, "step fault")
        with pytest.raises(DebugError, match="at x.c:3, but the source is not there any more"):
            run(commands, "list")


@pytest.mark.parametrize(
    "faults",
    [
        {"fail": "kalloc:9"},
        {"fail": "pte:0x4ff8:U@fault:1"},
        {"skip_fence": "trap:3", "policy": "cow"},
        {"bus_error": "0x80010020@2"},
        {"drop_tlb": 1000},
    ],
    ids=lambda faults: " ".join(faults),
)
def test_a_run_with_faults_on_command_ends_as_without_the_debugger_and_so_again(faults):
    config = CONFIG.changed(**faults)
    result = sim.run("lazy", config=config)
    debugger = open_debugger("lazy", config=config)
    with debugger.session as session:
        commands = Commands(debugger, session.symbols())
        for _ in range(2):
            run(commands, "goto end")
            assert (debugger.cycle, session.injector.injected()) == (
                result.cycles,
                result.injected,
            )
            run(commands, "back fault", "goto 300", "step cycle 3000")


def test_what_becomes_of_a_fault_on_command_is_shown_once_and_listed():
    debugger = open_debugger("lazy", config=CONFIG.changed(fail="pte:0x4ff8:U@fault:1"))
    with debugger.session as session:
        commands = Commands(debugger, session.symbols())
        assert run(commands, "injected") == ["--fail pte:0x4ff8:U@fault:1: it has not happened"]
        fault = "! --fail pte:0x4ff8:U@fault:1: cycle"
        first = run(commands, "step fault 2")
        assert [line for line in first if line.startswith("!")] == [
            f"{fault} 2,963, pid 2: U is cleared at level 0 for 0x4ff8: 0x200020d7 -> 0x200020c7"
        ]
        later = run(commands, "goto 0", "goto end", "goto 0", "goto end")
        assert [line for line in later if line.startswith("!")] == [
            f"{fault} 4,254, then: the page fault at 0x4ff8 is refused (guard page)"
        ]


def test_a_run_without_faults_on_command_has_none_to_list(lazy):
    assert run(lazy, "injected") == ["no faults on command"]
