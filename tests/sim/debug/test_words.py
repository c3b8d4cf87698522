"""Words of commands are taken as they are meant, or told to be wrong in one line."""

from types import SimpleNamespace

import pytest

from sim.debug.conditions import Kind
from sim.debug.debugger import DebugError
from sim.debug.words import a_count, a_kind, a_place, an_address, one_of

NAMES = ("step", "stages", "where", "whereabouts")
#: Programs and their symbols.
KNOWN = {"lazy": {"main": 0x40, "start": 0}, "sh": {"main": 0x80}}
INFOS = {
    name: SimpleNamespace(address=symbols.get) for name, symbols in KNOWN.items()
}  # `address` is None for what is no symbol, as that of `DebugInfo`
SYMBOLS = SimpleNamespace(info=INFOS.get)


def refused(call, *words):
    with pytest.raises(DebugError) as caught:
        call(*words)
    return str(caught.value)


@pytest.mark.parametrize("word, name", [("ste", "step"), ("sta", "stages"), ("where", "where")])
def test_a_name_is_what_begins_like_it_or_is_it(word, name):
    assert one_of(word, NAMES, "command") == name


def test_what_begins_several_names_or_none_is_told():
    assert refused(one_of, "st", NAMES, "command") == "'st' may be step or stages"
    told = "'x' is no command: step, stages, where, whereabouts"
    assert refused(one_of, "x", iter(NAMES), "command") == told


def test_kinds_may_be_shortened():
    assert a_kind("sys") is Kind.SYSCALL
    assert a_kind("cycle") is Kind.CYCLE
    assert refused(a_kind, "x").startswith("'x' is no kind of step: cycle, instruction, fault")


def test_numbers_begin_at_1():
    assert (a_count("1"), a_count("10k")) == (1, 10_000)
    assert refused(a_count, "0") == "number 0 is too small: 1 is the least"
    assert a_count("0", "cycle", 0) == 0
    assert refused(a_count, "-1", "pid") == "'-1' is no pid"


def test_an_address_may_be_0():
    assert (an_address("0"), an_address("0x10")) == (0, 16)
    assert refused(an_address, "main") == "'main' is no address of 64 bits, such as 0x4ff8"


def test_a_place_is_an_address_of_nobody_or_a_symbol_of_a_program():
    assert a_place("0", SYMBOLS, "lazy") == (0, "", None)
    assert a_place("0x40", SYMBOLS, None) == (0x40, "", None)
    assert a_place("main", SYMBOLS, "lazy") == (0x40, "main", "lazy")
    assert a_place("start", SYMBOLS, "lazy") == (0, "start", "lazy")
    assert a_place("sh:main", SYMBOLS, "lazy") == (0x80, "main", "sh")
    assert a_place("sh:main", SYMBOLS, None) == (0x80, "main", "sh")


@pytest.mark.parametrize(
    "word, program, whose",
    [
        ("main", None, "here"),
        ("other", "lazy", "of lazy"),
        ("cat:main", "lazy", "of cat"),
        ("sh:start", "lazy", "of sh"),
        (":main", "lazy", "here"),
    ],
)
def test_a_symbol_that_is_not_there_is_told_with_whose_it_would_be(word, program, whose):
    name = word.rpartition(":")[2]
    told = f"{name!r} is neither an address nor a symbol {whose}"
    assert refused(a_place, word, SYMBOLS, program) == told
