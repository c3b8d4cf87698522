"""Mutants of a C++ file, as `mutate` makes those of Python; tree-sitter says what stands where."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator

import tree_sitter_cpp
from tree_sitter import Language, Node, Parser

from tests.verify.mutants.mutate import Mutant

__all__ = ["mutants_of_cpp"]

OPERATORS = {
    "+": "-",
    "-": "+",
    "*": "/",
    "/": "*",
    "%": "/",
    "<<": ">>",
    ">>": "<<",
    "&": "|",
    "|": "&",
    "^": "|",
    "&&": "||",
    "||": "&&",
    "==": "!=",
    "!=": "==",
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
}
#: Those of assignments.
ASSIGNMENTS = {f"{old}=": f"{new}=" for old, new in OPERATORS.items() if old not in "<=>=!=="}
STEPS = {"++": "--", "--": "++"}
#: Unary operators that are left out.
UNARY = ("!", "~", "-")
#: What a condition that never holds is made in. One that always holds would be a loop without end,
#: which any test that runs it notices, after a long time.
LOOPS = ("for_statement", "while_statement", "do_statement")
BRANCHES = ("if_statement", "conditional_expression")
#: What has no behaviour, or says something to a person only.
PASSED_OVER = ("preproc_include", "static_assert_declaration", "comment", "string_literal")


def mutants_of_cpp(file: str, source: str, neighbours: Iterable[str] = ()) -> list[Mutant]:
    """All mutants of `source`, the contents of `file`.

    `neighbours` are the contents of files that are compiled with it: their enumerations count, too.
    Raises ValueError for what tree-sitter does not know.
    """
    root = _parsed(source)
    if root.has_error:
        raise ValueError(f"{file} is not C++ that tree-sitter knows")
    members = {}
    for tree in (*map(_parsed, neighbours), root):
        members |= _members_of(tree)
    counts, found = Counter(), []
    for node, function, kind, new in _changes(root, members, "<file>"):
        old = _text(node)
        counts[function, old, new] += 1
        found.append(
            Mutant(
                file=file,
                function=function,
                kind=kind,
                old=old,
                new=new,
                nth=counts[function, old, new],
                start=(node.start_point.row + 1, node.start_point.column),
                end=(node.end_point.row + 1, node.end_point.column),
                line=node.start_point.row + 1,
            )
        )
    return found


def _parsed(source):
    return Parser(Language(tree_sitter_cpp.language())).parse(source.encode()).root_node


def _changes(node: Node, members, function) -> Iterator[tuple[Node, str, str, str]]:
    """(node, name of its function or structure, kind, new text) for `node` and all in it."""
    if node.type in PASSED_OVER:
        return
    if node.type in ("function_definition", "struct_specifier", "enum_specifier"):
        function = _name_of(node) or function
    for kind, new in _changes_of(node, members):
        yield node, function, kind, new
    for child in node.named_children:
        yield from _changes(child, members, function)


def _changes_of(node, members):
    """(kind, new text) for the node itself."""
    for new in _operators(node):
        yield "operator", new
    for new in _constants(node, members):
        yield "constant", new
    for new in _conditions(node):
        yield "condition", new


def _operators(node):
    sign = node.child_by_field_name("operator")
    old = sign.text.decode() if sign else None
    if node.type == "binary_expression":
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        # Texts are joined, and pointers have a distance: no other operator is for them.
        if old in "+-" and (_has_text(node) or _text(right).endswith(".data()")):
            return
        yield f"{_operand(left, old)} {OPERATORS[old]} {_operand(right, old)}"
    elif node.type == "assignment_expression" and old in ASSIGNMENTS:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        yield f"{_text(left)} {ASSIGNMENTS[old]} {_text(right)}"
    elif node.type == "update_expression":
        yield _text(node).replace(old, STEPS[old])
    elif node.type == "unary_expression" and old in UNARY:
        argument = node.child_by_field_name("argument")
        if argument.type != "number_literal":
            yield _text(argument)


def _operand(node, operator):
    """The text of an operand; in brackets where the other operator might take it to pieces."""
    bare = operator in ("<", "<=", ">", ">=", "==", "!=", "+", "-", "*", "/", "<<", ">>")
    return _text(node) if bare or node.type != "binary_expression" else f"({_text(node)})"


def _has_text(node):
    """Whether `node` joins strings, which have no other operator."""
    return any(
        child.type == "string_literal" or _has_text(child)
        for child in node.named_children
        if child.type
        in (
            "binary_expression",
            "parenthesized_expression",
            "string_literal",
            "conditional_expression",
        )
    )


def _constants(node, members):
    """Another number, truth or member of an enumeration; a name in capitals is a number."""
    if node.type == "number_literal":
        yield f"{_text(node)} + 1"
    elif node.type in ("true", "false"):
        yield "false" if node.type == "true" else "true"
    elif node.type == "identifier" and not _is_declared(node):
        name = _text(node)
        if name in members:
            yield members[name]
        elif re.fullmatch(r"[A-Z][A-Z_]+", name):
            yield f"{name} + 1"


def _conditions(node):
    """A condition that always holds, and one that never does."""
    place, test = node.parent, node
    if place is not None and place.type == "condition_clause":
        place, test = place.parent, place
    if place is None or node.type == "condition_clause":
        return
    if place.child_by_field_name("condition") == test:
        if place.type in BRANCHES:
            yield "true"
        if place.type in (*BRANCHES, *LOOPS):
            yield "false"


def _members_of(root):
    """The next member of its enumeration for each member of one in the file."""
    after = {}
    for node in _all(root, "enumerator_list"):
        names = [
            _text(child.child_by_field_name("name"))
            for child in node.named_children
            if child.type == "enumerator"
        ]
        after |= dict(zip(names, [*names[1:], names[0]], strict=True))
    return after


def _all(node, kind):
    for child in node.named_children:
        if child.type == kind:
            yield child
        yield from _all(child, kind)


def _name_of(node):
    """The name of a function, a structure or an enumeration."""
    name = node.child_by_field_name("name") or node.child_by_field_name("declarator")
    while name is not None and name.type not in ("identifier", "type_identifier"):
        name = name.child_by_field_name("declarator") or next(
            (child for child in name.named_children if child.type.endswith("declarator")), None
        )
    return _text(name) if name is not None else ""


def _is_declared(node):
    """Whether a name stands here because it is being declared."""
    parent = node.parent
    if parent.type == "enumerator":
        return parent.child_by_field_name("name") == node
    return parent.type.endswith("declarator") and parent.child_by_field_name("value") != node


def _text(node):
    """The text of `node` in one line, without comments."""
    return " ".join(re.sub(r"//[^\n]*", "", node.text.decode()).split())
