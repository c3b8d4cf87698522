"""A program comes under the debugger with the input and the bound that it was given."""

import pytest

from sim.config import RunConfig
from sim.debug.conditions import Kind
from sim.debug.debugger import DebugError
from sim.debug.opening import open_debugger
from sim.limit import DEFAULT_CYCLES

CONFIG = RunConfig(memory_mib=4)


def test_it_stands_before_the_first_cycle_and_is_traced():
    debugger = open_debugger("hello", config=CONFIG)
    with debugger.session as session:
        assert debugger.cycle == 0
        assert session.config.traced


def test_it_is_configured_as_any_run_and_typed_to_by_default():
    debugger = open_debugger("cat", config=CONFIG)
    with debugger.session as session:
        assert session.config.memory_mib == 4
        debugger.give_input(b"typed\n")
        debugger.forward(None)
        assert session.kernel.console.printed == b"typed\n"
    with open_debugger("hello").session as session:
        assert session.config == RunConfig(traced=True)


def test_its_arguments_are_those_of_the_program():
    debugger = open_debugger("echo", ["one", "two"], config=CONFIG)
    with debugger.session as session:
        debugger.forward(None)
        assert session.kernel.console.printed == b"one two\n"


def test_a_run_with_input_of_its_own_is_not_typed_to():
    debugger = open_debugger("cat", config=CONFIG, stdin=b"once\n")
    with debugger.session as session:
        assert debugger.forward(None).why == "the run has ended, with status 0"
        assert session.kernel.console.printed == b"once\n"
        with pytest.raises(DebugError, match="comes from a file"):
            debugger.give_input(b"twice\n")


def test_its_motions_are_bounded_as_a_run_is():
    debugger = open_debugger("hello", config=CONFIG)
    with debugger.session, pytest.raises(DebugError, match="no motion goes further than"):
        debugger.go_to(DEFAULT_CYCLES + 1)


def test_its_motions_are_bounded():
    debugger = open_debugger("lazy", config=CONFIG, max_cycles=1_000)
    with debugger.session:
        assert debugger.forward(Kind.FAULT).cycle == 1_000
