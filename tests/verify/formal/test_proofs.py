"""Every property of the proofs holds: base case, induction step, and covers."""

from collections import Counter

import pytest

from tests.verify.formal import solver
from tests.verify.formal.proofs import PROOFS

pytestmark = pytest.mark.formal


@pytest.mark.parametrize("name", PROOFS)
def test_proof(name):
    solver.require()
    proof = PROOFS[name]()
    verdict = solver.check(proof)
    assert verdict.base.passed, f"counterexample from reset: {sorted(verdict.base.names)}"
    assert verdict.step.passed, f"not inductive: {sorted(verdict.step.names)}"
    unreached = set(proof.statements("property")) - verdict.cover.names
    assert verdict.cover.passed, f"vacuous, never reached: {sorted(unreached)}"


def own_properties(proof):
    """Names that no proof has which this one varies: those it takes over, or says anew."""
    varied = [other for other in PROOFS.values() if other is not proof and issubclass(proof, other)]
    taken = {name for other in varied for name in other.statements("property")}
    return proof.statements("property").keys() - taken


def test_there_are_enough_properties_each_with_a_sentence():
    properties = [
        (name, sentence)
        for proof in PROOFS.values()
        for name, sentence in proof.statements("property").items()
    ]
    assert len(properties) >= 25
    own = Counter(name for proof in PROOFS.values() for name in own_properties(proof))
    assert max(own.values()) == 1
    for name, sentence in properties:
        assert sentence.endswith("."), name


@pytest.mark.parametrize("name", PROOFS)
def test_what_is_assumed_is_said(name):
    for sentence in PROOFS[name].statements("assumption").values():
        assert sentence.endswith(".")
