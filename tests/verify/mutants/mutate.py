"""Mutants of a Python file: copies in which one operator, constant or condition is another one.

They are found in the syntax tree, and made by replacing the text of one expression, so that all
lines keep their numbers. Amaranth is Python: the same rules break hardware.
"""

import ast
import enum
import importlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Mutant", "apply", "mutants_of", "names_of"]

OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
#: Calls whose argument (by position) is the shape of something: it loses a bit.
SHAPES = {"Signal": 0, "In": 0, "Out": 0, "unsigned": 0, "signed": 0, "Const": 1, "C": 1}
#: Calls of Amaranth whose first argument is a condition.
CONDITIONS = ("If", "Elif", "Mux")


@dataclass(frozen=True)
class Mutant:
    """One change of `file`: what stands at `start` to `end` (line, column in UTF-8) becomes `new`.

    `function` is the qualified name of what it is in, `nth` counts equal changes there: with the
    texts they make a name that survives changes elsewhere in the file. `line` is the first one of
    its statement. `guards` says that it is in the test of an `if` whose body raises.
    """

    file: str
    function: str
    kind: str
    old: str
    new: str
    nth: int
    start: tuple[int, int]
    end: tuple[int, int]
    line: int
    guards: bool = False

    @property
    def name(self) -> str:
        """Its name, in one line."""
        nth = f" #{self.nth}" if self.nth > 1 else ""
        return f"{self.file} {self.function}: {self.old} -> {self.new}{nth}"


def names_of(module: str) -> dict[str, object]:
    """What the global names of `module` stand for, which decides how a name is mutated."""
    return dict(vars(importlib.import_module(module)))


def mutants_of(file: str, source: str, names: dict[str, object]) -> list[Mutant]:
    """All mutants of `source`, the contents of `file`, whose global names are `names`."""
    counts, found = Counter(), []
    lines = source.encode().splitlines(keepends=True)
    for change in _Finder(source, names).changes():
        node, function, kind, new, statement, guards = change
        old = " ".join(_text_of(node, lines).split())
        counts[function, old, new] += 1
        found.append(
            Mutant(
                file=file,
                function=function,
                kind=kind,
                old=old,
                new=new,
                nth=counts[function, old, new],
                start=(node.lineno, node.col_offset),
                end=(node.end_lineno, node.end_col_offset),
                line=statement.lineno,
                guards=guards,
            )
        )
    return found


def _text_of(node: ast.expr, lines: list[bytes]) -> str:
    """What `ast.get_source_segment` says, which takes the source apart for each node anew."""
    first, last = node.lineno - 1, node.end_lineno - 1
    if first == last:
        return lines[first][node.col_offset : node.end_col_offset].decode()
    between = lines[first + 1 : last]
    parts = [lines[first][node.col_offset :], *between, lines[last][: node.end_col_offset]]
    return b"".join(parts).decode()


def apply(source: str, mutant: Mutant) -> str:
    """`source` with the change of `mutant`; as many lines as before."""
    lines = source.encode().splitlines(keepends=True)
    (first, left), (last, right) = mutant.start, mutant.end
    before, after = lines[first - 1][:left], lines[last - 1][right:]
    # Lines that the old text had and the new one has not follow the statement's bracket.
    padding = b"\n" * (last - first)
    lines[first - 1 : last] = [before + f"({mutant.new}".encode() + padding + b")" + after]
    return b"".join(lines).decode()


class _Finder:
    """Walks the tree of one file; `changes` yields what may be changed, and to what."""

    def __init__(self, source, names):
        self._tree = ast.parse(source)
        self._names = names

    def changes(self) -> Iterator[tuple]:
        """(node, qualified name of its function, kind, new text, its statement, guards)."""
        yield from self._body(self._tree.body, ())

    def _body(self, statements, scope):
        for statement in statements:
            if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                inner = (*scope, statement.name)
                for keyword in getattr(statement, "keywords", ()):
                    found = self._expression(keyword.value, shape=keyword.arg == "shape")
                    yield from self._tag(found, inner, statement)
                yield from self._body(statement.body, inner)
            else:
                yield from self._statement(statement, scope)

    def _statement(self, statement, scope):
        if isinstance(statement, ast.Import | ast.ImportFrom | ast.Raise | ast.Assert):
            return
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            return
        if isinstance(statement, ast.AnnAssign):
            # The annotations of a class body are ports and fields; elsewhere they are type hints.
            if scope and scope[-1][:1].isupper():
                found = self._expression(statement.annotation, shape=True)
                yield from self._tag(found, scope, statement)
            if statement.value:
                yield from self._tag(self._expression(statement.value), scope, statement)
            return
        if isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING":
            return  # what it imports is for type hints
        raises = any(isinstance(child, ast.Raise) for child in getattr(statement, "body", ()))
        if isinstance(statement, ast.If | ast.While):
            found = self._condition(statement.test)
            yield from self._tag(found, scope, statement, guards=raises)
        for child in ast.iter_child_nodes(statement):
            if isinstance(child, ast.expr):
                yield from self._tag(self._expression(child), scope, statement, guards=raises)
            elif isinstance(child, ast.withitem):
                yield from self._tag(self._expression(child.context_expr), scope, statement)
        for block in ("body", "orelse", "finalbody"):
            yield from self._body(getattr(statement, block, ()), scope)
        for handler in getattr(statement, "handlers", ()):
            yield from self._body(handler.body, scope)

    @staticmethod
    def _tag(found, scope, statement, *, guards=False):
        for node, kind, new in found:
            yield node, ".".join(scope) or "<module>", kind, new, statement, guards

    def _expression(self, node, *, shape=False):
        """(node, kind, new text) for `node` and all in it; `shape`: its numbers are widths."""
        if isinstance(node, ast.JoinedStr | ast.Lambda | ast.Constant) and not _is_number(node):
            if isinstance(node, ast.Lambda):
                yield from self._expression(node.body)
            return
        yield from self._operator(node)
        yield from self._constant(node, shape)
        if isinstance(node, ast.IfExp):
            yield from self._condition(node.test)
        if isinstance(node, ast.comprehension):
            for test in node.ifs:
                yield from self._condition(test)
        called = _called(node)
        if called in CONDITIONS and node.args:
            yield from self._condition(node.args[0])
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.keyword) and (called, child.arg) == ("zip", "strict"):
                continue  # it asserts
            if isinstance(child, ast.keyword):
                # Such as `shape=3` of an enumeration.
                yield from self._expression(child.value, shape=child.arg == "shape")
                continue
            is_shape = shape and isinstance(node, ast.BinOp)
            if called in SHAPES:
                is_shape = child in node.args[SHAPES[called] : SHAPES[called] + 1]
            if isinstance(child, ast.expr | ast.comprehension | ast.slice):
                yield from self._expression(child, shape=is_shape)

    def _operator(self, node):
        """Another operator in place of the node's, or none in place of `~`, `not` and `-`."""
        if isinstance(node, ast.UnaryOp):
            if not isinstance(node.operand, ast.Constant):
                yield node, "operator", ast.unparse(node.operand)
        elif isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in OPERATORS:
            changed = _copy(node)
            changed.op = OPERATORS[type(node.op)]()
            yield node, "operator", ast.unparse(changed)
        elif isinstance(node, ast.Compare):
            for i, op in enumerate(node.ops):
                changed = _copy(node)
                changed.ops[i] = OPERATORS[type(op)]()
                yield node, "operator", ast.unparse(changed)

    def _condition(self, test):
        """A condition that is always true, and one that never is."""
        for new in ("True", "False"):
            if ast.unparse(test) not in ("True", "False"):
                yield test, "condition", new

    def _constant(self, node, shape):
        """Another number, boolean or member of an enumeration."""
        if _is_number(node):
            if isinstance(node.value, bool):
                yield node, "constant", str(not node.value)
            else:
                yield node, "constant", str(node.value + (-1 if shape else 1))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            value = self._names.get(node.id)
            if isinstance(value, int) and not isinstance(value, bool | enum.Enum):
                yield node, "constant", f"{node.id} {'-' if shape else '+'} 1"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            values = self._names.get(node.value.id)
            if isinstance(values, enum.EnumMeta) and node.attr in values.__members__:
                members = list(values.__members__)
                after = members[(members.index(node.attr) + 1) % len(members)]
                yield node, "constant", f"{node.value.id}.{after}"


def _is_number(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, int)


def _called(node):
    """The last part of the name of what `node` calls, or None."""
    if not isinstance(node, ast.Call):
        return None
    return ast.unparse(node.func).rpartition(".")[2]


def _copy(node):
    return ast.parse(ast.unparse(node), mode="eval").body
