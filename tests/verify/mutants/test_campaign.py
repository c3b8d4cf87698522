"""Which tests are run for a mutant, and in which order."""

from types import SimpleNamespace

from tests.verify.mutants.campaign import QUICK_SECONDS, Examiner
from tests.verify.mutants.observe import IMPORTING

CODE = "kernel_model/trap.py"
#: Of a test: its seconds, and the lines of CODE that it runs.
SEEN = {
    IMPORTING: (0, [1, 2]),
    "tests/kernel_model/test_trap.py::test_constant": (0.1, []),
    "tests/kernel_model/test_trap.py::test_function": (0.3, [2, 10]),
    "tests/kernel_model/test_trap.py::test_long": (2 * QUICK_SECONDS, [2, 10]),
    "tests/kernel_model/test_user.py::test_it": (0.2, [10]),
    "tests/kernel_model/test_user.py::test_all": (QUICK_SECONDS, [10]),
    "tests/kernel_model/test_other.py::test_other": (0.1, []),
}


def stages(line):
    tests = {
        test: {"seconds": seconds, "lines": {CODE: lines} if lines else {}}
        for test, (seconds, lines) in SEEN.items()
    }
    examiner = Examiner(None, {"kernel_model": tests})
    found = examiner.stages(SimpleNamespace(file=CODE, line=line))
    return [[test.partition("::")[2] for test in stage] for stage in found]


def test_those_that_run_the_statement_its_own_and_the_quickest_first():
    assert stages(10) == [["test_function"], ["test_it"], ["test_all", "test_long"]]


def test_what_is_run_at_import_may_be_noticed_by_all_tests_beside():
    """A constant is compared by a test that runs nothing of the file."""
    expected = [["test_constant", "test_function"], ["test_it"], ["test_all", "test_long"]]
    assert stages(1) == expected
    assert stages(2) == expected


def test_a_statement_that_nothing_runs():
    """It may be part of one that is run, such as a default."""
    assert stages(20) == stages(1)
