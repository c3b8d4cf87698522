"""What the debugger shows of a run that stands still."""

import pytest

from sim.config import RunConfig
from sim.debug.commands import Commands
from sim.debug.opening import open_debugger


@pytest.fixture
def lazy():
    debugger = open_debugger("lazy", config=RunConfig(memory_mib=4))
    with debugger.session as session:
        yield Commands(debugger, session.symbols())


def run(commands, *lines):
    return [line for each in lines for line in commands.run(each)]


def test_what_the_walker_would_do_is_what_translate_says(lazy):
    shown = run(lazy, "goto fault 1", "back cycle 8", "translate 0x4ff8")
    assert "  level 0  0x80010020  0x0000000000000000 --------  V = 0: not valid" in shown
    assert "  kernel heap, 0x4000 to 0x44000, rw-; size 0x44000" in shown


@pytest.mark.parametrize(
    "line, shown",
    [
        ("registers", "sp  0x0000000000003f"),
        ("csr scause", "scause      0x0000000000000008  ecall u"),
        ("csr", "MODE 8"),
        ("stages", "execute"),
        ("tlb dtlb", "dtlb: pages"),
        ("tlb", "walk_cache: tables of level 0"),
        ("pages", "page table 0x000000008000b000"),
        ("pages 2", "pid 2 (lazy), size 0x44000"),
        ("processes", "*   2  lazy"),
        ("memory main 16", "  "),
        ("memory 0x4ff8", "0x4ff8  nothing is mapped here"),
        ("disassemble main 3", "main"),
        ("list", "=> "),
        ("where", "cycle 2,"),
        ("breakpoints", "no breakpoints"),
        ("help", "continue"),
        ("help back", "back [cycle|instruction|fault|trap|syscall] [N]: go back"),
    ],
)
def test_each_view_shows_something(lazy, line, shown):
    run(lazy, "goto fault 1", "back cycle 8")
    assert any(shown in told for told in run(lazy, line)), run(lazy, line)
