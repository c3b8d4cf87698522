"""What commands ask of a debugger that goes nowhere, and which views they show."""

from types import SimpleNamespace

import pytest

from sim.debug import commands as module
from sim.debug.commands import Commands
from sim.debug.conditions import AccessTo, AtCycle, AtPc, FaultNumber, Kind, PteChange
from sim.debug.debugger import DebugError, Stop
from tests.sim.debug.standing import Asked, session_of


def run(commands, *lines):
    return [line for each in lines for line in commands.run(each)]


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
    monkeypatch.setattr(module, "visible_line", lambda shown: shown)  # it is no text


def asked_of(first=None, faults=0, **parameters):
    asked = Asked(session_of({"trap.valid": 1, "trap.pc": 0x44}, **parameters))
    asked.session.kernel.first = first
    asked.session.kernel.procs = [LAZY, SH]
    asked.session.guest.faults = [None] * faults
    asked.session.injector = SimpleNamespace(injected=lambda: ())
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
        ("pte 0x5000 3", PteChange(0x5000, 3)),
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


def test_a_process_that_is_not_there_may_come():
    _, shown, asked = made("break pte 0x5000 7")
    assert shown == ["breakpoint 1: pte of 0x5000, pid 7 (there is no process 7 now)"]
    assert asked.breakpoints == {1: PteChange(0x5000, 7)}


def test_what_is_refused_has_no_number():
    commands, _, asked = made("break 0x44")
    with pytest.raises(DebugError):
        run(commands, "break nowhere")
    assert run(commands, "break 0x48") == ["breakpoint 2: pc 0x48"]
    assert asked.breakpoints == {1: AtPc(0x44, "", None), 2: AtPc(0x48, "", None)}


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
        ("input one ", b"one \n"),
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
