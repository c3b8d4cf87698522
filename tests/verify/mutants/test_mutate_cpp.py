"""The mutator of C++: what it changes, and that a compiler still takes it."""

import random
import subprocess

import pytest

from sim.engines.native.compiler.cxx import find_compiler
from sim.engines.native.compiler.emit import PRELUDE
from tests.verify.mutants.mutate import apply
from tests.verify.mutants.mutate_cpp import mutants_of_cpp
from tests.verify.mutants.tree import PROJECT

NATIVE = PROJECT / "sim" / "engines" / "native" / "machine"
#: In the order in which they are compiled.
RUNTIME = (
    "story",
    "counts",
    "refusals",
    "machine",
    "output",
    "fields",
    "lines",
    "chunks",
    "trace",
    "ring",
    "watch",
    "transcript",
    "walks",
)
FUNCTIONS = "void native_step(u64 *, u64 *);\nvoid native_show(u64 *, u64 *);\n"
SEED = 1


def changes(statement, before=""):
    """The mutants of a `statement` in a function, as (old, new), in order."""
    source = f"{before}\nvoid f() {{ {statement} }}"
    return [(m.old, m.new) for m in mutants_of_cpp("a.cpp", source) if m.function == "f"]


@pytest.mark.parametrize(
    "expression, new",
    [
        ("a + b", "a - b"),
        ("a * b", "a / b"),
        ("a % b", "a / b"),
        ("a << b", "a >> b"),
        ("a & b", "a | b"),
        ("a ^ b", "a | b"),
        ("a && b", "a || b"),
        ("a == b", "a != b"),
        ("a < b", "a <= b"),
        ("!a", "a"),
        ("~a", "a"),
        ("a += b", "a -= b"),
        ("a |= b", "a &= b"),
        ("a <<= b", "a >>= b"),
        ("a++", "a--"),
        ("--a", "++a"),
        ("true", "false"),
        ("7", "7 + 1"),
        ("0xffull", "0xffull + 1"),
    ],
)
def test_operators_and_constants(expression, new):
    assert changes(f"x = {expression};") == [(expression, new)]


def test_operands_stay_whole():
    """`a ^ b & c` would be something else."""
    assert changes("x = (a ^ b) | c;")[0] == ("(a ^ b) | c", "(a ^ b) & c")
    assert changes("x = a ^ b | c;")[0] == ("a ^ b | c", "(a ^ b) & c")


def test_names_of_numbers_and_members_of_enumerations():
    before = "enum Kind { NONE, SOME }; constexpr int MANY = f;"
    assert changes("x = SOME;", before) == [("SOME", "NONE")]
    assert changes("x = MANY;", before) == [("MANY", "MANY + 1")]
    assert changes("int MANY = x;", before) == []
    (mutant,) = mutants_of_cpp("a.cpp", "int x = SOME;", ["enum Kind { NONE, SOME };"])
    assert mutant.new == "NONE"


def test_conditions_get_stuck_but_no_loop_is_without_end():
    stuck = [("a", "true"), ("a", "false")]
    assert changes("if (a) b();") == stuck
    assert changes("x = a ? b : c;") == stuck
    assert changes("for (; a;) b();") == stuck[1:]
    assert changes("while (a) b();") == stuck[1:]


def test_what_is_left_alone():
    assert changes('f("1 + 2");  // 3 + 4\n') == []
    assert changes('x = "a" + b;') == []
    assert changes("x = end - begin.data();") == []
    assert changes("x = *a;") == []
    assert changes("x = &a;") == []
    assert mutants_of_cpp("a.cpp", '#include "a1.h"\nstruct A { int b; };') == []


def test_names_tell_where():
    source = "int a = 1;\nstruct S { int b = 2; };\nu64 *g(int c) { return c + 3; }"
    assert [mutant.name for mutant in mutants_of_cpp("a.cpp", source)] == [
        "a.cpp <file>: 1 -> 1 + 1",
        "a.cpp S: 2 -> 2 + 1",
        "a.cpp g: c + 3 -> c - 3",
        "a.cpp g: 3 -> 3 + 1",
    ]


def test_what_is_no_cpp_is_refused():
    with pytest.raises(ValueError, match="a.cpp is not C"):
        mutants_of_cpp("a.cpp", "int f( {")


def test_lines_stay_where_they_are():
    source = "int x = a  // first\n  + b;\nint y;"
    (mutant,) = mutants_of_cpp("a.cpp", source)
    assert mutant.new == "a - b"
    assert apply(source, mutant) == "int x = (a - b\n);\nint y;"


@pytest.mark.parametrize("name", RUNTIME)
def test_a_compiler_takes_them(name):
    sources = {part: (NATIVE / f"{part}.cpp").read_text() for part in RUNTIME}
    mutants = mutants_of_cpp(f"{name}.cpp", sources[name], sources.values())
    mutant = random.Random(SEED).choice(mutants)
    sources[name] = apply(sources[name], mutant)
    command, _version = find_compiler()
    checked = subprocess.run(
        [*command, "-std=c++17", "-fsyntax-only", "-w", "-x", "c++", "-"],
        input=PRELUDE + FUNCTIONS + "\n".join(sources.values()),
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, (mutant, checked.stderr)
