"""A real gdb steps through a run, forth and back."""

import re

import pytest

from sim.host.programs import build_program
from tests import gdb
from tests.sim.debug.gdb.test_server import served

gdb.require()


def talk(program, *commands, **parameters):
    with served(program, patience=120.0, **parameters) as ((_, port), errors):
        said = gdb.said_by(build_program(program), port, commands)
    assert errors == []
    return said


def values(said, name):
    """What `print`, or `info registers`, has shown of `name`, in order."""
    return re.findall(rf"^{name}\s+(0x[0-9a-f]+)", said, re.M)


def test_it_knows_the_registers_and_breaks_at_a_function():
    said = talk(
        "lazy", "break read_some", "continue", "info registers pc scause satp", "bt 1", "kill"
    )
    assert "Breakpoint 1, read_some (" in said
    assert values(said, "satp") == ["0x800000000008000b"]
    assert len(values(said, "pc")) == 1
    assert "warning" not in said.lower()


def test_steps_are_taken_back():
    forth = ["stepi", "info registers pc"] * 8
    back = ["reverse-stepi", "info registers pc"] * 7
    said = talk("lazy", "break read_some", "continue", *forth, *back, "kill")
    seen = values(said, "pc")
    assert len(seen) == 15
    assert seen[8:] == seen[:7][::-1]
    assert len(set(seen[:8])) > 4


def test_it_goes_back_to_a_breakpoint_and_to_the_beginning():
    said = talk(
        "lazy",
        "break main",
        "continue",
        "continue",
        "reverse-continue",
        "info registers pc",
        "delete",
        "reverse-continue",
        "kill",
    )
    assert said.count("Breakpoint 1, main (") == 2
    assert said.count("No more reverse-execution history") == 2
    assert "lazy: every value as expected" in said


def test_lines_are_stepped_over_faults_and_calls():
    said = talk("lazy", "break main", "continue", *["next"] * 12, "info registers pc", "kill")
    assert "0x0000003ffffff" not in said
    (pc,) = values(said, "pc")
    assert int(pc, 16) < 0x4000


def test_a_watchpoint_stops_at_the_write_both_ways():
    said = talk(
        "lazy",
        "break main",
        "continue",
        "watch *(long *) 0xc000",
        "continue",
        "continue",
        "reverse-continue",
        "kill",
    )
    assert "Hardware watchpoint 2: *(long *) 0xc000" in said
    assert said.count("Old value = ") >= 1


def test_monitor_shows_what_gdb_cannot():
    said = talk(
        "lazy", "break read_some", "continue", "monitor translate 0x4ff8", "monitor tlb", "kill"
    )
    assert "level 0" in said
    assert "dtlb: pages" in said


def test_a_register_is_not_written():
    said = talk("hello", "break main", "continue", "set $a0 = 5", "info registers a0", "kill")
    assert re.search("a run is only looked at|Could not write register", said)


@pytest.mark.parametrize("word", ["detach", "kill"])
def test_it_lets_go(word):
    assert "Remote communication error" not in talk("hello", "stepi", word)
