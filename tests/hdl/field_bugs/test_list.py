"""The 29 field bugs: defects that users reported against other cores, one test each.

A test is named after its number in the list, and its docstring opens with where the defect was
reported and one sentence that says what it was. The tests are spread over this folder by subject:
permissions, page tables, the ends of pages, fences, traps, walks, and updates of A and D.
"""

import ast
import re
from pathlib import Path

COUNT = 29


def docstrings_by_number():
    """Docstrings of the tests in this folder, as lists by the number in their names."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and (
                match := re.match(r"test_(\d\d)_", node.name)
            ):
                found.setdefault(int(match[1]), []).append(ast.get_docstring(node) or "")
    return found


def test_every_field_bug_has_one_test():
    found = docstrings_by_number()
    assert sorted(found) == list(range(1, COUNT + 1))
    assert all(len(docstrings) == 1 for docstrings in found.values())


def test_every_test_opens_with_its_source_and_one_sentence():
    for number, (docstring,) in docstrings_by_number().items():
        opening = " ".join(docstring.split("\n\n")[0].split())
        # Such as "cva6#301, #61: a late response is taken by the next walk."
        assert re.fullmatch(r"[\w, #-]+: [^.]+(\.[^ .][^.]*)*\.", opening), (number, opening)
