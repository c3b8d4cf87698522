import ast
import signal
from pathlib import Path

import kernel_model
from kernel_model.facts.panic import PANIC_STATUS

SOURCES = sorted(Path(kernel_model.__file__).parent.rglob("*.py"))
#: xv6's functions whose panics are those of others here, and the option `--check`.
ELSEWHERE = {"namex", "unlink", "check"}


def text_of(node):
    """A text with `{}` for what is known only when it is said."""
    if isinstance(node, ast.Constant):
        return node.value
    return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)


def functions_and_panics():
    functions, panics = set(ELSEWHERE), []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                functions.add(node.name)
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "KernelPanic":
                panics.append(text_of(*node.args))
    return functions, panics


def test_every_panic_begins_with_the_name_of_a_function():
    functions, panics = functions_and_panics()
    assert len(panics) > 30
    for text in panics:
        assert text.split()[0].removesuffix(":") in functions, text


def test_the_status_is_that_of_a_program_that_aborts():
    assert PANIC_STATUS == 128 + signal.SIGABRT
