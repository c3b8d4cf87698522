"""What is mutated, and by which tests: all of it is there."""

from tests.verify.mutants import targets
from tests.verify.mutants.tree import PROJECT


def test_every_file_that_is_named_is_there():
    """A misspelt one would not be broken, not be asked, or not be held to the higher quota."""
    names = [*targets.TARGETS, *targets.CORE, *targets.LEFT_OUT, *targets.IGNORED]
    for suite in targets.SUITES.values():
        names += [*suite.tests, *suite.helpers, *filter(None, [suite.machine])]
    assert [name for name in names if not (PROJECT / name).exists()] == []
