"""The mutator itself: what it changes, and that it changes nothing else."""

import ast
import enum
import importlib
import inspect

import pytest

from tests.verify.mutants.mutate import apply, mutants_of, names_of


class Colour(enum.Enum):
    RED = 0
    GREEN = 1
    BLUE = 2


def changes(source, **names):
    """The mutants of `source` as (old, new), in order."""
    return [(mutant.old, mutant.new) for mutant in mutants_of("a.py", source, names)]


@pytest.mark.parametrize(
    "expression, new",
    [
        ("a + b", "a - b"),
        ("a - b", "a + b"),
        ("a * b", "a // b"),
        ("a % b", "a // b"),
        ("a << b", "a >> b"),
        ("a >> b", "a << b"),
        ("a & b", "a | b"),
        ("a | b", "a & b"),
        ("a ^ b", "a | b"),
        ("a and b", "a or b"),
        ("a or b", "a and b"),
        ("a == b", "a != b"),
        ("a != b", "a == b"),
        ("a < b", "a <= b"),
        ("a >= b", "a > b"),
        ("a in b", "a not in b"),
        ("a is not b", "a is b"),
        ("~a", "a"),
        ("not a", "a"),
        ("-a", "a"),
    ],
)
def test_operators(expression, new):
    assert changes(f"x = {expression}") == [(expression, new)]


def test_operators_one_at_a_time():
    assert changes("x = a & b | ~c") == [
        ("a & b | ~c", "a & b & ~c"),
        ("a & b", "a | b"),
        ("~c", "c"),
    ]
    assert changes("x = a < b < c") == [("a < b < c", "a <= b < c"), ("a < b < c", "a < b <= c")]


def test_what_is_for_type_hints_alone_is_left_out():
    assert changes("if TYPE_CHECKING:\n    from a import b") == []


def test_numbers_and_booleans():
    assert changes("x = 7") == [("7", "8")]
    assert changes("x = True") == [("True", "False")]
    assert changes("x = y[2:]") == [("2", "3")]
    assert changes("x = 'text', None, f'{3}'") == []


def test_named_numbers():
    assert changes("x = WIDTH", WIDTH=8) == [("WIDTH", "WIDTH + 1")]
    assert changes("x = WIDTH", WIDTH="8") == []
    assert changes("x = FLAG", FLAG=True) == []


def test_members_of_enumerations():
    assert changes("x = Colour.RED", Colour=Colour) == [("Colour.RED", "Colour.GREEN")]
    assert changes("x = Colour.BLUE", Colour=Colour) == [("Colour.BLUE", "Colour.RED")]
    assert changes("x = Colour.__members__", Colour=Colour) == []


def test_widths_lose_a_bit():
    assert changes("x = Signal(3, init=1)") == [("3", "2"), ("1", "2")]
    assert changes("x = Const(5, 8)") == [("5", "6"), ("8", "7")]
    assert changes("x = C(5, 8)") == [("5", "6"), ("8", "7")]
    assert changes("x = unsigned(8)") == changes("x = signed(8)") == [("8", "7")]
    assert changes("class A:\n  port: In(WIDTH)", WIDTH=8) == [("WIDTH", "WIDTH - 1")]
    assert ("WIDTH", "WIDTH - 1") in changes("x = Signal(2 * WIDTH)", WIDTH=8)
    assert changes("class A(Enum, shape=3):\n  B = 1") == [("3", "2"), ("1", "2")]


def test_conditions_get_stuck():
    stuck = [("a", "True"), ("a", "False")]
    assert changes("if a: pass") == stuck
    assert changes("while a: pass") == stuck
    assert changes("x = b if a else c") == stuck
    assert changes("x = [b for b in c if a]") == stuck
    assert changes("with m.If(a): pass") == stuck
    assert changes("with m.Elif(a): pass") == stuck
    assert changes("x = Mux(a, b, c)") == stuck
    assert changes("if a: pass\nelif b: pass")[2:] == [("b", "True"), ("b", "False")]


def test_what_is_left_alone():
    assert changes('"""1 + 2"""') == []
    assert changes("__all__ = [1 + 2]") == []
    assert changes("def f(a: 1 + 2 = 3) -> 4: ...") == []
    assert changes("def f():\n  a: Literal[5] = b") == []
    assert changes("raise ValueError(1 + 2)") == []
    assert changes("from a import b") == []
    assert changes("zip(a, b, strict=True)") == []


def test_everywhere_in_a_statement():
    source = "def f():\n  try:\n    g(a + b)\n  except E:\n    return lambda: c + d\n"
    assert changes(source) == [("a + b", "a - b"), ("c + d", "c - d")]


def test_guards_are_tests_before_a_raise():
    source = "def f():\n  if a < 1:\n    raise E\n  if a < 2:\n    return\n"
    assert [m.guards for m in mutants_of("a.py", source, {})] == [True] * 4 + [False] * 4


def test_names_tell_function_and_number():
    source = "x = 1\nclass A:\n  def f():\n    return 1, 1\n"
    assert [mutant.name for mutant in mutants_of("a.py", source, {})] == [
        "a.py <module>: 1 -> 2",
        "a.py A.f: 1 -> 2",
        "a.py A.f: 1 -> 2 #2",
    ]


SOURCE = """
def f(a, b):
    é = a + (
        b
        * 2
    )  # a comment
    return é if a > b else [a, -b]
"""


def test_a_mutant_is_the_original_but_for_one_expression():
    original = ast.unparse(ast.parse(SOURCE))
    mutants = mutants_of("a.py", SOURCE, {})
    assert len(mutants) == 7
    for mutant in mutants:
        broken = apply(SOURCE, mutant)
        assert len(broken.splitlines()) == len(SOURCE.splitlines()), "lines would shift"
        assert broken.splitlines()[mutant.end[0] :] == SOURCE.splitlines()[mutant.end[0] :]
        assert ast.unparse(ast.parse(broken)) != original
        assert ast.unparse(ast.parse(mutant.new)) in ast.unparse(ast.parse(broken))


def test_the_old_text_is_that_of_the_source():
    """Names of mutants are read back from docs/mutants.md: they may not depend on the reader."""
    source = SOURCE + "\ny = 'é' + str(1 +\n  2)\n"
    names = {" ".join(mutant.old.split()) for mutant in mutants_of("a.py", source, {})}
    told = {
        " ".join(ast.get_source_segment(source, node).split())
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.expr)
    }
    assert len(names) > 7
    assert names <= told


@pytest.mark.parametrize("name", ["kernel_model.mm.pagetable", "hdl.mmu.tlb", "sim.platform.bus"])
def test_mutants_are_python(name):
    source = inspect.getsource(importlib.import_module(name))
    for mutant in mutants_of(name, source, names_of(name)):
        compile(apply(source, mutant), mutant.name, "exec")


def test_the_changed_expression_keeps_its_place():
    """`a * (b + c)` must not become `a * b - c`."""
    source = "x = a * (b + c)"
    (_, mutant) = mutants_of("a.py", source, {})
    assert ast.unparse(ast.parse(apply(source, mutant))) == "x = a * (b - c)"
