"""A debugger gives input to a run that is known beforehand, in cycles before others too."""

import pytest

from hdl.arch import Cause, Priv
from sim.debug.conditions import Kind
from sim.debug.debugger import DebugError, Debugger, Stop
from sim.debug.typed import Typed
from tests.sim.debug.scripted import Scripted, record

RETIRED = record()
FAULT = record(trap=1, cause=int(Cause.LOAD_PAGE), mode=int(Priv.U))


def typing(*wanted, **parameters):
    console = Typed()
    return console, Debugger(
        Scripted(typed=console, wanted=wanted, **parameters), console, max_cycles=2_000
    )


WAITS = "the program waits for input"


def test_a_program_that_wants_input_stands_before_it_is_asked_for():
    console, debugger = typing(300, 600, end=900)
    assert debugger.forward(None) == Stop(299, WAITS, reached=False)
    assert debugger.forward(Kind.CYCLE) == Stop(299, WAITS, reached=False)
    assert debugger.go_to(1_000) == Stop(299, WAITS, reached=False)
    assert debugger.go_to(100) == Stop(100, "")
    assert debugger.go_to(299) == Stop(299, "")
    debugger.give_input(b"one")
    assert debugger.forward(None) == Stop(599, WAITS, reached=False)
    assert debugger.go_to(298).cycle == 298
    assert debugger.forward(None) == Stop(599, WAITS, reached=False)
    debugger.give_input(b"two")
    assert debugger.forward(None).why == "the run has ended, with status 3"
    assert console.save_state()[1] == 6


def test_input_for_the_past_makes_another_run_of_what_was_to_come():
    _, debugger = typing(300, 600, end=900)
    debugger.go_to(299)
    debugger.give_input(b"one")
    debugger.forward(None)
    debugger.history.keep()
    assert 599 in debugger.history.cycles
    debugger.go_to(200)
    debugger.give_input(b"early")
    assert max(debugger.history.cycles) <= 200
    assert debugger.forward(None) == Stop(599, WAITS, reached=False)


def test_what_is_looked_for_before_input_is_wanted_is_found():
    _, debugger = typing(300, records={250: FAULT})
    assert debugger.forward(Kind.FAULT).cycle == 250
    assert debugger.forward(Kind.FAULT).why == WAITS
    assert debugger.back(Kind.FAULT).cycle == 250


def test_what_retires_as_input_is_wanted_counts_once():
    for known in (False, True):
        _, debugger = typing(300, records={298: RETIRED, 299: RETIRED})
        debugger.go_to(1_000 if known else 297)
        debugger.go_to(297)
        stop = debugger.forward(Kind.INSTRUCTION, 3)
        assert stop == Stop(299, WAITS, reached=False)


def test_behind_its_end_there_is_no_more_input():
    _, debugger = typing(300)
    debugger.go_to(100)
    debugger.give_input(b"")
    for cycle in (100, 200):
        debugger.go_to(cycle)
        with pytest.raises(DebugError, match="has ended in cycle 100: go back before it"):
            debugger.give_input(b"x")
    debugger.go_to(99)
    debugger.give_input(b"x")


def test_input_of_a_file_is_not_typed():
    with pytest.raises(DebugError, match="comes from a file"):
        Debugger(Scripted()).give_input(b"x")
