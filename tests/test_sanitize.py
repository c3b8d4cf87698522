"""A share of the native engine's tests under sanitizers, and that these see what they are for."""

import pytest

from tests import sanitize

#: Of each kind of C++ a file; the bus with all that is counted and logged, and generated code.
SHARE = (
    *(f"{sanitize.NATIVE}/machine/test_{name}_cpp.py" for name in ("bus", "log", "story", "walks")),
    f"{sanitize.NATIVE}/testbench/test_fuzz.py::test_random_circuits_are_computed_as_by_pysim",
)
PLANTED = """
import ctypes
from sim.engines.native.compiler.cxx import compile_library

def test_planted(tmp_path):
    source = 'extern "C" long planted(long *words, int n) { return %s; }'
    path, _ = compile_library(source, "planted", tmp_path, "-O1")
    ctypes.CDLL(str(path)).planted((ctypes.c_long * 100)(), 100)
"""


def findings(tests, options=()):
    try:
        return sanitize.findings(tests, options)
    except sanitize.Unavailable as error:
        pytest.skip(str(error))


def test_nothing_is_found_in_the_engines_code_or_in_circuits():
    assert findings(SHARE, ("-q", "--fuzz-circuits=4")) == (0, "")


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("words[n]", "AddressSanitizer: heap-buffer-overflow"),
        ("1l << (n - 36)", "shift exponent 64 is too large"),
    ],
)
def test_what_is_planted_is_found(what, told, tmp_path):
    (tmp_path / "test_it.py").write_text(PLANTED % what)
    status, said = findings([str(tmp_path / "test_it.py")])
    assert status != 0
    assert told in said


def test_without_a_sanitizer_one_line_says_so(monkeypatch, capfd):
    monkeypatch.setattr(sanitize.cxx, "find_compiler", lambda: (("echo",), "1.0"))
    assert sanitize.main([]) == 2
    said = "sanitize: echo has no libasan.so; g++ has one\n"
    assert capfd.readouterr() == ("", said)
