"""Commands of the debugger: what they do, and what is said of those that make no sense."""

from types import SimpleNamespace

import pytest

from sim.config import RunConfig
from sim.debug import commands as module
from sim.debug.commands import Commands
from sim.debug.conditions import AccessTo, AtCycle, AtPc, FaultNumber, Kind, PteChange
from sim.debug.debugger import DebugError, Stop
from sim.debug.opening import open_debugger
from tests.sim.debug.standing import Asked, session_of

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
        "cycle 3,210: pid 2 (lazy), in S-mode",
        "  0x3ffffff0b4  csrw sscratch, a0",
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
    assert lazy.debugger.cycle == 11_960
    run(lazy, "goto fault 2")
    assert lazy.debugger.cycle == 4_895
    told = run(lazy, "explain 1")
    assert told[0] == "fault 1: load page fault, pid 2 (lazy), cycle 3,210"


@pytest.mark.parametrize(
    "line, told",
    [
        ("bre main", "'bre' may be break or breakpoints"),
        ("nonsense", "'nonsense' is no command: "),
        ("step sideways", "'sideways' is no kind of step: cycle"),
        ("step 0", "'0' is no number"),
        ("step fault 1 2", "too many words: 2"),
        ("break", "break SYMBOL | ADDRESS"),
        ("break nowhere", "'nowhere' is neither an address nor a symbol of lazy"),
        ("break cat:nowhere", "'nowhere' is neither an address nor a symbol of cat"),
        ("break none:main", "'main' is neither an address nor a symbol of none"),
        ("break va 0x1 sideways", "'sideways' is no access: read, write"),
        ("break pte x", "'x' is no address of 64 bits"),
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
    assert any("a page of 4 KiB at 0x80008000" in line for line in shown)


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


class Views:
    """Views that show by what they were asked for, but for the run and its symbols."""

    def __getattr__(self, name):
        return lambda *arguments: [(name, *arguments[1:])]


LAZY, SH = SimpleNamespace(name="lazy", pid=2), SimpleNamespace(name="sh", pid=3)
KNOWN = {"lazy": {"main": 0x40}, "sh": {"main": 0x80}}
SYMBOLS = SimpleNamespace(
    info=lambda name: SimpleNamespace(address=KNOWN[name].get) if name in KNOWN else None
)


@pytest.fixture
def viewed(monkeypatch):
    monkeypatch.setattr(module, "views", Views())


def asked_of(first=None, faults=0, **parameters):
    asked = Asked(session_of({"trap.valid": 1, "trap.pc": 0x44}, **parameters))
    asked.session.kernel.first = first
    asked.session.guest.faults = [None] * faults
    return asked


def made(*lines, **parameters):
    """Commands that have carried out lines, what was shown, and the debugger they asked."""
    asked = asked_of(**{"proc": LAZY} | parameters)
    commands = Commands(asked, SYMBOLS)
    return commands, run(commands, *lines), asked


def refused(line, **parameters):
    with pytest.raises(DebugError) as caught:
        made(line, **parameters)
    return str(caught.value)


@pytest.mark.usefixtures("viewed")
@pytest.mark.parametrize(
    "line, asked",
    [
        ("step", ("forward", Kind.INSTRUCTION, 1)),
        ("s 5", ("forward", Kind.INSTRUCTION, 5)),
        ("step fault", ("forward", Kind.FAULT, 1)),
        ("back sys 3", ("back", Kind.SYSCALL, 3)),
        ("continue", ("forward", None)),
        ("reverse", ("back", None)),
        ("goto end", ("forward", None)),
        ("goto 0", ("go_to", 0)),
        ("goto cycle 10k", ("go_to", 10_000)),
    ],
)
def test_motions(line, asked):
    assert made(line)[2].asked == [asked]


@pytest.mark.usefixtures("viewed")
def test_a_fault_is_behind_or_before_here():
    for number, way in [(2, "back_to"), (3, "back_to"), (4, "run_to")]:
        (asked,) = made(f"goto fault {number}", faults=3)[2].asked
        assert asked == (way, FaultNumber(number))


@pytest.mark.usefixtures("viewed")
def test_on_the_way_to_the_end_no_breakpoint_counts():
    asked = made("break main", "goto end")[2]
    assert asked.were == {}
    assert asked.breakpoints == {1: AtPc(0x40, "main", "lazy")}


@pytest.mark.usefixtures("viewed")
def test_a_stop_is_told_with_the_breakpoints_that_it_is_at():
    commands, _, asked = made("break main", "break cycle 7", "break cycle 9")
    where = ("where", SYMBOLS)
    assert run(commands, "step") == [where]
    asked.stop = Stop(7, "cycle 7", (AtCycle(7),))
    assert run(commands, "step") == ["cycle 7 (breakpoint 2)", where]
    asked.stop = Stop(7, "both", (AtCycle(9), AtCycle(7)))
    assert run(commands, "step") == ["both (breakpoint 2, 3)", where]
    asked.stop = Stop(7, "fault", (FaultNumber(1),))
    assert run(commands, "step") == ["fault", where]


@pytest.mark.parametrize(
    "words, condition",
    [
        ("0x44", AtPc(0x44, "", None)),
        ("main", AtPc(0x40, "main", "lazy")),
        ("sh:main", AtPc(0x80, "main", "sh")),
        ("fault 3", FaultNumber(3)),
        ("cycle 1k", AtCycle(1_000)),
        ("pte 0x5000", PteChange(0x5000, 2)),
        ("pte 0x5000 7", PteChange(0x5000, 7)),
        ("va main", AccessTo(0x40)),
        ("va 0x5000 8", AccessTo(0x5000, 8)),
        ("va 0x5000 read", AccessTo(0x5000, writes=False)),
        ("va 0x5000 16 wr", AccessTo(0x5000, 16, reads=False)),
        ("va 0x5000 write 2", AccessTo(0x5000, 2, reads=False)),
    ],
)
def test_breakpoints(words, condition):
    commands, shown, asked = made(f"break {words}")
    assert asked.breakpoints == {1: condition}
    assert shown == [f"breakpoint 1: {condition}"]
    assert run(commands, "breakpoints") == [f"1: {condition}"]


def test_numbers_are_not_given_twice():
    commands, _, asked = made("b cycle 1", "b cycle 2", "delete 2", "b cycle 3")
    assert asked.breakpoints == {1: AtCycle(1), 3: AtCycle(3)}
    assert run(commands, "breakpoints") == ["1: cycle 1", "3: cycle 3"]
    assert run(commands, "delete", "breakpoints") == ["2 deleted", "no breakpoints"]
    with pytest.raises(DebugError, match="no breakpoint 1"):
        run(commands, "delete 1")


@pytest.mark.usefixtures("viewed")
@pytest.mark.parametrize(
    "line, view",
    [
        ("where", ("where", SYMBOLS)),
        ("list", ("source", SYMBOLS)),
        ("disassemble", ("disassembly", SYMBOLS, 0x44, 8)),
        ("disassemble main", ("disassembly", SYMBOLS, 0x40, 8)),
        ("disassemble sh:main 4096", ("disassembly", SYMBOLS, 0x80, 4096)),
        ("r", ("registers",)),
        ("csr", ("csrs", None)),
        ("csr sat", ("csrs", "satp")),
        ("stages", ("stages", SYMBOLS)),
        ("tlb dtlb", ("table", "dtlb")),
        ("translate main", ("translation", 0x40)),
        ("p", ("page_table", None)),
        ("pages 7", ("page_table", 7)),
        ("memory main", ("memory", 0x40, 64)),
        ("memory 0 4k", ("memory", 0, 4000)),
        ("memory 0 4096", ("memory", 0, 4096)),
        ("processes", ("processes",)),
        ("explain", ("fault", SYMBOLS, None)),
        ("explain 2", ("fault", SYMBOLS, 2)),
    ],
)
def test_what_is_shown(line, view):
    assert made(line)[1] == [view]


@pytest.mark.usefixtures("viewed")
def test_all_tables_are_shown_if_none_is_named():
    assert made("tlb")[1] == [("table", name) for name in ("itlb", "dtlb", "walk_cache")]


@pytest.mark.usefixtures("viewed")
@pytest.mark.parametrize(
    "line",
    [
        *("continue", "reverse", "breakpoints", "where", "list", "registers", "stages"),
        *("processes", "eof", "quit", "csr satp", "tlb dtlb", "pages 2", "explain 1"),
        *("disassemble main 1", "delete 1", "step fault 1", "help step"),
    ],
)
def test_no_word_too_many_is_taken(line):
    made("break main", line)
    with pytest.raises(DebugError, match="too many words: more"):
        made("break main", f"{line} more")


@pytest.mark.parametrize(
    "line", ["goto", "goto 1 2 3", "translate", "translate 0 1", "memory 1 2 3"]
)
def test_what_a_command_wants_is_told(line):
    name = line.split()[0]
    assert refused(line).startswith(f"{name} ")


@pytest.mark.parametrize("count", ["4097", "9999999999"])
def test_no_more_than_4096_are_shown(count):
    assert refused(f"memory 0 {count}").startswith("at most 4,096 are shown at once, not ")
    assert refused(f"disassemble 0 {count}").startswith("at most 4,096 are shown at once, not ")


@pytest.mark.parametrize(
    "proc, first, whose",
    [(LAZY, SH, "0x40 (main)"), (None, SH, "0x80 (main)"), (SH, None, "0x80 (main)")],
)
def test_symbols_are_of_who_runs_or_will_run_first(proc, first, whose):
    assert made("break main", proc=proc, first=first)[1] == [f"breakpoint 1: pc {whose}"]
    assert made("break pte 0", proc=proc, first=first)[1] == [
        f"breakpoint 1: pte of 0x0, pid {(proc or first).pid}"
    ]


def test_without_a_process_there_are_none():
    told = "'main' is neither an address nor a symbol here"
    assert refused("break main", proc=None) == told
    assert refused("break pte 0", proc=None) == "no process runs"
    assert made(proc=None)[0].address("0x44") == 0x44
    assert made()[0].address("main") == 0x40


@pytest.mark.parametrize(
    "line, given",
    [
        ("input", b"\n"),
        ("input two  words # here ", b"two  words # here \n"),
        ("inp \udcff", b"\xff\n"),
        ("eof", b""),
    ],
)
def test_a_line_is_typed_as_it_is(line, given):
    assert made(line)[2].asked == [("give_input", given)]


def test_what_was_printed_before_input_is_not_shown_again():
    commands, _, asked = made()
    printed = asked.session.kernel.console.printed
    printed += b"one\ntwo \x1b\n"
    assert list(commands.output()) == ["| one", "| two ^["]
    assert list(commands.output()) == []
    printed[:] = b"one\n"  # it went back
    assert list(commands.output()) == []
    run(commands, "input x")
    printed += b"other\n"
    assert list(commands.output()) == ["| other"]


def test_help_lists_all_commands_or_tells_of_one():
    commands, shown, _ = made("help")
    assert [line.split()[0] for line in shown[:-1]] == list(commands.names)
    assert shown[-1] == "help COMMAND tells more. A command may be shortened."
    assert run(commands, "help me") == [
        "memory SYMBOL|VA [BYTES]: what is there, by the page table"
    ]
    assert run(commands, "help eof") == ["eof: end the program's input"]
    assert not commands.finished


def test_comments_are_no_commands():
    assert made("#", "# step", "  #x")[2].asked == []
