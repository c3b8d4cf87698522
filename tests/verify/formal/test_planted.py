"""The proofs can fail: each planted bug is refuted, by a counterexample from reset."""

import pytest

from tests.verify.formal import solver
from tests.verify.formal.planted import BUGS, Bug, is_refuted
from tests.verify.formal.proofs import PROOFS

pytestmark = pytest.mark.formal


@pytest.mark.parametrize("name", BUGS)
def test_planted_bug_is_refuted(name, tmp_path):
    solver.require()
    assert is_refuted(BUGS[name], tmp_path)


def test_every_proof_refutes_something():
    assert {bug.proof for bug in BUGS.values()} == set(PROOFS)


def test_without_a_bug_nothing_fails(tmp_path):
    solver.require()
    same = Bug("units/alu.py", "class Alu(", "class Alu(", "permission", "permission_is_the_table")
    assert not is_refuted(same, tmp_path)


def test_a_bug_that_fits_nowhere_is_a_mistake(tmp_path):
    with pytest.raises(ValueError, match="stands 0 times in units/alu.py"):
        is_refuted(Bug("units/alu.py", "no such text", "", "permission", ""), tmp_path)
